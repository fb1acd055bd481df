package people_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// mailed counts the mails that asked somebody to set up a second factor.
func mailed(t *testing.T, e *accounttest.Engine, who *accounttest.Person) int {
	t.Helper()
	return len(e.MailsTo(t, message.SetUp, who.Email))
}

func version(t *testing.T, p *people.Service) int64 {
	t.Helper()
	_, version, err := p.Document(context.Background(), ws)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func TestWhoLacksASecondFactor(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		staff := pool(t, p, "Staff", nil)
		e.Guarded(t, "ada@example.com")
		for i := range 5 {
			person := e.Person(t, fmt.Sprintf("p%d@example.com", i))
			if i < 2 {
				e.Exec(t, fmt.Sprintf("UPDATE users SET language = 'de', pool_id = '%s' WHERE id = '%s'", staff, person.ID))
			}
		}
		e.Person(t, "codes@example.com").WithCodes(t, 3) // recovery codes alone are none
		e.Person(t, "gone@example.com").Set(t, countersign.Disabled)
		for _, row := range []struct {
			pool countersign.PoolID
			want string
		}{{"", "{6 [{en 4} {de 2}]}"}, {staff, "{2 [{de 2}]}"}, {"pool_none", "{0 []}"}} {
			a, err := p.CountMissing(ctx, ws, row.pool)
			if got := fmt.Sprint(a); err != nil || got != row.want {
				t.Errorf("lacking in %q: %s, %v; want %s", row.pool, got, err, row.want)
			}
		}
		var seen []string
		for after := ""; ; {
			page, err := p.Missing(ctx, ws, "", after, 4)
			if err != nil {
				t.Fatal(err)
			}
			for _, user := range page {
				seen = append(seen, user.Email)
				after = user.EmailKey
			}
			if len(page) < 4 {
				break
			}
		}
		if got := strings.Join(seen, " "); got != "codes@example.com p0@example.com p1@example.com p2@example.com p3@example.com p4@example.com" {
			t.Errorf("they are %s", got)
		}
	})
}

// Required, with a mail to exactly those who have none: one click or two, one node or
// more, each once (S3-15 to S3-17).
func TestRequiringWithAMail(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		ada, ben, cleo := e.Guarded(t, "ada@example.com"), e.Person(t, "ben@example.com"), e.Person(t, "cleo@example.com")
		r := people.Requiring{Value: "required from 2026-12-24", Version: version(t, p), Campaign: people.NewCampaign()}
		bad, none := r, r
		bad.Value, none.Campaign = "perhaps", "cmp_1"
		accounttest.Want(t, "a value that is none", p.SetRequirement(ctx, ws, bad, admins), "requirement_unknown")
		accounttest.Want(t, "a campaign that is none", p.SetRequirement(ctx, ws, none, admins), "campaign_unknown")
		over := r
		over.Value = "required from 0000-01-01"
		accounttest.Want(t, "a day that is over", p.SetRequirement(ctx, ws, over, admins), "requirement_past")
		accounttest.Want(t, "requiring", p.SetRequirement(ctx, ws, r, admins), "ok")
		accounttest.Want(t, "the second click", p.SetRequirement(ctx, ws, r, admins), "ok")
		for _, other := range []people.Requiring{
			{Value: "optional", Version: r.Version, Campaign: r.Campaign}, {Value: r.Value, Version: r.Version + 1, Campaign: r.Campaign},
		} {
			accounttest.Want(t, "something else by the same form", p.SetRequirement(ctx, ws, other, admins), "campaign_other")
		}
		accounttest.Want(t, "a reminder by the same form", p.RemindMany(ctx, ws, r.Campaign, people.Filter{}, admins), "campaign_other")
		accounttest.Want(t, "over a version of before", p.SetRequirement(ctx, ws, people.Requiring{Value: "required", Version: r.Version}, admins), "changed_meanwhile")
		late := e.Person(t, "late@example.com")
		ben.WithApp(t, "Phone") // between the click and the mail
		mailAll(t, e, p)
		for who, want := range map[*accounttest.Person]int{ada: 0, ben: 0, cleo: 1, late: 0} {
			if got := mailed(t, e, who); got != want {
				t.Errorf("%s has %d mails, want %d", who.Email, got, want)
			}
		}
		if mail := e.Mail(t, message.SetUp, cleo.Email); !strings.Contains(mail.Text, "24 December 2026") {
			t.Errorf("the mail lacks the day:\n%s", mail.Text)
		}
		if e.Count(t, "settings.changed", "(default) → required from 2026-12-24") != 1 || e.Count(t, "campaign.started", `"people":"2"`) != 1 || e.Count(t, "campaign.mailed", "") != 1 {
			t.Error("the log does not tell of it, once")
		}
		c, err := p.Campaign(ctx, ws, r.Campaign)
		if err != nil || c.People != 2 || c.Mailed != 1 || c.Done != 1 || c.Missing != 1 || !c.Finished || c.Round != 1 {
			t.Errorf("progress: %+v, %v", c, err)
		}
		quiet := people.Requiring{Value: "required", Version: version(t, p)}
		accounttest.Want(t, "without a mail", p.SetRequirement(ctx, ws, quiet, admins), "ok")
		mailAll(t, e, p)
		if mailed(t, e, cleo) != 1 {
			t.Error("somebody was written to without the wish")
		}
		if got := cleo.Account(t).Required(e.Clock.Now()); got != policy.ByWorkspace {
			t.Errorf("required by %q", got)
		}
	})
}

