package portal

import (
	"net/http"
	"net/url"
	"strings"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// proof shows what is asked before an important change, or goes on when nothing
// is missing (any more).
func (p *Portal) proof(w http.ResponseWriter, r *http.Request, c session.Current) error {
	query := r.URL.Query()
	return p.askProof(w, r, c, proofForm{act: actNamed(query.Get("act")), to: query.Get("return"), with: query.Get("with"), form: web.NewForm(), status: http.StatusOK})
}

// proofForm is what the page of a fresh proof is about.
type proofForm struct {
	act      account.Act
	to, with string
	form     *web.Form
	status   int
}

// missing names the proof that the act still needs, by the kind of its form.
func missing(c session.Current, h account.Holder, act account.Act) string {
	if act == confirmEmail {
		if c.Account.User.EmailVerifiedAt == 0 {
			return account.ProofMailed
		}
		return ""
	}
	return h.Missing(int(c.SecondFactors), act)
}

func (p *Portal) askProof(w http.ResponseWriter, r *http.Request, c session.Current, f proofForm) error {
	h := c.Holder(web.Place(r))
	back := web.Inside(f.to, "/account/security")
	kind := missing(c, h, f.act)
	if kind == "" {
		return see(w, r, back)
	}
	upon, err := p.upon(r, c, f.act)
	if err != nil {
		return err
	}
	view := ProofView{
		Page: p.frame(r, c, "security", f.form), Act: string(f.act), Upon: upon, Kind: kind, Back: cancelTo(c, f.act, back), Return: back,
		Workspace: c.Account.Workspace.Name,
	}
	if kind == account.ProofSecond {
		err := p.chooseProof(r, c, f.with, &view)
		if err != nil {
			return err
		}
	}
	if kind == account.ProofMailed {
		until, err := p.Accounts.CodeSent(r.Context(), h)
		if err != nil {
			return err
		}
		view.Sent = !until.IsZero()
	}
	f.form.Gather(view.field())
	return p.pages.Render(w, r, f.status, "signin/proof", view)
}

// field is the one that the page asks; before a code was mailed there is none.
func (v ProofView) field() string {
	if v.Kind == account.ProofMailed && !v.Sent || v.Text != nil && v.Text.State != textSent {
		return ""
	}
	return fieldFor(v.Kind, v.Kind)
}

// cancelTo is a page that this session reaches: the console for whoever was at work there.
func cancelTo(c session.Current, act account.Act, back string) string {
	switch {
	case c.Reason != "":
		return "/"
	case strings.HasPrefix(back, "/console/people/") && act != account.ActConsole:
		person, _, _ := strings.Cut(strings.TrimPrefix(back, "/console/people/"), "/")
		person, _, _ = strings.Cut(person, "?")
		return "/console/people/" + url.PathEscape(person)
	case strings.HasPrefix(back, "/console/") && act != account.ActConsole:
		return "/console"
	}
	return "/account/security"
}

// prove judges the answer, steps the session up, and goes on to the act.
func (p *Portal) prove(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	f := proofForm{act: actNamed(query.Get("act")), to: form.Value("return"), with: form.Value("with"), form: form, status: http.StatusOK}
	h := c.Holder(web.Place(r))
	kind := missing(c, h, f.act)
	var token string
	switch {
	case kind == "":
	case kind == account.ProofSecond && f.with == string(method.Push):
		token, err = p.Sessions.ProvePhone(r.Context(), c, f.act, h.Place)
	case kind == account.ProofMailed && form.Value("send") == "yes":
		err = p.Accounts.SendCode(r.Context(), h)
		form.Forget("code")
	case kind == account.ProofMailed:
		token, err = p.Accounts.CheckCode(r.Context(), h, form.Raw("code"))
	case kind == string(method.Password):
		token, err = p.Sessions.ProvePassword(r.Context(), c, form.Raw("password"), h.Place)
	case f.with == policy.SMS && form.Value("send") == "yes":
		err = p.Sessions.AskText(r.Context(), c, h.Place)
	case f.with == policy.SMS:
		token, err = p.Sessions.Prove(r.Context(), c, method.SMS, form.Raw("code"), h.Place)
	case f.with == string(method.Passkey):
		token, err = p.Sessions.Prove(r.Context(), c, method.Passkey, form.Raw("passkey"), h.Place)
	case f.with == string(method.Recovery):
		token, err = p.Sessions.Prove(r.Context(), c, method.Recovery, form.Raw("recovery"), h.Place)
	default:
		token, err = p.Sessions.Prove(r.Context(), c, method.TOTP, form.Raw("code"), h.Place)
	}
	form.Forget("password", "code", "recovery", "passkey")
	if countersign.CodeOf(err) == "step_over" {
		err = nil // the first half of a double click has given the proof
	}
	if err != nil {
		if countersign.CodeOf(err) == "email_code_over" {
			form.Wrong("", "email_code_over")
			f.status = http.StatusGone
			return p.askProof(w, r, c, f)
		}
		if countersign.KindOf(err) == countersign.Unavailable || !form.Take(err, fieldFor(kind, f.with)) {
			return err
		}
		web.RetryAfter(w, err)
		f.status = web.Status(err)
		return p.askProof(w, r, c, f)
	}
	if token != "" {
		p.Sessions.Cookies.SetSession(w, token)
	}
	again := url.Values{"act": {string(f.act)}, "return": {f.to}}
	if f.with == string(method.Push) || f.with == policy.SMS {
		again.Set("with", f.with)
	}
	return see(w, r, "/proof?"+again.Encode())
}

func fieldFor(kind, with string) string {
	switch {
	case kind == string(method.Password):
		return "password"
	case with == string(method.Recovery), with == string(method.Passkey):
		return with
	}
	return "code"
}
