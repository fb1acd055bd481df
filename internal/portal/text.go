package portal

import (
	"context"
	"net/http"
	"slices"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"countersign"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// The states of a texted code, as pages see it.
const (
	textToSend = "send" // none was sent
	textSent   = "sent"
	textFailed = "failed" // nobody took it, or the phone did not get it
	textOver   = "over"   // its time or its tries are over
)

// textState tells how a code stands, and until when it is good.
func textState(row *rows.Text, now time.Time) (string, time.Time) {
	if row == nil || row.SpentAt != 0 {
		return textToSend, time.Time{}
	}
	ends := moment(row.ExpiresAt)
	switch {
	case !now.Before(ends) || row.Tries >= sms.Tries:
		return textOver, time.Time{}
	case row.State == textFailed:
		return textFailed, time.Time{}
	}
	return textSent, ends
}

// countries says the names of countries in the language of the request.
func countries(r *http.Request, codes []string) []string {
	names := display.Regions(language.Make(web.Speaker(r.Context()).Lang()))
	if names == nil {
		names = display.English.Regions()
	}
	out := make([]string, 0, len(codes))
	for _, code := range codes {
		name := code
		region, err := language.ParseRegion(code)
		if err == nil {
			name = names.Name(region)
		}
		out = append(out, name)
	}
	return out
}

// texts tells whether people may have codes sent to them here.
func (p *Portal) texts(s policy.Settings) bool { return p.Accounts.Texting && s.Texts() }

// newNumber is the page that says what texts cost and asks for the number.
func (p *Portal) newNumber(w http.ResponseWriter, r *http.Request, c session.Current) error {
	return p.showNumber(w, r, c, web.NewForm(), http.StatusOK)
}

func (p *Portal) showNumber(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	settings := c.Account.Settings
	h := c.Holder(web.Place(r))
	old, err := p.Enrol.MayAddNumber(r.Context(), h, settings)
	if err != nil {
		return err
	}
	list, err := p.Enrol.List(r.Context(), h)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, status, "enrol/number", NumberView{
		Page: p.frame(r, c, "security", form), Countries: countries(r, settings.TextCountries), Old: old, Leave: mayLeave(c),
		Recovers: settings.Recovers() && c.CodesLeft == 0,
		HasApp:   slices.ContainsFunc(list, func(one rows.Credential) bool { return one.Kind == string(method.TOTP) }),
	})
}

func (p *Portal) beginNumber(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = p.Enrol.BeginNumber(r.Context(), c.Holder(web.Place(r)), form.Value("number"))
	if err != nil {
		if !form.Busy(w, r, err) && !form.Take(err, "number") {
			return err
		}
		web.RetryAfter(w, err)
		return p.showNumber(w, r, c, form, web.Status(err))
	}
	return see(w, r, "/account/texts/confirm")
}

func (p *Portal) numberCode(w http.ResponseWriter, r *http.Request, c session.Current) error {
	return p.showNumberCode(w, r, c, web.NewForm(), http.StatusOK)
}

func (p *Portal) showNumberCode(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	n, err := p.Enrol.PendingNumber(r.Context(), c.Holder(web.Place(r)))
	if countersign.KindOf(err) == countersign.Gone {
		return see(w, r, "/account/texts/new")
	}
	if err != nil {
		return err
	}
	view := NumberCodeView{
		Page: p.frame(r, c, "security", form), Number: n.Shown, Old: n.Old, First: c.SecondFactors == 0, Leave: mayLeave(c),
		Recovers: c.Account.Settings.Recovers() && c.CodesLeft == 0,
	}
	view.State, view.Until = textState(n.Sent, p.Now())
	if form.Has("code") && view.State != textSent {
		form.Gather("") // there is no field to lead to
	}
	return p.pages.Render(w, r, status, "enrol/number_code", view)
}

// confirmNumber judges the code, or sends another one.
func (p *Portal) confirmNumber(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	h := c.Holder(web.Place(r))
	again := form.Value("send") == "yes"
	done := false
	if again {
		err = p.Enrol.SendNumberCode(r.Context(), h)
	} else {
		err = p.confirmedNumber(w, r, c, form.Raw("code"))
		done = err == nil
	}
	form.Forget("code")
	switch {
	case done:
		return nil
	case countersign.KindOf(err) == countersign.Gone:
		return see(w, r, "/account/texts/new")
	case err == nil:
		return see(w, r, "/account/texts/confirm")
	case !form.Busy(w, r, err) && !form.Take(err, "code"):
		return err
	}
	if again {
		form.Gather("")
	}
	web.RetryAfter(w, err)
	return p.showNumberCode(w, r, c, form, web.Status(err))
}

