package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/agent"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// mayLeave tells whether the wizard has a way back to the account.
func mayLeave(c session.Current) bool { return c.Level == policy.LevelFull }

// accountSettings is the page that companies lead to when a second factor is
// required and the wizard does not start by itself.
func (p *Portal) accountSettings(w http.ResponseWriter, r *http.Request, c session.Current) error {
	return p.pages.Render(w, r, http.StatusOK, "enrol/settings", SettingsView{
		Page: p.frame(r, c, "security", nil), On: c.SecondFactors > 0,
	})
}

func (p *Portal) chooseMethod(w http.ResponseWriter, r *http.Request, c session.Current) error {
	// The proof is asked for before anything is shown or typed.
	err := p.Enrol.MayAdd(r.Context(), c.Holder(web.Place(r)), c.Account.Settings)
	if err != nil {
		return err
	}
	return p.showMethods(w, r, c, nil, http.StatusOK)
}

func (p *Portal) showMethods(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	list, err := p.Enrol.List(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	hasApp := slices.ContainsFunc(list, func(one rows.Credential) bool { return one.Kind == string(method.TOTP) })
	return p.pages.Render(w, r, status, "enrol/method", MethodView{
		Page: p.frame(r, c, "security", form), Methods: p.methodsToAdd(c), Again: c.Account.Settings.TOTPMax == 1 && hasApp, Leave: mayLeave(c),
	})
}

// methodsToAdd are the methods that a person can turn on.
func (p *Portal) methodsToAdd(c session.Current) []string {
	s := c.Account.Settings
	methods := []string{string(method.TOTP)}
	if s.Pushes() {
		methods = append(methods, string(method.Push))
	}
	if s.Passkeys() {
		methods = append(methods, string(method.Passkey))
	}
	if p.texts(s) {
		methods = append(methods, string(method.SMS))
	}
	return methods
}

func (p *Portal) beginMethod(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Value("method") == string(method.Push) && c.Account.Settings.Pushes() {
		return see(w, r, "/account/devices/new")
	}
	if form.Value("method") == string(method.Passkey) && c.Account.Settings.Passkeys() {
		return see(w, r, "/account/passkeys/new")
	}
	if form.Value("method") == string(method.SMS) && p.texts(c.Account.Settings) {
		return see(w, r, "/account/texts/new")
	}
	if form.Value("method") != string(method.TOTP) {
		form.Wrong("method", "choose_method")
		return p.showMethods(w, r, c, form, form.Status())
	}
	err = p.Enrol.BeginApp(r.Context(), c.Holder(web.Place(r)), "")
	if countersign.KindOf(err) == countersign.Conflict && form.Take(err, "") {
		return p.showMethods(w, r, c, form, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return see(w, r, "/account/two-factor/app")
}

// app shows the waiting secret. Nothing waits after 15 minutes: the choice of a
// method begins anew.
func (p *Portal) app(w http.ResponseWriter, r *http.Request, c session.Current) error {
	_, system := agent.Describe(r.UserAgent())
	return p.showApp(w, r, c, web.NewForm("name", suggestion(r, c, system)), http.StatusOK)
}

// suggestion is a name for the device that holds the app. On a phone it is the
// phone's own kind; elsewhere the phone is not this machine.
func suggestion(r *http.Request, c session.Current, system string) string {
	device := "phone"
	if system == "Android" || system == "iOS" {
		device = system
	}
	first, _, _ := strings.Cut(c.Account.User.Name, " ")
	name := web.Speaker(r.Context()).Say("enrol.name_suggestion_"+strings.ToLower(device), "Name", first)
	if len([]rune(name)) > 40 {
		return system
	}
	return name
}

func (p *Portal) showApp(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	h := c.Holder(web.Place(r))
	pending, err := p.Enrol.PendingApp(r.Context(), h)
	if countersign.KindOf(err) == countersign.Gone {
		return see(w, r, "/account/two-factor")
	}
	if err != nil {
		return err
	}
	view := AppView{
		Page: p.frame(r, c, "security", form), URI: pending.URI, Groups: totp.Groups(pending.Key), Key: pending.Key,
		Issuer: c.Account.Workspace.Name, Account: c.Account.User.Email, Until: pending.ExpiresAt, First: c.SecondFactors == 0,
		Leave: mayLeave(c), Recovers: c.Account.Settings.Recovers() && c.CodesLeft == 0, Apps: Apps(),
	}
	if pending.Replaces != "" {
		old, err := p.Enrol.Find(r.Context(), h, pending.Replaces)
		if err == nil {
			view.Replaces = old.Name
		}
	}
	return p.pages.Render(w, r, status, "enrol/app", view)
}

func (p *Portal) confirmApp(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	h := c.Holder(web.Place(r))
	pending, err := p.Enrol.PendingApp(r.Context(), h)
	if err != nil {
		return p.enrolmentOver(w, r, err)
	}
	done, err := p.Enrol.ConfirmApp(r.Context(), h, pending.ID, form.Raw("name"), form.Raw("code"))
	if err != nil {
		if countersign.KindOf(err) == countersign.Gone || countersign.KindOf(err) == countersign.Unavailable || !form.Take(err, "code") {
			return p.enrolmentOver(w, r, err)
		}
		if form.Has("code") {
			// A code that was not judged may be sent again with a better name.
			form.Forget("code")
		}
		return p.showApp(w, r, c, form, form.Status())
	}
	p.Sessions.Cookies.SetSession(w, done.Token)
	switch {
	case done.CodesWait:
		return see(w, r, "/account/two-factor/codes")
	case done.CodesMailed:
		return see(w, r, "/account/two-factor/codes?mailed=yes")
	case done.First:
		return see(w, r, "/account/two-factor/finished")
	}
	return see(w, r, p.afterwards(r, "changed"))
}

// enrolmentOver begins anew when the secret's time is over: there is nothing to
// lose, the QR code that was shown is dead.
func (p *Portal) enrolmentOver(w http.ResponseWriter, r *http.Request, err error) error {
	if countersign.KindOf(err) == countersign.Gone {
		return see(w, r, "/account/two-factor")
	}
	return err
}

func (p *Portal) finished(w http.ResponseWriter, r *http.Request, c session.Current) error {
	list, err := p.Enrol.List(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	name := ""
	for _, one := range list {
		if one.Kind == string(method.TOTP) {
			name = one.Name
		}
	}
	next := cmp.Or(c.ReturnTo, "/account/security")
	if name == "" {
		return see(w, r, next)
	}
	return p.pages.Render(w, r, http.StatusOK, "enrol/finished", FinishedView{
		Page: p.frame(r, c, "security", nil), Name: name, Email: c.Account.User.Email, Next: next,
	})
}
