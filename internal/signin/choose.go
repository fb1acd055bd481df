package signin

import (
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
)

// Choose decides what the second step asks first, and what else it offers.
func (at Attempt) Choose() policy.Chosen {
	return policy.Choose(at.choice(at.Account, at.Answering, at.Devices, approve.Unheards(at.Devices, at.Account.Settings)))
}

// choice gathers what the choice is made from: credentials and devices are those that can
// answer, see account.Service.Answering. trouble is why none of the phones can be
// asked.
func (at Attempt) choice(a account.Account, credentials []rows.Credential, devices []rows.Device, trouble string) policy.Choice {
	has := approve.Possessions{Credentials: credentials, Devices: devices}
	return policy.Choice{
		Default: a.User.DefaultMethod, DefaultAt: a.User.DefaultSetAt,
		Last: at.Browser.LastMethod, LastAt: at.Browser.LastMethodAt, Settings: a.Settings,
		Ways: approve.Ways(a.Settings, has, at.asksPhones(a.Settings), trouble),
	}
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
