package policy

import (
	"slices"
	"testing"
	"time"
)

// A method that is taken away lets nobody in with less than before: whoever has nothing
// else is asked for a second factor all the same, which then only a saved code can be. The
// way back is a reset, by the rules for resets; the password alone opens nothing, and sets
// up nothing in its place.
func TestAMethodThatIsTakenAwayLetsNobodyInWithLess(t *testing.T) {
	now := time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)
	settings := func(doc, pool Document) Settings {
		s, err := Resolve(doc, pool)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	texts := Document{"methods": []string{"totp", Push, Passkey, SMS, "recovery"}, "second_factors": []string{Push, "totp", Passkey, SMS}, "sms.countries": []string{"DE"}}
	with := settings(texts, nil)
	// ways are those that a sign-in accepts: see approve.Ways.
	ways := func(s Settings, kind string, codes int64) []Way {
		var all []Way
		if s.Takes(kind) {
			all = append(all, Way{Kind: kind})
		}
		if s.Recovers() && codes > 0 {
			all = append(all, Way{Kind: Recovery})
		}
		return all
	}
	for _, row := range []struct {
		what      string
		kind      string // the only second factor
		codes     int64
		doc, pool Document
		offered   []string // besides the password
		effect    Effect
	}{
		{"a passkey, and passkeys are taken away", Passkey, 0, Document{"methods": []string{"totp", Push, "recovery"}}, nil, nil, LockedOut},
		{"a passkey and codes", Passkey, 5, Document{"methods": []string{"totp", Push, "recovery"}}, nil, []string{Recovery}, CodesOnly},
		{"a passkey and codes, and both are taken away", Passkey, 5, Document{"methods": []string{"totp"}}, nil, nil, LockedOut},
		{"a phone, and approving is taken away", Push, 0, Document{"methods": []string{"totp", Passkey, "recovery"}}, nil, nil, LockedOut},
		{"a phone and codes", Push, 5, Document{"methods": []string{"totp", Passkey, "recovery"}}, nil, []string{Recovery}, CodesOnly},
		{"a number, and texts are taken away", SMS, 0, Document{"methods": []string{"totp", Push, "recovery"}}, nil, nil, LockedOut},
		{"a number, and no country is left", SMS, 0, Document{"methods": texts["methods"], "sms.countries": []string{noCountry}}, nil, nil, LockedOut},
		{"an app, and all but apps is taken away", "totp", 0, Document{"methods": []string{"totp"}, "second_factors": []string{"totp"}}, nil, []string{"totp"}, Unaffected},
		{"a phone that the pool lists no more", Push, 0, nil, Document{"second_factors": []string{"totp"}}, []string{Push}, Unaffected},
		{"an app where the pool prefers another", "totp", 0, nil, Document{"preferred": Push}, []string{"totp"}, Unaffected},
	} {
		if row.doc == nil {
			row.doc = texts
		}
		for _, required := range []string{"", "required"} {
			s := settings(row.doc, row.pool)
			scene := Scene{
				Settings: s, Shown: s, Now: now, Active: true, Personal: required, Password: true,
				Choice: Choice{Ways: ways(s, row.kind, row.codes), Settings: s}, SecondFactors: 1, Others: 1, Codes: row.codes,
			}
			if row.kind == Push {
				scene.Others = 0
			}
			for _, path := range Explain(scene).Paths {
				if path.First != firstPassword {
					continue
				}
				if path.Step != StepSecond || !slices.Equal(path.Chosen.Offered, row.offered) || slices.ContainsFunc(path.Ends, func(e End) bool { return e.By == "" }) {
					t.Errorf("%s: after the password %+v", row.what, path)
				}
			}
			for _, codes := range []int64{0, row.codes} {
				standing := Standing{First: firstPassword, SecondFactors: 1, Others: scene.Others, CodesLeft: codes, Recovers: s.Recovers(), Required: s.Required(required, now)}
				if level, reason := LevelOf(standing); level != LevelFirst || reason != ReasonSecond {
					t.Errorf("%s: a session by the password alone reaches %d (%s)", row.what, level, reason)
				}
			}
			p := Somebody{Personal: required, Password: true, SecondFactors: 1, Before: ways(with, row.kind, row.codes), After: ways(s, row.kind, row.codes)}
			if got := Affect(p, with, s, now); got != row.effect {
				t.Errorf("%s: whoever changes it is told %q, want %q", row.what, got, row.effect)
			}
		}
	}
}
