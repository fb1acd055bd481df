package portal

import (
	"net/http"
	"strings"
	"time"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// announcedPage tells somebody who signed in that a second factor will be required.
const announcedPage = "/account/announced"

// AnnouncedView is signin/announced.
type AnnouncedView struct {
	web.Page
	Workspace string
	From      time.Time
	Days      int    // until then, the one that has begun included
	Return    string // where "later" leads
}

// announces tells whether a finished sign-in is led by that page, wherever it was going: who
// never heads to their own account must not hear of the day when it has come. Only who goes
// to set one up is left in peace.
func announces(proof countersign.Proof, to string) bool {
	path, _, _ := strings.Cut(to, "?")
	return !proof.SetUpBy.IsZero() && path != "/account/two-factor" && path != announcedPage
}

// announced asks to set up a second factor in time. Where there is nothing to ask (any
// more), it leads on.
func (p *Portal) announced(w http.ResponseWriter, r *http.Request, c session.Current) error {
	to := web.Inside(r.URL.Query().Get("return"), "/account/security")
	now := p.Now()
	from := c.Account.Settings.AsksSetUp(c.Account.User.RequireSecondFactor, int(c.SecondFactors), time.Time{}, now)
	if from.IsZero() {
		return see(w, r, to)
	}
	return p.pages.Render(w, r, http.StatusOK, "signin/announced", AnnouncedView{
		Page: p.frame(r, c, "security", nil), Workspace: c.Account.Workspace.Name, From: from, Days: policy.DaysLeft(from, now), Return: to,
	})
}

// setUpLater leaves the person alone for a day, in this browser.
func (p *Portal) setUpLater(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = p.Sessions.SetUpLater(r.Context(), c, web.Place(r))
	if err != nil {
		return err
	}
	return see(w, r, web.Inside(form.Value("return"), "/account/security"))
}
