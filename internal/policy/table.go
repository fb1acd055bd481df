package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Key describes one setting.
type Key struct {
	// Name as written in documents and on the command line.
	Name string
	// Default when nobody sets it.
	Default any
	// Values in words, for help texts.
	Values string
	// Words are the values of a choice, or what a list is made of, in the order in which
	// pages show them; none where any text or number of a range may be.
	Words []string
	// List tells that the value is a list, Needs is what must be in it, "" for nothing.
	List  bool
	Needs string
	// Least and Most bound a number that is no choice of some.
	Least, Most int
	// Warning is what an administrator accepts with an unusual value; it is a
	// key of the message catalogue by value, or for any but the default by anyOther.
	Warning map[string]string

	// read checks a value and returns what it does to the settings.
	read func(any) (put, error)
}

// anyOther stands for every value but none, in Key.Warning.
const anyOther = "*"

// WarningOf is what is accepted with a value as it is typed, "" for nothing.
func (k Key) WarningOf(value string) string {
	id, named := k.Warning[value]
	if !named && value != noCountry {
		id = k.Warning[anyOther]
	}
	return id
}

// put writes a checked value into the settings.
type put func(*Settings)

// Table lists every setting of this version, in the order of the handbook.
func Table() []Key {
	return []Key{
		listOfWords("methods", []string{"totp", Push, Passkey, "recovery"}, []string{"totp", Push, Passkey, SMS, "recovery"},
			func(s *Settings, v []string) { s.Methods = v }).
			need("totp", "who loses the phone, and who has none, needs another way"),
		listOfWords("first_factors", []string{"password", Passkey}, []string{"password", Passkey, Push},
			func(s *Settings, v []string) { s.FirstFactors = v }).
			need("password", "it is how people without a paired phone get in"),
		listOfWords("second_factors", []string{Push, "totp", Passkey}, []string{Push, "totp", Passkey, SMS},
			func(s *Settings, v []string) { s.SecondFactors = v }).
			need("totp", "who loses the phone, and who has none, needs another way"),
		choice("preferred", "none", []string{"none", Push, "totp", Passkey, SMS}, func(s *Settings, v string) { s.Preferred = v }),
		requirementKey(),
		choice("push.requires", RequiresBackup, []string{RequiresBackup, RequiresTOTP, RequiresNothing},
			func(s *Settings, v string) { s.PushRequires = v }),
		choice("push.confirm", ConfirmType, []string{ConfirmType, ConfirmType6, ConfirmTap},
			func(s *Settings, v string) { s.PushConfirm = v }).warn(ConfirmTap, "policy.warn_confirm_tap"),
		versionKey(),
		choice("push.terminal_devices", "off", []string{"off", "on"}, func(s *Settings, v string) { s.Terminals = v == "on" }).
			warn("on", "policy.warn_terminals"),
		listOfWords("pairing.confirm", []string{PairingByCode}, []string{PairingByCode, PairingByEmail},
			func(s *Settings, v []string) { s.PairingConfirm = v }),
		choice("passkey.verify", "preferred", []string{"preferred", "required"},
			func(s *Settings, v string) { s.PasskeyVerified = v == "required" }),
		modelsKey(),
		countriesKey().warn(anyOther, "policy.warn_texts"),
		number("sms.per_hour", 100, 5, 100_000, func(s *Settings, v int) { s.TextsAHour = v }),
		number("sms.per_day", 1000, 5, 1_000_000, func(s *Settings, v int) { s.TextsADay = v }),
		number("totp.max", 5, 1, 5, func(s *Settings, v int) { s.TOTPMax = v }),
		oneOf("totp.key_chars", 32, []int{32, 16}, func(s *Settings, v int) { s.TOTPKeyChars = v }).
			warn("16", "policy.warn_key_chars"),
		oneOf("recovery.codes", 10, []int{10, 1}, func(s *Settings, v int) { s.RecoveryCodes = v }),
		choice("recovery.effect", EffectSignIn, []string{EffectSignIn, EffectReset},
			func(s *Settings, v string) { s.RecoveryEffect = v }),
		choice("recovery.delivery", ByScreen, []string{ByScreen, ByEmail},
			func(s *Settings, v string) { s.RecoveryDelivery = v }).warn(ByEmail, "policy.warn_delivery_email"),
		choice(AdminResetKey, ResetAllowed, []string{ResetAllowed, ResetTwoAdmins, ResetNever},
			func(s *Settings, v string) { s.AdminReset = v }),
		choice("turn_off", FreshProof, []string{FreshProof, ByEmail}, func(s *Settings, v string) { s.TurnOff = v }),
		choice("enrol_at_sign_in", WizardFirst, []string{WizardFirst, SettingsFirst},
			func(s *Settings, v string) { s.EnrolAtSignIn = v }),
		number(trustKey, 0, 0, MostTrustedDays, func(s *Settings, v int) { s.TrustedDays = v }).
			also("0 is off; of workspace and pool, the smaller counts"),
		choice("admin_digest", "weekly", []string{"weekly", "off"}, func(s *Settings, v string) { s.Digest = v == "weekly" }),
		number(RetentionKey, 365, LeastRetention, 36500, func(s *Settings, v int) { s.RetentionDays = v }),
		choice("words", "recovery", []string{"recovery", WordsBackup}, func(s *Settings, v string) { s.Words = v }),
	}
}

