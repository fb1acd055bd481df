package console

import (
	"net/url"
	"strings"
	"testing"

	"countersign/internal/store/rows"
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

// What somebody typed is no before and after, whatever stands in it.
func TestTypedTextIsNoChange(t *testing.T) {
	for _, row := range []struct {
		what, kind, detail string
		want               Field
	}{
		{"a phone's name", "device.paired", `{"name":"left → right"}`, Field{Name: "name", Value: "left → right"}},
		{"a pool's name", "pool.settings_changed", `{"pool":"Berlin → Paris"}`, Field{Name: "pool", Value: "Berlin → Paris"}},
		{"a setting", "pool.settings_changed", `{"turn_off":"never → (default)"}`, Field{Name: "turn_off", Before: "never", After: "(default)", Changed: true}},
		{"a sender that was taken away", "workspace.changed", `{"sender":"Acme → "}`, Field{Name: "sender", Before: "Acme", Changed: true}},
	} {
		e := rows.Event{ID: "evt_1", Kind: row.kind, Detail: row.detail}
		view := eventView(shellOf("log"), logLineOf(e, nil), e, nil)
		if len(view.Details) != 1 || view.Details[0] != row.want {
			t.Errorf("%s: %+v, want %+v", row.what, view.Details, row.want)
		}
	}
}
