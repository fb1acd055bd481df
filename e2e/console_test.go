package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// owner creates an owner with an app and codes, who may go to the console.
func (h *house) owner() *person {
	h.t.Helper()
	const name = "Olga Owner"
	p := &person{h.Person(h.t, name, h.address(name), countersign.Owner), h}
	return p.withApp("Phone").withCodes(10)
}

// count keeps a day's count of who is protected, as the worker would have.
func (h *house) count(daysAgo int, people, protected int64) {
	h.t.Helper()
	day := h.Clock.Now().UTC().AddDate(0, 0, -daysAgo)
	h.Write(h.t, func(tx *store.Tx) error {
		return tx.KeepPoolDay(tx.Ctx, rows.KeepPoolDayParams{
			WorkspaceID: countersign.DefaultWorkspace, PoolID: countersign.DefaultPool, Day: day.UnixMilli() / 86_400_000 * 86_400_000,
			People: people, Protected: protected,
		})
	})
}

func pagesOfTheConsole(s *show) {
	olga, ada := s.owner(), s.guarded("Ada Lovelace")
	bob := s.person("Bob Builder")
	bare := s.session(s.administrator("Grace Hopper"))
	bare.Open("/console")
	s.look(bare, "GET /console", "a closed console")
	s.client().signIn(ada)

	page := s.session(olga)
	page.Open("/console")
	s.look(page, "GET /console", "overview")
	for i, protected := range []int64{1, 2, 2, 3} {
		s.count(4-i, 4, protected)
	}
	page.Reload()
	s.glance(page, "GET /console", "overview")
	page.Click("The numbers of the chart")
	s.glance(page, "GET /console", "overview")
	page.Open("/console/people")
	s.look(page, "GET /console/people", "people")
	page.Open("/console/confirmed")
	s.look(page, "GET /console/confirmed", "confirmed for another tab")
	page.Open("/console/people/remind?state=off")
	s.look(page, "GET /console/people/remind", "a reminder")
	page.Click("Cancel")
	page.Click("Send reminder")
	page.Open("/console/people/remind?state=on")
	s.glance(page, "GET /console/people/remind", "a reminder")
	page.Open("/console/people?q=nobody")
	s.glance(page, "GET /console/people", "people")
	page.Open("/console/people/" + string(ada.ID))
	s.look(page, "GET /console/people/{user}", "a person")
	page.Open("/console/people/" + string(ada.ID) + "/activity")
	s.look(page, "GET /console/people/{user}/activity", "a person's activity")
	for _, act := range []string{"code", "sign_out", "lock", "unlock", "require", "move", "role", "reset", "delete"} {
		page.Open("/console/people/" + string(ada.ID) + "/" + act)
		s.look(page, "GET /console/people/{user}/"+act, "act "+act)
	}
	for _, act := range []string{"remind", "invite"} {
		page.Open("/console/people/" + string(bob.ID) + "/" + act)
		s.look(page, "GET /console/people/{user}/"+act, "act "+act)
	}
	page.Open("/console/people/" + string(ada.ID) + "/reset")
	page.Click("Reset the second step")
	s.glance(page, "POST /console/people/{user}/reset", "act reset, wrong")
	page.Open("/console/people/" + string(ada.ID) + "/code")
	page.Type("Reason", "Lost the phone")
	page.Click("Give a help-desk code")
	s.look(page, "POST /console/people/{user}/code", "a help-desk code")

	page.Open("/console/invite")
	s.look(page, "GET /console/invite", "inviting")
	page.Click("Send the invitation")
	s.glance(page, "POST /console/invite", "inviting, wrong")
	page.Open("/console/invite/list")
	s.look(page, "GET /console/invite/list", "inviting a list")
	page.Type("One person on a line", "new@acme.example, Bob Builder\nnonsense\n"+ada.Email)
	page.Click("Send the invitations")
	s.look(page, "POST /console/invite/list", "what became of a list")

	s.policy("", policy.Document{"recovery.admin_reset": "two_admins"})
	page.Open("/console/people/" + string(ada.ID) + "/reset")
	page.Type("Reason", "Lost the phone")
	page.Click("Reset the second step")
	page.See("waits for a second administrator")
	page.Open("/console/resets")
	s.look(page, "GET /console/resets", "resets that wait")
}

