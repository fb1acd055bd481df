package portal

import (
	"net/http"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/session"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// linked is a handler that has a link which still works.
type linked func(w http.ResponseWriter, r *http.Request, link rows.Link) error

// link finds the link of the address. Opening a link changes nothing, because
// mail scanners open them; a dead one is explained.
func (p *Portal) link(kind account.LinkKind, next linked) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		link, err := p.Accounts.FindLink(r.Context(), web.WorkspaceOf(r.Context()), kind, r.PathValue("token"))
		if err == nil {
			err = next(w, r, link)
		}
		return p.dead(w, r, kind, err)
	}
}

// dead explains a link that does not work (any more).
func (p *Portal) dead(w http.ResponseWriter, r *http.Request, kind account.LinkKind, err error) error {
	reasons := map[string]string{
		"link_unknown": "unknown", "link_used": "used", "link_expired": "expired", "link_other_account": "other",
		"already_set_up": "used",
	}
	reason, found := reasons[countersign.CodeOf(err)]
	if !found || wantsData(r) {
		return err
	}
	names := map[account.LinkKind]string{
		account.LinkReset: "reset", account.LinkInvitation: "invite", account.LinkSetup: "setup",
		account.LinkEmail: "email", account.LinkTurnOff: "turn_off",
	}
	view := DeadView{Reason: reason, Kind: names[kind]}
	if reason == "other" {
		c, loadErr := p.Sessions.Load(r, web.WorkspaceOf(r.Context()))
		if loadErr == nil {
			view.Email = c.Account.User.Email
		}
	}
	return p.pages.Render(w, r, web.Status(err), "link/dead", view)
}

// setupPage asks for the company's name, but where whoever made the workspace gave one.
func (p *Portal) setupPage(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	return p.showSetup(w, r, link, web.NewForm("workspace", companyOf(r, link)), http.StatusOK)
}

func (p *Portal) showSetup(w http.ResponseWriter, r *http.Request, link rows.Link, form *web.Form, status int) error {
	return p.pages.Render(w, r, status, "link/setup", SetupView{Page: web.Page{Form: form}, Company: companyOf(r, link)})
}

// companyOf is the name that a workspace has before it is set up, "" for the default one.
func companyOf(r *http.Request, link rows.Link) string {
	if link.WorkspaceID == countersign.DefaultWorkspace {
		return ""
	}
	return web.HomeOf(r.Context()).Name
}

func (p *Portal) setup(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return p.enter(w, r, form, policy.EntrySetup, func(then people.Then) error {
		return p.People.FinishSetup(r.Context(), link, people.FirstOwner{
			Workspace: form.Value("workspace"), Name: form.Value("name"), Email: form.Value("email"),
			Password: form.Raw("password"), Zone: zoneOf(r), Language: web.Speaker(r.Context()).Lang(), Place: web.Place(r),
		}, then)
	}, func(status int) error { return p.showSetup(w, r, link, form, status) })
}

// enter runs what a link does together with the start of a sign-in, and goes
// on from there; again shows the form when something in it was wrong.
func (p *Portal) enter(w http.ResponseWriter, r *http.Request, form *web.Form, entry string, act func(people.Then) error, again func(status int) error) error {
	// The sign-in begins with its first factor done, so it gets a cookie that
	// nobody can have copied from this browser before.
	v := p.visitor(r)
	v.Bind = seal.NewToken()
	p.Sessions.Cookies.SetBind(w, v.Bind)
	var id countersign.AttemptID
	err := act(func(tx *store.Tx, user rows.User) error {
		var err error
		id, err = p.SignIn.StartFromLink(tx, user, entry, v)
		return err
	})
	if err != nil {
		if countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "") {
			return err
		}
		form.Forget("password")
		return again(form.Status())
	}
	return p.next(w, r, id, v)
}

// zoneOf is the time zone that the browser told, "" when it told none.
func zoneOf(r *http.Request) string {
	name := web.Zone(r.Context()).String()
	if name == "UTC" {
		return ""
	}
	return name
}

func (p *Portal) invitePage(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	a, err := p.Accounts.OfLink(r.Context(), link)
	if err != nil {
		return err
	}
	return p.showInvite(w, r, a, web.NewForm("name", a.User.Name), http.StatusOK)
}

