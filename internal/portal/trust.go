package portal

import (
	"net/http"
	"net/url"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/agent"
	"countersign/internal/session"
	"countersign/internal/web"
)

// TrustView is signin/trust: whether this browser shall be trusted.
type TrustView struct {
	web.Page
	Days            int
	Browser, System string
	Return          string // where both answers lead
}

// A TrustedBrowser is a row of the security page.
type TrustedBrowser struct {
	ID              string
	Browser, System string
	Since, Until    time.Time
	Current         bool
}

// askTrust is the page's address, which leads on afterwards.
func askTrust(to string) string { return "/account/trust?" + url.Values{"return": {to}}.Encode() }

// trustPage asks whether to trust this browser. Where there is nothing to ask (any more),
// it leads on.
func (p *Portal) trustPage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	to := web.Inside(r.URL.Query().Get("return"), "/account/security")
	list, err := p.Sessions.Trusted(r.Context(), c)
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.ID == c.BrowserID {
			return see(w, r, to)
		}
	}
	if !c.MayTrust() {
		return see(w, r, to)
	}
	err = c.Holder(web.Place(r)).NeedFresh(account.ActTrust)
	if err != nil {
		return err
	}
	view := TrustView{Page: p.frame(r, c, "security", nil), Days: c.Account.Settings.TrustedDays, Return: to}
	view.Browser, view.System = agent.Describe(r.UserAgent())
	return p.pages.Render(w, r, http.StatusOK, "signin/trust", view)
}

func (p *Portal) trust(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	_, err = p.Sessions.Trust(r.Context(), c, p.Sessions.Cookies.Browser(r), web.Place(r))
	if countersign.CodeOf(err) == "step_over" {
		return see(w, r, "/account/trust") // the session was raised meanwhile: asked again
	}
	if err != nil {
		return err
	}
	return see(w, r, web.Inside(form.Value("return"), "/account/security"))
}

func (p *Portal) trustLater(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = p.Sessions.TrustLater(r.Context(), c, web.Place(r))
	if err != nil {
		return err
	}
	return see(w, r, web.Inside(form.Value("return"), "/account/security"))
}

// untrust takes the trust from one browser. One that is not trusted any more is what was
// asked for.
func (p *Portal) untrust(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := p.Sessions.Untrust(r.Context(), c, countersign.BrowserID(r.PathValue("id")), web.Place(r))
	if err != nil && countersign.KindOf(err) != countersign.NotFound {
		return err
	}
	return see(w, r, "/account/security?done=untrusted#trusted")
}

func (p *Portal) untrustAll(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := p.Sessions.Untrust(r.Context(), c, "", web.Place(r))
	if err != nil {
		return err
	}
	return see(w, r, "/account/security?done=untrusted#trusted")
}

// addTrusted lists the trusted browsers, and offers to trust this one.
func (p *Portal) addTrusted(r *http.Request, c session.Current, view *SecurityView) error {
	list, err := p.Sessions.Trusted(r.Context(), c)
	if err != nil {
		return err
	}
	view.MayTrust = c.MayTrust()
	for _, b := range list {
		row := TrustedBrowser{
			ID: string(b.ID), Since: moment(b.TrustedAt), Until: c.Account.Settings.TrustedUntil(account.TrustOf(b)), Current: b.ID == c.BrowserID,
		}
		row.Browser, row.System = agent.Describe(b.UserAgent)
		view.MayTrust = view.MayTrust && !row.Current
		view.Trusted = append(view.Trusted, row)
	}
	return nil
}