// mailAll looks once, on two nodes at once where there can be two.
func mailAll(t *testing.T, e *accounttest.Engine, p *people.Service) {
	t.Helper()
	node := e
	if !e.Store.SQLite() {
		node = e.Node(t)
	}
	var all sync.WaitGroup
	for _, s := range []*people.Service{p, {Accounts: node.Accounts, Store: node.Store, Now: node.Clock.Now}} {
		all.Go(func() {
			err := s.MailCampaigns(context.Background())
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestRequiringAPool(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		staff := pool(t, p, "Staff", policy.Document{"preferred": "totp"})
		ben, cleo := e.Person(t, "ben@example.com"), e.Person(t, "cleo@example.com")
		accounttest.Want(t, "moving", p.Move(ctx, ben.Account(t), staff, policy.Unaffected, people.Shell()), "ok")
		r := people.Requiring{Pool: staff, Value: "required", Version: version(t, p), Campaign: people.NewCampaign()}
		accounttest.Want(t, "requiring", p.SetRequirement(ctx, ws, r, people.Shell()), "ok")
		mailAll(t, e, p)
		if mailed(t, e, ben) != 1 || mailed(t, e, cleo) != 0 {
			t.Errorf("%d and %d mails", mailed(t, e, ben), mailed(t, e, cleo))
		}
		made, _, err := p.Pool(ctx, ws, staff)
		if err != nil || made.Document["preferred"] != "totp" || made.Document["require_second_factor"] != "required" {
			t.Errorf("the pool sets %v, %v", made.Document, err)
		}
		r.Pool, r.Version, r.Campaign = "pool_none", version(t, p), ""
		accounttest.Want(t, "a pool that is none", p.SetRequirement(ctx, ws, r, people.Shell()), "no_such_pool")
	})
}

// Many people, stopped in the middle, by several at once: each is written to once.
func TestACampaignSurvives(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		var all []*accounttest.Person
		for i := range 120 {
			all = append(all, e.Person(t, fmt.Sprintf("p%03d@example.com", i)))
		}
		id := people.NewCampaign()
		outcomes := accounttest.Race(5, func(int) error { return p.RemindMany(ctx, ws, id, people.Filter{}, people.Shell()) })
		if outcomes["ok"] != 5 {
			t.Errorf("five clicks: %v", outcomes)
		}
		stopped, stop := context.WithCancel(ctx)
		stop() // it is told to end before the first batch, as by a restart
		err := p.MailCampaigns(stopped)
		if err != nil && !errors.Is(err, context.Canceled) && countersign.KindOf(err) != countersign.Unavailable {
			t.Error(err)
		}
		mailAll(t, e, p)
		mailAll(t, e, p)
		mails := map[string]int{}
		for _, mail := range e.Mails(t) {
			if mail.Kind == message.SetUp {
				mails[mail.To]++
			}
		}
		for _, who := range all {
			if mails[who.Email] != 1 {
				t.Fatalf("%s has %d mails, want one", who.Email, mails[who.Email])
			}
		}
		c, err := p.Campaign(ctx, ws, id)
		if err != nil || c.People != 120 || c.Mailed != 120 || !c.Finished {
			t.Errorf("progress: %+v, %v", c, err)
		}
	})
}

