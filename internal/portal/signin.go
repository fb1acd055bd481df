package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// visitor is what the request's cookies say.
func (p *Portal) visitor(r *http.Request) signin.Visitor {
	return signin.Visitor{Bind: p.Sessions.Cookies.Bind(r), Browser: p.Sessions.Cookies.Browser(r), Place: web.Place(r)}
}

// bound makes the cookie that ties attempts to this browser, when it has none.
func (p *Portal) bound(w http.ResponseWriter, r *http.Request) signin.Visitor {
	v := p.visitor(r)
	if v.Bind == "" {
		v.Bind = seal.NewToken()
		p.Sessions.Cookies.SetBind(w, v.Bind)
	}
	return v
}

// home leads to the account, or to the sign-in page.
func (p *Portal) home(w http.ResponseWriter, r *http.Request) error {
	return see(w, r, "/account/security")
}

func (p *Portal) identifier(w http.ResponseWriter, r *http.Request) error {
	return p.showIdentifier(w, r, web.NewForm("return", r.URL.Query().Get("return")), nil)
}

func (p *Portal) start(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	v := p.bound(w, r)
	id, err := p.SignIn.Start(r.Context(), web.WorkspaceOf(r.Context()), form.Value("identifier"), form.Value("return"), v)
	if err == nil && form.Value("with") == policy.Push {
		return p.startOnPhone(w, r, id, v, form)
	}
	if err != nil {
		if !form.Busy(w, r, err) && !form.Take(err, "identifier") {
			return err
		}
		return p.showIdentifier(w, r, form, err)
	}
	return see(w, r, "/signin/"+string(id)+"/password")
}

// startOnPhone asks the phone in the password's place.
func (p *Portal) startOnPhone(w http.ResponseWriter, r *http.Request, id countersign.AttemptID, v signin.Visitor, form *web.Form) error {
	at, err := p.SignIn.Load(r.Context(), web.WorkspaceOf(r.Context()), id, v)
	if err == nil {
		err = p.SignIn.AskPhone(r.Context(), at, v)
	}
	if countersign.CodeOf(err) == "step_over" {
		return see(w, r, "/signin/"+string(id)+"/password") // the pool does not allow it
	}
	if err != nil {
		if !form.Busy(w, r, err) && !form.Take(err, "identifier") {
			return err
		}
		return p.showIdentifier(w, r, form, err)
	}
	return see(w, r, "/signin/"+string(id)+"/phone")
}

func (p *Portal) showIdentifier(w http.ResponseWriter, r *http.Request, form *web.Form, err error) error {
	return p.showIdentifierWith(w, r, form, err, "")
}

// showIdentifierWith is showIdentifier, which tells the browser in addition of a passkey
// that nobody has any more, "" for none.
func (p *Portal) showIdentifierWith(w http.ResponseWriter, r *http.Request, form *web.Form, err error, gone string) error {
	status := http.StatusOK
	if err != nil {
		status = web.Status(err)
		web.RetryAfter(w, err)
	}
	// A fault here costs the button and not the page.
	settings, fault := p.Accounts.Settings(r.Context(), web.WorkspaceOf(r.Context()), countersign.DefaultPool)
	if fault != nil {
		web.Note(r.Context(), "settings_err", fault.Error())
	}
	view := IdentifierView{
		Page: web.Page{Form: form, Notice: noticeOf(r)}, Phone: fault == nil && settings.PushFirst(), Preferred: settings.Preferred == policy.Push, Unknown: gone,
	}
	if fault == nil && settings.PasskeyFirst() {
		view.Passkey, fault = text(p.SignIn.AskPasskeyFirst(web.WorkspaceOf(r.Context()), p.bound(w, r)))
		if fault != nil {
			return fault
		}
	}
	return p.pages.Render(w, r, status, "signin/identifier", view)
}

// step is a handler that has an attempt of this browser.
type step func(w http.ResponseWriter, r *http.Request, at signin.Attempt) error

// attempt loads the attempt of the address. One that is over, or of another
// browser, shows the way to start again.
func (p *Portal) attempt(next step) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		at, err := p.SignIn.Load(r.Context(), web.WorkspaceOf(r.Context()), countersign.AttemptID(r.PathValue("attempt")), p.visitor(r))
		if err == nil {
			err = next(w, r, at)
		}
		if countersign.CodeOf(err) == "attempt_over" {
			return p.over(w, r, err)
		}
		if countersign.CodeOf(err) == "step_over" {
			return see(w, r, "/signin/"+r.PathValue("attempt"))
		}
		return err
	}
}

