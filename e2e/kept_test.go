package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/e2e/judge"
)

// confirmed follows the link of a page that keeps a form into a tab of its own, and gives the
// second factor there.
func (h *house) confirmed(page *browser.Page, p *person) {
	h.t.Helper()
	link := "main a[target=_blank]"
	if rel := page.Attr(link, "rel"); rel != "noopener" {
		h.t.Errorf("the tab that is opened is told of this one: rel=%q", rel)
	}
	to := page.Attr(link, "href")
	for _, typed := range []string{"Lovelace", "Lost", "lost", "acme.example"} {
		if strings.Contains(to, typed) || strings.Contains(page.Path(), typed) {
			h.t.Errorf("what was typed stands in an address: %s, %s", page.Path(), to)
		}
	}
	other := page.NewTab()
	other.Open(to)
	other.Type("6-digit code", p.Code())
	other.Click("Confirm")
	other.See("It is confirmed", "press “Go on”")
}

// stateOf is how the account of an address stands, "" for none.
func (h *house) stateOf(email string) countersign.UserState {
	h.t.Helper()
	a, err := h.Engine.People.Find(h.t.Context(), countersign.DefaultWorkspace, email)
	if countersign.KindOf(err) == countersign.NotFound {
		return ""
	}
	must(h.t, err)
	return a.User.State
}

// TestTypedOutlivesTheProof types while the fresh proof ends: what was typed is there after
// it, in two forms, one of them without script, and nobody is done anything to before.
func TestTypedOutlivesTheProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga, ada := h.owner(), h.guarded("Ada Lovelace")
	page := h.session(olga)

	// A list that somebody pastes. What is wrong with it is told after the proof, over the list.
	list := "nora@acme.example, Nora \"New\" <b>\n\"not closed"
	page.Open("/console/invite/list")
	page.Type("One person on a line", list)
	h.Clock.Advance(11 * time.Minute)
	page.Click("Send the invitations")
	page.See("Confirm that it is you", "Nothing has been done yet.")
	judge.Page(t, page, "a form that is kept")
	page.See("One person on a line", `Nora "New" <b>`)
	page.Set(browser.Dark(), browser.Viewport(393, 851))
	judge.Colours(t, page)
	judge.NoSidewaysScroll(t, page)
	page.Set(browser.Light(), browser.Viewport(1280, 800))
	page.Click("Go on")
	page.See("It is not confirmed yet.")
	h.confirmed(page, olga)
	page.Click("Go on")
	page.See("There is a problem", "The list cannot be read from line 1 on.")
	if got := page.Value("One person on a line"); strings.ReplaceAll(got, "\r\n", "\n") != list {
		t.Errorf("the list is now %q", got)
	}
	page.Type("One person on a line", "nora@acme.example, Nora New")
	page.Click("Send the invitations")
	page.See("nora@acme.example")
	if h.stateOf("nora@acme.example") != countersign.Invited {
		t.Error("the person of the list is not invited")
	}

	// A list in a file, which no page can choose again.
	file := filepath.Join(t.TempDir(), "people.csv")
	must(t, os.WriteFile(file, []byte("bob@acme.example,Bob Builder\n"), 0o600))
	page.Open("/console/invite/list")
	page.Attach("Or a CSV file", file)
	h.Clock.Advance(11 * time.Minute)
	page.Click("Send the invitations")
	page.See("Confirm that it is you", "Or a CSV file", "A file, which is kept as well")
	h.confirmed(page, olga)
	page.Click("Go on")
	page.See("bob@acme.example")
	if h.stateOf("bob@acme.example") != countersign.Invited {
		t.Error("the person of the file is not invited")
	}

	// A reason, without script.
	page = h.session(olga, browser.NoScript())
	page.Open("/console/people/" + string(ada.ID) + "/lock")
	page.Type("Reason", "Lost the phone & the keys")
	h.Clock.Advance(11 * time.Minute)
	page.Click("Lock the account")
	page.See("Confirm that it is you", "Nothing has been done yet.")
	if h.stateOf(ada.Email) != countersign.Active {
		t.Error("the account is locked without a fresh proof")
	}
	h.confirmed(page, olga)
	page.Click("Go on")
	page.See("The account is locked.")
	if h.stateOf(ada.Email) != countersign.Disabled {
		t.Error("the account is not locked")
	}
	page.Open("/console/people/" + string(ada.ID) + "/activity")
	page.See("Lost the phone & the keys")

	// And for somebody whose session is over.
	page = h.session(olga)
	page.Open("/console/invite")
	page.Type("E-mail address", "late@acme.example")
	page.Type("Name", "Ada Lovelace")
	other := page.NewTab()
	other.Open("/account/security")
	other.Evaluate("fetch('/signout', {method: 'POST'}).then(() => 1)", nil)
	page.Click("Send the invitation")
	page.See("Sign in again", "You were signed out in the meantime.", "Nothing has been done yet.")
	page.NotSee("Account Settings", "Sign out")
	judge.Page(t, page, "a form that is kept from somebody who is signed out")
	page.Click("Go on")
	page.See("You are not signed in yet.")
	c := h.client()
	if got := c.post("/console/invite", "email", "late@acme.example", "password", "fourteen pears"); strings.Contains(got.Body, "fourteen") || !strings.Contains(got.Body, "late@acme.example") {
		t.Errorf("a secret is kept, or the rest is not: %s", got)
	}
	if h.stateOf("late@acme.example") != "" {
		t.Error("somebody who is signed out has invited")
	}
}

// TestRefusedInTheConsole refuses somebody who is in the console: the frame stays, and so does
// the way back. Nobody else gets to see that there is such a frame.
func TestRefusedInTheConsole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga, ada := h.owner(), h.guarded("Ada Lovelace")
	page := h.session(olga)
	page.Open("/console/people?q=ada")
	page.Evaluate(`(() => { const a = document.createElement("a"); a.href = "/console/peple"; a.textContent = "Astray"; document.querySelector("main").prepend(a); })()`, nil)
	page.Click("Astray")
	page.See("There is no such page", "Audit log", "Reference:")
	judge.Page(t, page, "no such page in the console")
	page.Click("Back to where you were")
	if page.Path() != "/console/people?q=ada" {
		t.Errorf("the way back leads to %s", page.Path())
	}
	page.Open("/console/people/usr_none")
	page.See("Audit log", "To the console")

	c := h.client()
	c.signIn(olga)
	const frame = `class="console"`
	large := c.post("/console/invite", "name", strings.Repeat("x", 20<<10))
	if large.Status != 413 || !strings.Contains(large.Body, frame) {
		t.Errorf("a form that is too large is answered %s", large)
	}
	if got := c.do("POST", "/console/explain"); got.Status != 405 || !strings.Contains(got.Body, frame) {
		t.Errorf("a form that nothing takes is answered %s", got)
	}
	if got := c.data("/console/people/usr_none"); got.Status != 404 || strings.Contains(got.Body, frame) {
		t.Errorf("a program is answered %s", got)
	}
	member := h.client()
	member.signIn(ada)
	for _, at := range []string{"/console/peple", "/console/people"} {
		if got := member.get(at); got.Status != 404 || strings.Contains(got.Body, frame) {
			t.Errorf("somebody without a role is answered %s at %s", got, at)
		}
	}
	if got := h.client().get("/console/peple"); got.Status != 404 || strings.Contains(got.Body, frame) {
		t.Errorf("nobody is answered %s", got)
	}
}
