package people_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// A reminder to a filter: exactly those get it who have no second step, were not asked
// today and can sign in; each once, and in the words of what is required of them.
func TestRemindingAFilter(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		staff := pool(t, p, "Staff", policy.Document{"require_second_factor": "required"})
		in := people.Filter{Pool: staff}
		join := func(who *accounttest.Person) *accounttest.Person {
			e.Exec(t, fmt.Sprintf("UPDATE users SET pool_id = '%s' WHERE id = '%s'", staff, who.ID))
			return who
		}
		ben, cleo, other := join(e.Person(t, "ben@example.com")), join(e.Person(t, "cleo@example.com")), e.Person(t, "other@example.com")
		e.Exec(t, fmt.Sprintf("UPDATE users SET language = 'de' WHERE id = '%s'", cleo.ID))
		guarded, gone, invited, asked := join(e.Guarded(t, "guarded@example.com")), join(e.Person(t, "gone@example.com")), join(e.Person(t, "invited@example.com")), join(e.Person(t, "asked@example.com"))
		join(e.Person(t, "codes@example.com").WithCodes(t, 3)).Set(t, countersign.Disabled)
		gone.Set(t, countersign.Disabled)
		invited.Set(t, countersign.Invited)
		accounttest.Want(t, "one by hand", p.Remind(ctx, asked.Account(t), people.Shell()), "ok")

		was, err := p.CountReminder(ctx, ws, in)
		if got := fmt.Sprint(was.People, was.Guarded, was.Asked, was.Disabled, was.Invited, len(was.Mails)); err != nil || got != "2 1 1 2 1 2" {
			t.Errorf("due, guarded, asked, disabled, invited, mails: %s, %v", got, err)
		}
		lines, err := p.ToRemind(ctx, ws, in, "", 10)
		due := map[countersign.UserID]bool{}
		for _, line := range lines.People {
			due[line.ID] = true
		}
		if err != nil || len(due) != 2 || !due[ben.ID] || !due[cleo.ID] {
			t.Errorf("to remind: %+v, %v", lines.People, err)
		}
		id := people.NewCampaign()
		remind := func(id countersign.CampaignID, f people.Filter) error { return p.RemindMany(ctx, ws, id, f, admins) }
		accounttest.Want(t, "a campaign that is none", remind("cmp_1", in), "campaign_unknown")
		accounttest.Want(t, "without a campaign", remind("", in), "campaign_unknown")
		accounttest.Want(t, "a pool that is none", remind(id, people.Filter{Pool: "pool_none"}), "no_such_pool")
		accounttest.Want(t, "those with a second step", remind(id, people.Filter{Standing: store.WithSecond}), "nobody_to_remind")
		accounttest.Want(t, "reminding", remind(id, in), "ok")
		accounttest.Want(t, "the second click", remind(id, in), "ok")
		accounttest.Want(t, "another filter by the same form", remind(id, people.Filter{}), "campaign_other")
		accounttest.Want(t, "the same by another form, while the mails are on their way", remind(people.NewCampaign(), in), "nobody_to_remind")
		accounttest.Want(t, "everybody else", remind(people.NewCampaign(), people.Filter{}), "ok")
		mailAll(t, e, p)
		mailAll(t, e, p)
		for who, want := range map[*accounttest.Person]int{ben: 1, cleo: 1, other: 1, guarded: 0, gone: 0, invited: 0, asked: 1} {
			if got := mailed(t, e, who); got != want {
				t.Errorf("%s has %d mails, want %d", who.Email, got, want)
			}
		}
		if now, never := e.Mail(t, message.SetUp, ben.Email), e.Mail(t, message.SetUp, other.Email); !strings.Contains(now.Text, "requires two-factor") || strings.Contains(never.Text, "requires") {
			t.Errorf("of whom it is required is told\n%s\nand the others\n%s", now.Text, never.Text)
		}
		c, err := p.Campaign(ctx, ws, id)
		if err != nil || c.Pool != staff || c.Filter == nil || *c.Filter != in || c.People != 2 || c.Mailed != 2 || !c.Finished {
			t.Errorf("the campaign: %+v, %v", c, err)
		}
		if e.Count(t, "campaign.started", fmt.Sprintf(`"pool":"%s"`, staff)) != 1 || e.Count(t, "campaign.started", "") != 2 {
			t.Error("the log does not tell of each, once")
		}
		accounttest.Want(t, "on the same day", remind(people.NewCampaign(), in), "nobody_to_remind")
		e.Advance(t, 25*time.Hour)
		accounttest.Want(t, "the next day", p.RemindMany(ctx, ws, people.NewCampaign(), people.Filter{Typed: "cle", Standing: store.Missing}, people.Shell()), "ok")
		mailAll(t, e, p)
		if mailed(t, e, ben) != 1 || mailed(t, e, cleo) != 2 {
			t.Errorf("%d and %d mails, want one and two", mailed(t, e, ben), mailed(t, e, cleo))
		}
	})
}

// By hand and by a campaign at the same moment: one mail.
func TestAReminderOnTheWayIsTheOneOfTheDay(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ben := e.Person(t, "ben@example.com")
		id := people.NewCampaign()
		accounttest.Want(t, "all", p.RemindMany(ctx, ws, id, people.Filter{}, people.Shell()), "ok")
		accounttest.Want(t, "one of them, before the mail", p.Remind(ctx, ben.Account(t), people.Shell()), "ok")
		mailAll(t, e, p)
		c, err := p.Campaign(ctx, ws, id)
		if err != nil || mailed(t, e, ben) != 1 || c.Mailed != 0 || !c.Finished {
			t.Errorf("%d mails; %+v, %v", mailed(t, e, ben), c, err)
		}
	})
}