// over shows the way to start again. The second half of a double click is led in:
// the first half finished the sign-in, and the browser shows the second one's
// answer.
func (p *Portal) over(w http.ResponseWriter, r *http.Request, refusal error) error {
	finished, err := p.SignIn.Finished(r.Context(), web.WorkspaceOf(r.Context()), countersign.AttemptID(r.PathValue("attempt")), p.visitor(r))
	if err != nil {
		return err
	}
	if finished || p.justSignedIn(r) {
		return see(w, r, "/account/security")
	}
	if wantsData(r) {
		return refusal
	}
	return p.pages.Render(w, r, http.StatusGone, "signin/expired", ExpiredView{})
}

// justSignedIn tells that the browser has a session which began a moment ago.
func (p *Portal) justSignedIn(r *http.Request) bool {
	c, err := p.Sessions.Load(r, web.WorkspaceOf(r.Context()))
	return err == nil && p.Now().Sub(moment(c.CreatedAt)) < time.Minute
}

// base is the address of an attempt's pages.
func base(at signin.Attempt) string { return "/signin/" + string(at.ID) }

// dispatch leads to the step's own page.
func (p *Portal) dispatch(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	switch {
	case at.Step == policy.StepFirst && at.Phone != nil:
		return see(w, r, base(at)+"/phone")
	case at.Step == policy.StepFirst:
		return see(w, r, base(at)+"/password")
	case at.MayAskPhone() && at.Phone != nil:
		return see(w, r, base(at)+"/phone")
	}
	return see(w, r, base(at)+"/"+first(at.Choose()))
}

// first is the page of what is asked first. A phone that was not asked with the password
// is left in peace: what comes after it is asked, as long as it is no recovery code.
func first(chosen policy.Chosen) string {
	kind := chosen.First
	if after := chosen.After(kind); kind == policy.Push && after != "" && after != policy.Recovery {
		kind = after
	}
	switch {
	case kind != "":
		return pageOf(kind)
	case len(chosen.Passed) > 0 && chosen.Passed[0].Kind == policy.Push:
		return pageOf(policy.Push) // which says why
	}
	return pageOf(string(method.TOTP))
}

// pageOf is where a kind is asked, below the attempt's address.
func pageOf(kind string) string {
	switch kind {
	case policy.Push:
		return "phone"
	case string(method.TOTP):
		return "code"
	case policy.SMS:
		return "text"
	}
	return kind
}

func (p *Portal) passwordStep(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step != policy.StepFirst {
		return see(w, r, base(at))
	}
	return p.pages.Render(w, r, http.StatusOK, "signin/password", PasswordView{
		Page: web.Page{Form: web.NewForm()}, Identifier: at.Identifier,
	})
}

func (p *Portal) answerPassword(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	v := p.visitor(r)
	if at.Step == policy.StepDone {
		return p.onward(w, r, at, v)
	}
	bind, err := p.SignIn.Password(r.Context(), at, form.Raw("password"), v)
	if err == nil {
		v.Bind = bind
		p.Sessions.Cookies.SetBind(w, bind)
		return p.next(w, r, at.ID, v)
	}
	if countersign.KindOf(err) == countersign.Limited {
		return p.locked(w, r, at, "password", err)
	}
	if !form.Busy(w, r, err) && (countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "password")) {
		return err
	}
	form.Forget("password")
	return p.pages.Render(w, r, web.Status(err), "signin/password", PasswordView{
		Page: web.Page{Form: form}, Identifier: at.Identifier,
	})
}

// next asks the dispatcher where the attempt stands, and leads there.
func (p *Portal) next(w http.ResponseWriter, r *http.Request, id countersign.AttemptID, v signin.Visitor) error {
	at, err := p.SignIn.Load(r.Context(), web.WorkspaceOf(r.Context()), id, v)
	if err != nil {
		return err
	}
	return p.onward(w, r, at, v)
}

// onward leads to the page of the attempt's step; one that is done is finished, and
// its proof becomes a session.
func (p *Portal) onward(w http.ResponseWriter, r *http.Request, at signin.Attempt, v signin.Visitor) error {
	if at.Step != policy.StepDone {
		return p.dispatch(w, r, at)
	}
	opening := p.Sessions.Open(r, v.Place)
	proof, err := p.SignIn.Finish(r.Context(), at, v, opening.Redeem)
	if err != nil {
		return err
	}
	return p.letIn(w, r, opening, proof)
}

