package console

import (
	"net/url"
	"strings"
	"testing"
)

// What cannot be read in a filter lists nobody: it would list, and export, everybody.
func TestAFilterOfPeopleThatCannotBeRead(t *testing.T) {
	for query, fine := range map[string]bool{
		"":                                 true,
		"q=ada&state=off&role=owner":       true,
		"pool=pool_default":                true,
		"q=" + strings.Repeat("a", 200):    true,
		"q=" + strings.Repeat("a", 201):    false,
		"q=" + strings.Repeat("ä", 101):    false,
		"state=nonsense":                   false,
		"role=nonsense":                    false,
		"role=%00":                         false,
		"pool=" + strings.Repeat("p", 201): false,
		"q=ada&state=nonsense&role=none":   false,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, form := filterOf(values.Get)
		if form.Failed() == fine {
			t.Errorf("%.40s can be read: %v", query, !fine)
		}
	}
}
