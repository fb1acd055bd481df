package census_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/census"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

func service(e *accounttest.Engine) *census.Service {
	return &census.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
}

func count(t *testing.T, s *census.Service) census.Count {
	t.Helper()
	c, err := s.Count(context.Background(), accounttest.Workspace)
	accounttest.Want(t, "counting", err, "ok")
	return c
}

// other makes a second pool with somebody in it.
func other(t *testing.T, e *accounttest.Engine, people ...*accounttest.Person) {
	t.Helper()
	e.Write(t, func(tx *store.Tx) error {
		return tx.InsertPool(tx.Ctx, rows.InsertPoolParams{WorkspaceID: accounttest.Workspace, ID: "pool_other", Name: "Other", CreatedAt: 1})
	})
	for _, p := range people {
		e.Exec(t, fmt.Sprintf("UPDATE users SET pool_id = 'pool_other' WHERE id = '%s'", p.ID))
	}
}

// Each sentence is a number of the count.
func TestACountTellsHowThingsStand(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		owner := e.Guarded(t, "owner@example.com")
		bareOwner, bareAdmin := e.Person(t, "bare.owner@example.com"), e.Person(t, "bare.admin@example.com")
		used := e.Guarded(t, "used@example.com")
		gone, wrong, free := e.Guarded(t, "gone@example.com"), e.Guarded(t, "wrong@example.com"), e.Person(t, "free@example.com")
		asked := e.Person(t, "asked@example.com")
		other(t, e, free, asked, wrong)
		e.Exec(t, fmt.Sprintf("UPDATE users SET role = 'owner' WHERE id IN ('%s', '%s')", owner.ID, bareOwner.ID))
		e.Exec(t, fmt.Sprintf("UPDATE users SET role = 'administrator' WHERE id = '%s'", bareAdmin.ID))
		e.Exec(t, fmt.Sprintf("UPDATE users SET require_second_factor = 'required from 2026-11-21' WHERE id = '%s'", asked.ID))
		e.Exec(t, fmt.Sprintf("UPDATE users SET require_second_factor = 'required from 2026-11-22' WHERE id = '%s'", free.ID))
		e.Exec(t, fmt.Sprintf("UPDATE credentials SET counter = 0 WHERE kind = 'recovery' AND user_id = '%s'", used.ID))
		gone.Set(t, countersign.Disabled)
		e.Browser("192.0.2.1").SignIn(t, owner)
		b := e.Browser("192.0.2.1")
		at := b.First(t, wrong)
		for b.Second(at, method.TOTP, wrong.Wrong()) != nil {
			if e.Count(t, "proof.refused", "") > 9 {
				break
			}
		}
		c := count(t, service(e))
		for _, row := range []struct {
			sentence  string
			got, want int64
		}{
			{"people who can sign in", c.All.People, 7},
			{"of these, with a second factor", c.All.Protected, 3},
			{"without", c.All.Bare(), 4},
			{"required of, and without", c.All.Missing, 1},
			{"with an authenticator app", c.All.Totp, 3},
			{"without recovery codes beside it", c.All.NoCodes, 1},
			{"owners", c.All.Owners, 2},
			{"of these, without a second factor", c.All.BareOwners, 1},
			{"other managers without one", c.All.BareManagers, 1},
			{"accounts", c.All.Everybody, 8},
			{"locked, by an administrator and by wrong codes", c.All.Locked(), 2},
			{"of these, in the first pool, by an administrator", c.Pools[0].Locked(), 1},
			{"of these, in the other pool, by wrong codes", c.Pools[1].Locked(), 1},
			{"in the other pool, by wrong codes for a while", c.Pools[1].Paused, 1},
			{"required of, by what is set for them alone", c.All.Personal, 1},
			{"of these, without a second factor", c.Pools[1].PersonalMissing, 1},
			{"never signed in", c.All.Never, 7},
			{"pools", int64(len(c.Pools)), 2},
			{"people of the other pool", c.Pools[1].People, 3},
		} {
			if row.got != row.want {
				t.Errorf("%s: %d, want %d", row.sentence, row.got, row.want)
			}
		}
		e.Set(t, policy.Document{"require_second_factor": "required"})
		if c := count(t, service(e)); c.All.Missing != 4 || !c.Pools[0].Required {
			t.Errorf("required of everybody: %d are missing, want 4", c.All.Missing)
		}
	})
}