// consoleScreenshot takes the overview of a workspace in which most have set up a second
// step in the last weeks.
func (h *house) consoleScreenshot(take func(page *browser.Page, name, text string)) {
	h.t.Helper()
	olga := h.owner()
	h.Crowd(h.t, "crowd", 40)
	for _, name := range []string{"Bob Builder", "Grace Hopper", "Alan Turing", "Edsger Dijkstra"} {
		h.person(name)
	}
	for day := range 60 {
		h.count(60-day, 47, int64(12+day*day/120))
	}
	page := h.session(olga)
	page.Open("/console")
	take(page, "console", "People with a second step")
}

// A filter that is none lists nobody, and there is no button beside it that would export
// everybody.
func TestAFilterThatIsNoneIsNotExported(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	page := h.session(h.owner())
	for filter, offered := range map[string]bool{"": true, "?state=off": true, "?state=nonsense": false, "?role=nobody": false, "?q=" + strings.Repeat("a", 300): false} {
		page.Open("/console/people" + filter)
		if page.Has("Export CSV") != offered {
			t.Errorf("%.30q: Export CSV is offered: %v", filter, !offered)
		}
	}
}

// An owner finds somebody by a piece of the name and resets the second step: the page says
// what will happen, wants a reason, and the person is told.
func TestConsoleResetsAPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga, ada := h.owner(), h.guarded("Ada Lovelace")
	h.person("Bob Builder")
	page := h.browser()
	olga.signIn(page)
	page.Click("Your account")
	page.Click("Console")
	page.See("People with a second step")
	page.Click("People")
	page.Type("Name or e-mail address", "lovel")
	page.Click("Search")
	page.NotSee("Bob Builder")
	page.Click("Ada Lovelace")
	page.Click("Reset the second step")
	page.Click("Reset the second step")
	page.See("Say why, in at least 3 characters")
	page.Type("Reason", "Lost the phone, called back")
	page.Click("Reset the second step")
	page.See("The second step is reset.")
	page.See("Reason: Lost the phone, called back")
	if ada.has(method.TOTP) != 0 || ada.has(method.Recovery) != 0 {
		t.Error("something of the second step is left")
	}
	if mail := h.mail(ada.Email, "reset"); !strings.Contains(mail.Text, "Olga Owner") {
		t.Errorf("the mail does not say who did it:\n%s", mail.Text)
	}
}

// The pages are whole without script, and a table of people comes as a file.
func TestConsoleWithoutScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga := h.owner()
	h.person("Ada Lovelace")
	page := h.session(olga, browser.NoScript())
	page.Open("/console")
	page.Click("People")
	page.Click("Second step off 2")
	page.See("Ada Lovelace")
	page.Click("Required but missing 0")
	page.See("Nobody is like that.")
}

// An owner reminds those of a filter: the page says whom, in which words, and who is left
// out; each gets one mail, and nobody else.
func TestConsoleRemindsAFilter(t *testing.T) {
	t.Parallel()
	const subject = "Protect your account at Acme"
	h := newHouse(t)
	olga, ada := h.owner(), h.guarded("Ada Lovelace")
	bob, cleo := h.person("Bob Builder"), h.person("Cleo Cipher")
	page := h.session(olga)
	page.Open("/console/people/" + string(cleo.ID))
	page.Click("Send a reminder")
	page.Click("Send a reminder")
	page.See("The reminder is on its way.")
	h.mail(cleo.Email, subject)
	h.Clock.Advance(11 * time.Minute)
	page.Open("/console/people")
	page.Choose("Role", "User")
	page.Click("Search")
	page.Click("Send reminder")
	page.See("1 person gets a mail", "1 person who has a second step", "1 person who was written to within the last day", subject, "Bob Builder")
	page.NotSee("Cleo Cipher")
	page.Click("Send 1 mail")
	page.See("Confirm that it is you")
	page.Type("6-digit code", olga.Code())
	page.Click("Confirm")
	page.Click("Send 1 mail")
	page.See("The reminders are on their way.", "Reminder")
	if mail := h.mail(bob.Email, subject); !strings.Contains(strings.Join(strings.Fields(mail.Text), " "), "The administrators ask you to set it up.") {
		t.Errorf("nothing is required, and the mail says\n%s", mail.Text)
	}
	for _, other := range []*person{ada, bob, cleo, olga} {
		h.noMail(other.Email, subject)
	}
	allGone(page)
	page.See("Bob Builder")
	page.Screenshot("reminder")
	page.Open("/console/people/remind?role=user")
	page.See("Nobody gets a mail")
	if page.Has("Send 1 mail") {
		t.Error("there is something to send")
	}
}
