package attack_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// from is a page that posts to us: what browsers say of where a form is from.
type from struct {
	is      string
	headers map[string]string // "" takes the header away
}

// foreign are the pages whose forms must never count. own is our address.
func foreign(own string) []from {
	host := strings.TrimPrefix(own, "http://")
	name, port, _ := strings.Cut(host, ":")
	return []from{
		{"another site", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}},
		{"another site, in an old browser", map[string]string{"Origin": "https://evil.example"}},
		{"another site, with our address as where it came from", map[string]string{"Origin": "https://evil.example", "Referer": own + "/account/security"}},
		{"a page in a sandbox", map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site"}},
		{"a page in a sandbox, in an old browser", map[string]string{"Origin": "null"}},
		{"a page that hides its origin, of another site", map[string]string{"Origin": "", "Sec-Fetch-Site": "cross-site"}},
		{"a page that hides its origin, of a neighbour", map[string]string{"Origin": "", "Sec-Fetch-Site": "same-site"}},
		{"a word for the site that no browser has", map[string]string{"Origin": "", "Sec-Fetch-Site": "trust-me"}},
		{"a neighbour below our name", map[string]string{"Origin": "http://evil." + host, "Sec-Fetch-Site": "same-site"}},
		{"a neighbour below our name, in an old browser", map[string]string{"Origin": "http://evil." + host}},
		{"another port", map[string]string{"Origin": "http://" + name + ":1", "Sec-Fetch-Site": "same-site"}},
		{"another port, in an old browser", map[string]string{"Origin": "http://" + name + ":1"}},
		{"no port", map[string]string{"Origin": "http://" + name}},
		{"a longer port", map[string]string{"Origin": own + "1"}},
		{"a name that begins like ours", map[string]string{"Origin": "http://" + name + ".evil.example:" + port}},
		{"a name that ends like ours", map[string]string{"Origin": "http://evil" + host}},
		{"our name as a user's", map[string]string{"Origin": "http://" + host + "@evil.example"}},
		{"our address as a path", map[string]string{"Origin": "http://evil.example/" + own}},
		{"our address and another", map[string]string{"Origin": own + " https://evil.example"}},
	}
}

// kinds of body that a form of another site can have without being asked first.
func bodies() []string {
	return []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/json", ""}
}

// target is an installation with something of everything that could be changed
// in the name of Ada, who is signed in.
type target struct {
	s      *site.Site
	ada    *hand
	values map[string]string // of wildcards, links apart
	links  map[string]string // of {token}, by what the path begins with
	fields url.Values
}

