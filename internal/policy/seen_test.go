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
