package attack_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// TestConsoleTakesBack gives a pool other settings on its pages, and takes them back: nothing
// counts before it is saved, what weakens people is accepted first, what somebody else changed
// here or above is looked at first, and what cannot be, or is not a pool's, changes nothing.
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
		pool := "/console/pools/" + string(rules.PoolNamed("Field staff"))
		at := pool + "/settings"
		_, c := manager(t, s, countersign.Owner, "Olga Owner")
		post := func(sentence string, status int, says string, form ...string) string {
			t.Helper()
			got := c.Post(at, form...)
			if got.Err != nil || got.Status != status || !strings.Contains(got.Body+got.Location, says) {
				t.Errorf("%s: %v, without %q", sentence, got, says)
			}
			return got.Location
		}
		codes := func(form ...string) []string {
			return append([]string{"tab", "codes", "was.totp.max", "2", "set.totp.max", "2", "was.recovery.admin_reset", "never", "set.recovery.admin_reset", "never"}, form...)
		}
		phones := func(form ...string) []string {
			return append([]string{"tab", "phones", "was.push.confirm", "type6"}, form...)
		}
		draft := post("a press of the button", http.StatusSeeOther, "gone=totp.max", codes("do", "inherit:totp.max")...)
		is("a press of the button", whole)
		if got := c.Get(draft); !strings.Contains(got.Body, "To be taken back") || !strings.Contains(got.Body, `name="gone" value="totp.max"`) {
			t.Errorf("the page does not show what is to be taken back: %v", got)
		}
		if got := c.Get(pool); !strings.Contains(got.Body, at+"?tab=codes#set.totp.max-h") || strings.Contains(got.Body, `value="inherit:totp.max"`) {
			t.Errorf("the first page does not lead to what is set: %v", got)
		}
		for _, bad := range []string{"", "=", "colour", "words", "recovery.codes", "require_second_factor", "first_factors", strings.Repeat("x", 9000)} {
			post("what cannot be taken back, "+bad[:min(len(bad), 20)], http.StatusSeeOther, "done=settings_same", codes("gone", bad)...)
		}
		for _, bad := range [][2]string{{"audit.retention_days", "30"}, {"admin_digest", "off"}, {"words", "backup"}, {"methods", "totp"}, {"sms.per_day", "5"}, {"require_second_factor", "required"}, {"first_factors", "password"}, {"preferred", "push"}} {
			for _, tab := range []string{"codes", "records", "methods", "others", "signin", "nonsense", ""} {
				for _, stood := range []string{"", "=", "optional"} {
					post(bad[0]+" on the tab "+tab, http.StatusSeeOther, "done=settings_same", "tab", tab, "was."+bad[0], stood, "set."+bad[0], bad[1])
				}
			}
		}
		is("what is not set here", whole)
		post("a value that is not there any more", http.StatusConflict, "Somebody else changed", "tab", "codes", "was.totp.max", "4", "gone", "totp.max")
		post("a value from before the workspace's was changed", http.StatusConflict, "Somebody else changed", "tab", "codes", "was.recovery.codes", "=1", "set.recovery.codes", "1")
		post("what cannot be", http.StatusUnprocessableEntity, "whole number from 1 to 5", "tab", "codes", "was.totp.max", "2", "set.totp.max", "9")
		is("what cannot be", whole)
		post("what must be accepted", http.StatusUnprocessableEntity, "Tick what you accept", phones("gone", "push.confirm")...)
		post("another value accepted", http.StatusUnprocessableEntity, "Tick what you accept", phones("gone", "push.confirm", "accept", `pool."Field staff".push.confirm=type`)...)
		is("what must be accepted", whole)
		post("accepted", http.StatusSeeOther, "done=settings", phones("gone", "push.confirm", "accept", `pool."Field staff".push.confirm=tap`)...)
		post("another value", http.StatusSeeOther, "done=settings", "tab", "codes", "was.totp.max", "2", "set.totp.max", "3")
		is("another value", policy.Document{"totp.max": 3, policy.AdminResetKey: policy.ResetNever, "require_second_factor": "optional"})
		post("what the workspace has", http.StatusSeeOther, "done=settings", "tab", "codes", "was.totp.max", "3", "set.totp.max", "5")
		post("what only owners take back, by one", http.StatusSeeOther, "done=settings", "tab", "codes", "was.recovery.admin_reset", "never", "gone", "recovery.admin_reset")
		is("what only owners take back", policy.Document{"require_second_factor": "optional"})
		// A list that is too long for an address is taken back all the same.
		var models []string
		for i := range 60 {
			models = append(models, fmt.Sprintf("ee882879-721c-4913-9775-%012d", i))
		}
		long := store(policy.Document{"passkey.aaguids": models})
		keys := []string{"tab", "others", "was.passkey.aaguids", strings.Join(models, ","), "set.passkey.aaguids", "any"}
		post("a press beside a long list", http.StatusOK, `name="gone" value="passkey.aaguids"`, append(slices.Clone(keys), "do", "inherit:passkey.aaguids")...)
		is("a press beside a long list", long)
		s.Clock.Advance(15 * time.Minute)
		post("a long list, without a fresh proof", http.StatusForbidden, models[59]+`">`, keys...)
		is("a long list, without a fresh proof", long)
		events, err := s.Engine.Store.Read().ListEvents(t.Context(), s.Workspace, "", 1000)
		must(t, err)
		told := 0
		for _, e := range events {
			if e.Kind == "pool.settings_changed" && strings.Contains(e.Detail, `"totp.max":"3 → (default)"`) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d events of it", told)
		}
	})
}
