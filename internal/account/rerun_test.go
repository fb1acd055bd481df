package account_test

import (
	"testing"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store/storetest"
)

// stumble makes every third event fail as the victim of a deadlock does, when
// all of its transaction is done; the sequence counts on through the rollback.
const stumble = `
CREATE SEQUENCE stumbles;
CREATE FUNCTION stumble() RETURNS trigger AS $$
BEGIN
  IF nextval('stumbles') % 3 = 0 THEN
    RAISE EXCEPTION 'a victim, as of a deadlock' USING ERRCODE = '40P01';
  END IF;
  RETURN NEW;
END $$ LANGUAGE plpgsql;
CREATE CONSTRAINT TRIGGER stumble AFTER INSERT ON events
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stumble();`

// A transaction that PostgreSQL gave up runs again: nothing is spent, counted,
// told or given twice by that.
func TestEveryTransactionMayRunTwice(t *testing.T) {
	e := accounttest.New(t, storetest.Migrated(t))
	e.Exec(t, stumble)
	ada := e.Person(t, "ada@example.com")
	b := e.Browser("192.0.2.1")
	for range 9 {
		want(t, "a wrong password", b.TryPassword(t, ada.Email, "wrong"), "wrong_credentials")
	}
	b.SignIn(t, ada)
	if !b.Attempt(t, b.Start(t, ada.Email)).Known {
		t.Error("the browser's cookie is that of a run that was taken back")
	}
	want(t, "sending", e.Accounts.SendCode(ctx(), b.Holder(t)), "ok")
	token, err := e.Accounts.CheckCode(ctx(), b.Holder(t), e.MailedCode(t, ada.Email))
	want(t, "the mailed code", err, "ok")
	b.SetToken(token)
	h := b.Holder(t)
	want(t, "beginning", e.Enrol.BeginApp(ctx(), h, ""), "ok")
	pending, err := e.Enrol.PendingApp(ctx(), h)
	want(t, "the pending app", err, "ok")
	ada.Secret, ada.App = pending.Secret, pending.ID
	done, err := e.Enrol.ConfirmApp(ctx(), h, pending.ID, "Phone", ada.Code())
	if err != nil || !done.First || !done.CodesWait {
		t.Fatalf("%+v, %v", done, err)
	}
	b.SetToken(done.Token)
	h = b.Holder(t)
	codes, err := e.Enrol.WaitingCodes(ctx(), h)
	want(t, "the codes", err, "ok")
	want(t, "saving", e.Enrol.SaveCodes(ctx(), h, codes.ID, true), "ok")
	other := e.Browser("192.0.2.2")
	at := other.First(t, ada)
	for range 9 {
		err = other.Second(at, method.TOTP, ada.Wrong())
	}
	want(t, "the ninth wrong code", err, "totp_wrong_left")
	want(t, "a code", other.Second(at, method.TOTP, ada.NextCode(t)), "ok")
	other.SignInBy(t, ada, codes.Codes[0])
	if c := other.Session(t); c.CodesLeft != 9 || c.Level != policy.LevelFull {
		t.Errorf("%d codes, level %v", c.CodesLeft, c.Level)
	}
	token, err = e.Accounts.ChangePassword(ctx(), other.Holder(t), newPassword)
	want(t, "a new password", err, "ok")
	other.SetToken(token)
	other.Session(t)
	ada.Password = newPassword
	want(t, "asking for a reset", e.Accounts.Forgot(ctx(), accounttest.Workspace, ada.Email, b.Place()), "ok")
	link := e.Link(t, message.PasswordReset, ada.Email, account.LinkReset)
	want(t, "resetting", e.Accounts.ResetPassword(ctx(), link, accounttest.Password, b.Place()), "ok")
	for kind, n := range map[message.Kind]int{
		message.EmailCode: 1, message.TwoFactorOn: 1, message.PasswordChanged: 2, message.RecoveryUsed: 1, message.TooManyTries: 0,
	} {
		if got := len(e.MailsTo(t, kind, ada.Email)); got != n {
			t.Errorf("%d mails %s, want %d", got, kind, n)
		}
	}
	for kind, n := range map[string]int{"two_factor.on": 1, "recovery.saved": 1, "password.changed": 1, "password.reset": 1, "signin.completed": 3} {
		if got := e.Count(t, kind, ""); got != n {
			t.Errorf("%d events %s, want %d", got, kind, n)
		}
	}
}