func TestRemindingAgain(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		admin := e.Guarded(t, "admin@example.com")
		ranked(t, e, admin, countersign.Administrator)
		ben, cleo := e.Person(t, "ben@example.com"), e.Person(t, "cleo@example.com")
		id := people.NewCampaign()
		again := func() error { return p.RemindAgain(ctx, ws, id, at(t, e, admin)) }
		accounttest.Want(t, "one that is none", again(), "no_such_campaign")
		accounttest.Want(t, "starting by the help desk", p.RemindMany(ctx, ws, id, people.Filter{}, desks), "beyond_role")
		accounttest.Want(t, "starting", p.RemindMany(ctx, ws, id, people.Filter{}, at(t, e, admin)), "ok")
		accounttest.Want(t, "while it runs", again(), "campaign_running")
		mailAll(t, e, p)
		accounttest.Want(t, "on the same day", again(), "campaign_today")
		accounttest.Want(t, "one of them by hand, on the same day", p.Remind(ctx, ben.Account(t), at(t, e, admin)), "reminded_today")
		e.Advance(t, 25*time.Hour)
		ben.WithApp(t, "Phone")
		accounttest.Want(t, "the next day", again(), "ok")
		mailAll(t, e, p)
		if mailed(t, e, ben) != 1 || mailed(t, e, cleo) != 2 {
			t.Errorf("%d and %d mails, want one and two", mailed(t, e, ben), mailed(t, e, cleo))
		}
		page, err := p.CampaignMissing(ctx, ws, id, "", 10)
		if err != nil || len(page) != 1 || page[0].User.ID != cleo.ID || page[0].MailedAt != e.Clock.Now().UnixMilli() {
			t.Errorf("still missing: %+v, %v", page, err)
		}
		list, err := p.Campaigns(ctx, ws, 10)
		if err != nil || len(list) != 1 || list[0].Round != 2 || list[0].Done != 1 || list[0].Missing != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		accounttest.Want(t, "deleting somebody of it", p.Delete(ctx, cleo.Account(t), people.Shell()), "ok")
		if cleo := e.Count(t, "user.deleted", ""); cleo != 1 || ben.Has(t, method.TOTP) != 1 {
			t.Error("deleting went wrong")
		}
	})
}

// What is newly required is told in any case, S3-17. When two campaigns ask the same people
// again, they are reminded once in 24 hours, and the campaigns say whom they left out.
func TestOneMailADay(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		ben, cleo, dora := e.Person(t, "ben@example.com"), e.Person(t, "cleo@example.com"), e.Person(t, "dora@example.com")
		require := func(value string) countersign.CampaignID {
			t.Helper()
			id := people.NewCampaign()
			r := people.Requiring{Value: value, Version: version(t, p), Campaign: id}
			accounttest.Want(t, value, p.SetRequirement(ctx, ws, r, admins), "ok")
			return id
		}
		accounttest.Want(t, "one by hand", p.Remind(ctx, dora.Account(t), people.Shell()), "ok")
		first, second := require("required from 2026-12-24"), require("required from 2026-12-31")
		mailAll(t, e, p) // both are under way
		late := e.Person(t, "late@example.com")
		third := require("required from 2027-01-31")
		mailAll(t, e, p)
		for who, want := range map[*accounttest.Person]int{ben: 3, cleo: 3, dora: 4, late: 1} {
			if got := mailed(t, e, who); got != want {
				t.Errorf("%s has %d mails, want %d", who.Email, got, want)
			}
		}
		var got [3]people.Campaign
		for i, id := range []countersign.CampaignID{first, second, third} {
			var err error
			got[i], err = p.Campaign(ctx, ws, id)
			if err != nil || !got[i].Finished {
				t.Fatalf("%+v, %v", got[i], err)
			}
		}
		if got[0].Mailed != 3 || got[1].Mailed != 3 || got[2].Mailed != 4 || got[0].LeftOut+got[1].LeftOut+got[2].LeftOut != 0 {
			t.Errorf("what is newly required is told in any case: %+v", got)
		}
		e.Advance(t, 25*time.Hour)
		accounttest.Want(t, "one by hand", p.Remind(ctx, dora.Account(t), people.Shell()), "ok")
		accounttest.Want(t, "again", p.RemindAgain(ctx, ws, third, admins), "ok")
		accounttest.Want(t, "another again", p.RemindAgain(ctx, ws, second, admins), "ok")
		mailAll(t, e, p)
		for who, want := range map[*accounttest.Person]int{ben: 4, cleo: 4, dora: 5, late: 2} {
			if got := mailed(t, e, who); got != want {
				t.Errorf("the next day, %s has %d mails, want %d", who.Email, got, want)
			}
		}
		left := int64(0)
		for _, id := range []countersign.CampaignID{second, third} {
			again, err := p.Campaign(ctx, ws, id)
			if err != nil || !again.Finished {
				t.Fatalf("%+v, %v", again, err)
			}
			left += again.LeftOut
		}
		// Which of two that run at once comes to whom first is nobody's promise.
		if left != 4 {
			t.Errorf("%d were left out of the two, want dora twice, and ben and cleo once", left)
		}
	})
}

