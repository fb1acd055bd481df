package people_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/people"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// failed is a mail that was given up.
func failed(t *testing.T, e *accounttest.Engine, user countersign.UserID) countersign.MessageID {
	t.Helper()
	const id countersign.MessageID = "msg_0"
	e.Write(t, func(tx *store.Tx) error {
		err := tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
			WorkspaceID: accounttest.Workspace, ID: id, Kind: string(message.NewSignIn), Channel: "email", UserID: user, Recipient: "ada@example.com",
			Body: []byte("sealed"), CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(time.Hour).UnixMilli(),
		})
		if err != nil {
			return err
		}
		_, err = tx.MarkUnsent(tx.Ctx, "refused", accounttest.Workspace, id)
		return err
	})
	return id
}

func TestMessagesAreTriedAgainByWhomTheyMay(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada, manages := desk(t, e, "ada@example.com", countersign.Administrator)
		_, reads := desk(t, e, "ben@example.com", countersign.Auditor)
		id := failed(t, e, ada.ID)
		accounttest.Want(t, "an auditor", p.TryAgain(ctx, accounttest.Workspace, id, reads), "beyond_role")
		accounttest.Want(t, "one that is not there", p.TryAgain(ctx, accounttest.Workspace, "msg_none", manages), "no_message")
		accounttest.Want(t, "one of another workspace", p.TryAgain(ctx, "wsp_other", id, manages), "no_such_user")
		outcomes := accounttest.Race(10, func(int) error { return p.TryAgain(ctx, accounttest.Workspace, id, manages) })
		if outcomes["ok"] != 1 || outcomes["message_over"] != 9 || e.Count(t, "message.tried_again", "email") != 1 {
			t.Errorf("ten at once: %v", outcomes)
		}
		list, err := e.Accounts.Outbox.Told(ctx, accounttest.Workspace, "email", message.StateQueued, "", 100)
		found := false
		for _, m := range list {
			found = found || m.ID == id && m.Email == "ada@example.com"
		}
		if err != nil || !found {
			t.Errorf("it does not wait: %+v, %v", list, err)
		}
		accounttest.Want(t, "without a fresh proof", p.TryAgain(ctx, accounttest.Workspace, id, stale(t, e, "cleo@example.com")), "fresh_proof_required")
	})
}

func TestTestsGoToOneself(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		p.Approvals = e.Approvals
		ada, manages := desk(t, e, "ada@example.com", countersign.Administrator)
		_, reads := desk(t, e, "ben@example.com", countersign.Auditor)
		accounttest.Want(t, "an auditor's mail", p.TestMail(ctx, reads), "beyond_role")
		accounttest.Want(t, "the shell's mail", p.TestMail(ctx, people.Shell()), "beyond_role")
		for range 3 {
			accounttest.Want(t, "a mail", p.TestMail(ctx, manages), "ok")
		}
		accounttest.Want(t, "the fourth mail", p.TestMail(ctx, manages), "too_many_tests")
		accounttest.Want(t, "a text without a number", p.TestText(ctx, manages), "no_number")
		accounttest.Want(t, "a push without a phone", p.TestPush(ctx, "dev_none", manages), "no_phone")

		phone := e.Guarded(t, "dora@example.com").WithPhone(t, "Pixel")
		accounttest.Want(t, "a push to somebody else's phone", p.TestPush(ctx, phone.Row(t).ID, manages), "no_phone")

		e.AllowTexts(t, "DE")
		ada.WithNumber(t, "+4915123456789")
		accounttest.Want(t, "a text", p.TestText(ctx, at(t, e, ada)), "ok")
		list, err := e.Accounts.Outbox.Told(ctx, accounttest.Workspace, "text", "", "", 10)
		if err != nil || len(list) == 0 || list[0].Kind != string(message.TextTest) || !strings.HasSuffix(list[0].Recipient, "89") || strings.Contains(list[0].Recipient, "151") {
			t.Errorf("the log says %+v, %v", list, err)
		}
		if e.Count(t, "message.tested", "email") != 3 || e.Count(t, "message.tested", "text") != 1 {
			t.Error("the tests are not in the log")
		}
	})
}

