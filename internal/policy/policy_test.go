package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLevelOf(t *testing.T) {
	for _, row := range []struct {
		sentence string
		standing Standing
		level    Level
		reason   Reason
	}{
		{"nobody has proven anything", Standing{}, LevelNone, ReasonNone},
		{"a password without a second factor to ask for is enough", Standing{First: "password"}, LevelFull, ReasonNone},
		{"a password alone is half where a second factor is stored", Standing{First: "password", SecondFactors: 1, CodesLeft: 3, Recovers: true}, LevelFirst, ReasonSecond},
		{"one tap where two factors are required", Standing{First: FirstTap, SecondFactors: 1, CodesLeft: 3, Recovers: true, Required: ByPool}, LevelEnrol, ReasonRequired},
		{"two taps are one factor", Standing{First: FirstTap, Second: "push", SecondFactors: 1, CodesLeft: 3, Recovers: true, Required: ByPool}, LevelEnrol, ReasonRequired},
		{"a tap and a code of the same phone are one, too", Standing{First: FirstTap, Second: "totp", SecondFactors: 1, CodesLeft: 3, Recovers: true, Required: ByPool}, LevelEnrol, ReasonRequired},
		{"a tap and another kind", Standing{First: FirstTap, Second: "totp", SecondFactors: 2, Others: 1, CodesLeft: 3, Recovers: true, Required: ByPool}, LevelFull, ReasonNone},
		{"a tap and a recovery code", Standing{First: FirstTap, Second: "recovery", SecondFactors: 1, CodesLeft: 3, Recovers: true, Required: ByPool}, LevelFull, ReasonNone},
		{"one tap where nothing is required", Standing{First: FirstTap, SecondFactors: 1, CodesLeft: 3, Recovers: true}, LevelFull, ReasonNone},
		{"both are full", Standing{First: "password", Second: "totp", SecondFactors: 1, CodesLeft: 3, Recovers: true}, LevelFull, ReasonNone},
		{"required and off reaches the set-up only", Standing{First: "password", Required: ByWorkspace}, LevelEnrol, ReasonRequired},
		{"a recovery code that reset all reaches the set-up only where required", Standing{First: "password", Second: "recovery", Required: ByPool}, LevelEnrol, ReasonRequired},
		{"on but codes unsaved leads back to the codes", Standing{First: "password", Second: "totp", SecondFactors: 1, Recovers: true}, LevelEnrol, ReasonCodes},
		{"no codes are missed where the workspace has none", Standing{First: "password", Second: "totp", SecondFactors: 1}, LevelFull, ReasonNone},
		{"a second factor without a first is nothing", Standing{Second: "totp", SecondFactors: 1}, LevelNone, ReasonNone},
	} {
		level, reason := LevelOf(row.standing)
		if level != row.level || reason != row.reason {
			t.Errorf("%s: got %v %q, want %v %q", row.sentence, level, reason, row.level, row.reason)
		}
	}
}

