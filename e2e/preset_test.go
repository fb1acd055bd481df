package e2e_test

import (
	"strings"
	"testing"

	"countersign/e2e/browser"
	"countersign/internal/policy"
)

// TestPreset puts each preset in force as an administrator does, and walks the steps of
// its document in the document's order and words, to its end. (TestScenario has what each
// of these must do besides, and must not.)
func TestPreset(t *testing.T) {
	t.Parallel()
	for _, walk := range []struct {
		preset string
		walk   func(h *presetHouse)
		pushes bool
	}{
		{"push-after-authenticator", walkPushAfterAuthenticator, true},
		{"code-or-text", walkCodeOrText, false},
		{"push-first", walkPushFirst, true},
		{"company-required", walkCompanyRequired, false},
		{"mailed-codes", walkMailedCodes, false},
	} {
		t.Run(walk.preset, func(t *testing.T) {
			t.Parallel()
			h := &presetHouse{preset: walk.preset, phoneHouse: &phoneHouse{}}
			if walk.pushes {
				h.phoneHouse = newPhoneHouse(t)
			} else {
				h.house = newHouse(t)
			}
			walk.walk(h)
			h.holds()
		})
	}
}

// presetHouse is an installation of one preset.
type presetHouse struct {
	*phoneHouse
	preset string
	set    policy.Document // beside the preset
}

// command puts the preset in force on the command line, with what must be accepted, beside
// which nothing was set before.
func (h *presetHouse) command(accept ...string) {
	h.t.Helper()
	h.admin(append([]string{"policy", "apply", h.preset}, accepted(accept)...)...)
}

// sets puts one more setting in force on the command line, of those that a preset leaves
// to the company.
func (h *presetHouse) sets(key, value string, accept ...string) {
	h.t.Helper()
	h.admin(append([]string{"policy", "set", key, value}, accepted(accept)...)...)
	h.set = policy.Document{key: strings.Split(value, ",")}
}

func accepted(keys []string) []string {
	var args []string
	for _, key := range keys {
		args = append(args, "--accept", key)
	}
	return args
}

func (h *presetHouse) admin(args ...string) {
	h.t.Helper()
	program(h.t, append(append([]string{"admin"}, args...), "--data", h.Data)...)
}

// console puts the preset in force in the console, from any page of the administrator's,
// and accepts what must be accepted.
func (h *presetHouse) console(page *browser.Page) {
	h.t.Helper()
	page.Click("Your account")
	page.Click("Console")
	page.Click("Authentication")
	page.Click("Presets")
	page.Click("What would change " + h.preset)
	page.See("What changes")
	acceptAll(page)
	page.Click("Apply this preset")
	page.See("Saved. It holds from now on.")
	if strings.HasPrefix(page.Path(), "/console/company/notify") {
		page.See("This holds already.") // it requires a second step, and somebody has none
		page.Click("No")
		page.See("Saved. It holds from now on.")
	}
	page.Click("Authentication")
	page.Click("Presets")
	page.In("li", h.preset).See("In force")
}

// acceptAll ticks all that must be accepted before a change is saved.
func acceptAll(page *browser.Page) {
	const open = "label:has(input[name=accept]:not(:checked))"
	for page.Count(open) > 0 {
		page.Check(strings.Join(strings.Fields(page.Text(open)), " "))
	}
}

// holds fails where the walk has left other settings in force than the preset's.
func (h *presetHouse) holds() {
	h.t.Helper()
	want, err := policy.Preset(h.preset)
	must(h.t, err)
	rules, err := h.Engine.People.Rules(h.t.Context(), h.Workspace)
	must(h.t, err)
	want = want.With(h.set)
	for _, key := range policy.Table() {
		if is, should := policy.Spell(rules.Workspace[key.Name]), policy.Spell(want[key.Name]); is != should {
			h.t.Errorf("%s is %q, and the preset says %q", key.Name, is, should)
		}
	}
}

// grace is the browser of an administrator with a second factor.
func (h *presetHouse) grace() *browser.Page {
	h.t.Helper()
	page := h.browser()
	h.house.grace().signIn(page)
	return page
}

// employee is somebody with a password alone, who has signed in in the browser.
func (h *presetHouse) employee(name string) (*person, *browser.Page) {
	h.t.Helper()
	p, page := h.person(name), h.browser()
	p.signIn(page)
	return p, page
}

// again signs the person out, and gives address and password once more.
func (p *person) again(page *browser.Page) {
	p.h.t.Helper()
	signOut(page)
	p.first(page)
}

// scansAndConfirms sets an authenticator app up on the page with its code, to where the
// codes are saved.
func (p *person) scansAndConfirms(page *browser.Page, device string) {
	p.h.t.Helper()
	p.App = p.h.scan(page)
	p.confirm(page, p.App, device)
}
