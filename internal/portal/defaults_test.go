package portal

import (
	"fmt"
	"testing"

	"countersign/internal/account"
	"countersign/internal/store/rows"
)

// One of each kind but the default has the button, where there is a choice, also while
// nothing is the default: what was may be gone.
func TestWhatCanBecomeTheDefault(t *testing.T) {
	for _, row := range []struct {
		byDefault string
		kinds     []string
		want      string
	}{
		{"totp", []string{"totp", "push", "push"}, "[false true false]"},
		{"push", []string{"totp", "totp", "push", "passkey"}, "[true false false true]"},
		{"", []string{"totp", "push", "push"}, "[true true false]"},
		{"totp", []string{"totp", "totp"}, "[false false]"},
		{"", []string{"totp"}, "[false]"},
		{"", nil, "[]"},
	} {
		var page SecurityView
		var list []rows.Credential
		for _, kind := range row.kinds {
			list = append(list, rows.Credential{Kind: kind})
		}
		page.addCredentials(list, nil, account.Ground{}, row.byDefault)
		got := []bool{}
		for _, s := range page.Steps {
			got = append(got, s.Offered)
		}
		if fmt.Sprint(got) != row.want {
			t.Errorf("default %q of %v: offered %v, want %s", row.byDefault, row.kinds, got, row.want)
		}
	}
}
