package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Passkeys tells whether people may have passkeys. One that is allowed as the first
// factor alone is good as the second too: nobody is locked out by having no other.
func (s Settings) Passkeys() bool {
	return s.Allows(Passkey) && (slices.Contains(s.FirstFactors, Passkey) || slices.Contains(s.SecondFactors, Passkey))
}

// PasskeyFirst tells whether a passkey with its user verified may take the place of both
// factors.
func (s Settings) PasskeyFirst() bool {
	return s.Allows(Passkey) && slices.Contains(s.FirstFactors, Passkey)
}

// anyModel is the value that allows passkeys of every make.
const anyModel = "any"

// model is an AAGUID as it is written: RFC 9562, section 4.
var model = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func modelsKey() Key {
	return Key{
		Name: "passkey.aaguids", Default: []string{anyModel}, List: true, Values: "any, or a list of AAGUIDs such as ee882879-721c-4913-9775-3dfcce97072a",
		read: func(v any) (put, error) {
			list, err := listOf(v)
			if err != nil {
				return nil, err
			}
			if slices.Equal(list, []string{anyModel}) {
				return func(s *Settings) { s.PasskeyModels = nil }, nil
			}
			models, err := modelsOf(list)
			return func(s *Settings) { s.PasskeyModels = models }, err
		},
	}
}

func modelsOf(list []string) ([]string, error) {
	var models []string
	for _, word := range list {
		one := strings.ToLower(word)
		if !model.MatchString(one) {
			return nil, fmt.Errorf("%q is neither any, alone, nor an AAGUID such as ee882879-721c-4913-9775-3dfcce97072a", word)
		}
		if slices.Contains(models, one) {
			return nil, fmt.Errorf("%q is listed twice", word)
		}
		models = append(models, one)
	}
	if len(models) == 0 {
		return nil, fmt.Errorf("an empty list would allow no passkey at all; take passkey out of methods for that")
	}
	return models, nil
}
