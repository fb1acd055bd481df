package attack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// single is an administrator who wants to do alone what takes two, or nobody: the pools of
// the workspace are one where one is enough, and one where nobody resets.
type single struct {
	loose, never countersign.PoolID
	ben, cleo    *site.Person // Ben is reset by two, Cleo by nobody
	puppet       *site.Person
	former       *site.Person // an administrator whom an owner has locked
}

func (a *single) lay(t *testing.T, s *site.Site) {
	t.Helper()
	was, err := s.Engine.People.Rules(t.Context(), s.Workspace)
	must(t, err)
	next := was.With(policy.Rules{Workspace: policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins}, Pools: map[string]policy.Document{
		"Loose": {policy.AdminResetKey: policy.ResetAllowed}, "Never": {policy.AdminResetKey: policy.ResetNever},
	}}, false)
	must(t, s.Engine.People.StoreRules(t.Context(), s.Workspace, next, was.Version, people.Shell()))
	is, err := s.Engine.People.Rules(t.Context(), s.Workspace)
	must(t, err)
	a.loose, a.never = is.PoolNamed("Loose"), is.PoolNamed("Never")
	a.ben, a.cleo = s.Guarded(t, "Ben Brown", "ben@acme.example"), s.Guarded(t, "Cleo Clark", "cleo@acme.example")
	a.puppet = s.Guarded(t, "Paul Puppet", "paul@acme.example")
	a.former = s.Person(t, "Fred Former", "fred@acme.example", countersign.Administrator)
}

// at is the console's page of an act upon somebody.
func (a *single) at(p *site.Person, act string) string {
	return "/console/people/" + string(p.ID) + "/" + act
}

// TestConsoleOneAdministrator plays an administrator who wants to reset alone where two are
// asked, or nobody may: by moving people, by settings, pools and presets, by a second
// administrator of their own making. Each way is refused with words, and after each a reset
// is what it was.
func TestConsoleOneAdministrator(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		a := &single{}
		a.lay(t, s)
		_, owner := manager(t, s, countersign.Owner, "Olga Owner")
		_, c := manager(t, s, countersign.Administrator, "Amy Administrator")
		const reason = "asked for by telephone"
		if got := owner.Post(a.at(a.former, "lock"), "reason", reason); got.Status != http.StatusSeeOther {
			t.Fatalf("an owner who locks somebody is answered %v", got)
		}
		if got := c.Post(a.at(a.cleo, "move"), "pool", string(a.never), "reason", reason); got.Status != http.StatusSeeOther {
			t.Fatalf("who moves somebody to where nobody resets is answered %v", got)
		}
		was, err := s.Engine.People.Rules(t.Context(), s.Workspace)
		must(t, err)
		form := func(tab, value string) []string {
			return []string{tab, "tab", "codes", "was.recovery.admin_reset", "two_admins", "set.recovery.admin_reset", value}
		}
		version := policy.Spell(int(was.Version))
		list := func(role string) []string {
			return []string{"/console/invite/list", "role", role, "list", "list@acme.example"}
		}
		const settings, never = "/console/authentication/settings", "/console/pools/"
		for i, way := range []struct {
			sentence string
			form     []string
			status   int
			says     string
		}{
			{"a move to where one is enough", []string{a.at(a.ben, "move"), "pool", string(a.loose), "reason", reason}, 403, "Only owners"},
			{"a move to where two are enough", []string{a.at(a.cleo, "move"), "pool", string(countersign.DefaultPool), "reason", reason}, 403, "Only owners"},
			{"the setting", form(settings, "allowed"), 403, "Only owners"},
			{"the setting, on the page of the pool", form(never+string(a.never), "allowed"), 303, ""},
			{"the setting, as the page of the pool has lists", []string{never + string(a.never), "do", "inherit:recovery.admin_reset"}, 303, ""},
			{"the setting, taken back on the first page of the pool", []string{never + string(a.never), "do", "save", "gone", "recovery.admin_reset", "was.recovery.admin_reset", "never"}, 303, "done=settings_same"},
			{"the setting, of the pool", []string{never + string(a.never) + "/settings", "tab", "codes", "was.recovery.admin_reset", "never", "set.recovery.admin_reset", "allowed"}, 403, "Only owners"},
			{"the setting of the pool, taken back", []string{never + string(a.never) + "/settings", "tab", "codes", "was.recovery.admin_reset", "never", "gone", "recovery.admin_reset"}, 403, "Only owners"},
			{"the setting of the pool, as if it had none", []string{never + string(a.never) + "/settings", "tab", "codes", "was.recovery.admin_reset", "=two_admins", "set.recovery.admin_reset", "allowed"}, 409, "Somebody else changed"},
			{"a preset", []string{"/console/authentication/presets/standard", "version", version}, 403, "Only owners"},
			{"a preset that loosens the half of it", []string{"/console/authentication/presets/company-required", "version", version, "accept", "locked-out"}, 0, ""},
			{"deleting the pool", []string{never + string(a.never) + "/rules", "do", "delete"}, 422, "Move them"},
			{"a rule for everybody's domain", []string{never + string(a.loose) + "/rules", "do", "rules", "domains", "acme.example", "was.domains", ""}, 303, ""},
			{"an administrator of one's own", []string{a.at(a.puppet, "role"), "role", "administrator", "reason", reason}, 403, ""},
			{"the help desk of one's own", []string{a.at(a.puppet, "role"), "role", "helpdesk", "reason", reason}, 403, ""},
			{"inviting an administrator", []string{"/console/invite", "email", "new@acme.example", "name", "New", "role", "administrator"}, 403, "Only owners"},
			{"inviting the help desk", []string{"/console/invite", "email", "new@acme.example", "name", "New", "role", "helpdesk", "pool", string(a.loose)}, 403, "Only owners"},
			{"a list of auditors", list("auditor"), 403, "Only owners"},
			{"a list of administrators", list("administrator"), 403, "Only owners"},
			{"an administrator whom an owner has locked", []string{a.at(a.former, "unlock"), "reason", reason}, 403, "higher role"},
			{"deleting that one, to be asked for another", []string{a.at(a.former, "delete"), "reason", reason}, 403, ""},
			{"a code of the help desk", []string{a.at(a.ben, "code"), "minutes", "60", "reason", reason}, 403, ""},
			{"a code where nobody resets", []string{a.at(a.cleo, "code"), "minutes", "60", "reason", reason}, 403, ""},
		} {
			got := c.On(i%len(s.Nodes)).Post(way.form[0], way.form[1:]...)
			if got.Err != nil || way.status != 0 && got.Status != way.status || !strings.Contains(got.Body+got.Location, way.says) || got.Status >= 500 {
				t.Errorf("%s: %v, without %q", way.sentence, got, way.says)
			}
			a.stands(t, s, c, way.sentence)
		}
		// Nothing on the pages leads there either.
		for at, not := range map[string]string{
			a.at(a.ben, "move"):     `value="` + string(a.loose) + `"`,
			settings + "?tab=codes": "", // below
			never + string(a.never) + "/settings?tab=codes&gone=recovery.admin_reset": `value="recovery.admin_reset"`,
			never + string(a.never) + "/settings?tab=codes":                           `value="inherit:recovery.admin_reset"`,
			"/console/invite":                          `value="administrator"`,
			"/console/people/" + string(a.puppet.ID):   a.at(a.puppet, "role"),
			"/console/people/" + string(a.former.ID):   a.at(a.former, "unlock"),
			"/console/authentication/presets/standard": `action="/console/authentication/presets/standard"`,
		} {
			got := c.Get(at)
			if got.Status != http.StatusOK || not != "" && strings.Contains(got.Body, not) || !strings.Contains(got.Body, "nly owners") {
				t.Errorf("%s says nothing of owners, or offers %q: %v", at, not, got)
			}
		}
		carried := settings + "?" + url.Values{"tab": {"codes"}, "set.recovery.admin_reset": {"allowed"}}.Encode()
		if got := c.Get(carried); strings.Contains(got.Body, `value="allowed" checked`) || !strings.Contains(got.Body, `value="allowed" disabled`) {
			t.Error("an address chooses for an administrator what only owners choose")
		}
		// For an owner, all of it is open, and the administrator hears of it.
		if got := owner.Post(a.at(a.ben, "move"), "pool", string(a.loose), "reason", reason); got.Status != http.StatusSeeOther {
			t.Errorf("an owner who moves somebody is answered %v", got)
		}
		if mail := s.Mail(t, "amy.administrator@acme.example", "easier"); !strings.Contains(mail.Text, "Ben Brown") {
			t.Errorf("the administrator is not told who can be reset:\n%s", mail.Text)
		}
	})
}

