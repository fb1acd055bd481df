package policy

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/limit"
	"countersign/internal/words"
)

var explainNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// scene is somebody with a password and some second factors, under some settings.
func scene(t *testing.T, doc Document, kinds ...string) Scene {
	t.Helper()
	settings, err := Resolve(doc, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := Scene{Settings: settings, Shown: settings, Now: explainNow, Active: true, Password: true}
	for _, kind := range kinds {
		way := Way{Kind: kind}
		s.Choice.Ways = append(s.Choice.Ways, way)
		switch kind {
		case Recovery:
			s.Codes = 3
			s.AfterTap.Ways = append(s.AfterTap.Ways, way)
		case Push:
			s.SecondFactors++
			s.Phones = true
		default:
			s.SecondFactors++
			s.Others++
			s.AfterTap.Ways = append(s.AfterTap.Ways, way)
		}
	}
	s.Choice.Settings, s.AfterTap.Settings = settings, settings
	return s
}

func TestHowASignInIsExplained(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	first := Document{FirstFactorsKey: []string{"password", Push}}
	tap := Document{FirstFactorsKey: []string{"password", Push}, "push.confirm": "tap", requireKey: "required"}
	changed := func(s Scene, change func(*Scene)) Scene {
		change(&s)
		return s
	}
	for _, row := range []struct {
		sentence string
		scene    Scene
		want     string
	}{
		{"nobody", Scene{}, "Nobody gets in with this account"},
		{"a password and nothing else", scene(t, nil), "A second step is not required of this person. | With the password: | " +
			"No second step is asked, because none is set up. | Then everything is open."},
		{"the same, required", scene(t, Document{requireKey: "required"}), "A second step is required, by the workspace. | With the password: | " +
			"No second step is asked, because none is set up. | Then only the set-up of a second step is open."},
		{"required from a day on", scene(t, Document{requireKey: "required from 2027-01-31"}), "From 31 January 2027 on a second step will be required."},
		{"required of the person", changed(scene(t, nil), func(s *Scene) { s.Personal = "required" }), "A second step is required, of this person."},
		{"a phone and an app", scene(t, nil, Push, "totp", Recovery), "With the password: | Asked first is the approval on the phone: " +
			"it is the most secure thing that they have. | The phone is asked at once, without a further click. | Offered besides: authenticator app and recovery code. | Then everything is open."},
		{
			"the app is the default", changed(scene(t, nil, Push, "totp", Recovery), func(s *Scene) { s.Choice.Default = "totp" }),
			"Asked first is the authenticator app: it is the person’s default.",
		},
		{
			"a phone that rests", changed(scene(t, nil, Push, "totp", Recovery), func(s *Scene) { s.Unrung = "resting" }),
			"The phone is not asked by itself: it rests after two requests that came to nothing.",
		},
		{
			"a phone that is signed out", changed(scene(t, nil, Push, "totp", Recovery), func(s *Scene) { s.Choice.Ways[0].Trouble = "signed_out" }),
			"Passed over is the approval on the phone: every phone is signed out. | Asked first is the authenticator app",
		},
		{"a phone that rests, and a number", changed(scene(t, Document{MethodsKey: []string{"totp", Push, SMS}, SecondFactorsKey: []string{"totp", Push, SMS}, "sms.countries": []string{"DE"}}, Push, SMS),
			func(s *Scene) { s.Unrung = "source" }), "The text message is sent at once"},
		{"a trusted browser", changed(scene(t, Document{trustKey: 30}, "totp", Recovery), func(s *Scene) {
			s.Known, s.Trust = true, Trust{At: explainNow, Until: explainNow.Add(time.Hour)}
		}), "No second step is asked, because this browser is trusted. | Then everything is open."},
		{"a browser that could be trusted", scene(t, Document{trustKey: 30}, "totp", Recovery), "Then everything is open. | After that the person is asked whether to trust this browser."},
		{"a passkey", scene(t, nil, Passkey, Recovery), "With a passkey in the place of the password: | No second step is asked, because this proves both factors. | Then everything is open."},
		{"the phone in the password's place", scene(t, first, Push, "totp", Recovery), "With an approval on the phone in the place of the password: | No second step is asked, because this proves both factors."},
		{
			"a pool that wants more digits than the page shows", changed(scene(t, first, Push, Recovery), func(s *Scene) { s.Settings.PushConfirm = ConfirmType6 }),
			"Then everything is open.!in the place of the password",
		},
		{"a tap with another kind", scene(t, tap, Push, "totp", Recovery), "With a tap on the phone in the place of the password: | Asked first is the authenticator app"},
		{"a tap with nothing else", scene(t, tap, Push, Recovery), "With a tap on the phone in the place of the password: | " +
			"No second step is asked, because there is nothing but the phone. | Then only the set-up of a second step is open."},
		{
			"the last code resets", changed(scene(t, Document{"recovery.effect": "reset", requireKey: "required"}, "totp", Recovery), func(s *Scene) { s.Codes = 1 }),
			"Then everything is open. | With the recovery code: Then only the set-up of a second step is open.",
		},
		{"the last code", changed(scene(t, nil, "totp", Recovery), func(s *Scene) { s.Codes = 1 }), "With the recovery code: Then new codes must be saved first."},
		{"nothing is taken any more", changed(scene(t, nil), func(s *Scene) { s.SecondFactors = 1 }), "Nothing that this person has is accepted."},
		{"codes alone are taken", changed(scene(t, nil, Recovery), func(s *Scene) { s.SecondFactors = 1 }), "Only a code from the saved list is accepted."},
		{"a pause", changed(scene(t, nil, "totp", Recovery), func(s *Scene) { s.Paused = 5 * time.Minute }), "closed for 5 minutes yet"},
		{"a pause without an end", changed(scene(t, nil, "totp", Recovery), func(s *Scene) { s.Paused = limit.Lasting }), "until an administrator unlocks it"},
	} {
		var texts []string
		for _, line := range Explain(row.scene).Lines(catalogue.Speaker("en")) {
			texts = append(texts, line.Text)
		}
		got := strings.Join(texts, " | ")
		want, not, _ := strings.Cut(row.want, "!")
		if !strings.Contains(got, want) || not != "" && strings.Contains(got, not) || strings.Contains(got, "⟦") {
			t.Errorf("%s:\n got %s\nwant %s\n not %s", row.sentence, got, want, not)
		}
		for _, line := range Explain(row.scene).Lines(catalogue.Speaker("de")) {
			if strings.Contains(line.Text, "⟦") {
				t.Errorf("%s: %s", row.sentence, line.Text)
			}
		}
	}
}
