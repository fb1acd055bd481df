package e2e_test

import (
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/policy"
	"countersign/internal/terminal"
)

// A command line is paired with the pages as they are, and a sign-in is approved on it;
// its clock is wrong.
func TestACommandLineApprovesASignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Policy(t, "", policy.Document{"push.terminal_devices": "on"})
	ada := h.Guarded(t, "Ada", "ada@acme.example")
	page := h.Client()
	if answer := page.SignIn(ada); !page.SignedIn() {
		t.Fatal(answer)
	}
	o := h.Devices()
	o.Now = func() time.Time { return h.Clock.Now().Add(-30 * 24 * time.Hour) }
	d, err := page.Pair(t.Context(), terminal.About{Kind: "terminal", Name: "Build host", Platform: "Linux", Client: "countersign"}, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		decision terminal.Decision
		in       bool
	}{{terminal.Deny, false}, {terminal.Approve, true}} {
		other := h.Client()
		step := other.First(ada)
		asked := other.Get(step.Location)
		r, err := d.First(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		shown, err := r.Shown()
		if err != nil || r.Kind != "signin" || shown.Account != ada.Email || shown.New != "yes" {
			t.Errorf("asked %+v, %+v, %v", r, shown, err)
		}
		number := site.ShownNumber(asked)
		if len(number) != 2 {
			t.Fatalf("%s shows no number:\n%s", step, asked.Body)
		}
		state, err := d.Decide(t.Context(), r, row.decision, number)
		if err != nil {
			t.Errorf("%s: %s, %v", row.decision, state, err)
		}
		other.Post(step.Location) // as the page does when it hears of the answer
		if other.SignedIn() != row.in {
			t.Errorf("%s: signed in is not %v", row.decision, row.in)
		}
	}
}
