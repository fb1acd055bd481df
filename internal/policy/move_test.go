package policy

import (
	"fmt"
	"slices"
	"testing"
)

func TestWhatIsDoneForANewPhone(t *testing.T) {
	const began = 1000
	app, phone := Held{ID: "a", Kind: "totp", Name: "Old", Added: 1}, Held{ID: "p", Kind: Push, Name: "Old", Added: 1}
	line := Held{ID: "t", Kind: Push, Terminal: true, Added: 1}
	bound, synced := Held{ID: "k", Kind: Passkey, Added: 1}, Held{ID: "s", Kind: Passkey, Synced: true, Added: 1}
	since := func(h Held) Held { h.Added = began + 1; return h }
	for _, row := range []struct {
		sentence string
		in       Move
		want     []string
	}{
		{"an app", Move{Held: []Held{app}}, []string{"change a"}},
		{"an app that was changed", Move{Held: []Held{since(app)}}, []string{"change a done"}},
		{"a phone, while the old one is there", Move{Held: []Held{phone, app}, Pairs: true, Paired: true}, []string{"change a", "pair ", "remove p"}},
		{"a phone that is lost, beside an app", Move{Lost: true, Held: []Held{phone, app}, Pairs: true, Paired: true}, []string{"remove p", "change a", "pair "}},
		{"a phone that is lost, and nothing beside it", Move{Lost: true, Held: []Held{phone}, Pairs: true, Paired: true}, []string{"pair ", "remove p"}},
		{"the new phone is paired", Move{Lost: true, Held: []Held{phone, since(Held{ID: "n", Kind: Push})}, Pairs: true}, []string{"remove p", "pair n done"}},
		{"and the old one removed", Move{Held: []Held{since(Held{ID: "n", Kind: Push})}, Pairs: true}, []string{"pair n done"}},
		{"the old one is removed first", Move{Lost: true, Held: []Held{app}, Pairs: true, Paired: true}, []string{"change a", "pair "}},
		{"phones are paired no more", Move{Held: []Held{phone, app}, Paired: true}, []string{"change a", "remove p"}},
		{"no phone was paired", Move{Held: []Held{app}, Pairs: true}, []string{"change a"}},
		{"a command line and a synced passkey stay", Move{Lost: true, Held: []Held{line, synced}, Pairs: true}, nil},
		{"a passkey of a lost phone", Move{Lost: true, Held: []Held{bound}}, []string{"remove k"}},
		{"a number whose messages come to a lost phone", Move{Lost: true, Held: []Held{{ID: "m", Kind: "sms", Added: 1}}}, []string{"remove m"}},
		{"a number that comes along", Move{Held: []Held{{ID: "m", Kind: "sms", Added: 1}}}, nil},
		{"a passkey of a phone that is there", Move{Held: []Held{bound}}, nil},
		{"a passkey that was just added", Move{Lost: true, Held: []Held{since(bound)}}, nil},
		{"codes that may be in the lost phone", Move{Lost: true, Recovers: true, CodesMade: 1}, []string{"codes "}},
		{"codes that were made since", Move{Lost: true, Recovers: true, CodesMade: began + 1}, []string{"codes  done"}},
		{"codes that are somewhere else", Move{Recovers: true, CodesMade: 1}, nil},
		{"few codes", Move{Recovers: true, CodesMade: 1, CodesFew: true}, []string{"codes "}},
		{"a workspace without codes", Move{Lost: true, CodesFew: true}, nil},
		{"everything", Move{Lost: true, Held: []Held{app, phone, bound, synced, line}, Pairs: true, Paired: true, Recovers: true}, []string{"remove p", "change a", "pair ", "remove k", "codes "}},
	} {
		row.in.Since = began
		var got []string
		for _, s := range row.in.Steps() {
			text := fmt.Sprintf("%s %s", s.Do, s.Of.ID)
			if s.Done {
				text += " done"
			}
			got = append(got, text)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", row.sentence, got, row.want)
		}
	}
}
