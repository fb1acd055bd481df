package people_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"countersign"
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