// The log is told of a campaign that fails at once, then seldom, and when it is over; and of
// another that begins to fail meanwhile at once as well.
func TestACampaignThatFailsIsLoggedSeldom(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		one, two := pool(t, p, "One", nil), pool(t, p, "Two", nil)
		ben, cleo := e.Person(t, "ben@example.com"), e.Person(t, "cleo@example.com")
		starts := func(who *accounttest.Person, to countersign.PoolID) countersign.CampaignID {
			t.Helper()
			id := people.NewCampaign()
			accounttest.Want(t, "moving", p.Move(ctx, who.Account(t), to, policy.Unaffected, people.Shell()), "ok")
			accounttest.Want(t, "reminding", p.RemindMany(ctx, ws, id, people.Filter{Pool: to}, people.Shell()), "ok")
			return id
		}
		breaks := func(to countersign.PoolID, settings string) {
			e.Exec(t, fmt.Sprintf("UPDATE pools SET settings = '%s' WHERE id = '%s'", settings, to))
			e.Exec(t, "UPDATE workspaces SET settings_version = settings_version + 1")
		}
		var log bytes.Buffer
		m := people.NewMailing(p, slog.New(slog.NewTextHandler(&log, nil)))
		// looks returns the lines of so many looks, one every two seconds.
		looks := func(n int) []string {
			t.Helper()
			log.Reset()
			for range n {
				m.Look(ctx)
				e.Advance(t, 2*time.Second)
			}
			return slices.Collect(strings.Lines(log.String()))
		}
		says := func(when string, lines []string, want ...string) {
			t.Helper()
			if len(lines) != len(want) {
				t.Fatalf("%s there are %d lines, want %d:\n%s", when, len(lines), len(want), strings.Join(lines, ""))
			}
			for i, line := range lines {
				if !strings.Contains(line, want[i]) {
					t.Errorf("%s the log says %q, and not %q", when, line, want[i])
				}
			}
		}
		says("while all is well", looks(3))
		first := starts(ben, one)
		breaks(one, "nonsense")
		cannot := func(id countersign.CampaignID) string {
			return `msg="it fails, is tried again" campaign=` + string(id)
		}
		over := func(id countersign.CampaignID) string { return `msg="it works again" campaign=` + string(id) }
		says("in the first minutes", looks(299), cannot(first))
		says("after ten minutes", looks(10), cannot(first))
		breaks(one, "{}") // nobody looks meanwhile
		second := starts(cleo, two)
		breaks(one, "nonsense")
		breaks(two, "nonsense")
		says("when another fails", looks(5), cannot(second))
		breaks(one, "{}")
		says("when the first is mended", looks(5), over(first))
		if mailed(t, e, ben) != 1 || mailed(t, e, cleo) != 0 {
			t.Errorf("%d and %d mails, want one and none", mailed(t, e, ben), mailed(t, e, cleo))
		}
		ending, end := context.WithCancel(ctx)
		end()
		log.Reset()
		m.Look(ending)
		says("when the node ends", slices.Collect(strings.Lines(log.String())))
		e.Exec(t, "ALTER TABLE campaigns RENAME TO campaigns_away")
		says("where there is no telling which there are", looks(5), `msg="it fails, is tried again" what="read which campaigns there are"`)
		e.Exec(t, "ALTER TABLE campaigns_away RENAME TO campaigns")
		says("when they are there again, and one fails as before", looks(5), `msg="it works again" what="read which campaigns there are"`)
		breaks(two, "{}")
		says("when the second is mended", looks(5), over(second))
		says("afterwards", looks(5))
	})
}

// What cannot be mailed waits alone.
func TestABadCampaignHoldsUpNoOther(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		bad, good := pool(t, p, "Bad", nil), pool(t, p, "Good", nil)
		ben, cleo := e.Person(t, "ben@example.com"), e.Person(t, "cleo@example.com")
		for who, to := range map[*accounttest.Person]countersign.PoolID{ben: bad, cleo: good} {
			accounttest.Want(t, "moving", p.Move(ctx, who.Account(t), to, policy.Unaffected, people.Shell()), "ok")
			accounttest.Want(t, "reminding", p.RemindMany(ctx, ws, people.NewCampaign(), people.Filter{Pool: to}, people.Shell()), "ok")
			e.Advance(t, time.Second)
		}
		e.Exec(t, fmt.Sprintf("UPDATE pools SET settings = 'nonsense' WHERE id = '%s'", bad))
		e.Exec(t, "UPDATE workspaces SET settings_version = settings_version + 1")
		for range 2 {
			err := p.MailCampaigns(ctx)
			if err == nil || !strings.Contains(err.Error(), "campaign cmp_") {
				t.Errorf("one that cannot be mailed is answered %v", err)
			}
		}
		if mailed(t, e, ben) != 0 || mailed(t, e, cleo) != 1 {
			t.Errorf("%d and %d mails, want none and one", mailed(t, e, ben), mailed(t, e, cleo))
		}
	})
}
