package console

import (
	"net/http"
	"slices"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// ResetsView is what waits for a second administrator.
type ResetsView struct {
	Shell

	// Lead says how many people a reset takes here, an id of the catalogue; Before tells
	// that what waits was asked for while it took two.
	Lead    string
	Before  bool
	Waiting []Waiting
}

// Waiting is one reset; Mine tells that the reader asked for it, and cannot confirm it,
// Decides that their role reaches whom it is about.
type Waiting struct {
	people.WaitingReset

	Mine    bool
	Decides bool
}

// resets lists what waits; see waiting.
func (c *Console) resets(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.showResets(w, r, by, web.NewForm(), http.StatusOK)
}

func (c *Console) showResets(w http.ResponseWriter, r *http.Request, by session.Current, form *web.Form, status int) error {
	waiting, err := c.waiting(r, by)
	if err != nil {
		return err
	}
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	view := resetsView(c.shell(r, by, "people"), policy.ResetRules(was.Rules), waiting)
	view.Form = form
	return c.pages.Render(w, r, status, "resets", view)
}

// resetsView is the page where these values of recovery.admin_reset hold for somebody.
func resetsView(shell Shell, rules []string, waiting []Waiting) ResetsView {
	view := ResetsView{Shell: shell, Lead: "console.resets_lead_one", Waiting: waiting}
	switch {
	case slices.Equal(rules, []string{policy.ResetTwoAdmins}):
		view.Lead = "console.resets_lead"
	case slices.Contains(rules, policy.ResetTwoAdmins):
		view.Lead = "console.resets_lead_some"
	case slices.Equal(rules, []string{policy.ResetNever}):
		view.Lead = "console.resets_lead_never"
	}
	view.Before = len(waiting) > 0 && !slices.Contains(rules, policy.ResetTwoAdmins)
	return view
}

func (c *Console) confirmReset(w http.ResponseWriter, r *http.Request, by session.Current) error {
	err := c.People.ConfirmReset(r.Context(), by.WorkspaceID, countersign.ResetID(r.PathValue("reset")), people.Session(by.Holder(web.Place(r)), ""))
	return c.resetDecided(w, r, by, err, "reset")
}

func (c *Console) withdrawReset(w http.ResponseWriter, r *http.Request, by session.Current) error {
	err := c.People.WithdrawReset(r.Context(), by.WorkspaceID, countersign.ResetID(r.PathValue("reset")), people.Session(by.Holder(web.Place(r)), ""))
	return c.resetDecided(w, r, by, err, "reset_withdrawn")
}

func (c *Console) resetDecided(w http.ResponseWriter, r *http.Request, by session.Current, err error, done string) error {
	if err == nil {
		return see(w, r, "/console/resets?done="+done)
	}
	form := web.NewForm()
	switch code := countersign.CodeOf(err); code {
	case "reset_over", "no_such_reset", "reset_same_person":
		// Another administrator, another tab or a second click was first: what still waits is
		// what the reader needs now.
		form.Wrong("", code)
	default:
		if !form.Take(err, "") {
			return err
		}
	}
	return c.showResets(w, r, by, form, web.Status(err))
}

// resetWaits tells whether a reset of this person is among those on the page of resets that
// wait, for this reader.
func (c *Console) resetWaits(r *http.Request, by session.Current, shown people.Shown) (bool, error) {
	if shown.Settings.AdminReset != policy.ResetTwoAdmins {
		return false, nil
	}
	waiting, err := c.waiting(r, by)
	return slices.ContainsFunc(waiting, func(one Waiting) bool { return one.User == shown.User.ID }), err
}

// waiting are the resets that this person may decide; whoever sees everything sees all.
func (c *Console) waiting(r *http.Request, by session.Current) ([]Waiting, error) {
	all, err := c.People.WaitingResets(r.Context(), by.WorkspaceID)
	if err != nil {
		return nil, err
	}
	var out []Waiting
	for _, one := range all {
		decides := policy.May(by.Account.User.Role, policy.DeedReset, one.Role)
		if decides || policy.MayAll(by.Account.User.Role, policy.DeedSeeAll) {
			out = append(out, Waiting{one, one.AskedBy == by.UserID, decides})
		}
	}
	return out, nil
}
