package attack_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
)

// showing is a way of showing a token to the product.
type showing struct {
	name string
	show func(r *http.Request, token string)
	// real marks those that are, or are as good as, the session's own cookie.
	real bool
}

const sessionCookie = "countersign_session"

// showings are the ways that are tried. Only the first is one.
func showings() []showing {
	cookie := func(r *http.Request, line string) { r.Header.Add("Cookie", line) }
	header := func(name, before string) func(*http.Request, string) {
		return func(r *http.Request, token string) { r.Header.Set(name, before+token) }
	}
	query := func(name string) func(*http.Request, string) {
		return func(r *http.Request, token string) {
			q := r.URL.Query()
			q.Set(name, token)
			r.URL.RawQuery = q.Encode()
		}
	}
	made := strings.Repeat("A", 43)
	return []showing{
		{"as the session's cookie", func(r *http.Request, token string) { cookie(r, sessionCookie+"="+token) }, true},
		{"in quotes", func(r *http.Request, token string) { cookie(r, sessionCookie+`="`+token+`"`) }, true},
		{"under the cookie's name over HTTPS", func(r *http.Request, token string) { cookie(r, "__Host-"+sessionCookie+"="+token) }, false},
		{"under another prefix", func(r *http.Request, token string) { cookie(r, "__Secure-"+sessionCookie+"="+token) }, false},
		{"under the name in capitals", func(r *http.Request, token string) { cookie(r, strings.ToUpper(sessionCookie)+"="+token) }, false},
		{"behind a made-up cookie", func(r *http.Request, token string) { cookie(r, sessionCookie+"="+made+"; "+sessionCookie+"="+token) }, false},
		{"in a second Cookie header", func(r *http.Request, token string) {
			cookie(r, sessionCookie+"="+made)
			cookie(r, sessionCookie+"="+token)
		}, false},
		{"after a comma", func(r *http.Request, token string) { cookie(r, "a=b, "+sessionCookie+"="+token) }, false},
		{"as the sign-in's cookie", func(r *http.Request, token string) { cookie(r, "countersign_signin="+token) }, false},
		{"as the browser's cookie", func(r *http.Request, token string) { cookie(r, "countersign_browser="+token) }, false},
		{"as where to go next", func(r *http.Request, token string) { cookie(r, "countersign_next=/account/security?"+token) }, false},
		{"as a bearer token", header("Authorization", "Bearer "), false},
		{"as a token of another scheme", header("Authorization", "Token "), false},
		{"as a name and password", func(r *http.Request, token string) { r.SetBasicAuth(sessionCookie, token) }, false},
		{"as a name", func(r *http.Request, token string) { r.SetBasicAuth(token, "") }, false},
		{"in X-Session-Token", header("X-Session-Token", ""), false},
		{"in X-Auth-Token", header("X-Auth-Token", ""), false},
		{"in the cookie's name as a header", header("Countersign-Session", ""), false},
		{"in Cookie2", header("Cookie2", sessionCookie+"="), false},
		{"in Set-Cookie", header("Set-Cookie", sessionCookie+"="), false},
		{"in the address", query(sessionCookie), false},
		{"in the address as a token", query("token"), false},
		{"in the address as an access token", query("access_token"), false},
		{"behind a semicolon in the path", func(r *http.Request, token string) {
			r.URL.Path += ";" + sessionCookie + "=" + token
			r.URL.RawPath = ""
		}, false},
		{"in the form", func(r *http.Request, token string) {
			if r.Method == http.MethodPost {
				old, _ := io.ReadAll(r.Body)
				body := string(old) + "&" + url.Values{sessionCookie: {token}, "session": {token}, "token": {token}}.Encode()
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			}
		}, false},
	}
}

// claim is something that somebody could take for the key to a session.
type claim struct {
	name, value string
	// live marks the one that is the key, when it is shown as it must be.
	live bool
}

// claims are all that a thief could have of the owner, and what can be made of it.
func claims(t *testing.T, s *site.Site, owner *visitor) []claim {
	t.Helper()
	live := owner.token(sessionCookie)
	half := &visitor{Client: s.Client()}
	half.First(owner.who)
	attempt := strings.Split(half.First(owner.who).Location+"///", "/")[2]
	row := owner.session(t, s)
	ended := s.Client()
	ended.SignIn(owner.who)
	gone := (&visitor{Client: ended}).token(sessionCookie)
	ended.Post("/signout")
	disabled := came(t, s, atFull, "Dora Disabled")
	shutOut(t, s, disabled.who)
	first := "A"
	if strings.HasPrefix(live, first) {
		first = "B"
	}
	return []claim{
		{"the live one", live, true},
		{"the live one, altered", first + live[1:], false},
		{"the live one, its last letter altered", live[:len(live)-1] + string(live[len(live)-1]^1), false},
		{"the beginning of the live one", live[:len(live)-1], false},
		{"the live one and more", live + "A", false},
		{"the live one with padding", live + "=", false},
		{"the live one in capitals", strings.ToUpper(live), false},
		{"the live one in small letters", strings.ToLower(live), false},
		{"the live one in standard base 64", strings.NewReplacer("-", "+", "_", "/").Replace(live) + "=", false},
		{"the live one, twice", live + live, false},
		{"what the database has of the live one", hex.EncodeToString(row.TokenHash), false},
		{"the same in base 64", base64.RawURLEncoding.EncodeToString(row.TokenHash), false},
		{"the session's identifier", string(row.ID), false},
		{"the person's identifier", string(owner.who.ID), false},
		{"the person's address", owner.who.Email, false},
		{"the sign-in's cookie", half.token("countersign_signin"), false},
		{"the sign-in's identifier", attempt, false},
		{"the known browser's cookie", owner.token("countersign_browser"), false},
		{"a session that was signed out", gone, false},
		{"a session of somebody disabled", disabled.token(sessionCookie), false},
		{"a link for a new password", owner.things["reset"], false},
		{"a link that turns off", owner.things["turn-off"], false},
		{"nothing", "", false},
		{"null", "null", false},
	}
}

