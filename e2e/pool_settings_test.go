package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// A pool is given a setting of its own in the console. It counts for its people and for
// nobody else, is changed, and is taken back.
func TestAPoolsOwnSetting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	grace := h.grace()
	ada, bob := h.guarded("Ada Lovelace"), h.guarded("Bob Builder")
	made, err := h.Engine.People.CreatePool(t.Context(), countersign.DefaultWorkspace, "Field staff", people.Shell())
	must(t, err)
	account, err := h.Engine.People.Find(t.Context(), countersign.DefaultWorkspace, ada.Email)
	must(t, err)
	must(t, h.Engine.People.Move(t.Context(), account, made.ID, policy.Unaffected, people.Shell()))
	// asked tells what somebody is asked after a sign-in.
	asked := func(who *person, says string) {
		t.Helper()
		h.Clock.Advance(time.Minute)
		page := h.browser()
		who.first(page)
		who.second(page)
		page.See(says)
		if says == "It is on." {
			page.NotSee("Trust this browser?")
		}
		page.Close()
	}
	const days, effect = `section[aria-labelledby="set.trusted_browser_days-h"]`, `section[aria-labelledby="set.enrol_at_sign_in-h"]`
	page := h.session(grace)
	page.Open("/console")
	page.Click("Users")
	page.Click("Field staff")
	page.NotSee("Also set for this pool")
	page.Click("Settings")
	page.See("Choose what is to be different in this pool.", "Trusted browsers, in days", "Apps and codes", "Passkeys")
	page.NotSee("Records", "Use what the workspace has", "Passkeys and texts")
	page.In(days).Type("Trusted browsers, in days", "30")
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	page.In(days).See("Set in this pool", "30 days", "In the workspace:", "at every sign-in")
	asked(ada, "Trust this browser for 30 days")
	asked(bob, "It is on.")

	// The first page leads here; another value is given, beside something else.
	page.Click("Sign-in and Sign-up")
	page.See("Also set for this pool")
	page.Click("Trusted browsers, in days")
	page.In(days).Type("Trusted browsers, in days", "7")
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	asked(ada, "Trust this browser for 7 days")
	asked(bob, "It is on.")

	// It is taken back as a draft, which a fresh proof keeps.
	page.In(days).Click("Use what the workspace has")
	page.In(days).See("To be taken back")
	page.See("Not saved yet.")
	if !strings.HasSuffix(page.URL(), "#set.trusted_browser_days-h") {
		t.Errorf("the button leads to %s", page.URL())
	}
	page.In(days).Click("Keep it")
	page.NotSee("Not saved yet.")
	page.In(days).Click("Use what the workspace has")
	asked(ada, "Trust this browser for 7 days")
	h.Clock.Advance(15 * time.Minute)
	page.Click("Save")
	page.See("Confirm that it is you")
	page.Type("6-digit code", grace.Code())
	page.Click("Confirm")
	page.In(days).See("To be taken back")
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	page.In(days).See("Default")
	page.In(days).NotSee("Use what the workspace has", "Set in this pool")
	asked(ada, "It is on.")

	// The key of the keyboard that sends a form saves it, and takes nothing back.
	rules, err := h.Engine.People.Rules(t.Context(), countersign.DefaultWorkspace)
	must(t, err)
	next := rules.With(policy.Rules{Pools: map[string]policy.Document{"Field staff": {"turn_off": policy.ByEmail, "enrol_at_sign_in": policy.SettingsFirst}}}, false)
	must(t, h.Engine.People.StoreRules(t.Context(), countersign.DefaultWorkspace, next, rules.Version, people.Shell()))
	page.Reload()
	page.In(effect).See("Set in this pool")
	page.In(days).Type("Trusted browsers, in days", "14")
	page.Press("Enter")
	page.See("Saved. It holds from now on.")
	rules, err = h.Engine.People.Rules(t.Context(), countersign.DefaultWorkspace)
	must(t, err)
	if got := rules.Pools["Field staff"]; len(got) != 3 || got["trusted_browser_days"] == nil {
		t.Errorf("then the pool sets %v", got)
	}
}

// What a pool has by the workspace is kept for it on a button, and stays when the workspace
// changes.
func TestAPoolKeepsWhatTheWorkspaceHas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const number = `section[aria-labelledby="set.recovery.codes-h"]`
	page := h.session(h.grace())
	page.Open("/console/pools/pool_default/settings?tab=codes")
	page.In(number).Click("Keep this for the pool, whatever the workspace does")
	page.In(number).See("To be set for this pool", "Default")
	page.See("Not saved yet.")
	page.Screenshot("pool-kept")
	page.In(number).Click("Use what the workspace has")
	page.NotSee("Not saved yet.")
	page.In(number).Click("Keep this for the pool, whatever the workspace does")
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	page.In(number).See("Set in this pool", "Use what the workspace has")
	rules, err := h.Engine.People.Rules(t.Context(), countersign.DefaultWorkspace)
	must(t, err)
	next := rules.With(policy.Rules{Workspace: policy.Document{"recovery.codes": 1}}, false)
	must(t, h.Engine.People.StoreRules(t.Context(), countersign.DefaultWorkspace, next, rules.Version, people.Shell()))
	settings, err := h.Engine.Accounts.Settings(t.Context(), countersign.DefaultWorkspace, countersign.DefaultPool)
	must(t, err)
	if settings.RecoveryCodes != 10 {
		t.Errorf("the pool has %d codes", settings.RecoveryCodes)
	}
}

// pagesOfAPool looks at the settings of a pool that sets something of its own.
func pagesOfAPool(s *show) {
	was, err := s.Engine.People.Rules(s.t.Context(), countersign.DefaultWorkspace)
	must(s.t, err)
	next := was.With(policy.Rules{Workspace: policy.Document{"push.confirm": "tap"}, Pools: map[string]policy.Document{
		"Everybody": {"trusted_browser_days": 30, "push.confirm": "type6", "totp.max": 2, policy.AdminResetKey: policy.ResetNever},
	}}, false)
	must(s.t, s.Engine.People.StoreRules(s.t.Context(), countersign.DefaultWorkspace, next, was.Version, people.Shell()))
	page := s.session(s.owner())
	page.Open("/console/pools/pool_default")
	s.glance(page, "GET /console/pools/{pool}", "a pool")
	for _, tab := range []string{"signin", "phones", "codes", "others"} {
		page.Open("/console/pools/pool_default/settings?tab=" + tab)
		s.look(page, "GET /console/pools/{pool}/settings", "a pool's settings, "+tab)
	}
	page.Open("/console/pools/pool_default/settings?tab=phones")
	page.Click("Use what the workspace has")
	s.glance(page, "GET /console/pools/{pool}/settings", "a pool's settings, phones")
	page.Click("Save")
	s.look(page, "POST /console/pools/{pool}/settings", "a pool's settings, to accept")
}
