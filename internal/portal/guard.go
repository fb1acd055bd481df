package portal

import (
	"errors"
	"net/http"
	"net/url"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// page is a handler that has a session.
type page func(w http.ResponseWriter, r *http.Request, c session.Current) error

// signedIn lets a request through whose session reaches the level. The level
// is computed anew each time; what does not reach is led to where the person
// can go on, or answered 401 or 403.
func (p *Portal) signedIn(least policy.Level, next page) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, err := p.Sessions.Load(r, web.WorkspaceOf(r.Context()))
		if countersign.KindOf(err) == countersign.Unauthenticated {
			return p.toSignIn(w, r, err)
		}
		if err != nil {
			return err
		}
		web.Prefer(r.Context(), c.Account.User.Language)
		web.Note(r.Context(), "user", string(c.UserID))
		if c.Level < least {
			return p.below(w, r, c)
		}
		err = p.Sessions.Touch(r.Context(), c, web.Place(r))
		if err != nil {
			web.Note(r.Context(), "touch_err", err.Error())
		}
		return p.needProof(w, r, next(w, r, c))
	}
}

// toSignIn leads a reader to the sign-in page and back afterwards. A form that
// was posted is answered 401: nothing of it was done.
func (p *Portal) toSignIn(w http.ResponseWriter, r *http.Request, err error) error {
	if r.Method != http.MethodGet || wantsData(r) {
		return err
	}
	if r.PathValue("token") != "" {
		// A mailed link: its token must not stand in another address, nor in the
		// row of the sign-in. It waits in this browser.
		p.Sessions.Cookies.SetNext(w, r.URL.Path)
		return see(w, r, "/signin")
	}
	http.Redirect(w, r, "/signin?"+url.Values{"return": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
	return nil
}

// wantsData tells whether a program asks: it is told what is wrong instead of
// being led to a page.
func wantsData(r *http.Request) bool { return web.WantsJSON(r) }

// below answers a session that does not reach far enough.
func (p *Portal) below(w http.ResponseWriter, r *http.Request, c session.Current) error {
	reading := r.Method == http.MethodGet && !wantsData(r)
	switch {
	case c.Level <= policy.LevelFirst && reading:
		// Half of a sign-in is nothing: the missing half is asked from the start.
		return p.toSignIn(w, r, nil)
	case c.Level <= policy.LevelFirst:
		return countersign.Refuse(countersign.Forbidden, "second_factor_required")
	case c.Reason == policy.ReasonCodes && reading:
		http.Redirect(w, r, "/account/two-factor/codes", http.StatusSeeOther)
		return nil
	case reading:
		return p.pages.Render(w, r, http.StatusForbidden, "signin/required", web.RequiredView{
			Page: web.Page{Notice: noticeOf(r), Heed: heeds(noticeOf(r))}, Workspace: c.Account.Workspace.Name, Source: string(c.Required),
			Settings: c.Account.Settings.EnrolAtSignIn == policy.SettingsFirst,
		})
	}
	return countersign.Refuse(countersign.Forbidden, "enrolment_required")
}

// needProof turns the refusal of a rule that wants a fresh proof into the page
// that asks for one, and comes back to the act's own page.
func (p *Portal) needProof(w http.ResponseWriter, r *http.Request, err error) error {
	code := countersign.CodeOf(err)
	if code != "fresh_proof_required" && code != "email_proof_required" {
		return err
	}
	var refusal *countersign.Error
	if !errors.As(err, &refusal) || wantsData(r) {
		return err
	}
	act := account.ActOf(refusal)
	query := url.Values{"act": {string(act)}, "return": {r.URL.Path}}
	if name, _ := act.Parts(); name == string(account.ActDefault) {
		query.Set("return", "/account/security")
	}
	http.Redirect(w, r, "/proof?"+query.Encode(), http.StatusSeeOther)
	return nil
}

// frame is what every page of a session shows around its content.
func (p *Portal) frame(r *http.Request, c session.Current, section string, form *web.Form) web.Page {
	u := c.Account.User
	return web.Page{
		Form: form, Section: section, Notice: noticeOf(r), Heed: heeds(noticeOf(r)),
		User: &web.User{Name: u.Name, Email: u.Email, Manages: u.Role.Manages(), Console: u.Role != countersign.Member},
	}
}

// noticeOf is the good news after a redirect. The address carries only its
// name, and only names that exist are said.
func noticeOf(r *http.Request) string {
	switch name := r.URL.Query().Get("done"); name {
	case "renamed", "removed", "changed", "default", "codes", "off", "password", "email", "profile",
		"ended", "others_ended", "recovered", "helped", "was_reset", "email_confirmed", "signed_out", "password_reset", "paired", "passkey", "untrusted", "texts":
		return "notice." + name
	}
	return ""
}

// heeds tells whether a notice leaves something to do: after a recovery code
// the phone may be lost, and after a reset nothing protects the account.
func heeds(notice string) bool {
	return notice == "notice.was_reset" || notice == "notice.recovered" || notice == "notice.helped"
}

// see redirects to a page of this site after a post, and to no other site
// whatever it is given: a return address that slipped past its own check ends on
// the front page. Without a Content-Type of its own, Redirect writes a page
// besides, which no browser shows.
func see(w http.ResponseWriter, r *http.Request, path string) error {
	w.Header()["Content-Type"] = nil
	http.Redirect(w, r, web.Inside(path, "/"), http.StatusSeeOther)
	return nil
}
