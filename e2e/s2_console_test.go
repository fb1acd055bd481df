package e2e_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Push as administrators switch it on: for the workspace, and for a pool.

const (
	firstList  = `section[aria-labelledby="set.first_factors"]`
	secondList = `section[aria-labelledby="set.second_factors"]`
)

// console signs an administrator in, with both factors, and opens the console.
func (h *house) console() *browser.Page {
	h.t.Helper()
	page := h.session(h.administrator("Grace Hopper").withApp("Phone").withCodes(10))
	page.Open("/console")
	return page
}

// pool opens *Sign-in and Sign-up* of the pool that everybody is in, by the menus. What is
// changed there is taken back after the test.
func (h *house) pool(page *browser.Page) {
	h.t.Helper()
	h.t.Cleanup(func() {
		ctx := context.Background()
		_, version, err := h.Engine.People.Pool(ctx, countersign.DefaultWorkspace, countersign.DefaultPool)
		must(h.t, err)
		must(h.t, h.Engine.People.StorePoolDocument(ctx, countersign.DefaultWorkspace, countersign.DefaultPool, policy.Document{}, version, people.Shell()))
	})
	page.Click("Users")
	page.Click("Everybody")
	page.See("Sign-in and Sign-up", "First-Factor Authentication Methods", "Second-Factor Authentication Methods")
}

// offersPhone tells whether the page of the address offers the phone.
func (h *house) offersPhone() bool {
	h.t.Helper()
	return strings.Contains(h.client().Get("/signin").Body, `value="push"`)
}

func s2SwitchedOff(t *testing.T, h *house) {
	page := h.console()
	h.pool(page)
	for _, list := range []string{firstList, secondList} {
		if page.In(list).Has("Push") {
			t.Errorf("a pool can add a method that the workspace has not enabled: %s", list)
		}
	}
	page.Open("/console/authentication/settings?tab=signin")
	page.See("It does nothing until the workspace enables it")
	page.NotSee("approval on the phone")
	ada := h.person("Ada Lovelace")
	own := h.session(ada)
	ada.openSetUp(own)
	own.Open("/account/two-factor")
	own.See("Choose your second step")
	own.NotSee("Acme app")
	if h.offersPhone() {
		t.Error("the sign-in page offers the phone")
	}
	if waits := h.client().Post("/signin", "identifier", ada.Email, "with", "push"); strings.HasSuffix(waits.Location, "/phone") {
		t.Errorf("the phone in the password's place leads to %s", waits.Location)
	}
}

func s2Enable(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	own := h.session(ada)
	ada.openSetUp(own)
	own.Open("/account/two-factor")
	offered := func() bool {
		own.Reload()
		own.See("Choose your second step")
		return strings.Contains(own.Text("main"), "Acme app")
	}
	page := h.console()
	page.Click("Authentication")
	page.See("Settings", "Methods")
	page.Click("Methods")
	page.Check("Push")
	if offered() {
		t.Error("Push is enabled before Save")
	}
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	if !page.Checked("Push") || !offered() {
		t.Error("Push is not enabled after Save")
	}
}

func s2PoolMethods(t *testing.T, h *house) {
	page := h.console()
	h.pool(page)
	for _, list := range []string{firstList, secondList} {
		page.In(list).Click("Add method")
		page.In(list).Click("Push")
		page.See("Not saved yet.")
		if h.offersPhone() {
			t.Error("the pool uses Push before Save")
		}
	}
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	if !h.offersPhone() {
		t.Error("the sign-in page does not offer the phone")
	}
	c := h.client()
	if waits := c.first(ada); !strings.HasSuffix(waits, "/phone") || d.waiting() != 1 {
		t.Errorf("after the password the sign-in is at %s, and %d requests wait", waits, d.waiting())
	}
	if waits := h.client().byPhone(ada.Email); !strings.HasSuffix(waits, "/phone") {
		t.Errorf("in the password's place the sign-in is at %s", waits)
	}
}

func s2MakePreferred(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	ada.withPhone()
	must(t, h.Engine.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.SetDefaultMethod(tx.Ctx, rows.SetDefaultMethodParams{WorkspaceID: countersign.DefaultWorkspace, ID: ada.ID}) // she has chosen none
		return err
	}))
	asked := func() string {
		c := h.client()
		step := c.first(ada)
		return step[strings.LastIndex(step, "/")+1:]
	}
	if got := asked(); got != "code" {
		t.Errorf("asked first is %s, where the workspace prefers the app", got)
	}
	page := h.console()
	h.pool(page)
	page.In(secondList).Click("What to do with Push")
	page.In(secondList).Click("Make Preferred")
	page.See("Not saved yet.")
	if got := asked(); got != "code" {
		t.Errorf("asked first is %s before Save", got)
	}
	page.Click("Save")
	page.See("Saved. It holds from now on.")
	if got := asked(); got != "phone" {
		t.Errorf("asked first is %s, where the pool prefers Push", got)
	}
}