// letIn gives the browser of a finished sign-in its session, and leads it to where
// the person was heading.
func (p *Portal) letIn(w http.ResponseWriter, r *http.Request, opening *session.Opening, proof countersign.Proof) error {
	opening.Hand(w)
	link := p.Sessions.Cookies.Next(r)
	if link != "" {
		p.Sessions.Cookies.DropNext(w)
		return see(w, r, link)
	}
	if proof.AskTrust {
		return see(w, r, askTrust(landing(proof)))
	}
	if to := landing(proof); announces(proof, to) {
		return see(w, r, announcedPage+"?"+url.Values{"return": {to}}.Encode())
	}
	return see(w, r, landing(proof))
}

// landing is where a finished sign-in leads.
func landing(proof countersign.Proof) string {
	switch {
	case proof.Effect == "reset":
		return "/account/security?done=was_reset"
	case proof.Effect == "helped":
		return "/account/security?done=helped"
	case proof.Effect == "recovered":
		return "/account/security?done=recovered"
	case proof.ReturnTo != "":
		return proof.ReturnTo
	case proof.Entry == policy.EntrySetup:
		return "/account/two-factor"
	}
	return "/account/security"
}

func (p *Portal) codeStep(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step != policy.StepSecond {
		return p.elsewhere(w, r, at)
	}
	if !hasCodes(at) && hasPasskeys(at) {
		return see(w, r, base(at)+"/passkey") // there is no code that could be typed
	}
	if !hasCodes(at) && numberName(at) != "" {
		return see(w, r, base(at)+"/text") // which leads on where no texts are sent
	}
	if !hasCodes(at) && len(at.Elsewhere) > 0 {
		return see(w, r, base(at)+"/ways") // which says why nothing is asked for
	}
	return p.showCode(w, r, at, web.NewForm(), http.StatusOK)
}

// elsewhere leads from a page of the second step to where the attempt stands.
// One that is done after the password waits for that post to be sent again; reading
// starts nothing.
func (p *Portal) elsewhere(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step == policy.StepFirst {
		return see(w, r, base(at)+"/password")
	}
	return countersign.Refuse(countersign.Gone, "attempt_over")
}

func (p *Portal) showCode(w http.ResponseWriter, r *http.Request, at signin.Attempt, form *web.Form, status int) error {
	helped, err := p.helped(r, at)
	if err != nil {
		return err
	}
	view := CodeView{
		Page: web.Page{Form: form}, Attempt: string(at.ID), Workspace: at.Account.Workspace.Name,
		Devices: apps(at), Phones: phonesWithCodes(at), Recovers: helped || recovers(at),
		Others: others(at, string(method.TOTP), policy.Recovery),
	}
	if slices.ContainsFunc(at.Choose().Passed, func(w policy.Way) bool { return w.Kind == policy.Push }) {
		view.Troubled = troubled(at)
	}
	return p.pages.Render(w, r, status, "signin/code", view)
}

// apps are the names of the authenticator apps whose codes count.
func apps(at signin.Attempt) []string {
	var names []string
	for _, c := range at.Credentials {
		if c.Kind == string(method.TOTP) {
			names = append(names, c.Name)
		}
	}
	return names
}

// phonesWithCodes are the names of the phones that show codes of their own.
func phonesWithCodes(at signin.Attempt) []string {
	var names []string
	for _, d := range at.Devices {
		if account.PhoneCodes(d, at.Account.Settings) {
			names = append(names, d.Name)
		}
	}
	return names
}

func recovers(at signin.Attempt) bool {
	if !at.Account.Settings.Recovers() {
		return false
	}
	for _, c := range at.Credentials {
		if c.Kind == string(method.Recovery) && c.Counter > 0 {
			return true
		}
	}
	return false
}

// helped tells whether a code of the help desk waits. Before the first factor nothing is
// read of the account, and nothing told.
func (p *Portal) helped(r *http.Request, at signin.Attempt) (bool, error) {
	if at.First == "" {
		return false, nil
	}
	return p.Accounts.HelpWaits(r.Context(), at.Account)
}

func (p *Portal) answerCode(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	return p.answerSecond(w, r, at, method.TOTP, "code", p.showCode)
}

func (p *Portal) answerRecovery(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	return p.answerSecond(w, r, at, method.Recovery, "recovery", p.showRecovery)
}

