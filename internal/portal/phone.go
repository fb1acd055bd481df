package portal

import (
	"context"
	"net/http"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/agent"
	"countersign/internal/approve"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// phoneStep is the page that waits for an approval on the phone.
func (p *Portal) phoneStep(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step == policy.StepFirst && at.Phone == nil || at.Step == policy.StepDone || at.Step == policy.StepSecond && !at.MayAskPhone() {
		return p.elsewhereThanPhone(w, r, at)
	}
	return p.showPhone(w, r, at, web.NewForm(), http.StatusOK)
}

func (p *Portal) elsewhereThanPhone(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step == policy.StepSecond {
		return see(w, r, base(at)+"/code")
	}
	return p.elsewhere(w, r, at)
}

func (p *Portal) showPhone(w http.ResponseWriter, r *http.Request, at signin.Attempt, form *web.Form, status int) error {
	browser, system := agent.Describe(r.UserAgent())
	v := PhoneView{
		Page: web.Page{Form: form}, Base: base(at), Ask: base(at) + "/phone/ask", Events: base(at) + "/phone/events",
		First: at.Step == policy.StepFirst, Browser: browser, System: system, IP: web.Place(r).IP,
		OnPhone: system == "Android" || system == "iOS",
	}
	for _, d := range at.Devices {
		if approve.Answers(d, at.Account.Settings) {
			v.Devices = append(v.Devices, d.Name)
		} else {
			v.Troubled = append(v.Troubled, TroubledDevice{Name: d.Name, Trouble: approve.Unheard(d, at.Account.Settings)})
		}
	}
	if next := at.Choose().After(policy.Push); next != "" && !v.First {
		v.Next = &Other{Kind: next, Href: base(at) + "/" + pageOf(next)}
	}
	if at.Phone != nil {
		v.take(*at.Phone, p.Now())
	}
	return p.pages.Render(w, r, status, "signin/phone", v)
}

// take puts a question into the view.
func (v *PhoneView) take(phone signin.Phone, now time.Time) {
	v.State, v.Number, v.Expires = string(phone.State.Said()), phone.Number, phone.Expires
	v.Left = int(max(phone.Expires.Sub(now), 0) / time.Second)
	v.Waited = int(max(now.Sub(phone.Created), 0) / time.Second)
}

// askPhone asks the phone, or asks it again.
func (p *Portal) askPhone(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	err := p.SignIn.AskPhone(r.Context(), at, p.visitor(r))
	if err == nil {
		return see(w, r, base(at)+"/phone")
	}
	form := web.NewForm()
	if !leftInPeace(err) || !form.Take(err, "") {
		return err
	}
	web.RetryAfter(w, err)
	return p.showPhone(w, r, at, form, web.Status(err))
}

// leftInPeace tells that the phones are not asked now, which the page says; the person
// uses another way.
func leftInPeace(err error) bool {
	return countersign.KindOf(err) == countersign.Limited || countersign.CodeOf(err) == "no_phone"
}

// phoneEvents tells the page how its question stands.
func (p *Portal) phoneEvents(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	of, phone := at.WorkspaceID, at.Phone
	return p.Site.Follow(w, r, string(at.ID), func(ctx context.Context, seen string) (string, error) {
		state, err := p.SignIn.WaitPhone(ctx, of, phone, approve.State(seen))
		return string(state), err
	}, finalState)
}

func finalState(state string) bool { return state != string(approve.Pending) }

// answerPhone is what the page posts when the phone said yes, and the button of those
// without script.
func (p *Portal) answerPhone(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	v := p.visitor(r)
	if at.Step == policy.StepDone {
		return p.onward(w, r, at, v)
	}
	opening := p.Sessions.Open(r, v.Place)
	proof, bind, err := p.SignIn.ApprovedOnPhone(r.Context(), at, v, opening.Redeem)
	if countersign.CodeOf(err) == "step_over" {
		return see(w, r, base(at)+"/phone")
	}
	if countersign.KindOf(err) == countersign.Limited {
		return p.locked(w, r, at, "second", err)
	}
	if err != nil {
		return err
	}
	if proof.User == "" {
		// A tap was the first factor: another kind is next, or it is enough.
		v.Bind = bind
		p.Sessions.Cookies.SetBind(w, bind)
		return p.next(w, r, at.ID, v)
	}
	return p.letIn(w, r, opening, proof)
}

// hasCodes tells whether a code can be typed: an authenticator app's, or the phone's own.
func hasCodes(at signin.Attempt) bool {
	for _, c := range at.Credentials {
		if c.Kind == string(method.TOTP) {
			return true
		}
	}
	for _, d := range at.Devices {
		if account.PhoneCodes(d, at.Account.Settings) {
			return true
		}
	}
	return false
}
