package push

import (
	"crypto/subtle"
	"fmt"
	"strings"
)

// Mode is how the person shows that the phone and the sign-in belong together.
type Mode string

// The modes: two digits or six that are shown beside the sign-in and typed on the
// phone; or a plain tap, which a tired person gives to a stranger too.
const (
	Type  Mode = "type"
	Type6 Mode = "type6"
	Tap   Mode = "tap"
)

// Digits is how many digits a request of this mode has. Errors: a mode there is not.
func (m Mode) Digits() (int, error) {
	switch m {
	case Type:
		return 2, nil
	case Type6:
		return 6, nil
	case Tap:
		return 0, nil
	}
	return 0, fmt.Errorf("no mode %q", m)
}

// Number is what the sign-in's page shows, "" in the mode Tap.
type Number struct {
	Mode  Mode
	Shown string
}

// check refuses a number that its mode does not have: an empty one in a mode that asks
// for digits would be typed by everybody.
func (n Number) check() error {
	digits, err := n.Mode.Digits()
	if err != nil {
		return err
	}
	if len(n.Shown) != digits || strings.Trim(n.Shown, "0123456789") != "" {
		return fmt.Errorf("a number of %d characters in the mode %q, which has %d digits", len(n.Shown), n.Mode, digits)
	}
	return nil
}

// is compares what was typed with what was shown, in a time that tells nothing.
func (n Number) is(typed string) bool {
	return subtle.ConstantTimeCompare([]byte(typed), []byte(n.Shown)) == 1
}