// shows renders a step's page with a form.
type shows func(w http.ResponseWriter, r *http.Request, at signin.Attempt, form *web.Form, status int) error

func (p *Portal) answerSecond(w http.ResponseWriter, r *http.Request, at signin.Attempt, kind method.Kind, field string, again shows) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	v := p.visitor(r)
	opening := p.Sessions.Open(r, v.Place)
	proof, err := p.SignIn.Second(r.Context(), at, kind, form.Raw(field), v, opening.Redeem)
	if err == nil {
		return p.letIn(w, r, opening, proof)
	}
	if countersign.CodeOf(err) == "step_over" {
		// Over is what the first half of a double click has done already.
		return p.next(w, r, at.ID, v)
	}
	if countersign.KindOf(err) == countersign.Limited {
		return p.locked(w, r, at, string(kind), err)
	}
	if countersign.KindOf(err) == countersign.Unauthenticated {
		return countersign.Refuse(countersign.Gone, "attempt_over")
	}
	if !form.Busy(w, r, err) && (countersign.KindOf(err) != countersign.Invalid || !form.Take(err, field)) {
		return err
	}
	form.Forget(field)
	return again(w, r, at, form, web.Status(err))
}

func (p *Portal) recoveryStep(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step != policy.StepSecond {
		return p.elsewhere(w, r, at)
	}
	return p.showRecovery(w, r, at, web.NewForm(), http.StatusOK)
}

func (p *Portal) showRecovery(w http.ResponseWriter, r *http.Request, at signin.Attempt, form *web.Form, status int) error {
	settings := at.Account.Settings
	helped, err := p.helped(r, at)
	if err != nil {
		return err
	}
	over := slices.ContainsFunc(form.Errors, func(e web.FieldError) bool { return e.Code == "help_code_over" })
	return p.pages.Render(w, r, status, "signin/recovery", RecoveryView{
		Helped: helped, HelpOnly: (helped || over) && !recovers(at),
		Page: web.Page{Form: form}, Attempt: string(at.ID), Workspace: at.Account.Workspace.Name,
		Resets: settings.RecoveryEffect == policy.EffectReset, Required: at.Account.Required(p.Now()) != policy.NotRequired,
		AdminReset: settings.AdminReset, Passkey: hasPasskeys(at) && !hasCodes(at),
	})
}

// locked shows how long to wait and what still works. The status and the header
// say the same to programs.
func (p *Portal) locked(w http.ResponseWriter, r *http.Request, at signin.Attempt, kind string, err error) error {
	var refusal *countersign.Error
	if !errors.As(err, &refusal) || wantsData(r) {
		return err
	}
	helped, helpErr := p.helped(r, at)
	if helpErr != nil {
		return helpErr
	}
	web.RetryAfter(w, err)
	view := LockedView{Attempt: string(at.ID), Kind: lockKind(kind), Wait: refusal.RetryAfter, Recovers: (helped || recovers(at)) && kind != string(method.Recovery)}
	if refusal.RetryAfter > 0 {
		view.Until = p.Now().Add(refusal.RetryAfter)
	}
	return p.pages.Render(w, r, http.StatusTooManyRequests, "signin/locked", view)
}

func lockKind(kind string) string {
	if kind == string(method.TOTP) || kind == string(method.Passkey) || kind == string(method.SMS) {
		return "second"
	}
	return kind
}

func (p *Portal) cancel(w http.ResponseWriter, r *http.Request) error {
	err := p.SignIn.Cancel(r.Context(), web.WorkspaceOf(r.Context()), countersign.AttemptID(r.PathValue("attempt")), p.visitor(r))
	if err != nil {
		return err
	}
	p.Sessions.Cookies.DropBind(w)
	return see(w, r, "/signin")
}

// signOut ends the session on the server. One that is gone already is signed
// out as well.
func (p *Portal) signOut(w http.ResponseWriter, r *http.Request) error {
	c, err := p.Sessions.Load(r, web.WorkspaceOf(r.Context()))
	if err == nil {
		err = p.Sessions.End(r.Context(), c, c.ID, web.Place(r))
	}
	switch countersign.KindOf(err) {
	case countersign.Unauthenticated, countersign.NotFound:
	default:
		if err != nil {
			return err
		}
	}
	p.Sessions.Cookies.DropSession(w)
	return see(w, r, "/signin?"+url.Values{"done": {"signed_out"}}.Encode())
}
