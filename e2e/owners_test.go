package e2e_test

import (
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/browser"
	"countersign/e2e/judge"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// What only owners do stands on the pages before anybody tries: an administrator sees whom
// to ask, and finds no button that would be refused. An owner does it, and the others hear
// of it.
func TestOwnersAlone(t *testing.T) {
	t.Parallel()
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

// A code that was read out is not ended by a reload of its page, and whoever is locked by a
// lower role can be locked by the reader.
func TestActsOnPeopleAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga := h.owner()
	grace := h.administrator("Grace Hopper").withApp("Phone").withCodes(10)
	ada, bob := h.guarded("Ada Lovelace"), h.guarded("Bob Builder")
	must(t, h.Engine.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: "crd_elsewhere", UserID: bob.ID, Kind: policy.Passkey, Name: "Key", NameKey: "key", State: "active",
			Secret: []byte{1}, RpID: "elsewhere.example.com", ConfirmedAt: tx.NowMilli(),
		})
	}))

	page := h.session(grace)
	page.Open("/console/people/" + string(bob.ID))
	page.See("Set up under another address of this workspace, and works there alone.")
	page.Open("/console/people/" + string(bob.ID) + "/lock")
	page.Type("Reason", "Left the company")
	page.Click("Lock the account")
	page.See("The account is locked.")
	page.NotSee("Take the lock over")

	page = h.session(olga)
	page.Open("/console/people/" + string(bob.ID))
	page.Set(browser.Dark(), browser.Viewport(393, 851))
	page.Screenshot("locked-below")
	page.Set(browser.Light(), browser.Viewport(1280, 800))
	judge.HTML(t, page.Source())
	judge.Axe(t, page)
	page.Click("Take the lock over")
	page.See("The lock becomes yours")
	judge.HTML(t, page.Source())
	judge.Axe(t, page)
	page.Screenshot("lock-over")
	page.Type("Reason", "Confirmed")
	page.Click("Take the lock over")
	page.See("The account is locked.")

	page.Open("/console/people/" + string(ada.ID) + "/code")
	page.Type("Reason", "Lost the phone")
	page.Click("Give a help-desk code")
	page.See("It is shown now and never again")
	page.Reload()
	page.See("This form was sent before.", "No other one was made now, and none was ended.")
	judge.HTML(t, page.Source())
	judge.Axe(t, page)
	page.Screenshot("code-again")
	page.Open("/console/people/" + string(ada.ID) + "/unlock")
	page.Type("Reason", "Asked by telephone")
	page.Click("Unlock")
	page.See("This account is not locked. Nothing was changed.")
	h.noMail(ada.Email, "is unlocked")
}
