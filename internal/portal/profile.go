package portal

import (
	"encoding/json"
	"net/http"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/session"
	"countersign/internal/web"
)

func (p *Portal) passwordPage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := c.Holder(web.Place(r)).NeedFresh(account.ActPassword)
	if err != nil {
		return err
	}
	return p.showPassword(w, r, c, web.NewForm(), http.StatusOK)
}

func (p *Portal) showPassword(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	return p.pages.Render(w, r, status, "account/password", ChangePasswordView{
		Page: p.frame(r, c, "security", form), Email: c.Account.User.Email,
	})
}

func (p *Portal) changePassword(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	token, err := p.Accounts.ChangePassword(r.Context(), c.Holder(web.Place(r)), form.Raw("password"))
	if err != nil {
		if countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "password") {
			return err
		}
		form.Forget("password")
		return p.showPassword(w, r, c, form, form.Status())
	}
	p.Sessions.Cookies.SetSession(w, token)
	return see(w, r, "/account/security?done=password")
}

func (p *Portal) emailPage(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := c.Holder(web.Place(r)).NeedOwner(int(c.SecondFactors), account.ActEmail)
	if err != nil {
		return err
	}
	return p.showEmail(w, r, c, web.NewForm(), http.StatusOK)
}

func (p *Portal) showEmail(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	return p.pages.Render(w, r, status, "account/email", ChangeEmailView{
		Page: p.frame(r, c, "security", form), Email: c.Account.User.Email,
	})
}

func (p *Portal) changeEmail(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = p.Accounts.AskEmailChange(r.Context(), c.Holder(web.Place(r)), form.Value("email"))
	if err != nil {
		if countersign.KindOf(err) == countersign.Unavailable || !form.Take(err, "email") {
			return err
		}
		web.RetryAfter(w, err)
		return p.showEmail(w, r, c, form, web.Status(err))
	}
	return p.pages.Render(w, r, http.StatusOK, "account/email_sent", EmailSentView{
		Page: p.frame(r, c, "security", nil), New: form.Value("email"),
	})
}

// sendEmailCode mails a code that verifies the account's own address.
func (p *Portal) sendEmailCode(w http.ResponseWriter, r *http.Request, c session.Current) error {
	if c.Account.User.EmailVerifiedAt == 0 {
		err := p.Accounts.SendCode(r.Context(), c.Holder(web.Place(r)))
		if err != nil {
			return err
		}
	}
	return see(w, r, "/proof?act=confirm_email&return=%2Faccount%2Fsecurity%3Fdone%3Demail_confirmed")
}

func (p *Portal) profile(w http.ResponseWriter, r *http.Request, c session.Current) error {
	return p.showProfile(w, r, c, web.NewForm("name", c.Account.User.Name), http.StatusOK)
}

func (p *Portal) showProfile(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	view := ProfileView{Page: p.frame(r, c, "profile", form), Email: c.Account.User.Email, Role: string(c.Account.User.Role)}
	chosen := c.Account.User.Language
	if chosen == "" {
		chosen = web.Speaker(r.Context()).Lang()
	}
	for _, l := range p.Site.Catalogue.Languages() {
		view.Languages = append(view.Languages, Choice{Value: l.Tag, Text: l.Name, Chosen: l.Tag == chosen})
	}
	return p.pages.Render(w, r, status, "account/profile", view)
}

func (p *Portal) saveProfile(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	language := ""
	for _, l := range p.Site.Catalogue.Languages() {
		if l.Tag == form.Value("language") {
			language = l.Tag
		}
	}
	if language == "" {
		form.Wrong("language", "unknown_language")
		return p.showProfile(w, r, c, form, form.Status())
	}
	zone := zoneOf(r)
	if zone == "" {
		zone = c.Account.User.Zone
	}
	err = p.Accounts.SetProfile(r.Context(), c.Holder(web.Place(r)), form.Value("name"), language, zone)
	if err != nil {
		if countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "name") {
			return err
		}
		return p.showProfile(w, r, c, form, form.Status())
	}
	return see(w, r, "/account/profile?done=profile")
}

// toProfile is where a fresh proof for the export comes back to: a file is made
// by its button, not by reading an address.
func (p *Portal) toProfile(w http.ResponseWriter, r *http.Request, _ session.Current) error {
	return see(w, r, "/account/profile#data")
}

func (p *Portal) export(w http.ResponseWriter, r *http.Request, c session.Current) error {
	data, err := p.People.Export(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="countersign-my-data.json"`)
	_, err = w.Write(append(text, '\n'))
	return err
}
