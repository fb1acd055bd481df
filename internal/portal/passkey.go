package portal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"

	"countersign"
	"countersign/internal/agent"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// text is what stands in a page for its script: JSON.
func text(value any) (string, error) {
	b, err := json.Marshal(value)
	return string(b), err
}

// newPasskey is the page that makes one. The browser does that, so it needs script.
func (p *Portal) newPasskey(w http.ResponseWriter, r *http.Request, c session.Current) error {
	_, system := agent.Describe(r.UserAgent())
	name := web.Speaker(r.Context()).Say("passkey.name_suggestion_plain")
	if system != "" {
		name = web.Speaker(r.Context()).Say("passkey.name_suggestion", "System", system)
	}
	return p.showNewPasskey(w, r, c, web.NewForm("name", name), http.StatusOK)
}

func (p *Portal) showNewPasskey(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	asked, err := p.Enrol.AskPasskey(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	view := NewPasskeyView{
		Page: p.frame(r, c, "security", form), First: c.SecondFactors == 0, Leave: mayLeave(c), Made: form.Value("passkey"),
		Models: len(c.Account.Settings.PasskeyModels) > 0,
	}
	if form.Has("passkey") {
		// What the browser made is not taken: it need not keep it.
		view.Unknown, err = unknown(p.Accounts.Site(web.WorkspaceOf(r.Context())).RPID, form.Value("passkey"))
		if err != nil {
			return err
		}
		form.Forget("passkey")
		view.Made = ""
	}
	view.Options, err = text(asked)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, status, "enrol/passkey", view)
}

// unknown is what tells a browser that its credential is known to nobody
// (UnknownCredentialOptions, WebAuthn Level 3, section 5.1.10.1); "" where that cannot be
// said of what it sent.
func unknown(rpID, credential string) (string, error) {
	var said struct{ ID string }
	err := json.Unmarshal([]byte(credential), &said)
	if err != nil {
		return "", nil //nolint:nilerr // what is no credential names none
	}
	_, err = base64.RawURLEncoding.DecodeString(said.ID)
	if err != nil || said.ID == "" {
		return "", nil //nolint:nilerr // the same
	}
	return text(map[string]any{"rpId": rpID, "credentialId": said.ID})
}

func (p *Portal) addPasskey(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	done, err := p.Enrol.AddPasskey(r.Context(), c.Holder(web.Place(r)), form.Raw("name"), form.Raw("passkey"))
	if err != nil {
		if kind := countersign.KindOf(err); kind == countersign.Conflict || kind == countersign.Unavailable || !form.Take(err, "passkey") {
			return err
		}
		return p.showNewPasskey(w, r, c, form, form.Status())
	}
	p.Sessions.Cookies.SetSession(w, done.Token)
	switch {
	case done.CodesWait:
		return see(w, r, "/account/two-factor/codes")
	case done.CodesMailed:
		return see(w, r, "/account/two-factor/codes?mailed=yes")
	}
	return see(w, r, p.goesOn(r, c, done.First, "passkey"))
}

// hasPasskeys tells whether a passkey can be asked for at the second step.
func hasPasskeys(at signin.Attempt) bool { return len(passkeyNames(at)) > 0 }

func passkeyNames(at signin.Attempt) []string {
	var names []string
	for _, c := range at.Answering {
		if c.Kind == string(method.Passkey) {
			names = append(names, c.Name)
		}
	}
	return names
}

func (p *Portal) passkeyStep(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step != policy.StepSecond || !hasPasskeys(at) {
		return p.elsewhereThanPhone(w, r, at)
	}
	return p.showPasskey(w, r, at, web.NewForm(), http.StatusOK)
}

func (p *Portal) showPasskey(w http.ResponseWriter, r *http.Request, at signin.Attempt, form *web.Form, status int) error {
	options, err := text(p.SignIn.AskPasskey(at))
	if err != nil {
		return err
	}
	helped, err := p.helped(r, at)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, status, "signin/passkey", PasskeyView{
		Page: web.Page{Form: form}, Attempt: string(at.ID), Names: passkeyNames(at), Options: options,
		Others: others(at, policy.Passkey, policy.Recovery), Recovers: helped || recovers(at),
	})
}

func (p *Portal) answerPasskey(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	return p.answerSecond(w, r, at, method.Passkey, "passkey", p.showPasskey)
}

// startWithPasskey signs in with a passkey alone, from the page that asks for the
// address.
func (p *Portal) startWithPasskey(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	settings, err := p.Accounts.Settings(r.Context(), web.WorkspaceOf(r.Context()), countersign.DefaultPool)
	if err == nil && !settings.PasskeyFirst() {
		return see(w, r, "/signin") // the page has no such form
	}
	v := p.visitor(r)
	opening := p.Sessions.Open(r, v.Place)
	proof, err := p.SignIn.PasskeyFirst(r.Context(), web.WorkspaceOf(r.Context()), form.Raw("passkey"), form.Value("return"), v, opening.Redeem)
	if err == nil {
		return p.letIn(w, r, opening, proof)
	}
	if !form.Busy(w, r, err) && !form.Take(err, "passkey") {
		return err
	}
	gone := ""
	if errors.Is(err, signin.ErrUnknownPasskey) {
		var fault error
		gone, fault = unknown(p.Accounts.Site(web.WorkspaceOf(r.Context())).RPID, form.Raw("passkey"))
		if fault != nil {
			return fault
		}
	}
	form.Forget("passkey")
	return p.showIdentifierWith(w, r, form, err, gone)
}
