package audit_test

import (
	"encoding/json"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/store/rows"
)

// Details that were stored are read as they were; what is no details is none.
func FuzzDetail(f *testing.F) {
	for _, text := range []string{"", "{}", "null", `{"name":"Phone"}`, `{"name":1}`, `{"a":{"b":"c"}}`, `{"\u0000":"\ud800"}`, "[1", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		detail := audit.Detail(rows.Event{Detail: text})
		if detail == nil {
			detail = map[string]string{}
		}
		stored, err := json.Marshal(detail)
		if err != nil {
			t.Fatal(err)
		}
		again := audit.Detail(rows.Event{Detail: string(stored)})
		if len(again) != len(detail) {
			t.Fatalf("%q is read as %q, and that as %q", text, detail, again)
		}
		for name, value := range detail {
			if again[name] != value {
				t.Fatalf("%q is read as %q, and that as %q", text, detail, again)
			}
		}
	})
}
