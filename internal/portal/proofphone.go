package portal

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// chooseProof decides which second factor proves who one is, and names the others. The
// person's default is asked first.
func (p *Portal) chooseProof(r *http.Request, c session.Current, with string, view *ProofView) error {
	h := c.Holder(web.Place(r))
	credentials, err := p.Enrol.List(r.Context(), h)
	if err != nil {
		return err
	}
	devices, err := p.Devices.List(r.Context(), h)
	if err != nil {
		return err
	}
	ground := p.Accounts.GroundOf(c.Account)
	devices, credentials = ground.Here(devices, credentials), p.Accounts.Answering(credentials, ground)
	choice := policy.Choice{Default: c.Account.User.DefaultMethod, DefaultAt: c.Account.User.DefaultSetAt, Settings: c.Account.Settings}
	offer := func(kind string) { choice.Ways = append(choice.Ways, policy.Way{Kind: kind}) }
	for _, d := range devices {
		if approve.Answers(d, c.Account.Settings) && c.Account.Settings.Pushes() {
			offer(policy.Push)
		}
		if account.PhoneCodes(d, c.Account.Settings) {
			view.Devices = append(view.Devices, d.Name)
		}
	}
	for _, one := range credentials {
		switch {
		case one.Kind == string(method.TOTP):
			view.Devices = append(view.Devices, one.Name)
		case one.Kind == policy.Passkey:
			offer(policy.Passkey)
		}
	}
	if len(view.Devices) > 0 {
		offer(string(method.TOTP))
	}
	number, found := numberIn(credentials)
	if found {
		offer(policy.SMS)
	}
	if c.CodesLeft > 0 && c.Account.Settings.Recovers() {
		offer(policy.Recovery)
	}
	chosen := policy.Choose(choice)
	view.Kind = cmp.Or(chosen.First, chosen.After(""), string(method.TOTP))
	if slices.Contains(chosen.Offered, with) {
		view.Kind = with
	}
	view.Others = slices.DeleteFunc(chosen.Offered, func(kind string) bool { return kind == view.Kind })
	switch view.Kind {
	case policy.Passkey:
		asked, err := p.Sessions.AskPasskey(r.Context(), c)
		if err != nil {
			return err
		}
		view.Options, err = text(asked)
		return err
	case policy.Push:
		return p.askedOnPhone(r, c, view)
	case policy.SMS:
		return p.askedByText(r, c, number, view)
	}
	return nil
}

// askedOnPhone adds what this session asked on the phone.
func (p *Portal) askedOnPhone(r *http.Request, c session.Current, view *ProofView) error {
	row, found, err := p.Sessions.Asked(r.Context(), c, account.Act(view.Act))
	if err != nil || !found {
		return err
	}
	now := p.Now()
	view.Phone = &ProofPhone{
		State: string(approve.StateOf(row, now).Said()), Number: row.Number,
		Left: int(max(moment(row.ExpiresAt).Sub(now), 0) / time.Second), Waited: int(max(now.Sub(moment(row.CreatedAt)), 0) / time.Second),
	}
	return nil
}

// askProofPhone asks the phone, naming the act.
func (p *Portal) askProofPhone(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	act := actNamed(form.Value("act"))
	upon, err := p.upon(r, c, act)
	if err != nil {
		return err
	}
	err = p.Sessions.AskPhone(r.Context(), c, act, sayAct(r, act, upon), web.Place(r))
	if leftInPeace(err) && form.Take(err, "") {
		web.RetryAfter(w, err)
		return p.askProof(w, r, c, proofForm{act: act, to: form.Value("return"), with: policy.Push, form: form, status: web.Status(err)})
	}
	if err != nil {
		return err
	}
	return see(w, r, "/proof?"+url.Values{"act": {string(act)}, "return": {form.Value("return")}, "with": {policy.Push}}.Encode())
}

func (p *Portal) proofPhoneEvents(w http.ResponseWriter, r *http.Request, c session.Current) error {
	act := actNamed(r.URL.Query().Get("act"))
	return p.Site.Follow(w, r, string(c.ID), func(ctx context.Context, seen string) (string, error) {
		state, err := p.Sessions.WaitPhone(ctx, c, act, approve.State(seen))
		return string(state), err
	}, finalState)
}