// stands looks that whoever tried has come no nearer: a reset of Ben waits for a second
// one, whom the first is not, and one of Cleo is refused.
func (a *single) stands(t *testing.T, s *site.Site, c *site.Client, after string) {
	t.Helper()
	rules, err := s.Engine.People.Rules(t.Context(), s.Workspace)
	must(t, err)
	if rules.Workspace[policy.AdminResetKey] != policy.ResetTwoAdmins || rules.Pools["Never"][policy.AdminResetKey] != policy.ResetNever {
		t.Fatalf("%s: then the settings are %v", after, rules)
	}
	reset := c.Post(a.at(a.ben, "reset"), "reason", "asked for by telephone")
	if !strings.HasSuffix(reset.Location, "?done=reset_asked") {
		t.Errorf("%s: then a reset is answered %v", after, reset)
	}
	waiting, err := s.Engine.People.WaitingResets(t.Context(), s.Workspace)
	must(t, err)
	if len(waiting) != 1 {
		t.Fatalf("%s: then %d resets wait", after, len(waiting))
	}
	if got := c.Post("/console/resets/" + string(waiting[0].ID) + "/confirm"); got.Status != http.StatusForbidden {
		t.Errorf("%s: then the confirmation is answered %v", after, got)
	}
	if got := c.Post(a.at(a.cleo, "reset"), "reason", "asked for by telephone"); got.Status != http.StatusForbidden {
		t.Errorf("%s: then a reset where nobody resets is answered %v", after, got)
	}
	for _, p := range []*site.Person{a.ben, a.cleo} {
		all, err := s.Engine.Store.Read().ListCredentials(t.Context(), s.Workspace, p.ID)
		must(t, err)
		if len(all) < 2 {
			t.Fatalf("%s: then %s has %d credentials", after, p.Name, len(all))
		}
	}
	for p, role := range map[*site.Person]countersign.Role{a.puppet: countersign.Member, a.former: countersign.Administrator} {
		u, err := s.Engine.Store.Read().GetUser(t.Context(), s.Workspace, p.ID)
		must(t, err)
		if u.Role != role || (p == a.former) != (u.State == countersign.Disabled) {
			t.Fatalf("%s: then %s is %s and %s", after, p.Name, u.Role, u.State)
		}
	}
	users, err := s.Engine.Store.Read().ListUsers(t.Context(), s.Workspace, "", 1000)
	must(t, err)
	for _, u := range users {
		if u.State == countersign.Invited {
			t.Fatalf("%s: then %s is invited as %s", after, u.Email, u.Role)
		}
	}
}
