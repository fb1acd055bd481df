package digest_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/audit"
	"countersign/internal/digest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/people"
	"countersign/internal/policy"
)

func service(e *accounttest.Engine) *digest.Service {
	return &digest.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
}

// send looks once, on every node given.
func send(t *testing.T, nodes ...*accounttest.Engine) {
	t.Helper()
	for _, node := range nodes {
		accounttest.Want(t, "looking whether a digest is due", service(node).Send(context.Background()), "ok")
	}
}

// until lets time go by to a moment of November 2026; the engine begins on Saturday 21.
func until(t *testing.T, e *accounttest.Engine, day, hour int) {
	t.Helper()
	e.Advance(t, time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC).Sub(e.Clock.Now()))
}

// owner makes somebody who manages, with a second factor.
func owner(t *testing.T, e *accounttest.Engine, email, role, language string) *accounttest.Person {
	t.Helper()
	p := e.Guarded(t, email)
	e.Exec(t, fmt.Sprintf("UPDATE users SET role = '%s', language = '%s' WHERE id = '%s'", role, language, p.ID))
	return p
}

// sent lists the details of the events.
func sent(t *testing.T, e *accounttest.Engine) []map[string]string {
	t.Helper()
	var out []map[string]string
	for _, event := range e.Events(t) {
		if event.Kind == "digest.sent" {
			out = append(out, audit.Detail(event))
		}
	}
	return out
}

func mails(t *testing.T, e *accounttest.Engine, to string) int {
	t.Helper()
	return len(e.MailsTo(t, message.WeeklyDigest, to))
}

// The numbers are those of the week before, whatever happened on the Monday itself, and
// everybody who manages gets them in their language.
func TestADigestTellsOfTheWeek(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := owner(t, e, "ada@example.com", "owner", "en")
		owner(t, e, "ben@example.com", "administrator", "de")
		gone := owner(t, e, "gone@example.com", "owner", "en")
		gone.Set(t, countersign.Disabled)
		cleo := e.Guarded(t, "cleo@example.com")
		bare := e.Person(t, "bare@example.com")
		e.Exec(t, fmt.Sprintf("UPDATE users SET require_second_factor = 'required' WHERE id = '%s'", bare.ID))
		e.Person(t, "free@example.com")
		e.Browser("192.0.2.1").SignIn(t, cleo) // on Saturday, before the week
		until(t, e, 23, 9)                     // Monday: the week begins
		busy(t, e, ada, cleo)
		until(t, e, 30, 6)
		e.Browser("192.0.2.1").SignIn(t, ada) // after it
		send(t, e)
		if n := len(sent(t, e)); n != 0 {
			t.Fatalf("%d digests before seven", n)
		}
		until(t, e, 30, 7)
		send(t, e)
		got := sent(t, e)
		want := map[string]string{
			"week": "2026-11-23", "mails": "2", "people": "5", "protected": "3", "unprotected": "2", "required": "1",
			"signed_in": "1", "refused": "2", "denied": "1", "reported": "1", "recovered": "1", "reset": "1", "settings": "2",
		}
		if len(got) != 1 || !maps.Equal(got[0], want) {
			t.Errorf("the events say %v, want %v", got, want)
		}
		for to, subject := range map[string]string{"ada@example.com": "The past week at", "ben@example.com": "Die vergangene Woche bei"} {
			m := e.Mail(t, message.WeeklyDigest, to)
			if !strings.HasPrefix(m.Subject, subject) || strings.Contains(m.Text, "cleo") || strings.Contains(m.Text, "192.0.2.") {
				t.Errorf("the mail to %s: %s\n%s", to, m.Subject, m.Text)
			}
		}
		for _, to := range []string{"gone@example.com", "cleo@example.com", "bare@example.com"} {
			if n := mails(t, e, to); n != 0 {
				t.Errorf("%s does not manage, and got %d", to, n)
			}
		}
	})
}