// A form that was made before somebody else's change is told of it, and keeps what was
// chosen; a fresh proof leads back to that.
func TestSettingsInTwoWindows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy("standard", nil)
	grace := h.administrator("Grace Hopper").withApp("Phone").withCodes(10)
	c := h.client()
	c.signIn(grace)
	const page = "/console/authentication/settings"
	stored := func(key string) string {
		rules, err := h.Engine.People.Rules(t.Context(), countersign.DefaultWorkspace)
		must(t, err)
		return policy.Spell(rules.Workspace[key])
	}
	form := []string{
		"tab", "codes", "was.totp.max", "5", "was.totp.key_chars", "32", "was.recovery.codes", "10", "was.recovery.effect", "sign_in",
		"was.recovery.delivery", "screen", "was.recovery.admin_reset", "allowed", "was.words", "recovery", "set.totp.max", "5", "set.totp.key_chars", "32",
		"set.recovery.effect", "sign_in", "set.recovery.delivery", "screen", "set.recovery.admin_reset", "allowed", "set.words", "recovery",
	}
	first := c.Post(page, append(slices.Clone(form), "set.recovery.codes", "1")...)
	if first.Status != http.StatusSeeOther || stored("recovery.codes") != "1" {
		t.Fatalf("the first window is answered %s; stored is %s", first, stored("recovery.codes"))
	}
	// The other window was opened before, and changes the same and something else.
	second := c.Post(page, append(slices.Clone(form), "set.recovery.codes", "10", "set.words", "backup")...)
	if second.Status != http.StatusConflict || !strings.Contains(second.Body, "Changed in the meantime") || stored("recovery.codes") != "1" {
		t.Errorf("the second window is answered %s; stored is %s", second, stored("recovery.codes"))
	}
	// What only somebody else touched is not taken back by saving once more.
	if !strings.Contains(second.Body, `name="was.recovery.codes" value="1"`) || stored("words") != "recovery" {
		t.Errorf("the form is told nothing new, or words are %s already", stored("words"))
	}
	// What deserves a warning is asked for, and nothing counts before it is accepted.
	now := append(slices.Clone(form), "set.recovery.codes", "1", "was.recovery.codes", "1")
	now[slices.Index(now, "was.recovery.codes")+1] = "1"
	now[slices.Index(now, "set.recovery.delivery")+1] = "email"
	asked := c.Post(page, now...)
	if asked.Status != http.StatusUnprocessableEntity || !strings.Contains(asked.Body, "makes the mailbox a second factor") && !strings.Contains(asked.Body, "make the mailbox a second factor") || stored("recovery.delivery") != "screen" {
		t.Errorf("a warning is answered %s", asked)
	}
	// Later a fresh proof is needed, and what was chosen is there afterwards.
	h.Clock.Advance(15 * time.Minute)
	kept := c.Post(page, append(slices.Clone(now), "accept", "recovery.delivery=email")...)
	if kept.Status != http.StatusForbidden || !strings.Contains(kept.Body, "/proof?act=settings") || !strings.Contains(kept.Body, `name="accept" value="recovery.delivery=email"`) || stored("recovery.delivery") != "screen" {
		t.Errorf("what was accepted without a fresh proof is answered %s:\n%s", kept, kept.Body)
	}
	now[slices.Index(now, "set.recovery.delivery")+1] = "screen"
	typed := slices.Clone(now)
	typed[slices.Index(typed, "set.totp.max")+1] = "4"
	kept = c.Post(page, typed...)
	if kept.Status != http.StatusForbidden || !strings.Contains(kept.Body, `name="set.totp.max" value="4"`) || stored("totp.max") != "5" {
		t.Errorf("a number without a fresh proof is answered %s:\n%s", kept, kept.Body)
	}
	// Choices alone are in the address to which the proof leads back.
	now[slices.Index(now, "set.words")+1] = "backup"
	late := c.Post(page, now...)
	to, err := url.Parse(late.Location)
	must(t, err)
	back := to.Query().Get("return")
	if late.Status != http.StatusSeeOther || to.Path != "/proof" || to.Query().Get("act") != "settings" || !strings.HasPrefix(back, page) {
		t.Fatalf("without a fresh proof the answer is %s", late)
	}
	again := c.Get(back)
	if again.Status != http.StatusOK || !strings.Contains(again.Body, "Not saved yet.") || stored("words") != "recovery" {
		t.Errorf("after the proof the page is %s", again)
	}
}

func pagesOfSettings(s *show) {
	ada := s.guarded("Ada Lovelace")
	page := s.session(s.owner())
	for _, tab := range []string{"methods", "signin", "phones", "codes", "others", "records"} {
		page.Open("/console/authentication/settings?tab=" + tab)
		s.look(page, "GET /console/authentication/settings", "settings, "+tab)
	}
	page.Open("/console/authentication/settings?tab=phones")
	page.Check("One tap on Approve, then fingerprint or face. No digits.")
	page.Click("Save")
	s.look(page, "POST /console/authentication/settings", "settings, to accept")
	page.Open("/console/authentication/presets")
	s.look(page, "GET /console/authentication/presets", "presets")
	page.Open("/console/authentication/presets/company-required")
	s.look(page, "GET /console/authentication/presets/{preset}", "a preset")
	page.Open("/console/pools")
	s.look(page, "GET /console/pools", "identity pools")
	page.Click("Make the pool")
	s.glance(page, "POST /console/pools", "identity pools, wrong")
	page.Open("/console/pools/pool_default")
	page.In(firstList).Click("Add method")
	s.look(page, "GET /console/pools/{pool}", "a pool")
	page.Open("/console/pools/pool_default/rules")
	s.look(page, "GET /console/pools/{pool}/rules", "who comes into a pool")
	page.Open("/console/explain")
	s.look(page, "GET /console/explain", "what happens when")
	page.Type("Person, by e-mail address", ada.Email)
	page.Click("Tell me")
	s.look(page, "GET /console/explain", "what happens when, told")
}
