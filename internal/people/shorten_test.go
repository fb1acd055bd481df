package people_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/people"
)

// By no change of settings does anybody but an owner have the log kept for less, and the
// others who manage hear of it.
func TestWhoHasTheLogKeptForLess(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		_, owners := desk(t, e, "owner@example.com", countersign.Owner)
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		desk(t, e, "other@example.com", countersign.Owner)
		desk(t, e, "desk@example.com", countersign.HelpDesk)
		told := func() int {
			n := 0
			for _, name := range []string{"owner", "other", "admin", "desk"} {
				n += len(e.MailsTo(t, message.LogShortened, name+"@example.com"))
			}
			return n
		}
		for _, row := range []struct {
			sentence, from, to string
			by                 people.By
			refusal            string
			mails              int
			kept               string
		}{
			{"fewer days, by an administrator", "365", "100", admins, "owners_shorten", 0, ""},
			{"not set any more, by an administrator", "400", "", admins, "owners_shorten", 0, ""},
			{"more days, by an administrator", "100", "400", admins, "ok", 0, ""},
			{"another setting, by an administrator", "100", "100\ntotp.max = 3", admins, "ok", 0, ""},
			{"fewer than there can be", "365", "29", owners, "settings_invalid", 0, ""},
			{"fewer days, by an owner", "365", "30", owners, "ok", 2, "365"},
			{"not set any more, by an owner", "400", "", owners, "ok", 2, "400"},
			{"fewer days, by the shell", "", "364", people.Shell(), "ok", 3, "365"},
		} {
			was := rulesOf(t, p)
			accounttest.Want(t, row.sentence, put(p, was.With(file(t, days(row.from)), true), was.Version), "ok")
			before, noted := told(), e.Count(t, "settings.changed", `"kept_days":"`+row.kept+`"`)
			was = rulesOf(t, p)
			next := was.With(file(t, days("365")), true)
			if row.refusal == "settings_invalid" {
				next.Workspace[strings.Fields(days(row.to))[0]] = 29
			} else {
				next = was.With(file(t, days(row.to)), true)
			}
			accounttest.Want(t, row.sentence, p.StoreRules(context.Background(), ws, next, was.Version, row.by), row.refusal)
			if is := rulesOf(t, p); row.refusal != "ok" && is.Version != was.Version {
				t.Errorf("%s: it was stored all the same", row.sentence)
			}
			if mails := told() - before; mails != row.mails {
				t.Errorf("%s: %d mails, want %d", row.sentence, mails, row.mails)
			}
			if n := e.Count(t, "settings.changed", `"kept_days":"`+row.kept+`"`) - noted; row.kept != "" && n != 1 {
				t.Errorf("%s: %d events keep what was", row.sentence, n)
			}
		}
		said := ""
		for _, mail := range e.MailsTo(t, message.LogShortened, "admin@example.com") {
			said += strings.Join(strings.Fields(mail.Text), " ")
		}
		if !strings.Contains(said, "It was kept for 365 days, and is kept for 364 days now.") {
			t.Errorf("the mails say:\n%s", said)
		}
	})
}

func days(n string) string {
	if n == "" {
		return "totp.max = 4"
	}
	return fmt.Sprintf("audit.retention_days = %s", n)
}

// Whoever has the log kept for less does not end the record of that with the rest.
func TestTheRecordOfAShorterLogStays(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		create := func(email string) {
			t.Helper()
			_, err := p.Create(ctx, ws, people.NewUser{Email: email, Name: "New", Role: countersign.Member}, people.Shell())
			accounttest.Want(t, email, err, "ok")
		}
		create("ada@example.com")
		sealer := audit.NewSealer(e.Accounts.Chain(), slog.New(slog.DiscardHandler))
		pass := func(d time.Duration) {
			t.Helper()
			for _, do := range []func() error{func() error { return sealer.Look(ctx) }, func() error { e.Advance(t, d); return e.Accounts.Sweep(ctx) }} {
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
		}
		pass(time.Second)
		was := rulesOf(t, p)
		accounttest.Want(t, "keeping it for less", put(p, was.With(file(t, days("30")), true), was.Version), "ok")
		pass(time.Second)
		create("ben@example.com")
		held := 0
		for _, row := range []struct {
			sentence      string
			pass          time.Duration
			before, tells int // events of both people, and of the change
		}{
			{"at once", time.Hour, 2, 1},
			{"after the shorter time", 32 * 24 * time.Hour, 0, 1},
			{"before the longer one is over", 330 * 24 * time.Hour, 0, 1},
			{"when the longer one is over", 5 * 24 * time.Hour, 0, 0},
		} {
			pass(row.pass)
			held += e.Count(t, "audit.retired", `"held":"2"`)
			if n := e.Count(t, "user.created", ""); n != row.before {
				t.Errorf("%s: %d of the events before are there, want %d", row.sentence, n, row.before)
			}
			if n := e.Count(t, "settings.changed", `"kept_days":"365"`); n != row.tells {
				t.Errorf("%s: %d events tell of it, want %d", row.sentence, n, row.tells)
			}
			r, err := e.Accounts.Chain().Verify(ctx, ws)
			if err != nil || !r.Holds() {
				t.Errorf("%s: %+v %v", row.sentence, r, err)
			}
		}
		if held != 1 {
			t.Errorf("%d events say what stayed", held)
		}
	})
}