// busy is a week in which one of each happens, and no more people than one sign in.
func busy(t *testing.T, e *accounttest.Engine, ada, cleo *accounttest.Person) {
	t.Helper()
	ctx := context.Background()
	manage := &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
	b := e.Browser("192.0.2.1")
	b.SignIn(t, cleo)
	b.SignIn(t, cleo)
	at := e.Browser("192.0.2.2").First(t, cleo)
	for range 2 { // two wrong codes of one sign-in
		accounttest.Want(t, "a wrong code", b.Second(at, method.TOTP, cleo.Wrong()), "totp_wrong")
	}
	other := e.Browser("192.0.2.2")
	at = other.First(t, cleo)
	accounttest.Want(t, "a wrong code in another", other.Second(at, method.TOTP, cleo.Wrong()), "totp_wrong_left")
	accounttest.Want(t, "a wrong password", other.TryPassword(t, cleo.Email, "not the password"), "wrong_credentials")
	at = other.First(t, cleo)
	accounttest.Want(t, "a recovery code", other.Second(at, method.Recovery, cleo.Codes[0]), "ok")
	_, err := manage.ResetSecondFactor(ctx, cleo.Account(t), people.Shell())
	accounttest.Want(t, "a reset", err, "ok")
	for _, words := range []string{"backup", "recovery"} {
		doc, version, err := manage.Document(ctx, accounttest.Workspace)
		accounttest.Want(t, "reading the settings", err, "ok")
		accounttest.Want(t, "a change of settings", manage.StoreDocument(ctx, accounttest.Workspace, doc.With(policy.Document{"words": words}), version, people.Shell()), "ok")
	}
	phone := ada.WithPhone(t, "Pixel 9")
	for i, no := range []push.Decision{push.Deny, push.Report} {
		e.Advance(t, 10*time.Minute)
		e.Browser(fmt.Sprintf("192.0.2.%d", 10+i)).First(t, ada)
		_, err := phone.Say(phone.Waiting(t)[0], no, "")
		accounttest.Want(t, "a no on the phone", err, "ok")
	}
	cleo.WithApp(t, `","method":"recovery`) // a name is no method
	b.SignIn(t, cleo)
}

// Two nodes look at once, and again and again until the week is over: one digest.
func TestADigestIsSentOnce(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		owner(t, e, "ada@example.com", "owner", "en")
		nodes := []*accounttest.Engine{e, e.Node(t)}
		until(t, e, 30, 7)
		outcomes := accounttest.Race(8, func(i int) error { return service(nodes[i%2]).Send(context.Background()) })
		if outcomes["ok"] != 8 {
			t.Errorf("looking at once: %v", outcomes)
		}
		for range 5 {
			send(t, nodes...)
			e.Advance(t, 12*time.Hour)
		}
		if events, n := len(sent(t, e)), mails(t, e, "ada@example.com"); events != 1 || n != 1 {
			t.Errorf("%d events and %d mails, want one", events, n)
		}
		until(t, e, 37, 7)
		send(t, nodes...)
		if events, n := len(sent(t, e)), mails(t, e, "ada@example.com"); events != 2 || n != 2 {
			t.Errorf("a week later: %d events and %d mails, want two", events, n)
		}
	})
}

func TestNoDigest(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		send(t, e)
		owner(t, e, "ada@example.com", "owner", "en")
		for _, row := range []struct {
			sentence  string
			day, hour int
			setting   string
			want      int
		}{
			{"in the first week", 23, 7, "weekly", 0},
			{"where the settings say off", 30, 7, "off", 0},
			{"on the days when it is over", 33, 9, "weekly", 0},
			{"after weeks in which the server was off, once", 65, 12, "weekly", 1},
		} {
			e.Set(t, policy.Document{"admin_digest": row.setting})
			until(t, e, row.day, row.hour)
			send(t, e, e)
			if n := mails(t, e, "ada@example.com"); n != row.want {
				t.Errorf("%s: %d mails, want %d", row.sentence, n, row.want)
			}
		}
	})
}