func newTarget(t *testing.T, s *site.Site) *target {
	t.Helper()
	ada := newHand(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"), 0)
	ada.signIn()
	attempt := strings.Split(ada.First(ada.p).Location, "/")[2]
	id := string(ada.p.Device)
	x := &target{s: s, ada: ada, values: map[string]string{"attempt": attempt, "id": id}, links: map[string]string{}}
	a := ada.account()
	a.Settings.TurnOff = "email"
	for _, kind := range []account.LinkKind{account.LinkReset, account.LinkEmail, account.LinkTurnOff, account.LinkSetup} {
		s.Write(t, func(tx *store.Tx) error {
			address, err := s.Engine.Accounts.NewLink(tx, countersign.DefaultWorkspace, kind, ada.p.ID, "new@acme.example")
			x.links[string(kind)] = address[strings.LastIndex(address, "/")+1:]
			return err
		})
	}
	rescue, err := s.Engine.People.RescueLink(t.Context(), a, people.Shell())
	must(t, err)
	x.links["rescue"] = rescue[strings.LastIndex(rescue, "/")+1:]
	guest, err := s.Engine.People.Create(t.Context(), countersign.DefaultWorkspace, people.NewUser{
		Email: "guest@acme.example", Name: "Guest", Role: countersign.Member,
	}, people.Shell())
	must(t, err)
	s.Write(t, func(tx *store.Tx) error {
		address, err := s.Engine.Accounts.NewLink(tx, countersign.DefaultWorkspace, account.LinkInvitation, guest.ID, "")
		x.links["invitation"] = address[strings.LastIndex(address, "/")+1:]
		return err
	})
	x.fields = url.Values{
		"identifier": {"ada@acme.example"}, "password": {otherPassword}, "code": {ada.p.Shown()}, "recovery": {ada.p.Codes[0]},
		"name": {"Eve"}, "email": {"eve@acme.example"}, "workspace": {"Evil"}, "language": {"de"}, "scheme": {"dark"},
		"method": {"totp"}, "saved": {"yes"}, "send": {"yes"}, "return": {"/help"},
	}
	return x
}

// at is the address of a route where it would really do something.
func (x *target) at(r site.Route) string {
	values := map[string]string{}
	for name, value := range x.values {
		values[name] = value
	}
	values["token"] = x.links[strings.Split(r.Path, "/")[1]]
	if strings.Contains(r.Path, "/sessions/") {
		values["id"] = sessionOf(x.ada.t, x.s, token(x.ada.Client, "session"))
	}
	return r.At(values)
}

// state is everything that a form could change, but for when a session was seen.
func (x *target) state(t *testing.T) []string {
	t.Helper()
	read, w := x.s.Engine.Store.Read(), countersign.DefaultWorkspace
	events, err := read.ListEvents(t.Context(), w, "", 1<<20)
	must(t, err)
	// The log notes its own beginning when it is first sealed, some seconds after the start.
	events = slices.DeleteFunc(events, func(e rows.Event) bool { return e.Kind == "audit.began" })
	lines := []string{fmt.Sprintf("%d events", len(events))}
	users, err := read.ListUsers(t.Context(), w, "", 1000)
	must(t, err)
	for _, u := range users {
		credentials, err := read.ListCredentials(t.Context(), w, u.ID)
		must(t, err)
		browsers, err := read.ListBrowsers(t.Context(), w, u.ID)
		must(t, err)
		lines = append(lines, fmt.Sprintf("%+v", u), fmt.Sprintf("%+v", credentials), fmt.Sprintf("%+v", browsers))
	}
	for _, kind := range slices.Sorted(maps.Keys(x.links)) {
		_, err := x.s.Engine.Accounts.FindLink(t.Context(), w, account.LinkKind(kind), x.links[kind])
		lines = append(lines, fmt.Sprintf("link %s: %v", kind, err))
	}
	attempt, err := read.GetAttempt(t.Context(), w, countersign.AttemptID(x.values["attempt"]))
	must(t, err)
	return append(lines, fmt.Sprintf("%+v", attempt), fmt.Sprintf("the session is alive on %d nodes", len(alive(x.s, token(x.ada.Client, "session")))))
}

// unchanged fails when something was done since.
func (x *target) unchanged(t *testing.T, by string, before []string) {
	t.Helper()
	for i, line := range x.state(t) {
		if i >= len(before) || line != before[i] {
			t.Errorf("%s has done something; there is now %s", by, line)
		}
	}
}

// knock sends a form to a route, from a page and with a kind of body.
func (x *target) knock(t *testing.T, c *site.Client, r site.Route, page from, body string) site.Answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), r.Verb, x.s.URL+x.at(r), strings.NewReader(x.fields.Encode()))
	must(t, err)
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Origin", x.s.URL)
	if body != "" {
		request.Header.Set("Content-Type", body)
	}
	for name, value := range page.headers {
		request.Header.Set(name, value)
		if value == "" {
			request.Header.Del(name)
		}
	}
	return c.Send(request)
}

