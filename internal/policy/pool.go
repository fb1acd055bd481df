package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"countersign"
)

// PoolKeys are the settings that an identity pool may set for its people: what is asked of
// them, and how they set it up. What costs money, what is kept for how long, and which
// methods there are at all, is the workspace's.
func PoolKeys() []string {
	return []string{
		"first_factors", "second_factors", "preferred", "require_second_factor", "push.requires", "push.confirm", "push.min_app_version",
		"pairing.confirm", "passkey.verify", "passkey.aaguids", "totp.max", "totp.key_chars", "recovery.codes", "recovery.effect",
		"recovery.delivery", "recovery.admin_reset", "turn_off", "enrol_at_sign_in", "trusted_browser_days",
	}
}

// CheckPool is Check for the document of a pool: a key of the workspace alone is refused.
func (d Document) CheckPool() error {
	err := d.Check()
	for _, name := range d.Keys() {
		_, known := keyNamed(name)
		if known && !slices.Contains(PoolKeys(), name) {
			err = errors.Join(err, fmt.Errorf("%s: a pool cannot set it, only the workspace", name))
		}
	}
	return err
}

// ByDomain is the kind of rule that looks at the part of an address behind the @.
const ByDomain = "domain"

// PoolRule puts new people into a pool.
type PoolRule struct {
	Kind  string // ByDomain
	Value string // a domain, folded (RFC 5891, section 4.4: in its ASCII form)
	Pool  countersign.PoolID
}

// PoolFor is the pool of the first rule that fits an address, "" where none does.
// example.com fits nobody of sub.example.com: who has a domain need not have those below
// it.
func PoolFor(rules []PoolRule, email string) countersign.PoolID {
	domain, err := FoldDomain(email[strings.LastIndexByte(email, '@')+1:])
	if err != nil {
		return ""
	}
	for _, rule := range rules {
		if rule.Kind == ByDomain && rule.Value == domain {
			return rule.Pool
		}
	}
	return ""
}

// longestDomain is RFC 1035, section 2.3.4, in bytes.
const longestDomain = 253

// FoldDomain is the one form in which domains are compared: small letters, in ASCII.
func FoldDomain(typed string) (string, error) {
	folded, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimSpace(typed)))
	if err != nil || len(folded) > longestDomain || !strings.Contains(folded, ".") || strings.Trim(folded, ".") != folded {
		return "", fmt.Errorf("%q is no domain such as example.com", typed)
	}
	return folded, nil
}

// MostPoolRules bounds the list of rules, which is read for each new person.
const MostPoolRules = 500

func tooManyRules(n int) error { return fmt.Errorf("there are %d, and %d at most", n, MostPoolRules) }

// CheckRules finds what cannot be: a kind that is none, the same domain twice, too many.
func CheckRules(rules []PoolRule) error {
	seen := map[string]bool{}
	var problems []error
	for _, rule := range rules {
		folded, err := FoldDomain(rule.Value)
		switch {
		case rule.Kind != ByDomain:
			err = fmt.Errorf("%q is no kind of rule", rule.Kind)
		case err == nil && folded != rule.Value:
			err = fmt.Errorf("%q is not in its folded form %q", rule.Value, folded)
		case err == nil && seen[folded]:
			err = fmt.Errorf("%q is there twice", rule.Value)
		}
		seen[folded] = true
		problems = append(problems, err)
	}
	if len(rules) > MostPoolRules {
		problems = append(problems, tooManyRules(len(rules)))
	}
	return errors.Join(problems...)
}

// AsksSame tells whether the settings of two pools ask the same of somebody who signs in:
// who moves from one to the other without noticing anything need not be written to.
func AsksSame(a, b Settings, personal string, now time.Time) bool {
	asked := func(s Settings) []any {
		required := s.Required(personal, now) != NotRequired
		return []any{
			s.FirstFactors, s.SecondFactors, s.Preferred, required, s.Announced(personal, now), s.PushRequires, s.PushConfirm, s.PushMinVersion,
			s.RecoveryEffect, s.AdminReset, s.TurnOff, s.TrustedDays, s.PasskeyVerified, s.PasskeyModels,
		}
	}
	return reflect.DeepEqual(asked(a), asked(b))
}
