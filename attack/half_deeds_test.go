package attack_test

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/method/passkey/passkeytest"
	"countersign/internal/method/totp"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// deed is a form of the product that needs a session, as its page has it.
type deed struct {
	route site.Route
	form  form
}

// deeds finds the form of every route that needs a session and changes
// something, on the pages of somebody who has everything. The forms carry marks
// in place of that person's own things.
func deeds(t *testing.T, s *site.Site, routes []site.Route) []deed {
	t.Helper()
	allowTexts(t, s)
	find := finder(routes)
	forms := map[site.Route]form{}
	for _, level := range []string{atFull, atStale} {
		v := came(t, s, level, "Petra Pathfinder "+level[len(level)-5:])
		switch level {
		case atFull:
			v.Post("/account/devices/new") // a pairing waits for its phone
			v.giveNumber(t, s)             // and a number for its code
		case atStale:
			givePhone(t, s, v.who) // and proves who she is by it
		}
		for _, f := range v.crawl(routes) {
			r, found := find(f.verb, f.action)
			if _, known := forms[r]; found && !known && guarded(r) && r.Verb == http.MethodPost && (r.Path != "/proof" || f.value("with") == "totp") {
				forms[r] = f.without(v)
			}
		}
	}
	var all []deed
	for _, r := range routes {
		if r.Verb != http.MethodPost || !guarded(r) {
			continue
		}
		f, found := forms[r]
		if r.Path == "/account/announced" {
			// Its page is for those without a second factor, before one is required.
			f, found = form{r.Verb, r.Path, []field{{"return", "/account/security"}}}, true
		}
		if !found {
			t.Errorf("%s: no page leads there; what does its form look like?", r)
			continue
		}
		all = append(all, deed{r, f})
	}
	return all
}

// guarded tells whether a route needs a session. Two links do: what they are for
// is done in the session of their own person only. The console has tests of its own, as
// it needs more than a session.
func guarded(r site.Route) bool {
	return !r.Open() && !r.Console() || strings.HasPrefix(r.Path, "/email/") || strings.HasPrefix(r.Path, "/turn-off/")
}

// filled is the deed's form as this visitor would send it: every field holds what
// is right for it.
func (d deed) filled(v *visitor) form {
	f := d.form.with(v)
	for i, one := range f.fields {
		switch one.name {
		case "name":
			f.fields[i].value = "Renamed"
		case "passkey":
			f.fields[i].value = v.things["passkey"]
		case "number":
			f.fields[i].value = v.number()
		case "email":
			f.fields[i].value = "elsewhere-" + v.who.Email
		case "password":
			f.fields[i].value = "seven lanterns in the harbour"
		case "language":
			f.fields[i].value = "de"
		case "recovery":
			f.fields[i].value = v.who.Codes[0]
		case "code":
			f.fields[i].value = totp.Code([]byte(v.things["pending"]), totp.Step(v.now()))
			if d.route.Path == "/proof" {
				f.fields[i].value = v.who.Code()
			}
			if d.route.Path == "/account/texts/confirm" {
				f.fields[i].value = v.things["texted"]
			}
		}
	}
	return f
}

// forget takes back the app that waits for its first code.
func (v *visitor) forget(t *testing.T, s *site.Site) {
	t.Helper()
	s.Write(t, func(tx *store.Tx) error {
		_, err := tx.DeletePending(tx.Ctx, rows.DeletePendingParams{
			WorkspaceID: countersign.DefaultWorkspace, UserID: v.who.ID, Kind: string(method.TOTP), NameKey: v.things["session"],
		})
		return err
	})
}

// values are the fields as a body.
func (f form) values() url.Values {
	body := url.Values{}
	for _, one := range f.fields {
		body.Add(one.name, one.value)
	}
	return body
}

// value is that of the first field of a name.
func (f form) value(name string) string { return f.values().Get(name) }

// owner is somebody to whom each deed is open.
func owner(t *testing.T, s *site.Site, level, name string) *visitor {
	t.Helper()
	v := came(t, s, level, name)
	if level == atFull {
		v.noteSecret(t)
		v.notePasskey(t, s)
	}
	return v
}

// notePasskey remembers what a browser would make for the visitor's own page.
func (v *visitor) notePasskey(t *testing.T, s *site.Site) {
	t.Helper()
	found := regexp.MustCompile(`data-options="([^"]*)"`).FindStringSubmatch(v.Get("/account/passkeys/new").Body)
	if found == nil {
		t.Fatalf("%s may add no passkey", v.who.Name)
	}
	var options map[string]any
	must(t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &options))
	v.things["passkey"] = passkeytest.New(t, "localhost", s.URL).Create(options)
}

// noteSecret remembers the secret that waits on the visitor's own page.
func (v *visitor) noteSecret(t *testing.T) {
	t.Helper()
	page := html.UnescapeString(v.Get("/account/two-factor/app").Body)
	uri, err := url.Parse(regexp.MustCompile(`otpauth://[^"]+`).FindString(page))
	must(t, err)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(uri.Query().Get("secret"))
	must(t, err)
	if len(secret) == 0 {
		t.Fatalf("%s has no app that waits:\n%s", v.who.Name, page)
	}
	v.things["pending"] = string(secret)
}

// TestHalfDeedsAct shows that each form that the others are refused does
// something when the right person sends it: what is refused below is refused for
// its level, and not for its fields.
func TestHalfDeedsAct(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		b := openBooks(t, s)
		for i, d := range deeds(t, s, site.Routes(t)) {
			level := atFull
			if d.route.Path == "/proof" {
				level = atStale // there is nothing to prove else
			}
			v := owner(t, s, level, fmt.Sprintf("Olive Owner %d", i))
			switch d.route.Path {
			case "/account/two-factor":
				v.forget(t, s) // or it would go on with the app that waits already
			case "/account/devices/pairing":
				v.Post("/account/devices/new")
			case "/account/texts/confirm":
				v.giveNumber(t, s)
			case "/proof/phone":
				givePhone(t, s, v.who)
			}
			before := b.about(t, v.who)
			f := d.filled(v)
			a := v.On(i%len(s.Nodes)).Do(f.verb, f.action, f.values())
			file := strings.Contains(a.Header.Get("Content-Disposition"), "attachment") && strings.Contains(a.Body, v.who.Email)
			switch changed := altered(before, b.about(t, v.who)); {
			case a.Status != http.StatusSeeOther && a.Status != http.StatusOK:
				t.Errorf("%s, by its own person, was answered %v:\n%s", d.route, a, a.Body)
			case changed == "" && !file:
				t.Errorf("%s, by its own person, was answered %v and changed nothing", d.route, a)
			case strings.HasPrefix(a.Location, "/proof?") && !strings.HasPrefix(d.route.Path, "/proof") && d.route.Path != "/account/email/confirm":
				t.Errorf("%s, by its own person, wants a proof: %v", d.route, a)
			}
		}
	})
}
