package account

import (
	"slices"

	"countersign"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
)

// Ground is what decides, besides the factor itself, whether a second factor can answer.
type Ground struct {
	Settings policy.Settings
	// RPID is the host name of the workspace's address: passkeys and phones that were set
	// up under another one do not answer (WebAuthn Level 3, section 5.1.4).
	RPID string
}

// GroundOf is that of an account as a page asks and offers: at the host name that this node
// answers under.
func (s *Service) GroundOf(a Account) Ground {
	return Ground{Settings: a.Settings, RPID: s.Site(a.User.WorkspaceID).RPID}
}

// GroundAt is that of a workspace's people whom these settings are for, as a rule judges:
// at the host name of the row. Another node may have moved it a moment ago, and this one
// does not know yet.
func (s *Service) GroundAt(w rows.Workspace, settings policy.Settings) Ground {
	return Ground{Settings: settings, RPID: siteOf(s.Hosts.Address(w.Host)).RPID}
}

// GroundWithin is GroundAt of an account that [Service.Within] read.
func (s *Service) GroundWithin(a Account) Ground { return s.GroundAt(a.Workspace, a.Settings) }

// Answers tells whether a credential can let its person in now: its method is accepted, the
// country of a number is listed and somebody sends texts on, and a passkey or a phone was
// set up under the workspace's present host name. Everything that offers a second factor,
// or counts on one that is left, asks here: who is left with one that cannot answer stands
// before a question without an answer.
//
// Whether a second factor is asked for at all is another question, and no matter of this:
// one that cannot answer guards its account none the less.
func (s *Service) Answers(c rows.Credential, g Ground) bool {
	if c.State != "active" || !g.Settings.Takes(c.Kind) {
		return false
	}
	switch method.Kind(c.Kind) {
	case method.Passkey, method.Push:
		return !g.Elsewhere(c)
	case method.SMS:
		return s.Texting && s.listed(c, g.Settings)
	case method.Recovery:
		return g.Settings.Recovers() && c.Counter > 0
	}
	return true
}

// Elsewhere tells of a passkey or a phone that was set up under another host name.
func (g Ground) Elsewhere(c rows.Credential) bool { return c.RpID != "" && c.RpID != g.RPID }

// listed tells whether the country of a number gets texts. A number that cannot be read
// gets none.
func (s *Service) listed(c rows.Credential, settings policy.Settings) bool {
	number, err := s.NumberOf(c)
	if err != nil {
		return false
	}
	_, problem := sms.Parse(number, settings.TextCountries)
	return problem == sms.Fine
}

// Answering are the credentials that can let their person in now; see Answers.
func (s *Service) Answering(all []rows.Credential, g Ground) []rows.Credential {
	return slices.DeleteFunc(slices.Clone(all), func(c rows.Credential) bool { return !s.Answers(c, g) })
}

// Here are the devices without those that were set up under another host name. all are
// their person's credentials.
func (g Ground) Here(devices []rows.Device, all []rows.Credential) []rows.Device {
	return slices.DeleteFunc(slices.Clone(devices), func(d rows.Device) bool {
		return slices.ContainsFunc(all, func(c rows.Credential) bool { return c.ID == d.CredentialID && g.Elsewhere(c) })
	})
}

// Remaining counts the second factors that still let a person in when one of them is gone.
// Those that cannot answer do not count; nor do recovery codes, which are none.
func (s *Service) Remaining(all []rows.Credential, without countersign.CredentialID, g Ground) int {
	n := 0
	for _, c := range all {
		if c.Kind != string(method.Recovery) && c.ID != without && s.Answers(c, g) {
			n++
		}
	}
	return n
}