func TestThePreviewIsTheMail(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ben := e.Person(t, "ben@example.com")
		e.Exec(t, "UPDATE users SET language = 'de'")
		r, err := policy.Document{"require_second_factor": "required from 2027-01-31"}.Requirement()
		if err != nil {
			t.Fatal(err)
		}
		shown, err := p.PreviewSetUp(ctx, ben.Account(t), "de", r)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(e.Mails(t)); n != 0 {
			t.Errorf("the preview posted %d mails", n)
		}
		e.Set(t, policy.Document{"require_second_factor": "required from 2027-01-31"})
		accounttest.Want(t, "reminding", p.Remind(ctx, ben.Account(t), people.Shell()), "ok")
		mail := e.Mail(t, message.SetUp, ben.Email)
		if shown.Subject != mail.Subject || shown.Text != mail.Text || shown.HTML != mail.HTML {
			t.Errorf("the preview is\n%s\nand the mail\n%s", shown.Text, mail.Text)
		}
	})
}

// What is said of the mails of a campaign is how each one's last stands, and who was left
// out of the round that is under way is told apart from those of the round before.
func TestHowTheMailsOfACampaignStand(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		staff := pool(t, p, "Staff", nil)
		for i := range 3 {
			who := e.Person(t, fmt.Sprintf("p%d@example.com", i))
			e.Exec(t, fmt.Sprintf("UPDATE users SET pool_id = '%s' WHERE id = '%s'", staff, who.ID))
		}
		id := people.NewCampaign()
		stands := func(when string, mails people.CampaignMails, leftOut int64) {
			t.Helper()
			c, err := p.Campaign(ctx, ws, id)
			if err != nil || c.LeftOut != leftOut {
				t.Errorf("%s %d are left out, want %d; %v", when, c.LeftOut, leftOut, err)
			}
			got, err := p.CampaignMails(ctx, c, ws)
			if err != nil || got != mails {
				t.Errorf("%s the mails stand %+v, want %+v; %v", when, got, mails, err)
			}
		}
		accounttest.Want(t, "reminding", p.RemindMany(ctx, ws, id, people.Filter{Pool: staff}, people.Shell()), "ok")
		stands("before the mails", people.CampaignMails{}, 0)
		accounttest.Want(t, "mailing", p.MailCampaigns(ctx), "ok")
		stands("after the mails", people.CampaignMails{Waiting: 3}, 0)
		e.Exec(t, "UPDATE messages SET state = 'failed' WHERE recipient = 'p0@example.com'")
		e.Exec(t, "UPDATE messages SET state = 'sent' WHERE recipient = 'p1@example.com'")
		e.Exec(t, "UPDATE messages SET state = 'kept' WHERE recipient = 'p2@example.com'")
		stands("when they went their ways", people.CampaignMails{Failed: 1, Kept: 1}, 0)

		e.Exec(t, "UPDATE campaign_people SET left_out = 1")
		stands("where all were left out", people.CampaignMails{Failed: 1, Kept: 1}, 3)
		e.Advance(t, 25*time.Hour)
		accounttest.Want(t, "reminding again", p.RemindAgain(ctx, ws, id, people.Shell()), "ok")
		stands("while the second round begins", people.CampaignMails{Failed: 1, Kept: 1}, 0)
		accounttest.Want(t, "mailing again", p.MailCampaigns(ctx), "ok")
		stands("after the second mails", people.CampaignMails{Waiting: 3}, 0)
	})
}