func (p *Portal) showInvite(w http.ResponseWriter, r *http.Request, a account.Account, form *web.Form, status int) error {
	return p.pages.Render(w, r, status, "link/invite", InviteView{
		Page: web.Page{Form: form}, Workspace: a.Workspace.Name, Email: a.User.Email,
	})
}

func (p *Portal) accept(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	a, err := p.Accounts.OfLink(r.Context(), link)
	if err != nil {
		return err
	}
	return p.enter(w, r, form, policy.EntryInvitation, func(then people.Then) error {
		return p.People.Accept(r.Context(), link, people.Accepted{
			Name: form.Value("name"), Password: form.Raw("password"),
			Language: web.Speaker(r.Context()).Lang(), Zone: zoneOf(r), Place: web.Place(r),
		}, then)
	}, func(status int) error { return p.showInvite(w, r, a, form, status) })
}

func (p *Portal) resetPage(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	return p.showReset(w, r, link, web.NewForm(), http.StatusOK)
}

func (p *Portal) showReset(w http.ResponseWriter, r *http.Request, link rows.Link, form *web.Form, status int) error {
	a, err := p.Accounts.OfLink(r.Context(), link)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, status, "link/reset", ResetView{
		Page: web.Page{Form: form}, Email: a.User.Email, Rescue: link.Kind == string(account.LinkRescue),
	})
}

// reset sets the password and gives no session: the person signs in with it,
// second factor and all.
func (p *Portal) reset(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = p.Accounts.ResetPassword(r.Context(), link, form.Raw("password"), web.Place(r))
	if err != nil {
		if countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "password") {
			return err
		}
		form.Forget("password")
		return p.showReset(w, r, link, form, form.Status())
	}
	return see(w, r, "/signin?done=password_reset")
}

func (p *Portal) rescue(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return p.enter(w, r, form, policy.EntryRescue, func(then people.Then) error {
		return p.People.UseRescue(r.Context(), link, people.Accepted{Password: form.Raw("password"), Place: web.Place(r)}, then)
	}, func(status int) error { return p.showReset(w, r, link, form, status) })
}

// newEmailPage shows the button to a full session of the link's own user.
func (p *Portal) newEmailPage(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	return p.signedIn(policy.LevelFull, func(w http.ResponseWriter, r *http.Request, c session.Current) error {
		err := p.Accounts.CheckEmailLink(c.Holder(web.Place(r)), link)
		if err != nil {
			return err
		}
		return p.pages.Render(w, r, http.StatusOK, "link/email", NewEmailView{
			Page: p.frame(r, c, "security", nil), New: link.Detail, Old: c.Account.User.Email,
		})
	})(w, r)
}

func (p *Portal) newEmail(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	return p.signedIn(policy.LevelFull, func(w http.ResponseWriter, r *http.Request, c session.Current) error {
		token, err := p.Accounts.ChangeEmail(r.Context(), c.Holder(web.Place(r)), link)
		if err != nil {
			return err
		}
		p.Sessions.Cookies.SetSession(w, token)
		return see(w, r, "/account/security?done=email")
	})(w, r)
}

// turnOffPage shows the final button, to a full session of the link's own user
// that had a second factor. Anybody else signs in first.
func (p *Portal) turnOffPage(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	return p.signedIn(policy.LevelFull, func(w http.ResponseWriter, r *http.Request, c session.Current) error {
		err := p.Accounts.CheckTurnOffLink(c.Holder(web.Place(r)), link)
		if err != nil {
			return err
		}
		err = p.Accounts.MayTurnOff(c.Account)
		if err != nil {
			return p.showOff(w, r, c, "")
		}
		return p.pages.Render(w, r, http.StatusOK, "link/turn_off", TurnOffLinkView{
			Page: p.frame(r, c, "security", nil), Email: c.Account.User.Email,
		})
	})(w, r)
}

func (p *Portal) turnOff(w http.ResponseWriter, r *http.Request, link rows.Link) error {
	return p.signedIn(policy.LevelFull, func(w http.ResponseWriter, r *http.Request, c session.Current) error {
		token, err := p.Accounts.FinishTurnOff(r.Context(), c.Holder(web.Place(r)), link)
		if err != nil {
			return err
		}
		p.Sessions.Cookies.SetSession(w, token)
		return see(w, r, "/account/security?done=off")
	})(w, r)
}
