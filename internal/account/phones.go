package account

import (
	"fmt"
	"slices"

	"countersign"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

func isPhone(c rows.Credential) bool { return c.State == "active" && c.Kind == string(method.Push) }

func hasPhone(credentials []rows.Credential) bool { return slices.ContainsFunc(credentials, isPhone) }

// PhoneCodes tells whether the codes that a phone shows by itself count: it is signed
// in, was given their secret, and may approve here. A command line that the workspace
// allows no more (see Barred) has no codes that count either.
func PhoneCodes(d rows.Device, s policy.Settings) bool {
	return d.State == "active" && d.CodeGiven != 0 && s.Allows(string(method.Push)) && !Barred(d, s)
}

// KindTerminal is the kind of a device that is a command line.
const KindTerminal = "terminal"

// MethodOf names a credential's method for people: a command line is no phone. devices are
// its person's.
func MethodOf(c rows.Credential, devices []rows.Device) string {
	terminal := slices.ContainsFunc(devices, func(d rows.Device) bool { return d.CredentialID == c.ID && d.Kind == KindTerminal })
	if c.Kind == string(method.Push) && terminal {
		return KindTerminal
	}
	return c.Kind
}

// Barred tells of a command line that was paired where there may be none any more.
func Barred(d rows.Device, s policy.Settings) bool {
	return d.Kind == KindTerminal && !s.Terminals
}

// phones finds the credentials of phones that show codes of their own, which count like
// those of an authenticator app. The codes of one that was signed out, or never got its
// secret, count for nothing.
func (s *Service) phones(tx *store.Tx, a Answer, credentials []rows.Credential) (map[countersign.CredentialID]bool, error) {
	if a.Kind != method.TOTP || !a.Account.Settings.Allows(string(method.Push)) || !hasPhone(credentials) {
		return nil, nil //nolint:nilnil // there are none
	}
	devices, err := tx.ListDevices(tx.Ctx, a.Account.User.WorkspaceID, a.Account.User.ID)
	if err != nil {
		return nil, fmt.Errorf("load devices: %w", err)
	}
	found := map[countersign.CredentialID]bool{}
	for _, d := range devices {
		if PhoneCodes(d, a.Account.Settings) {
			found[d.CredentialID] = true
		}
	}
	return found, nil
}