// What holds a link, a code or a question is sent again as long as that lives: not once it
// was used, or ended without another having taken its place.
func TestWhatWasUsedIsNotTriedAgain(t *testing.T) {
	const code = "UPDATE %s SET spent_at = 1"
	type insert func(tx *store.Tx, user countersign.UserID, until int64) error
	link := func(kind account.LinkKind) insert {
		return func(tx *store.Tx, user countersign.UserID, until int64) error {
			return tx.InsertLink(tx.Ctx, rows.InsertLinkParams{
				WorkspaceID: ws, ID: countersign.LinkID("lnk_" + kind), Kind: string(kind), TokenHash: []byte(kind), UserID: user, CreatedAt: tx.NowMilli(), ExpiresAt: until,
			})
		}
	}
	for _, row := range []struct {
		kind    message.Kind
		channel string
		insert  insert
		end     string
	}{
		{message.Invitation, "email", link(account.LinkInvitation), fmt.Sprintf(code, "links")},
		{message.PasswordReset, "email", link(account.LinkReset), fmt.Sprintf(code, "links")},
		{message.EmailChangeConfirm, "email", link(account.LinkEmail), fmt.Sprintf(code, "links")},
		{message.TurnOffConfirm, "email", link(account.LinkTurnOff), fmt.Sprintf(code, "links")},
		{message.EmailCode, "email", func(tx *store.Tx, user countersign.UserID, until int64) error {
			return tx.InsertMailedCode(tx.Ctx, rows.InsertMailedCodeParams{WorkspaceID: ws, ID: "mlc_1", UserID: user, SessionID: "ses_1", CodeMac: []byte{1}, CreatedAt: tx.NowMilli(), ExpiresAt: until})
		}, fmt.Sprintf(code, "mailed_codes")},
		{message.TextCode, "text", func(tx *store.Tx, user countersign.UserID, until int64) error {
			return tx.InsertText(tx.Ctx, rows.InsertTextParams{WorkspaceID: ws, ID: "txt_1", UserID: user, Holder: "att_1", CodeMac: []byte{1}, CreatedAt: tx.NowMilli(), ExpiresAt: until})
		}, fmt.Sprintf(code, "texts")},
		{message.RecoveryCodes, "email", func(tx *store.Tx, user countersign.UserID, _ int64) error {
			return tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{WorkspaceID: ws, ID: "crd_1", UserID: user, Kind: "recovery", State: "active", Secret: []byte{1}, CreatedAt: tx.NowMilli()})
		}, "DELETE FROM credentials WHERE kind = 'recovery'"},
		{message.PairingCode, "email", func(tx *store.Tx, user countersign.UserID, until int64) error {
			err := tx.InsertPairing(tx.Ctx, rows.InsertPairingParams{
				WorkspaceID: ws, ID: "pai_1", UserID: user, SessionID: "ses_1", Secret: []byte{1}, CodeHash: []byte{1}, ShortMac: []byte{1}, Nothing: []byte{}, CreatedAt: tx.NowMilli(), ExpiresAt: until,
			})
			if err != nil {
				return err
			}
			_, err = tx.ClaimPairing(tx.Ctx, rows.ClaimPairingParams{TokenHash: []byte{1}, Challenge: []byte{1}, VerifyUser: []byte{}, ExpiresAt: until, WorkspaceID: ws, ID: "pai_1", Now: tx.NowMilli()})
			if err != nil {
				return err
			}
			_, err = tx.JoinPairing(tx.Ctx, rows.JoinPairingParams{Salt: []byte{1}, ConfirmMac: []byte{1}, ExpiresAt: until, WorkspaceID: ws, ID: "pai_1", Now: tx.NowMilli()})
			return err
		}, "UPDATE pairings SET state = 'confirmed'"},
		{"push", "push", func(tx *store.Tx, user countersign.UserID, until int64) error {
			return tx.InsertRequest(tx.Ctx, rows.InsertRequestParams{WorkspaceID: ws, ID: "req_1", UserID: user, Kind: "signin", CreatedAt: tx.NowMilli(), ExpiresAt: until})
		}, "UPDATE requests SET state = 'denied'"},
		{message.NewSignIn, "email", func(*store.Tx, countersign.UserID, int64) error { return nil }, "DELETE FROM messages"},
	} {
		t.Run(string(row.kind), func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
				ctx := context.Background()
				_, manages := desk(t, e, "ada@example.com", countersign.Administrator)
				ben := e.Guarded(t, "ben@example.com")
				e.Exec(t, "DELETE FROM messages; DELETE FROM links; DELETE FROM texts")
				const id countersign.MessageID = "msg_0"
				e.Write(t, func(tx *store.Tx) error {
					until := tx.Now.Add(time.Minute).UnixMilli()
					err := tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
						WorkspaceID: ws, ID: id, Kind: string(row.kind), Channel: row.channel, UserID: ben.ID, Recipient: "ben", Body: []byte("sealed"), CreatedAt: tx.NowMilli(), ExpiresAt: until,
					})
					if err != nil {
						return err
					}
					_, err = tx.MarkUnsent(tx.Ctx, "refused", ws, id)
					if err != nil {
						return err
					}
					return row.insert(tx, ben.ID, until)
				})
				offered := func() bool {
					t.Helper()
					list, err := e.Accounts.Outbox.Told(ctx, ws, row.channel, message.StateFailed, "", 100)
					if err != nil {
						t.Fatal(err)
					}
					return len(list) == 1 && list[0].Again
				}
				if !offered() {
					t.Error("while it lives, the page does not offer to try again")
				}
				accounttest.Want(t, "while it lives", p.TryAgain(ctx, ws, id, manages), "ok")
				e.Exec(t, "UPDATE messages SET state = 'failed'; "+row.end)
				if offered() {
					t.Error("after its use, the page offers to try again")
				}
				refusal := "message_over"
				if row.kind == message.NewSignIn {
					refusal = "no_message"
				}
				accounttest.Want(t, "after its use", p.TryAgain(ctx, ws, id, manages), refusal)
			})
		})
	}
}

// The whole way of an invitation that failed and was accepted all the same.
func TestAnInvitationThatWasAcceptedIsNotTriedAgain(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, manages := desk(t, e, "ada@example.com", countersign.Administrator)
		user, err := p.Create(ctx, ws, people.NewUser{Email: "new@example.com", Name: "New", Role: countersign.Member}, manages)
		if err != nil {
			t.Fatal(err)
		}
		link := e.Link(t, message.Invitation, user.Email, account.LinkInvitation)
		e.Exec(t, "UPDATE messages SET state = 'failed' WHERE kind = 'invitation'")
		told := func() message.Delivered {
			t.Helper()
			list, err := e.Accounts.Outbox.Told(ctx, ws, "email", message.StateFailed, "", 100)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			return list[0]
		}
		if !told().Again {
			t.Error("before it is accepted, it is not offered")
		}
		accounttest.Want(t, "accepting", p.Accept(ctx, link, people.Accepted{Name: "New", Password: goodPassword}, nothing), "ok")
		if told().Again {
			t.Error("after it was accepted, it is offered")
		}
		accounttest.Want(t, "trying again", p.TryAgain(ctx, ws, told().ID, manages), "message_over")
	})
}
