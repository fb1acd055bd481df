package e2e_test

import (
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/judge"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// What only owners do stands on the pages before anybody tries: an administrator sees whom
// to ask, and finds no button that would be refused. An owner does it, and the others hear
// of it.
func TestOwnersAlone(t *testing.T) {
	h := newHouse(t)
	olga := h.owner()
	grace := h.administrator("Grace Hopper").withApp("Phone").withCodes(10)
	ada, bob := h.guarded("Ada Lovelace"), h.guarded("Bob Builder")
	was, err := h.Engine.People.Rules(t.Context(), countersign.DefaultWorkspace)
	must(t, err)
	next := was.With(policy.Rules{Workspace: policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins}, Pools: map[string]policy.Document{
		"Field staff": {policy.AdminResetKey: policy.ResetAllowed}, "Board": {policy.AdminResetKey: policy.ResetNever},
	}}, false)
	must(t, h.Engine.People.StoreRules(t.Context(), countersign.DefaultWorkspace, next, was.Version, people.Shell()))
	account, err := h.Engine.People.Find(t.Context(), countersign.DefaultWorkspace, bob.Email)
	must(t, err)
	must(t, h.Engine.People.Disable(t.Context(), account, people.Shell()))

	page := h.session(grace)
	look := func(path string, says ...string) {
		t.Helper()
		page.Open(path)
		page.See(says...)
		judge.HTML(t, page.Source())
		judge.Axe(t, page)
	}
	look("/console/authentication/settings?tab=codes", "Only owners can make it easier to reset others.")
	if page.Count(`input[name="set.recovery.admin_reset"][disabled]`) != 1 || page.Count(`input[name="set.recovery.admin_reset"]:checked`) != 1 {
		t.Error("the looser choice is not shut, or none is chosen")
	}
	look("/console/authentication/presets/standard", "Only owners can apply this: it makes it easier to reset others.")
	look("/console/invite", "They become users. Only owners give a role.")
	look("/console/people/"+string(bob.ID), "Only owners unlock or delete it.", "Only owners change roles, and delete people who have one.")
	look("/console/people/"+string(ada.ID)+"/move", "Only owners can choose Field staff", "name nobody else")
	page.Choose("Identity pool", "Board")
	page.Type("Reason", "Joined the board")
	page.Click("Move to another pool")
	page.See("This person is in the pool now.")
	look("/console/people/"+string(ada.ID)+"/move", "Only owners can move this person.")
	page.NotSee("Reason")

	page = h.session(olga)
	page.Open("/console/authentication/settings?tab=codes")
	page.NotSee("Only owners")
	page.Check("Whoever has lost everything can be reset by the administration.")
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	text := strings.Join(strings.Fields(h.mail(grace.Email, "easier").Text), " ")
	for _, want := range []string{"Everybody whose identity pool sets nothing else can now be reset by one administrator, or the help desk, alone.", "By: Olga Owner"} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, text)
		}
	}
}