func TestFresh(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, row := range []struct {
		sentence string
		proofs   Proofs
		factors  int64
		want     bool
	}{
		{"a password of nine minutes ago, without a second factor", Proofs{FirstAt: ago(9 * time.Minute)}, 0, true},
		{"a password of ten minutes ago is stale", Proofs{FirstAt: ago(10 * time.Minute)}, 0, false},
		{"a fresh password is nothing where a second factor is stored", Proofs{FirstAt: ago(time.Minute)}, 1, false},
		{"a second factor of nine minutes ago", Proofs{FirstAt: ago(time.Hour), SecondAt: ago(9 * time.Minute)}, 1, true},
		{"a moment in the future is no proof", Proofs{FirstAt: ago(-time.Hour)}, 0, false},
	} {
		got := Fresh(row.proofs, row.factors, now)
		if got != row.want {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestMayEnrolFirst(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		sentence string
		proofs   Proofs
		want     bool
	}{
		{"a new browser must show that it reads the mailbox", Proofs{Entry: EntryForm, KnownSince: now}, false},
		{"a browser known for a day and more vouches", Proofs{Entry: EntryForm, KnownSince: now.Add(-25 * time.Hour)}, true},
		{"an invitation used just now vouches", Proofs{Entry: EntryInvitation, StartedAt: now.Add(-29 * time.Minute)}, true},
		{"an invitation used an hour ago does not", Proofs{Entry: EntryInvitation, StartedAt: now.Add(-time.Hour)}, false},
		{"a mailed code vouches", Proofs{Entry: EntryForm, MailedAt: now.Add(-time.Minute)}, true},
	} {
		got := MayEnrolFirst(row.proofs, now)
		if got != row.want {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestRequired(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		sentence        string
		workspace, pool Document
		personal        string
		want            Source
	}{
		{"nobody asks", nil, nil, "", NotRequired},
		{"the workspace asks", Document{"require_second_factor": "required"}, nil, "", ByWorkspace},
		{"a pool cannot loosen what the workspace asks", Document{"require_second_factor": "required"}, Document{"require_second_factor": "optional"}, "", ByWorkspace},
		{"a pool can ask more", nil, Document{"require_second_factor": "required"}, "", ByPool},
		{"one person can be asked", nil, nil, "required", ByUser},
		{"one person can be asked from a date that has come", nil, nil, "required from 2026-11-21", ByUser},
		{"and from one to come, which does not ask yet", nil, nil, "required from 2026-11-22", NotRequired},
		{"what cannot be read asks", nil, nil, "required from yesterday", ByUser},
		{"a date to come does not ask yet", Document{"require_second_factor": "required from 2026-11-22"}, nil, "", NotRequired},
		{"a date that has come asks", Document{"require_second_factor": "required from 2026-11-21"}, nil, "", ByWorkspace},
	} {
		settings, err := Resolve(row.workspace, row.pool)
		if err != nil {
			t.Fatalf("%s: %v", row.sentence, err)
		}
		got := settings.Required(row.personal, now)
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}

func TestNext(t *testing.T) {
	for _, row := range []struct {
		sentence string
		progress Progress
		want     Step
	}{
		{"nothing yet", Progress{SecondFactors: 1}, StepFirst},
		{"a second factor alone is nothing", Progress{Second: "totp", SecondFactors: 1}, StepFirst},
		{"a password, and a second factor is stored", Progress{First: "password", SecondFactors: 1}, StepSecond},
		{"a password, and there is nothing more to ask", Progress{First: "password"}, StepDone},
		{"both", Progress{First: "password", Second: "totp", SecondFactors: 1}, StepDone},
		{"an approval with its number, in the password's place", Progress{First: "push", Second: "push", SecondFactors: 2, Others: 1}, StepDone},
		{"a tap in its place, and another kind is stored", Progress{First: "push_tap", SecondFactors: 2, Others: 1}, StepSecond},
		{"a tap and the other kind", Progress{First: "push_tap", Second: "totp", SecondFactors: 2, Others: 1}, StepDone},
		{"a tap, and there is nothing else", Progress{First: "push_tap", SecondFactors: 1}, StepDone},
	} {
		got := Next(row.progress)
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}

func TestDocumentCheck(t *testing.T) {
	for _, row := range []struct{ sentence, text, want string }{
		{"an empty document is the standard", `{}`, ""},
		{"a misspelt key is named", `{"totp.maxx":1}`, "totp.maxx: there is no such setting"},
		{"a method that is not built says so", `{"first_factors":["password","sso"]}`, "single sign-on, which this version does not have"},
		{"a key of a later method says so", `{"sso.second_factor":"trust"}`, "single sign-on"},
		{"text messages as the second step", `{"methods":["totp","sms"],"second_factors":["totp","sms"],"sms.countries":["DE","US"]}`, ""},
		{"a text message alone", `{"methods":["sms"]}`, "\"totp\" must be in it"},
		{"a text message in the password's place", `{"first_factors":["password","sms"]}`, "\"sms\" is none of"},
		{"a country in small letters", `{"sms.countries":["de"]}`, "neither none, alone, nor a country"},
		{"a country that is none", `{"sms.countries":["XX"]}`, "neither none, alone, nor a country"},
		{"a country among none", `{"sms.countries":["none","DE"]}`, "neither none, alone, nor a country"},
		{"a country twice", `{"sms.countries":["DE","DE"]}`, "listed twice"},
		{"an empty list of countries", `{"sms.countries":[]}`, "says less than none"},
		{"no text in a day", `{"sms.per_day":4}`, "between 5 and"},
		{"a version that is none", `{"push.min_app_version":"newest"}`, "neither none nor a version"},
		{"push as the only way in", `{"first_factors":["push"]}`, "it is how people without a paired phone get in"},
		{"a number out of range", `{"totp.max":6}`, "between 1 and 5"},
		{"a fraction", `{"recovery.codes":1.5}`, "not a whole number"},
		{"an app alone is a second factor", `{"methods":["totp"]}`, ""},
		{"recovery codes alone are none", `{"methods":["recovery"]}`, "methods: \"totp\" must be in it: who loses the phone, and who has none, needs another way"},
		{"a preferred method", `{"preferred":"totp"}`, ""},
		{"a preferred method that is not built", `{"preferred":"sso"}`, "single sign-on, which this version does not have"},
		{"no way in at all", `{"first_factors":[]}`, "lock everybody out"},
		{"a digest on other days", `{"admin_digest":"daily"}`, "\"daily\" is none of weekly, off"},
		{"a date that is none", `{"require_second_factor":"required from tomorrow"}`, "none of optional"},
		{"two problems are told at once", `{"words":"spare","turn_off":1}`, "turn_off"},
	} {
		_, err := ParseDocument([]byte(row.text))
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", row.sentence, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: got %v, want %q in it", row.sentence, err, row.want)
		}
	}
}

func TestPresets(t *testing.T) {
	for _, name := range Presets() {
		doc, err := Preset(name)
		if err != nil {
			t.Errorf("preset %s: %v", name, err)
			continue
		}
		_, err = Resolve(doc, nil)
		if err != nil {
			t.Errorf("preset %s: %v", name, err)
		}
	}
	standard, err := Preset("standard")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Preset("../standard")
	if err != nil {
		t.Errorf("a path is cut to its base: %v", err)
	}
	defaults, err := Resolve(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	spelled, err := Resolve(standard, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults, spelled); diff != "" {
		t.Errorf("the standard preset is not the defaults (-defaults +preset):\n%s", diff)
	}
}

func TestWhoMayHaveTexts(t *testing.T) {
	all := Document{"methods": []any{"totp", "sms"}, "second_factors": []any{"totp", "sms"}, "sms.countries": []any{"DE"}}
	for _, row := range []struct {
		sentence string
		doc      Document
		want     bool
	}{
		{"nobody by default", nil, false},
		{"where all is set", all, true},
		{"no country is listed", all.With(Document{"sms.countries": []any{"none"}}), false},
		{"the workspace has them not", all.With(Document{"methods": []any{"totp"}}), false},
		{"the pool has them not", all.With(Document{"second_factors": []any{"totp"}}), false},
	} {
		settings, err := Resolve(row.doc, nil)
		if err != nil || settings.Texts() != row.want || settings.Takes(SMS) != row.want {
			t.Errorf("%s: %v, taken %v, %v", row.sentence, settings.Texts(), settings.Takes(SMS), err)
		}
	}
}

func TestWhatIsWarnedOf(t *testing.T) {
	for _, row := range []struct{ key, value, want string }{
		{"sms.countries", "none", ""},
		{"sms.countries", "DE,US", "policy.warn_texts"},
		{"push.confirm", "tap", "policy.warn_confirm_tap"},
		{"push.confirm", "type", ""},
	} {
		key, _ := keyNamed(row.key)
		if got := key.WarningOf(row.value); got != row.want {
			t.Errorf("%s = %s: %q, want %q", row.key, row.value, got, row.want)
		}
	}
}