// Two nodes keep a day once an hour; its last count stays, and today's is as of now.
func TestDaysAreKept(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		nodes := []*census.Service{service(e), service(e.Node(t))}
		keep := func() {
			t.Helper()
			if outcomes := accounttest.Race(6, func(i int) error { return nodes[i%2].Keep(context.Background()) }); outcomes["ok"] != 6 {
				t.Errorf("keeping a day at once: %v", outcomes)
			}
		}
		ada := e.Person(t, "ada@example.com")
		keep()
		ada.WithApp(t, "Phone")
		keep() // in the same hour: not counted again
		days := func() string {
			t.Helper()
			now := count(t, nodes[0])
			points, err := nodes[0].Days(context.Background(), accounttest.Workspace, 90, now)
			accounttest.Want(t, "reading the days", err, "ok")
			said := ""
			for _, p := range points {
				said += fmt.Sprintf("%s %d/%d ", p.Day.Format("01-02"), p.All.Protected, p.All.People)
			}
			return said
		}
		e.Advance(t, 24*time.Hour)
		if got := days(); got != "11-21 0/1 11-22 1/1 " {
			t.Errorf("what is kept of the first hour: %s", got)
		}
		keep()
		e.Person(t, "ben@example.com")
		e.Advance(t, time.Hour)
		keep()
		e.Advance(t, 24*time.Hour)
		if got := days(); got != "11-21 0/1 11-22 1/2 11-23 1/2 " {
			t.Errorf("the days: %s", got)
		}
		e.Advance(t, 801*24*time.Hour)
		accounttest.Want(t, "sweeping", e.Accounts.Sweep(context.Background()), "ok")
		rows, err := e.Store.Read().ListPoolDays(context.Background(), accounttest.Workspace, 0)
		if err != nil || len(rows) != 0 {
			t.Errorf("years later %d days are kept: %v", len(rows), err)
		}
	})
}

func TestAWeekTellsWhatBecameOfThings(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		phone := ada.WithPhone(t, "Pixel 9")
		week := func() census.Week {
			t.Helper()
			w, err := service(e).Week(context.Background(), accounttest.Workspace)
			accounttest.Want(t, "counting the week", err, "ok")
			return w
		}
		before := week()
		for i, no := range []push.Decision{push.Deny, push.Report} {
			e.Advance(t, 10*time.Minute)
			e.Browser(fmt.Sprintf("192.0.2.%d", 10+i)).First(t, ada)
			_, err := phone.Say(phone.Waiting(t)[0], no, "")
			accounttest.Want(t, "a no on the phone", err, "ok")
		}
		w := week()
		if w.Denied != 1 || w.Reported != 1 || w.Answered() != before.Answered()+2 {
			t.Errorf("after one denied and one reported: %+v, before %+v", w, before)
		}
		e.Exec(t, "UPDATE messages SET state = 'sent'")
		e.Exec(t, "UPDATE messages SET state = 'failed', channel = 'push' WHERE id = (SELECT MIN(id) FROM messages)")
		e.Exec(t, "UPDATE devices SET delivery = 'gone'")
		w = week()
		if w.Mails == 0 || w.FailedPushes == 0 || w.Pushes != 0 || w.FailedMails != 0 || w.SilentPhones != 1 {
			t.Errorf("after all mails were sent and no push: %+v", w)
		}
		e.Exec(t, "UPDATE messages SET state = 'queued', problem = 'the mail server did not take the mail' WHERE channel = 'email'")
		e.Exec(t, "UPDATE messages SET problem = 'the mail server does not take mail from no-reply@acme.example.com: the server answered 553' WHERE id = (SELECT MIN(id) FROM messages WHERE channel = 'email')")
		if w = week(); w.RefusedSenders != 1 || w.Mails != 0 || w.FailedMails != 0 {
			t.Errorf("with one mail that waits because of its sender: %+v", w)
		}
		e.Exec(t, "UPDATE messages SET state = 'sent' WHERE channel = 'email'")
		if w = week(); w.RefusedSenders != 0 || w.Mails == 0 {
			t.Errorf("after all of them went out: %+v", w)
		}
		// A message that nobody was to get is no failure.
		e.Exec(t, "UPDATE messages SET state = 'failed', expires_at = created_at")
		if w = week(); w.Failed() != 0 || w.Mails != 0 {
			t.Errorf("messages to nobody count: %+v", w)
		}
		e.Exec(t, "UPDATE requests SET state = 'consumed', decided_at = created_at + 7400")
		w = week()
		if w.Approved == 0 || w.Median != 7400*time.Millisecond || w.Denied != 0 {
			t.Errorf("approvals after 7.4 seconds: %+v", w)
		}
		e.Advance(t, 8*24*time.Hour)
		if w = week(); w.Answered() != 0 {
			t.Errorf("a week later: %+v", w)
		}
	})
}

func TestShares(t *testing.T) {
	for _, row := range []struct {
		sentence          string
		people, protected int64
		want              int
	}{
		{"nobody", 0, 0, 0}, {"none", 3, 0, 0}, {"everybody", 3, 3, 100}, {"all but one of many is not everybody", 1000, 999, 99}, {"two of three", 3, 2, 66},
	} {
		p := census.Pool{People: row.people, Protected: row.protected}
		if p.Percent() != row.want || int((census.Share{People: row.people, Protected: row.protected}).Percent()) != row.want {
			t.Errorf("%s: %d %%, want %d", row.sentence, p.Percent(), row.want)
		}
	}
}
