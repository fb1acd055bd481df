package account_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/store"
)

// A secret is nowhere but where it was shown (security.md 17): not in an event,
// a log line, a refusal, or any row or file of the database in clear.
func TestNoSecretIsWrittenDown(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		secrets := map[string]string{"the password": ada.Password, "the next password": newPassword}
		refusals := strings.Builder{}
		refused := func(err error) { refusals.WriteString(err.Error() + "\n") }
		b := e.Browser("192.0.2.1")

		refused(b.TryPassword(t, ada.Email, "hunter2 hunter2"))
		secrets["a wrong password"] = "hunter2 hunter2"
		// Some passwords look like addresses, and land in the field for one.
		secrets["a password typed as an address"] = "hunter2@walnut"
		b.Start(t, "hunter2@walnut")
		want(t, "a reset for it", e.Accounts.Forgot(ctx(), accounttest.Workspace, "hunter2@walnut", b.Place()), "ok")
		b.SignIn(t, ada)
		secrets["the session's token"] = b.Token()
		secrets["the browser's token"] = b.Visitor().Browser
		secrets["the sign-in's token"] = b.Visitor().Bind
		h := b.Holder(t)
		want(t, "sending", e.Accounts.SendCode(ctx(), h), "ok")
		mailed := e.MailedCode(t, ada.Email)
		token, err := e.Accounts.CheckCode(ctx(), h, mailed)
		want(t, "the mailed code", err, "ok")
		b.SetToken(token)
		h = b.Holder(t)
		want(t, "beginning", e.Enrol.BeginApp(ctx(), h, ""), "ok")
		pending, err := e.Enrol.PendingApp(ctx(), h)
		want(t, "the pending app", err, "ok")
		ada.Secret, ada.App = pending.Secret, pending.ID
		secrets["the app's key"], secrets["the app's secret"] = pending.Key, string(pending.Secret)
		secrets["the app's secret in hex"] = hex.EncodeToString(pending.Secret)
		secrets["the app's secret in base 64"] = base64.StdEncoding.EncodeToString(pending.Secret)
		done, err := e.Enrol.ConfirmApp(ctx(), h, pending.ID, "Phone", ada.Code())
		want(t, "confirming", err, "ok")
		b.SetToken(done.Token)
		secrets["the token after it"] = done.Token
		h = b.Holder(t)
		codes, err := e.Enrol.WaitingCodes(ctx(), h)
		want(t, "the codes", err, "ok")
		for _, c := range codes.Codes {
			secrets["recovery code "+c] = c
			secrets["recovery code "+c+" without its dash"] = strings.ReplaceAll(c, "-", "")
		}
		check := func(when string) {
			t.Helper()
			written := map[string]string{"the database": e.Dump(t), "the log": e.Log.String(), "a refusal": refusals.String()}
			if !strings.Contains(written["the database"], ada.Email) {
				t.Fatal("the search finds nothing at all")
			}
			for what, secret := range secrets {
				for where, text := range written {
					if strings.Contains(text, secret) {
						t.Errorf("%s: %s is in %s", when, what, where)
					}
				}
			}
			for _, event := range e.Events(t) {
				if strings.Contains(event.Detail, mailed) || strings.Contains(event.Target, mailed) {
					t.Errorf("the mailed code is in the event %s", event.Kind)
				}
			}
		}
		check("while the codes wait")
		want(t, "saving", e.Enrol.SaveCodes(ctx(), h, codes.ID, true), "ok")
		at := b.First(t, ada)
		refused(b.Second(at, method.TOTP, ada.Wrong()))
		refused(b.Second(at, method.Recovery, accounttest.WrongRecovery))
		want(t, "a code", b.Second(at, method.Recovery, codes.Codes[0]), "ok")
		want(t, "a reset", e.Accounts.Forgot(ctx(), accounttest.Workspace, ada.Email, b.Place()), "ok")
		secrets["the reset link"] = e.Token(t, message.PasswordReset, ada.Email)
		link := e.Link(t, message.PasswordReset, ada.Email, account.LinkReset)
		refused(e.Accounts.ResetPassword(ctx(), link, "short1", b.Place()))
		e.Advance(t, time.Minute)
		want(t, "resetting", e.Accounts.ResetPassword(ctx(), link, newPassword, b.Place()), "ok")
		check("at the end")
	})
}

// The stored form of a recovery code is not a code: it depends on a key that is
// not in the database, and on its row.
func TestTheStoredFormOfARecoveryCodeIsNotACode(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		packed, err := e.Ring.Open(secret(t, ada, ada.CodesID), store.SecretPlace(ada.CodesID))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range ada.Codes {
			if strings.Contains(string(packed), c) || strings.Contains(string(packed), strings.ReplaceAll(c, "-", "")) {
				t.Errorf("code %s lies in clear under the seal", c)
			}
		}
	})
}
