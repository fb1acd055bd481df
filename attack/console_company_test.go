package attack_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/policy"
)

// requiredBy is what a workspace's settings say.
func requiredBy(t *testing.T, s *site.Site) string {
	t.Helper()
	rules, err := s.Engine.People.Rules(t.Context(), s.Workspace)
	must(t, err)
	return policy.Spell(rules.Workspace["require_second_factor"])
}

// TestConsoleRequirement bends the addresses and forms of what is required: no answer is a
// fault, and nothing is stored but by a whole form, a fresh proof and the right version.
func TestConsoleRequirement(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		_, c := manager(t, s, countersign.Owner, "Olga Owner")
		s.Person(t, "Bob Bare", "bob@acme.example", countersign.Member)
		_, version, err := s.Engine.People.Document(t.Context(), s.Workspace)
		must(t, err)
		number := policy.Spell(int(version))
		words := []string{"", "'", "%00", "\u0000", "\xff", "-1", "ä", "required", "required from 0000-00-00", "required from 9999-12-31", strings.Repeat("a", 5000), "cmp_1", "cmp_" + strings.Repeat("0", 26), "pool_none", "de", "yes"}
		for _, word := range words {
			for _, at := range []string{
				"/console/company?" + url.Values{"value": {word}}.Encode(),
				"/console/company/notify?" + url.Values{"value": {word}, "version": {number}}.Encode(),
				"/console/company/notify?" + url.Values{"value": {"required"}, "version": {number}, "after": {word}, "language": {word}}.Encode(),
				"/console/company/notify?" + url.Values{"value": {"required"}, "version": {word}, "pool": {word}}.Encode(),
				"/console/campaigns/" + url.PathEscape("x"+word), "/console/campaigns/cmp_1?" + url.Values{"after": {word}}.Encode(),
				"/console/pools/" + url.PathEscape("x"+word) + "/required",
				"/console/people/remind?" + url.Values{"q": {word}, "language": {word}, "after": {word}}.Encode(),
				"/console/people/remind?" + url.Values{"state": {word}, "role": {word}, "pool": {word}}.Encode(),
			} {
				if got := c.Get(at); got.Err != nil || got.Status >= http.StatusInternalServerError {
					t.Errorf("%.200s was answered %v", at, got)
				}
			}
			for _, form := range [][]string{
				{"/console/company", "require", word, "version", number + "0"},
				{"/console/company", "require", "from", "from", word, "version", number},
				{"/console/company", "require", "required", "version", word},
				{"/console/company/notify", "value", "required", "version", number + "0", "answer", "no"},
				{"/console/company/notify", "value", "required", "version", number, "answer", "yes", "campaign", word + "!"},
				{"/console/company/notify", "value", "required", "version", number, "answer", word + "!"},
				{"/console/campaigns/" + url.PathEscape("x"+word) + "/remind"},
				{"/console/people/remind", "campaign", word + "!"},
				{"/console/people/remind", "campaign", "cmp_" + strings.Repeat("0", 26), "state", word + "!"},
				{"/console/people/remind", "campaign", "cmp_" + strings.Repeat("0", 26), "role", word + "!"},
				{"/console/people/remind", "campaign", "cmp_" + strings.Repeat("0", 26), "pool", word + "!"},
				{"/console/people/remind", "campaign", "cmp_" + strings.Repeat("0", 26), "q", word + " nobody-of-this-name"},
			} {
				if got := c.Post(form[0], form[1:]...); got.Err != nil || got.Status >= http.StatusInternalServerError {
					t.Errorf("%.200q was answered %v", form, got)
				}
			}
		}
		if got := requiredBy(t, s); got != policy.Spell(nil) {
			t.Fatalf("it has become %q", got)
		}
		if list := c.Get("/console/campaigns"); strings.Contains(list.Body, "/console/campaigns/cmp_") {
			t.Error("a form that is not whole has had somebody written to")
		}
		over := []site.Answer{
			c.Get("/console/company/notify?" + url.Values{"value": {"required from 0000-01-01"}, "version": {number}}.Encode()),
			c.Post("/console/company/notify", "value", "required from 0000-01-01", "version", number, "answer", "no"),
			c.Post("/console/company", "require", "from", "from", "0000-01-01", "version", number),
		}
		for _, got := range over {
			if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Type a date after today, or choose “Required”") || !strings.Contains(got.Body, `value="0000-01-01"`) {
				t.Errorf("a day that is over is answered %v", got)
			}
		}
		if got := requiredBy(t, s); got != policy.Spell(nil) {
			t.Fatalf("a day that is over was stored: %q", got)
		}
		s.Clock.Advance(11 * time.Minute)
		late := c.Post("/console/company/notify", "value", "required", "version", number, "answer", "no")
		if late.Status != http.StatusForbidden || !strings.Contains(late.Body, "/proof?act=settings") || !strings.Contains(late.Body, `name="value" value="required"`) || requiredBy(t, s) != policy.Spell(nil) {
			t.Errorf("without a fresh proof: %v", late)
		}
		late = c.Post("/console/people/remind", "campaign", "cmp_"+strings.Repeat("0", 26), "role", "user")
		if !strings.HasPrefix(late.Location, "/proof?act=remind_many") || !strings.Contains(late.Location, "role%3Duser") {
			t.Errorf("a reminder without a fresh proof: %v", late)
		}
	})
}

// TestConsoleCampaignElsewhere asks the console of one workspace about a campaign of
// another.
func TestConsoleCampaignElsewhere(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		acme, globex := s.Second(t, "Acme", "acme.localhost"), s.Second(t, "Globex", "globex.localhost")
		_, c := manager(t, acme, countersign.Owner, "Olga Owner")
		_, other := manager(t, globex, countersign.Owner, "Greta Globex")
		eve := globex.Person(t, "Eve Elsewhere", "eve@globex.example", countersign.Member)
		_, version, err := s.Engine.People.Document(t.Context(), globex.Workspace)
		must(t, err)
		ok := other.Post("/console/company", "require", "required", "version", policy.Spell(int(version)))
		found := regexp.MustCompile(`cmp_[0-9a-z]{26}`).FindString(other.Get(ok.Location).Body)
		sent := other.Post("/console/company/notify", "value", "required", "version", policy.Spell(int(version)), "answer", "yes", "campaign", found)
		at := "/console/campaigns/" + found
		if !strings.HasPrefix(sent.Location, at) || !strings.Contains(other.Get(at).Body, eve.Email) {
			t.Fatalf("its own owner is answered %v", sent)
		}
		for _, got := range []site.Answer{c.Get(at), c.Post(at + "/remind"), c.Get(at + "?after=usr_0")} {
			if got.Status != http.StatusNotFound || strings.Contains(got.Body, eve.Email) {
				t.Errorf("the owner of another workspace is answered %v", got)
			}
		}
		if got := c.Get("/console/campaigns"); strings.Contains(got.Body, found) {
			t.Error("the list of another workspace has it")
		}
		if requiredBy(t, acme) == "required" {
			t.Error("another workspace requires it too")
		}
	})
}
