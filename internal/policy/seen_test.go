package policy

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"countersign/internal/words"
)

// Every value of every setting has its sentence, in every language, and no sentence of the
// catalogue is without its value.
func TestEveryValueIsSeen(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	more := map[string][]any{
		requireKey: {"optional", "required", "required from 2027-01-31"}, versionName: {"none", "1.4.0"}, trustKey: {0, 1, 30},
		"passkey.aaguids": {[]string{"any"}, []string{"ee882879-721c-4913-9775-3dfcce97072a"}}, "sms.countries": {[]string{"none"}, []string{"DE", "US"}},
		// Of later versions, or where another setting allows it.
		PreferredKey: {"none", "push"},
	}
	said := map[string]bool{}
	for _, key := range Table() {
		values := append([]any{key.Default}, more[key.Name]...)
		for _, word := range key.Words {
			value, err := ParseValue(key.Name, word)
			if err == nil {
				values = append(values, value)
			}
		}
		for _, value := range values {
			sight := SightOf(key, value)
			said[sight.ID] = true
			for _, language := range catalogue.Languages() {
				text := sight.Say(catalogue.Speaker(language.Tag))
				if text == "" || strings.Contains(text, "⟦") {
					t.Errorf("%s = %v in %s: %q", key.Name, value, language.Tag, text)
				}
			}
		}
		if SightOf(key, "\x00").ID != "" && SightOf(key, -1).ID != "" {
			t.Errorf("%s: what cannot be is seen", key.Name)
		}
	}
	for _, id := range catalogue.IDs(words.Default) {
		if strings.HasPrefix(id, "policy.see_") && !said[id] && id != "policy.see_recovery_admin_reset_two_admins" {
			t.Errorf("%s is said of no value, but of %v", id, slices.Sorted(maps.Keys(said)))
		}
	}
}

// What the workspace has not enabled is not among what people will see.
func TestSightUnderTheWorkspace(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		key   string
		value any
		says  string
	}{
		{FirstFactorsKey, []string{"password", Push}, "A sign-in begins with one of: password."},
		{FirstFactorsKey, []string{"password", Passkey}, "A sign-in begins with one of: password and passkey."},
		{SecondFactorsKey, []string{Push, "totp", SMS}, "After the password people are asked for one of: authenticator app."},
		{PreferredKey, Push, "Whoever has chosen no default is asked for the most secure thing that they have."},
		{PreferredKey, Passkey, "Whoever has chosen no default is asked for this first, where they have it: passkey."},
		{PreferredKey, nothing, "Whoever has chosen no default is asked for the most secure thing that they have."},
		{MethodsKey, []string{"totp", Push}, "People can set up: authenticator app and approval on the phone. Anything else is offered nowhere."},
		{"totp.max", 1, "One authenticator app for each person; another one means setting up again."},
		{FirstFactorsKey, "\x00", ""},
	} {
		key, _ := keyNamed(row.key)
		got := SightUnder(key, row.value, Settings{Methods: []string{"totp", Passkey, "recovery"}}).Say(catalogue.Speaker("en"))
		if got != row.says {
			t.Errorf("%s = %v: %q, want %q", row.key, row.value, got, row.says)
		}
	}
}
