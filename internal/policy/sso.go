package policy

// FirstSSO is a first factor: somebody came from a provider of single sign-on, and an
// account of theirs is linked to it.
const FirstSSO = "sso"

// The values of sso.second_factor.
const (
	// SSOWhenRequired asks where a second factor is required, unless the provider proves one.
	SSOWhenRequired = "when_required"
	// SSOTrust leaves it to the provider.
	SSOTrust = "trust"
	// SSOAlways asks as after a password.
	SSOAlways = "always"
)

// SSO is what decides whether somebody who came by single sign-on is asked for more. The
// zero value asks: a rule that nobody handed in excuses nobody.
type SSO struct {
	Rule     string // sso.second_factor
	Required Source
	// Proven tells that the provider's amr (RFC 8176) or acr says that two factors were given.
	Proven bool
}

// excuses tells whether nothing is asked of somebody who began with first.
func (s SSO) excuses(first string) bool {
	if first != FirstSSO {
		return false
	}
	return s.Rule == SSOTrust || s.Rule == SSOWhenRequired && (s.Proven || s.Required == NotRequired)
}
