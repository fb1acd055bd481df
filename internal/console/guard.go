package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// page is a handler that was let in.
type page func(w http.ResponseWriter, r *http.Request, by session.Current) error

// open lets a request through whose person may do the deed, with two factors in this
// session, the second of them not long ago. For everybody without a role there is no
// such page.
func (c *Console) open(deed policy.Deed, next page) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		by, err := c.Sessions.Load(r, workspaceOf(r))
		if countersign.KindOf(err) == countersign.Unauthenticated {
			return c.toSignIn(w, r, err)
		}
		if err != nil {
			return err
		}
		web.Prefer(r.Context(), by.Account.User.Language)
		web.Note(r.Context(), "user", string(by.UserID))
		switch {
		case by.Level <= policy.LevelFirst:
			// Half of a sign-in is nothing: the missing half is asked from the start.
			return c.toSignIn(w, r, countersign.Refuse(countersign.Forbidden, "second_factor_required"))
		case by.Reason == policy.ReasonCodes && reads(r):
			return see(w, r, "/account/two-factor/codes")
		case by.Level < policy.LevelFull:
			return c.required(w, r, by)
		case by.Account.User.Role != countersign.Member && by.SecondFactors == 0:
			return c.closed(w, r, by, "none")
		case by.Account.User.Role == countersign.Member:
			return countersign.Refuse(countersign.NotFound, "no_page")
		}
		switch by.Console() {
		case policy.NeedsAnother:
			return c.closed(w, r, by, "another")
		case policy.NeedsSecond:
			return c.toProof(w, r, by, account.ActConsole, countersign.Refuse(countersign.Forbidden, "fresh_proof_required"))
		case policy.NeedsNothing:
		}
		web.Framed(r.Context(), c.framed(by))
		if !may(by, deed) {
			return countersign.Refuse(countersign.Forbidden, "beyond_role")
		}
		if !quiet(r) {
			c.touch(r, by)
		}
		return c.needProof(w, r, by, next(w, r, by))
	}
}

// may tells whether somebody's role allows a deed at all.
func may(by session.Current, deed policy.Deed) bool {
	role := by.Account.User.Role
	return policy.MayAll(role, deed) || policy.May(role, deed, countersign.Member)
}

// touch notes that the session was used, here and at all. A fault does not stop the
// request.
func (c *Console) touch(r *http.Request, by session.Current) {
	err := errors.Join(c.Sessions.Touch(r.Context(), by, web.Place(r)), c.Sessions.TouchConsole(r.Context(), by))
	if err != nil {
		web.Note(r.Context(), "touch_err", err.Error())
	}
}

// reads tells a person who looks from a form and from a program.
func reads(r *http.Request) bool { return r.Method == http.MethodGet && !web.WantsJSON(r) }

// toSignIn leads a reader to the sign-in page and back afterwards. A form that was posted
// is refused: nothing of it was done, and what was typed into it is kept.
func (c *Console) toSignIn(w http.ResponseWriter, r *http.Request, err error) error {
	if reads(r) {
		http.Redirect(w, r, "/signin?"+url.Values{"return": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		return nil
	}
	if web.WantsJSON(r) {
		return err
	}
	kept, wrong := c.keepForSignIn(w, r, web.Status(err))
	if kept {
		return wrong
	}
	return err
}

// toProof leads to the page that asks for a fresh proof of an act, and back to the page
// that was asked for, or whose button was pressed. What was typed into a form is kept.
func (c *Console) toProof(w http.ResponseWriter, r *http.Request, by session.Current, act account.Act, err error) error {
	if web.WantsJSON(r) {
		return err
	}
	if r.Method == http.MethodGet {
		return proofAt(w, r, act, r.URL.RequestURI())
	}
	kept, wrong := c.keepForProof(w, r, by, act)
	if kept || wrong != nil {
		return wrong
	}
	return proofAt(w, r, act, backTo(r))
}

// proofAt leads to the page that asks for a fresh proof, and back to an address.
func proofAt(w http.ResponseWriter, r *http.Request, act account.Act, back string) error {
	http.Redirect(w, r, "/proof?"+url.Values{"act": {string(act)}, "return": {back}}.Encode(), http.StatusSeeOther)
	return nil
}

// backTo is the page whose form was sent: that of the same address, where it has one.
func backTo(r *http.Request) string {
	switch {
	case r.URL.Path == "/console/people/export":
		return "/console/people"
	case strings.HasPrefix(r.URL.Path, logPath+"/"):
		return strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(r.URL.Path, "/check"), "/export"), "/verify")
	case strings.HasPrefix(r.URL.Path, "/console/resets/"):
		return "/console/resets"
	case strings.HasPrefix(r.URL.Path, campaignsPath+"/"):
		return strings.TrimSuffix(r.URL.Path, "/remind")
	case strings.HasPrefix(r.URL.Path, messagesPath+"/"):
		return messagesPath
	case r.URL.Path == workspaceChangePath:
		return workspaceAt(r.URL.Query().Get("workspace"))
	}
	return r.URL.Path
}

// needProof turns the refusal of a rule that wants a fresh proof into the page that asks
// for one.
func (c *Console) needProof(w http.ResponseWriter, r *http.Request, by session.Current, err error) error {
	var refusal *countersign.Error
	if countersign.CodeOf(err) != "fresh_proof_required" || !errors.As(err, &refusal) {
		return err
	}
	return c.toProof(w, r, by, account.ActOf(refusal), err)
}

// required tells somebody who must set up a second factor first how to go on, as every other
// page does: with or without a role, for the rest of the account is shut to them too.
func (c *Console) required(w http.ResponseWriter, r *http.Request, by session.Current) error {
	if !reads(r) {
		return countersign.Refuse(countersign.Forbidden, "enrolment_required")
	}
	return c.pages.Render(w, r, http.StatusForbidden, "required", web.RequiredView{
		Workspace: by.Account.Workspace.Name, Source: string(by.Required), Settings: by.Account.Settings.EnrolAtSignIn == policy.SettingsFirst,
	})
}

// closed tells somebody with a role why the console is shut, and how it opens. The rest
// of the account stays as it is.
func (c *Console) closed(w http.ResponseWriter, r *http.Request, by session.Current, why string) error {
	return c.pages.Render(w, r, http.StatusForbidden, "closed", ClosedView{Shell: c.shell(r, by, ""), Why: why})
}

// see redirects to a page of this site after a post.
func see(w http.ResponseWriter, r *http.Request, path string) error {
	w.Header()["Content-Type"] = nil
	http.Redirect(w, r, web.Inside(path, "/console"), http.StatusSeeOther)
	return nil
}
