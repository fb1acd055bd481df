package approve

import (
	"slices"

	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
)

// Possessions are what somebody has to prove themselves with.
type Possessions struct {
	// Credentials are those that can answer, see account.Service.Answering.
	Credentials []rows.Credential
	// Devices are those that are active or signed out, without those that were set up under
	// another host name, see account.Ground.Here.
	Devices []rows.Device
}

// Ways are a person's second factors as a sign-in sees them, of each kind one. phones tells
// whether the phone is one of its second steps, and trouble why none of the phones can be
// asked now, "" for nothing.
func Ways(s policy.Settings, p Possessions, phones bool, trouble string) []policy.Way {
	var ways []policy.Way
	add := func(kind, trouble string) {
		if !slices.ContainsFunc(ways, func(w policy.Way) bool { return w.Kind == kind }) {
			ways = append(ways, policy.Way{Kind: kind, Trouble: trouble})
		}
	}
	if len(p.Devices) > 0 && phones {
		add(policy.Push, trouble)
	}
	for _, d := range p.Devices {
		if account.PhoneCodes(d, s) {
			add(string(method.TOTP), "")
		}
	}
	for _, one := range p.Credentials {
		if one.Kind != policy.Push {
			add(one.Kind, "")
		}
	}
	return ways
}

// Unheards is why none of the phones can be asked now, "" where one of them can.
func Unheards(devices []rows.Device, s policy.Settings) string {
	trouble := ""
	for _, d := range devices {
		trouble = Unheard(d, s)
		if trouble == "" {
			break
		}
	}
	return trouble
}
