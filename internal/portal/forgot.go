package portal

import (
	"net/http"

	"countersign/internal/web"
)

func (p *Portal) forgotPage(w http.ResponseWriter, r *http.Request) error {
	return p.pages.Render(w, r, http.StatusOK, "signin/forgot", ForgotView{Page: web.Page{Form: web.NewForm()}})
}

// forgot answers the same for every address: nobody learns who has an account.
func (p *Portal) forgot(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = p.Accounts.Forgot(r.Context(), web.WorkspaceOf(r.Context()), form.Value("email"), web.Place(r))
	if err != nil {
		if !form.Busy(w, r, err) && !form.Take(err, "email") {
			return err
		}
		web.RetryAfter(w, err)
		return p.pages.Render(w, r, web.Status(err), "signin/forgot", ForgotView{Page: web.Page{Form: form}})
	}
	return p.pages.Render(w, r, http.StatusOK, "signin/forgot_sent", ForgotSentView{Email: form.Value("email")})
}
