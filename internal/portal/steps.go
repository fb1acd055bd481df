package portal

import (
	"net/http"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// credential is the one of the address. Somebody else's is not found.
func (p *Portal) credential(r *http.Request, c session.Current) (rows.Credential, error) {
	return p.Enrol.Find(r.Context(), c.Holder(web.Place(r)), countersign.CredentialID(r.PathValue("id")))
}

// defaultPage asks once whether a method that is on shall come first.
func (p *Portal) defaultPage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := fresh(r, c, account.ActDefault)
	if err != nil {
		return err
	}
	one, err := p.credential(r, c)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, http.StatusOK, "enrol/default", DefaultView{
		Page: p.frame(r, c, "security", nil), Workspace: c.Account.Workspace.Name, Kind: one.Kind, Name: one.Name,
	})
}

func (p *Portal) makeDefault(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := p.Enrol.MakeDefault(r.Context(), c.Holder(web.Place(r)), countersign.CredentialID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return see(w, r, "/account/security?done=default")
}

func (p *Portal) renamePage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := fresh(r, c, account.ActRename)
	if err != nil {
		return err
	}
	one, err := p.credential(r, c)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, http.StatusOK, "enrol/rename", RenameView{
		Page: p.frame(r, c, "security", web.NewForm("name", one.Name)), Name: one.Name,
	})
}

func (p *Portal) rename(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = fresh(r, c, account.ActRename)
	if err != nil {
		return err
	}
	one, err := p.credential(r, c)
	if err != nil {
		return err
	}
	err = p.Enrol.Rename(r.Context(), c.Holder(web.Place(r)), one.ID, form.Raw("name"))
	if err != nil {
		if countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "name") {
			return err
		}
		return p.pages.Render(w, r, form.Status(), "enrol/rename", RenameView{
			Page: p.frame(r, c, "security", form), Name: one.Name,
		})
	}
	return see(w, r, "/account/security?done=renamed")
}

func (p *Portal) changePage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := fresh(r, c, account.ActChangeDevice)
	if err != nil {
		return err
	}
	one, err := p.credential(r, c)
	if err != nil {
		return err
	}
	if one.Kind == policy.SMS {
		return see(w, r, "/account/texts/new") // which says what happens to the old number
	}
	return p.pages.Render(w, r, http.StatusOK, "enrol/change", ChangeView{
		Page: p.frame(r, c, "security", nil), Name: one.Name, Recovers: c.Account.Settings.Recovers(),
	})
}

func (p *Portal) change(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := fresh(r, c, account.ActChangeDevice)
	if err != nil {
		return err
	}
	one, err := p.credential(r, c)
	if err != nil {
		return err
	}
	if one.Kind == policy.SMS {
		return see(w, r, "/account/texts/new")
	}
	err = p.Enrol.BeginApp(r.Context(), c.Holder(web.Place(r)), one.ID)
	if err != nil {
		return err
	}
	return see(w, r, "/account/two-factor/app")
}

// removePage asks once; the last second factor leads to turning off, which is
// the same act.
func (p *Portal) removePage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := mayRemove(r, c)
	if err != nil {
		return err
	}
	one, err := p.credential(r, c)
	if err != nil {
		return err
	}
	if c.SecondFactors == 1 {
		return p.showOff(w, r, c, one.Name)
	}
	kind, err := p.Enrol.Method(r.Context(), c.Holder(web.Place(r)), one)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, http.StatusOK, "enrol/remove", RemoveView{Page: p.frame(r, c, "security", nil), Kind: kind, Name: one.Name})
}

func mayRemove(r *http.Request, c session.Current) error {
	if c.SecondFactors == 1 && c.Required != policy.NotRequired {
		return nil // nothing is removed: the page says who requires it
	}
	if c.SecondFactors == 1 {
		return c.Holder(web.Place(r)).NeedFresh(account.ActTurnOff)
	}
	return fresh(r, c, account.ActRemove)
}

func (p *Portal) remove(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := mayRemove(r, c)
	if err != nil {
		return err
	}
	one, err := p.credential(r, c)
	if err != nil {
		return err
	}
	if c.SecondFactors == 1 {
		return p.off(w, r, c)
	}
	token, err := p.Enrol.Remove(r.Context(), c.Holder(web.Place(r)), one.ID)
	if err != nil {
		return err
	}
	p.Sessions.Cookies.SetSession(w, token)
	return see(w, r, p.afterwards(r, "removed"))
}

func (p *Portal) offPage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	if c.SecondFactors == 0 {
		return see(w, r, "/account/security")
	}
	if c.Required == policy.NotRequired {
		err := c.Holder(web.Place(r)).NeedFresh(account.ActTurnOff)
		if err != nil {
			return err
		}
	}
	return p.showOff(w, r, c, "")
}

// showOff asks once, or says who requires two-factor authentication.
func (p *Portal) showOff(w http.ResponseWriter, r *http.Request, c session.Current, removing string) error {
	status := http.StatusOK
	if c.Required != policy.NotRequired {
		status = http.StatusForbidden
	}
	return p.pages.Render(w, r, status, "enrol/turn_off", TurnOffView{
		Page: p.frame(r, c, "security", nil), RequiredBy: string(c.Required), Workspace: c.Account.Workspace.Name,
		ByMail: c.Account.Settings.TurnOff == policy.ByEmail, Email: c.Account.User.Email, Removing: removing,
	})
}

func (p *Portal) off(w http.ResponseWriter, r *http.Request, c session.Current) error {
	if c.Required != policy.NotRequired {
		return p.showOff(w, r, c, "")
	}
	token, err := p.Accounts.TurnOff(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	if token == "" {
		return p.pages.Render(w, r, http.StatusOK, "enrol/turn_off_sent", TurnOffSentView{
			Page: p.frame(r, c, "security", nil), Email: c.Account.User.Email,
		})
	}
	p.Sessions.Cookies.SetSession(w, token)
	return see(w, r, "/account/security?done=off")
}