// door is one thing to try at an address: to read it, or to send its form.
type door struct {
	route site.Route
	form  form
}

// doors are all routes that need a session, with the addresses and the filled
// forms of their owner.
func doors(routes []site.Route, all []deed, owner *visitor) []door {
	var out []door
	for _, d := range all {
		out = append(out, door{d.route, d.filled(owner)})
	}
	for _, r := range routes {
		if r.Verb == http.MethodGet && guarded(r) {
			out = append(out, door{r, form{verb: r.Verb, action: owner.at(r)}})
		}
	}
	return out
}

// knock sends what the door asks for, as this client.
func (d door) knock(c *site.Client) site.Answer {
	return c.Do(d.form.verb, d.form.action, d.form.values())
}

// shut tells what is wrong with an answer that should open nothing.
func (d door) shut(got site.Answer, owner *site.Person) string {
	path, _, _ := strings.Cut(d.form.action, "?")
	toSignIn := strings.HasPrefix(got.Location, "/signin?return=") || got.Location == "/signin" && strings.HasSuffix(d.route.Path, "/{token}")
	switch {
	case got.Err != nil:
		return "was not answered: " + got.Err.Error()
	case strings.Contains(got.Body, owner.Email) || strings.Contains(got.Body, owner.Name):
		return "told whose it is"
	case d.form.verb == http.MethodGet && got.Status == http.StatusSeeOther && toSignIn:
	case got.Status == http.StatusUnauthorized, got.Status == http.StatusForbidden:
	case got.Status == http.StatusNotFound && strings.Contains(path, ";"):
	default:
		return fmt.Sprintf("was answered %v", got)
	}
	return ""
}

// TestHalfTokens shows everything that could be taken for the key to a session,
// in every way that a key could be shown, at every route that needs one. All are
// shut, but for the key itself in its own place; nothing has changed afterwards.
func TestHalfTokens(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		r, b, routes := chance(t), openBooks(t, s), site.Routes(t)
		all := deeds(t, s, routes)
		ada := owner(t, s, atFull, "Ada Lovelace")
		list := claims(t, s, ada)
		at := doors(routes, all, ada)
		before, tried := b.about(t, ada.who), 0
		for _, shown := range list {
			for _, way := range showings() {
				if shown.live && way.real {
					continue
				}
				tried += present(t, r, s, at, shown, way, ada.who)
			}
			if changed := altered(before, b.about(t, ada.who)); changed != "" {
				t.Fatalf("after %s was shown, this is written:\n%s", shown.name, changed)
			}
		}
		t.Logf("%d tokens in %d ways at %d doors: %d requests", len(list), len(showings()), len(at), tried)
		if !ada.SignedIn() {
			t.Error("the owner's own session is gone")
		}
		s.Clock.Advance(13 * time.Hour)
		for _, tried := range at {
			if strings.HasSuffix(tried.route.Path, "/{token}") {
				continue // the link is over as well, and says so
			}
			if problem := tried.shut(tried.knock(ada.Client), ada.who); problem != "" {
				t.Errorf("a session that nobody used for 13 hours: %s %s", tried.route, problem)
			}
		}
	})
}

// present shows one token in one way, at some of the doors in the short form and
// at all of them in the long.
func present(t *testing.T, r *rand.Rand, s *site.Site, at []door, shown claim, way showing, ada *site.Person) int {
	t.Helper()
	most := scale(4, len(at))
	for i, n := range r.Perm(len(at))[:most] {
		c := s.Client().On((i + n) % len(s.Nodes))
		c.Bend = func(r *http.Request) { way.show(r, shown.value) }
		tried := at[n]
		got := tried.knock(c)
		if strings.Contains(way.name, "semicolon") && got.Status == http.StatusNotFound {
			continue // there is no such address at all
		}
		if problem := tried.shut(got, ada); problem != "" {
			t.Errorf("%s, %s: %s %s", shown.name, way.name, tried.route, problem)
		}
	}
	return most
}