// TestCrossSitePosts posts to every route that takes a form, in the browser of
// somebody who is signed in and in that of nobody, as pages of other sites can.
// Nothing is done and no cookie is set.
func TestCrossSitePosts(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		x := newTarget(t, s)
		before := x.state(t)
		asked := 0
		for n, page := range foreign(s.URL) {
			for i, r := range site.Routes(t) {
				if r.Verb == http.MethodGet {
					continue
				}
				for _, c := range []*site.Client{x.ada.Client, s.Client()} {
					a := x.knock(t, c.On((n+i)%len(s.Nodes)), r, page, bodies()[(n+i)%len(bodies())])
					asked++
					if a.Status != http.StatusForbidden || !strings.Contains(a.Body, "came from another website") || len(a.Header["Set-Cookie"]) > 0 {
						t.Errorf("%s: %s was answered %s with the cookies %q", page.is, r, a, a.Header["Set-Cookie"])
					}
				}
			}
		}
		x.unchanged(t, "a form of another site", before)
		// The search would have found something: the same form from our own page.
		x.knock(t, x.ada.Client, site.Route{Verb: http.MethodPost, Path: "/account/two-factor/{id}/rename"}, from{}, bodies()[0])
		if slices.Equal(x.state(t), before) || asked < 1000 {
			t.Errorf("after %d requests of others, one of our own changes nothing that is seen", asked)
		}
	})
}

// TestCrossSiteReads asks for every route with the methods that only read, and
// says in every way that something else is meant: a link, an image or a form of
// another site can send those with all cookies.
func TestCrossSiteReads(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		x := newTarget(t, s)
		before := x.state(t)
		x.fields.Set("_method", "POST")
		for i, r := range site.Routes(t) {
			for _, verb := range []string{http.MethodGet, http.MethodHead} {
				c := x.ada.On(i % len(s.Nodes))
				c.Header = http.Header{
					"X-Http-Method-Override": {"POST"}, "X-Http-Method": {"POST"}, "X-Method-Override": {"POST"},
					"Origin": {s.URL}, "Content-Type": {"application/x-www-form-urlencoded"},
				}
				c.Do(verb, x.at(r)+"?"+x.fields.Encode(), x.fields)
			}
		}
		x.unchanged(t, "reading", before)
	})
}

// TestCrossSiteBodies posts from our own pages what is no form: none of its
// fields is taken, so a way to write such a body is no way to write a form.
func TestCrossSiteBodies(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		x := newTarget(t, s)
		for _, r := range []string{"/signin", "/forgot", "/account/profile", "/account/two-factor/{id}/rename", "/account/email", "/reset/{token}", "/rescue/{token}", "/invitation/{token}", "/proof"} {
			before := x.state(t)
			for _, body := range bodies()[1:] {
				a := x.knock(t, x.ada.Client, site.Route{Verb: http.MethodPost, Path: r}, from{}, body)
				if a.Status != http.StatusUnprocessableEntity && a.Location != "/proof?act=second_factor&return=" {
					t.Errorf("%s with a body of the kind %q was answered %s", r, body, a)
				}
			}
			x.unchanged(t, r+" with a body that is no form", before)
		}
	})
}

// TestCrossSiteSignIn signs the victim's browser in to the attacker's account, so
// that what the victim does next is done there: browsers send no cookie along
// with the form of another site, and old ones do not say where it is from.
func TestCrossSiteSignIn(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		eve := s.Person(t, "Eve Hill", "eve@acme.example", countersign.Member)
		for _, page := range append(foreign(s.URL), from{"a browser that says nothing at all", map[string]string{"Origin": ""}}) {
			x := &target{s: s, fields: url.Values{"identifier": {eve.Email}, "password": {eve.Password}}}
			attempt := s.Client().Post("/signin", "identifier", eve.Email).Location
			for _, path := range []string{"/signin", attempt} {
				// A new client each time: SameSite=Lax keeps the cookies at home.
				victim := s.Client()
				a := x.knock(t, victim, site.Route{Verb: http.MethodPost, Path: path}, page, bodies()[0])
				if token(victim, "session") != "" {
					t.Errorf("%s: %s was answered %s with a session", page.is, path, a)
				}
			}
		}
	})
}
