package policy

import (
	"fmt"
	"slices"

	"github.com/nyaruka/phonenumbers"
)

// Texts tells whether people may get their codes as text messages: the second step alone
// may be one, and only in countries that an administrator listed.
func (s Settings) Texts() bool {
	return s.Allows(SMS) && slices.Contains(s.SecondFactors, SMS) && len(s.TextCountries) > 0
}

// noCountry is the value that allows none.
const noCountry = "none"

// countriesKey lists countries. None is the default: a list is what keeps others from
// having texts sent to wherever it is dear, at the company's expense.
func countriesKey() Key {
	return Key{
		Name: "sms.countries", Default: []string{noCountry}, List: true, Values: "none, or a list of countries by their two letters, such as US,CA",
		read: func(v any) (put, error) {
			list, err := listOf(v)
			if err != nil {
				return nil, err
			}
			if slices.Equal(list, []string{noCountry}) {
				return func(s *Settings) { s.TextCountries = nil }, nil
			}
			return func(s *Settings) { s.TextCountries = list }, checkCountries(list)
		},
	}
}

func checkCountries(list []string) error {
	known := phonenumbers.GetSupportedRegions()
	for i, country := range list {
		if !known[country] {
			return fmt.Errorf("%q is neither none, alone, nor a country by its two capital letters, such as US", country)
		}
		if slices.Contains(list[:i], country) {
			return fmt.Errorf("%q is listed twice", country)
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("an empty list says less than none")
	}
	return nil
}
