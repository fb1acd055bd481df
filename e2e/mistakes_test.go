package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// Whoever slips, or is second, is told what to do on the page where they are, and what they
// typed is still there.
func TestMistakesInTheConsole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga, ada := h.owner(), h.guarded("Ada Lovelace")
	grace := h.administrator("Grace Hopper").withApp("Phone").withCodes(10)
	at := "/console/people/" + string(ada.ID)
	page := h.session(olga)

	// Nobody opens this page to leave it as it is.
	page.Open(at + "/require")
	page.Type("Reason", "Works with customers")
	page.Click("Change the second-step requirement")
	page.See("What is required of this person is stored.", "Required of this person")
	page.Open(at + "/require")
	page.Type("Reason", "Works elsewhere now")
	page.Click("Change the second-step requirement")
	page.See("What is required of this person is stored.")
	page.NotSee("Required of this person")

	// A day beside another choice, one that has come, and one to come.
	page.Open(at + "/require")
	page.Type("Date", "2027-13-31")
	page.Choose("Second step", "Required from a date")
	page.Type("Reason", "Joins the field staff")
	page.Click("Change the second-step requirement")
	page.See("There is a problem", "Type a date, such as 2027-01-31")
	page.Type("Date", time.Now().UTC().AddDate(0, 0, 40).Format(time.DateOnly))
	page.Choose("Second step", "Required")
	page.Click("Change the second-step requirement")
	page.See("There is a problem", "Choose “Required from a date” for this date")
	page.Choose("Second step", "Required from a date")
	page.Click("Change the second-step requirement")
	page.See("What is required of this person is stored.", "Required of this person from")
	page.Open(at + "/require")
	page.Type("Reason", "Forgot to change the date")
	page.Click("Change the second-step requirement")
	page.See("This is so already")
	page.Choose("Second step", "Optional")
	page.Type("Date", "")
	page.Click("Change the second-step requirement")
	page.See("What is required of this person is stored.")
	page.NotSee("Required of this person")

	for _, act := range []struct{ path, button string }{{"/role", "Change the role"}, {"/move", "Move to another pool"}} {
		page.Open(at + act.path)
		page.Type("Reason", "Forgot to choose")
		page.Click(act.button)
		page.See("There is a problem", "This is so already. Choose another, or cancel")
		if got := page.Value("Reason"); got != "Forgot to choose" {
			t.Errorf("%s: the reason is now %q", act.path, got)
		}
	}

	// The pool goes while somebody chooses it.
	ctx := t.Context()
	pool, err := h.Engine.People.CreatePool(ctx, countersign.DefaultWorkspace, "Field staff", people.Shell())
	must(t, err)
	page.Open(at + "/move")
	page.Choose("Identity pool", "Field staff")
	page.Type("Reason", "Travels a lot")
	invite := page.NewTab()
	invite.Open("/console/invite/list")
	invite.Type("One person on a line", "new@acme.example,Nora New")
	invite.Choose("Identity pool", "Field staff")
	must(t, h.Engine.People.DeletePool(ctx, countersign.DefaultWorkspace, pool.ID, people.Shell()))
	page.Click("Move to another pool")
	page.See("There is a problem", "There is no such identity pool")
	if got := page.Value("Reason"); got != "Travels a lot" {
		t.Errorf("the reason is now %q", got)
	}
	invite.Click("Send the invitations")
	invite.See("There is a problem", "There is no such identity pool")
	if got := invite.Value("One person on a line"); got != "new@acme.example,Nora New" {
		t.Errorf("the list is now %q", got)
	}
	invite.Type("One person on a line", "new@acme.example\n\"nora@acme.example\nben@acme.example\neve@acme.example")
	invite.Click("Send the invitations")
	invite.See("The list cannot be read from line 2 on.")

	// A day without the choice that takes it.
	page.Open("/console/company")
	page.Type("Date", "2099-01-31")
	page.Click("OK")
	page.See("Choose “Required from a date” for this date, or leave the date empty")
	if set := h.required(); strings.HasPrefix(set, "required") {
		t.Errorf("it is stored as %q", set)
	}

	page.Open("/console/company")
	page.Check("Required from a date")
	page.Type("Date", "9999-12-31")
	page.Click("OK")
	page.See("Type a date up to ")
	if got := page.Value("Date"); got != "9999-12-31" || strings.HasPrefix(h.required(), "required") {
		t.Errorf("the date is now %q, and stored is %q", got, h.required())
	}

	// A filter that there is not lists nobody, and says so.
	page.Open("/console/people?pool=pool_none")
	page.See("There is no such identity pool. Nobody is listed")
	page.NotSee("Ada Lovelace", "Export CSV")

	// Nobody's browser is trusted where that is for no day.
	page.Open("/console/explain?person=" + ada.Email + "&browser=trusted")
	page.See("Here a browser is trusted for 0 days, so none is.")
	page.NotSee("One that they trust")
	page.Open("/console/explain?person=" + ada.Email + "&browser=nonsense")
	page.See("Choose one of these browsers")
	h.policy("", policy.Document{"trusted_browser_days": 30})
	page.Open("/console/explain?person=" + ada.Email + "&browser=trusted")
	page.See("One that they trust", "because this browser is trusted")
	page.Open("/console/explain?person=" + ada.Email + "&address=999.1.2.3")
	page.See("That is no IP address")
	page.Open("/console/explain?person=")
	page.See("Type an e-mail address")

	// Two administrators, and each tab of them.
	h.policy("", policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins})
	page.Open(at + "/reset")
	page.Type("Reason", "Lost the phone")
	page.Click("Reset the second step")
	page.Open("/console")
	page.Click("1 reset waits for a second administrator")
	page.See("Asked for by Olga Owner", "Withdraw")
	page.Open(at)
	page.Click("A reset of the second step waits for a second administrator")
	page.See("Asked for by Olga Owner")
	first := h.session(grace)
	first.Open(at)
	first.Click("A reset of the second step waits for a second administrator")
	second := first.NewTab()
	second.Open("/console/resets")
	first.Click("Confirm the reset Ada Lovelace")
	first.See("The second step is reset.")
	second.Click("Confirm the reset Ada Lovelace")
	second.See("This was decided already", "Nothing waits.")
	first.Open(at)
	if first.Has("A reset of the second step waits for a second administrator") {
		t.Error("a reset that was decided waits still")
	}
}