// confirmedNumber confirms the number and leads on.
func (p *Portal) confirmedNumber(w http.ResponseWriter, r *http.Request, c session.Current, code string) error {
	confirmed, err := p.Enrol.ConfirmNumber(r.Context(), c.Holder(web.Place(r)), code)
	if err != nil {
		return err
	}
	p.Sessions.Cookies.SetSession(w, confirmed.Token)
	switch {
	case confirmed.CodesWait:
		return see(w, r, "/account/two-factor/codes")
	case confirmed.CodesMailed:
		return see(w, r, "/account/two-factor/codes?mailed=yes")
	}
	return see(w, r, p.goesOn(r, c, confirmed.First, "texts"))
}

// numberName is the number of a sign-in's person, masked, "" for none.
func numberName(at signin.Attempt) string {
	for _, c := range at.Credentials {
		if c.Kind == string(method.SMS) {
			return c.Name
		}
	}
	return ""
}

func (p *Portal) textStep(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step != policy.StepSecond {
		return p.elsewhere(w, r, at)
	}
	if !at.Texts() {
		return see(w, r, base(at)+"/ways")
	}
	return p.showText(w, r, at, web.NewForm(), http.StatusOK)
}

func (p *Portal) showText(w http.ResponseWriter, r *http.Request, at signin.Attempt, form *web.Form, status int) error {
	helped, err := p.helped(r, at)
	if err != nil {
		return err
	}
	view := TextView{
		Page: web.Page{Form: form}, Attempt: string(at.ID), Number: numberName(at), Others: others(at, policy.SMS, policy.Recovery), Recovers: helped || recovers(at),
	}
	view.State, view.Until = textState(at.Text, p.Now())
	if form.Has("code") && view.State != textSent {
		form.Gather("") // there is no field to lead to
	}
	return p.pages.Render(w, r, status, "signin/text", view)
}

// textEvents tells the page how its text stands: one that nobody took, or that did not
// arrive, is not waited for.
func (p *Portal) textEvents(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	ended := func(state string) bool { return state != textSent }
	return p.Site.Follow(w, r, string(at.ID), func(ctx context.Context, seen string) (string, error) {
		row, err := p.SignIn.WaitText(ctx, at, func(row *rows.Text) bool {
			state, _ := textState(row, p.Now())
			return state != seen
		})
		state, _ := textState(row, p.Now())
		return state, err
	}, ended)
}

// answerText judges the code of a text.
func (p *Portal) answerText(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	return p.answerSecond(w, r, at, method.SMS, "code", func(w http.ResponseWriter, r *http.Request, at signin.Attempt, form *web.Form, status int) error {
		// The answer was counted: its code may have no tries left.
		now, err := p.SignIn.Load(r.Context(), web.WorkspaceOf(r.Context()), at.ID, p.visitor(r))
		if err == nil {
			at = now
		}
		return p.showText(w, r, at, form, status)
	})
}

// sendText sends a text, or another one.
func (p *Portal) sendText(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	err := p.SignIn.AskText(r.Context(), at, p.visitor(r))
	if err == nil {
		return see(w, r, base(at)+"/text")
	}
	code := countersign.CodeOf(err)
	if code == "step_over" {
		return err
	}
	if code == "locked_second" || code == "locked_second_lasting" {
		return p.locked(w, r, at, string(method.SMS), err)
	}
	if code == "texts_off" {
		return see(w, r, base(at)+"/ways")
	}
	form := web.NewForm()
	if !form.Busy(w, r, err) && !form.Take(err, "") {
		return err
	}
	web.RetryAfter(w, err)
	return p.showText(w, r, at, form, web.Status(err))
}

// numberIn is the number among a person's credentials.
func numberIn(list []rows.Credential) (rows.Credential, bool) {
	for _, c := range list {
		if c.Kind == string(method.SMS) {
			return c, true
		}
	}
	return rows.Credential{}, false
}

// askedByText adds the code that was sent for this session.
func (p *Portal) askedByText(r *http.Request, c session.Current, number rows.Credential, view *ProofView) error {
	row, found, err := p.Sessions.Texted(r.Context(), c, number.ID)
	if err != nil {
		return err
	}
	view.Text = &ProofText{Number: number.Name, State: textToSend}
	if found {
		view.Text.State, view.Text.Until = textState(&row, p.Now())
	}
	return nil
}