// later are keys and values of the handbook whose method this version does not
// have yet. They are refused with that reason, never silently kept.
func later(word string) (string, bool) {
	waits := map[string]string{
		"sso":               "single sign-on",
		"sso.second_factor": "single sign-on",
	}
	method, found := waits[word]
	return method, found
}

func notYet(word, method string) error {
	return fmt.Errorf("%q needs %s, which this version does not have", word, method)
}

func keyNamed(name string) (Key, bool) {
	for _, key := range Table() {
		if key.Name == name {
			return key, true
		}
	}
	method, waits := later(name)
	if waits {
		refuse := func(any) (put, error) { return nil, notYet(name, method) }
		return Key{Name: name, read: refuse}, true
	}
	return Key{}, false
}

func (k Key) warn(value, id string) Key {
	k.Warning = map[string]string{value: id}
	return k
}

// also says more about the values.
func (k Key) also(text string) Key {
	k.Values += "; " + text
	return k
}

// need refuses lists without a value.
func (k Key) need(value, reason string) Key {
	k.Values += "; " + value + " must be in it"
	k.Needs = value
	read := k.read
	k.read = func(v any) (put, error) {
		set, err := read(v)
		if err != nil {
			return nil, err
		}
		list, err := listOf(v)
		if err == nil && !slices.Contains(list, value) {
			err = fmt.Errorf("%q must be in it: %s", value, reason)
		}
		return set, err
	}
	return k
}

// all lists the values in words.
func all(list string, values []string) string {
	if len(values) == 1 {
		return values[0] + ", the only one in this version"
	}
	return list + strings.Join(values, ", ")
}

func choice(name, standard string, values []string, set func(*Settings, string)) Key {
	return Key{
		Name: name, Default: standard, Values: all("", values), Words: values,
		read: func(v any) (put, error) {
			text, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("%v is not a word", v)
			}
			return func(s *Settings) { set(s, text) }, oneWord(text, values)
		},
	}
}

func oneWord(text string, values []string) error {
	for _, value := range values {
		if text == value {
			return nil
		}
	}
	method, waits := later(text)
	if waits {
		return notYet(text, method)
	}
	return fmt.Errorf("%q is none of %s", text, strings.Join(values, ", "))
}

func listOfWords(name string, standard, values []string, set func(*Settings, []string)) Key {
	return Key{
		Name: name, Default: standard, Values: all("a list of ", values), Words: values, List: true,
		read: func(v any) (put, error) {
			list, err := listOf(v)
			if err != nil {
				return nil, err
			}
			seen := map[string]bool{}
			for _, word := range list {
				err := oneWord(word, values)
				if err != nil {
					return nil, err
				}
				if seen[word] {
					return nil, fmt.Errorf("%q is listed twice", word)
				}
				seen[word] = true
			}
			if len(list) == 0 {
				return nil, fmt.Errorf("an empty list would lock everybody out")
			}
			return func(s *Settings) { set(s, list) }, nil
		},
	}
}

func listOf(v any) ([]string, error) {
	switch list := v.(type) {
	case []string:
		return list, nil
	case []any:
		out := make([]string, 0, len(list))
		for _, item := range list {
			text, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("%v is not a word", item)
			}
			out = append(out, text)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%v is not a list", v)
}

func number(name string, standard, least, most int, set func(*Settings, int)) Key {
	return Key{
		Name: name, Default: standard, Values: fmt.Sprintf("%d to %d", least, most), Least: least, Most: most,
		read: func(v any) (put, error) {
			n, err := whole(v)
			if err != nil {
				return nil, err
			}
			if n < least || n > most {
				return nil, fmt.Errorf("%d is not between %d and %d", n, least, most)
			}
			return func(s *Settings) { set(s, n) }, nil
		},
	}
}

func oneOf(name string, standard int, values []int, set func(*Settings, int)) Key {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	return Key{
		Name: name, Default: standard, Values: strings.Join(texts, ", "), Words: texts,
		read: func(v any) (put, error) {
			n, err := whole(v)
			if err != nil {
				return nil, err
			}
			for _, value := range values {
				if n == value {
					return func(s *Settings) { set(s, n) }, nil
				}
			}
			return nil, fmt.Errorf("%d is none of %s", n, strings.Join(texts, ", "))
		},
	}
}

func whole(v any) (int, error) {
	switch n := v.(type) {
	case int:
		return n, nil
	case int64:
		return int(n), nil
	case float64:
		if n == float64(int(n)) {
			return int(n), nil
		}
	case json.Number:
		i, err := n.Int64()
		if err == nil {
			return int(i), nil
		}
	}
	return 0, fmt.Errorf("%v is not a whole number", v)
}

func requirementKey() Key {
	return Key{
		Name: requireKey, Default: "optional", Values: `optional, required, "required from 2027-01-31" (00:00 UTC)`,
		read: func(v any) (put, error) {
			text, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("%v is not a word", v)
			}
			requirement, err := parseRequirement(text)
			return func(s *Settings) { s.Require = requirement }, err
		},
	}
}
