package portal

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"countersign/internal/web/webtest"
	"countersign/internal/words"
)

// gallery serves every sample.
func gallery(t *testing.T, terms words.Terms) http.Handler {
	t.Helper()
	return webtest.Gallery(t, terms, now, newRenderer, shown())
}

// shown are the samples as the rules of all faces take them.
func shown() []webtest.Sample {
	var out []webtest.Sample
	for _, s := range samples() {
		out = append(out, webtest.Sample{Page: s.page, State: s.state, Data: s.data})
	}
	return out
}

func at(s sample) string { return webtest.Sample{Page: s.page, State: s.state}.At() }

// Every page, in every state, language and wording, keeps the house rules.
func TestEveryPage(t *testing.T) {
	webtest.EveryPage(t, func(terms words.Terms) http.Handler { return gallery(t, terms) }, shown())
}

// In the pseudo language every word that is not a value is marked, so text
// that does not come from the catalogue shows.
func TestNoTextOutsideTheCatalogue(t *testing.T) {
	h := gallery(t, words.Terms{})
	values := []string{"Countersign", "Acme", "English", "Deutsch", "Firefox", "Chrome", "Safari", "Pixel", "Tablet", "Android", "Old phone", "build server", "Ngozi Adeyemi"}
	all := slices.DeleteFunc(shown(), func(s webtest.Sample) bool { return s.Page == "dev/messages" }) // a mail is shown as it was written
	webtest.NoTextOutside(t, h, all, values)
}

// The sign-in page and all that it loads, as transferred.
func TestSignInPageIsSmall(t *testing.T) {
	h := gallery(t, words.Terms{})
	body := webtest.Fetch(t, h, at(sample{page: "signin/identifier"}), "")
	total := len(body)
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		for _, a := range n.Attr {
			file, _, _ := strings.Cut(a.Val, "#")
			if strings.HasPrefix(file, "/assets/") && !seen[file] {
				seen[file] = true
				total += len(webtest.Fetch(t, h, file, ""))
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(root)
	if len(seen) < 4 || total > 60<<10 {
		t.Errorf("%d files, %d bytes; want at most 60 KiB", len(seen), total)
	}
	t.Logf("sign-in page: %d files beside it, %d bytes in all", len(seen), total)
}

// The scenarios name words on the screen.
func TestWordsOfTheScenarios(t *testing.T) {
	for _, row := range []struct {
		page, state string
		terms       words.Terms
		want        []string
	}{
		{"account/security", "off", words.Terms{}, []string{">Turn On<", ">Security<", ">Login and security<", ">Multi-factor authentication (MFA)<", ">Two-factor authentication<", " Account settings<", " My profile<", " Company settings<", "Your account", " Devices<", " Activity<"}},
		{"account/security", "one device, one code", words.Terms{Backup: true, Codes: 1}, []string{"Create a new Backup code", "Change device used for two-factor authentication", ">Turn off<"}},
		{"enrol/method", "", words.Terms{}, []string{"Authenticator App", ">Next<", "more reliable than text messages"}},
		{"enrol/method", "text", words.Terms{}, []string{"SMS Number", "carrier rates may apply", "Recommended"}},
		{"enrol/number", "", words.Terms{}, []string{"Be sure that you can receive text messages", "Your country must be supported: Germany and United States", "Carrier rates may apply", "more reliable"}},
		{"enrol/app", "", words.Terms{}, []string{"I can’t scan a QR code", "Google Authenticator, Microsoft Authenticator, Duo Mobile, Twilio Authy", ">Turn on<", "Google Play Store", "airplane mode", "30 seconds"}},
		{"enrol/codes", "one", words.Terms{Backup: true, Codes: 1}, []string{"The backup code has been saved", ">Done<", "Download", "Important!"}},
		{"enrol/codes", "", words.Terms{}, []string{"The recovery codes have been saved", ">Done<"}},
		{"signin/code", "", words.Terms{}, []string{"Don’t know the code", "Can’t access two-factor device?", "Try another way"}},
		{"signin/required", "settings", words.Terms{}, []string{"Acme requires two-factor authentication", "Account Settings", "Sign out"}},
		{"link/turn_off", "", words.Terms{}, []string{">Disable two-factor authentication<"}},
		{"enrol/change", "", words.Terms{}, []string{"Change device used for two-factor authentication", ">Next<"}},
	} {
		body := webtest.Fetch(t, gallery(t, row.terms), at(sample{page: row.page, state: row.state}), "lang=en")
		for _, want := range row.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s (%s) lacks %q", row.page, row.state, want)
			}
		}
	}
}
