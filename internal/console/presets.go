package console

import (
	"net/http"
	"net/url"
	"strings"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

const presetsPath = "/console/authentication/presets"

// PresetsView lists the presets.
type PresetsView struct {
	Shell

	Presets []PresetLine
}

// PresetLine is one of them: Same tells that it would change nothing.
type PresetLine struct {
	Name string
	Text string // what it is, an id of the catalogue
	Same bool
}

func presetText(name string) string { return "console.preset_" + strings.ReplaceAll(name, "-", "_") }

func (c *Console) presets(w http.ResponseWriter, r *http.Request, by session.Current) error {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	view := PresetsView{Shell: c.shell(r, by, "authentication")}
	for _, name := range policy.Presets() {
		next, err := withPreset(was, name)
		if err != nil {
			return err
		}
		view.Presets = append(view.Presets, PresetLine{name, presetText(name), inForceSame(was.Rules, next)})
	}
	return c.pages.Render(w, r, http.StatusOK, "presets", view)
}

func withPreset(was people.Stored, name string) (policy.Rules, error) {
	for _, known := range policy.Presets() {
		if known == name {
			doc, err := policy.Preset(name)
			return was.With(policy.Rules{Workspace: doc}, false), err
		}
	}
	return policy.Rules{}, countersign.Refuse(countersign.NotFound, "no_page")
}

// inForceSame tells whether two rules have the same settings in force in the workspace,
// whether they set them or not.
func inForceSame(was, next policy.Rules) bool {
	before, after := inForceBy(was.Workspace), inForceBy(next.Workspace)
	for _, key := range policy.Table() {
		if policy.Spell(before(key)) != policy.Spell(after(key)) {
			return false
		}
	}
	return true
}

// PresetView shows what a preset would change, and whom it would affect.
type PresetView struct {
	Shell
	Review

	Name    string
	Text    string
	Version int64
	Same    bool
	MaySave bool
	// Owners tells that only owners can apply it: it makes it easier to reset others.
	Owners bool
}

func (c *Console) preset(w http.ResponseWriter, r *http.Request, by session.Current) error {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	next, err := withPreset(was, r.PathValue("preset"))
	if err != nil {
		return err
	}
	review, err := c.review(r, by, was, next, nil)
	if err != nil {
		return err
	}
	return c.showPreset(w, r, by, was, next, review, web.NewForm(), http.StatusOK)
}

func (c *Console) showPreset(w http.ResponseWriter, r *http.Request, by session.Current, was people.Stored, next policy.Rules, review Review, form *web.Form, status int) error {
	view := PresetView{
		Shell: c.shell(r, by, "authentication"), Review: review, Name: r.PathValue("preset"), Text: presetText(r.PathValue("preset")), Version: was.Version, Same: inForceSame(was.Rules, next),
		MaySave: policy.MayAll(by.Account.User.Role, policy.DeedSettings),
	}
	view.Owners = len(policy.LooserResets(was.Rules, next)) > 0 && !policy.MayLoosenReset(by.Account.User.Role)
	view.Changes = differing(view.Changes)
	view.Form = form
	return c.pages.Render(w, r, status, "preset", view)
}

// differing leaves out what is set anew and stays as it is in force.
func differing(all []ChangeLine) []ChangeLine {
	var out []ChangeLine
	for _, line := range all {
		if !line.Same() {
			out = append(out, line)
		}
	}
	return out
}

func (c *Console) applyPreset(w http.ResponseWriter, r *http.Request, by session.Current) error {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	next, err := withPreset(was, r.PathValue("preset"))
	if err != nil {
		return err
	}
	accepted := r.PostForm["accept"]
	if form.Value("version") != versionText(was.Version) {
		form.Wrong("", "settings_meanwhile")
		review, err := c.review(r, by, was, next, accepted)
		if err != nil {
			return err
		}
		return c.showPreset(w, r, by, was, next, review, form, http.StatusUnprocessableEntity)
	}
	review, saved, err := c.save(r, by, was, next, form, accepted)
	switch {
	case countersign.CodeOf(err) == "fresh_proof_required":
		return proofFirst(w, r, err, presetsPath+"/"+r.PathValue("preset"))
	case err != nil:
		return err
	case !saved:
		return c.showPreset(w, r, by, was, next, review, form, http.StatusUnprocessableEntity)
	}
	return c.afterPreset(w, r, by, spelled(was.Workspace, requirement), spelled(next.Workspace, requirement))
}

// afterPreset asks whether to write to those who have no second factor, where the preset has
// begun to require one: it is switched on here as much as under Company settings.
func (c *Console) afterPreset(w http.ResponseWriter, r *http.Request, by session.Current, before, after string) error {
	to := settingsPath + "?done=settings"
	if after == before || after == "" || after == "optional" {
		return see(w, r, to)
	}
	missing, err := c.People.CountMissing(r.Context(), by.WorkspaceID, "")
	if err != nil {
		return err
	}
	if missing.People == 0 {
		return see(w, r, to)
	}
	q, err := c.requiring(r, by, "")
	if err != nil {
		return err
	}
	return see(w, r, questionOf(q, after, url.Values{"done": {"settings"}}))
}
