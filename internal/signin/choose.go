package signin

import (
	"slices"

	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
)

// Choose decides what the second step asks first, and what else it offers.
func (at Attempt) Choose() policy.Chosen {
	trouble := ""
	for _, d := range at.Devices {
		trouble = approve.Unheard(d, at.Account.Settings)
		if trouble == "" {
			break
		}
	}
	return policy.Choose(at.choice(at.Account, at.Credentials, at.Devices, trouble))
}

// choice gathers what the choice is made from. trouble is why none of the phones can be
// asked.
func (at Attempt) choice(a account.Account, credentials []rows.Credential, devices []rows.Device, trouble string) policy.Choice {
	c := policy.Choice{
		Default: a.User.DefaultMethod, DefaultAt: a.User.DefaultSetAt,
		Last: at.Browser.LastMethod, LastAt: at.Browser.LastMethodAt, Settings: a.Settings,
	}
	add := func(kind, trouble string) {
		if !slices.ContainsFunc(c.Ways, func(w policy.Way) bool { return w.Kind == kind }) {
			c.Ways = append(c.Ways, policy.Way{Kind: kind, Trouble: trouble})
		}
	}
	if len(devices) > 0 && at.asksPhones(a.Settings) {
		add(policy.Push, trouble)
	}
	for _, d := range devices {
		if account.PhoneCodes(d, a.Settings) {
			add(string(method.TOTP), "")
		}
	}
	for _, one := range credentials {
		switch kind := method.Kind(one.Kind); {
		case one.State != "active":
		case kind == method.TOTP,
			kind == method.Passkey && a.Settings.Passkeys(),
			kind == method.SMS && a.Settings.Texts() && at.Texting,
			kind == method.Recovery && a.Settings.Recovers() && one.Counter > 0:
			add(one.Kind, "")
		}
	}
	return c
}

// asksPhones tells whether the phone is one of this sign-in's second steps. It is none
// after a tap that was the first: that would be the same factor twice.
func (at Attempt) asksPhones(s policy.Settings) bool {
	return s.Pushes() && at.First != policy.FirstTap
}

// MayAskPhone tells whether there are phones that this sign-in's second step could ask,
// if they answer now or not.
func (at Attempt) MayAskPhone() bool {
	return at.asksPhones(at.Account.Settings) && len(at.Devices) > 0
}
