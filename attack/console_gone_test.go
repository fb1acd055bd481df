package attack_test

import (
	"net/http"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// TestConsoleTakesBack takes back what a pool sets, on its page: nothing counts before it is
// saved, what weakens people is accepted first, what somebody else changed is looked at
// first, and what cannot be changes nothing.
func TestConsoleTakesBack(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		store := func(pool policy.Document) policy.Document {
			was, err := s.Engine.People.Rules(t.Context(), s.Workspace)
			must(t, err)
			next := was.With(policy.Rules{Workspace: policy.Document{"push.confirm": "tap", policy.AdminResetKey: policy.ResetTwoAdmins}}, true)
			next.Pools["Field staff"] = pool
			must(t, s.Engine.People.StoreRules(t.Context(), s.Workspace, next, was.Version, people.Shell()))
			return pool
		}
		whole := store(policy.Document{"push.confirm": "type6", "totp.max": 2, policy.AdminResetKey: policy.ResetNever, "require_second_factor": "optional"})
		is := func(sentence string, want policy.Document) {
			t.Helper()
			rules, err := s.Engine.People.Rules(t.Context(), s.Workspace)
			must(t, err)
			if got := rules.Pools["Field staff"]; len(policy.Changes(policy.Rules{Workspace: want}, policy.Rules{Workspace: got})) > 0 {
				t.Errorf("%s: the pool sets %v", sentence, got)
			}
		}
		rules, err := s.Engine.People.Rules(t.Context(), s.Workspace)
		must(t, err)
		at := "/console/pools/" + string(rules.PoolNamed("Field staff"))
		_, c := manager(t, s, countersign.Owner, "Olga Owner")
		post := func(sentence string, status int, says string, form ...string) string {
			t.Helper()
			got := c.Post(at, form...)
			if got.Err != nil || got.Status != status || !strings.Contains(got.Body+got.Location, says) {
				t.Errorf("%s: %v, without %q", sentence, got, says)
			}
			return got.Location
		}
		draft := post("a press of the button", http.StatusSeeOther, "gone=totp.max%3D2", "do", "inherit:totp.max")
		is("a press of the button", whole)
		if got := c.Get(draft); !strings.Contains(got.Body, "To be taken back") || !strings.Contains(got.Body, `name="gone" value="totp.max=2"`) {
			t.Errorf("the page does not show what is to be taken back: %v", got)
		}
		for _, bad := range []string{"", "=", "colour", "colour=1", "words=code", "recovery.codes=1", "require_second_factor=optional", "first_factors=password", strings.Repeat("x", 9000)} {
			post("what cannot be taken back, "+bad[:min(len(bad), 20)], http.StatusSeeOther, "done=settings_same", "do", "save", "gone", bad)
		}
		is("what cannot be taken back", whole)
		post("a value that is not there any more", http.StatusConflict, "Somebody else changed", "do", "save", "gone", "totp.max=4")
		is("a value that is not there any more", whole)
		post("what must be accepted", http.StatusUnprocessableEntity, "Tick what you accept", "do", "save", "gone", "push.confirm=type6")
		post("another value accepted", http.StatusUnprocessableEntity, "Tick what you accept", "do", "save", "gone", "push.confirm=type6", "accept", `pool."Field staff".push.confirm=type`)
		is("what must be accepted", whole)
		post("accepted", http.StatusSeeOther, "done=settings", "do", "save", "gone", "push.confirm=type6", "gone", "totp.max=2", "accept", `pool."Field staff".push.confirm=tap`)
		is("accepted", policy.Document{policy.AdminResetKey: policy.ResetNever, "require_second_factor": "optional"})
		post("what only owners take back, by one", http.StatusSeeOther, "done=settings", "do", "save", "gone", "recovery.admin_reset=never")
		is("what only owners take back", policy.Document{"require_second_factor": "optional"})
		events, err := s.Engine.Store.Read().ListEvents(t.Context(), s.Workspace, "", 1000)
		must(t, err)
		told := 0
		for _, e := range events {
			if e.Kind == "pool.settings_changed" && strings.Contains(e.Detail, `"totp.max":"2 → (default)"`) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d events of it", told)
		}
	})
}
