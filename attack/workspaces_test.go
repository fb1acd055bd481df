package attack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/store"
)

// TestWorkspaces has people of one workspace try at another what they have at theirs: it is
// there as if it did not exist, and nothing is read or written.
func TestWorkspaces(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		acme, globex := s.Second(t, "Acme", "acme.localhost"), s.Second(t, "Globex", "globex.localhost")
		// The same address and the same password at both: two people.
		ada, eve := acme.Guarded(t, "Ada Lovelace", "ada@both.example"), globex.Guarded(t, "Eve Elsewhere", "ada@both.example")
		b := openBooks(t, s)
		t.Run("a password", func(t *testing.T) { passwordElsewhere(t, acme, globex, ada, eve) })
		was := b.about(t, eve)
		t.Run("a sign-in under way", func(t *testing.T) { signInElsewhere(t, acme, globex, ada) })
		t.Run("links", func(t *testing.T) { linksElsewhere(t, acme, globex, ada) })
		t.Run("a phone", func(t *testing.T) { phoneElsewhere(t, acme, globex, ada) })
		t.Run("every page and form", func(t *testing.T) { doorsElsewhere(t, s, acme, b) })
		t.Run("the host of a request", func(t *testing.T) { hostsOfRequests(t, s, acme, globex) })
		if changed := altered(was, b.about(t, eve)); changed != "" {
			t.Errorf("of Eve at Globex is written\n%s", changed)
		}
	})
}

// passwordElsewhere gives the codes of one person to the other, whose address and password
// are the same.
func passwordElsewhere(t *testing.T, acme, globex *site.Site, ada, eve *site.Person) {
	c := globex.Client()
	c.SignIn(ada)
	if c.SignedIn() {
		t.Error("Ada's app lets in at the other workspace")
	}
	for who, at := range map[*site.Person]*site.Site{ada: acme, eve: globex} {
		c := at.Client()
		c.SignIn(who)
		if page := c.Get("/account/security"); page.Status != http.StatusOK || !strings.Contains(page.Body, who.Name) {
			t.Errorf("%s at %s: %v", who.Name, at.URL, page)
		}
	}
	got := globex.Engine.Accounts
	one, err := got.Find(t.Context(), acme.Workspace, ada.Email)
	must(t, err)
	two, err := got.Find(t.Context(), globex.Workspace, ada.Email)
	must(t, err)
	if one.User.ID != ada.ID || two.User.ID != eve.ID {
		t.Errorf("%s is %s at Acme and %s at Globex", ada.Email, one.User.ID, two.User.ID)
	}
}

// signInElsewhere shows a sign-in that was begun, with its cookies, at another workspace.
func signInElsewhere(t *testing.T, acme, globex *site.Site, ada *site.Person) {
	c := acme.Client()
	step := c.First(ada)
	base := strings.TrimSuffix(step.Location, "/code")
	none := "/signin/att_none"
	for i, way := range []struct{ verb, path string }{
		{"GET", ""},
		{"GET", "/password"},
		{"POST", "/password"},
		{"GET", "/code"},
		{"POST", "/code"},
		{"GET", "/recovery"},
		{"POST", "/recovery"},
		{"GET", "/phone"},
		{"POST", "/phone"},
		{"POST", "/phone/ask"},
		{"GET", "/phone/events"},
		{"GET", "/text"},
		{"POST", "/text/send"},
		{"GET", "/passkey"},
		{"GET", "/ways"},
		{"POST", "/cancel"},
	} {
		there := c.ShownAt(globex).On(i % len(globex.Nodes))
		form := url.Values{"code": {ada.Code()}, "password": {ada.Password}, "recovery": {ada.Codes[0]}}
		got, want := there.Do(way.verb, base+way.path, form), there.Do(way.verb, none+way.path, form)
		if got.Status != want.Status || got.Location != strings.ReplaceAll(want.Location, none, base) || strings.Contains(got.Body, ada.Email) {
			t.Errorf("%s %s is answered %v, and one that does not exist %v", way.verb, way.path, got, want)
		}
		if there.SignedIn() {
			t.Fatalf("%s %s has signed in at the other workspace", way.verb, way.path)
		}
	}
	c.Post(step.Location, "code", ada.Code())
	if !c.SignedIn() {
		t.Error("afterwards the sign-in cannot be finished at home")
	}
}

// linksElsewhere opens the links of one workspace at another.
func linksElsewhere(t *testing.T, acme, globex *site.Site, ada *site.Person) {
	for _, kind := range []account.LinkKind{account.LinkInvitation, account.LinkReset, account.LinkRescue, account.LinkEmail, account.LinkTurnOff} {
		var address string
		acme.Write(t, func(tx *store.Tx) error {
			var err error
			address, err = acme.Engine.Accounts.NewLink(tx, acme.Workspace, kind, ada.ID, "new@both.example")
			return err
		})
		path, ours := strings.CutPrefix(address, acme.URL)
		if !ours {
			t.Errorf("a link of %s begins as %s", acme.URL, address)
		}
		for _, verb := range []string{"GET", "POST"} {
			got := globex.Client().Do(verb, path, url.Values{"password": {"seven lanterns in the harbour"}, "name": {"Eve"}})
			want := globex.Client().Do(verb, "/"+string(kind)+"/"+strings.Repeat("A", 43), url.Values{"password": {"seven lanterns in the harbour"}, "name": {"Eve"}})
			if got.Status != want.Status || got.Status/100 != 4 || strings.Contains(got.Body, ada.Email) {
				t.Errorf("%s %s at the other workspace is answered %v, one that was never made %v", verb, kind, got, want)
			}
		}
		if at := acme.Client().Get(path); at.Status/100 > 3 {
			t.Errorf("%s at home is answered %v", kind, at)
		}
	}
}

// phoneElsewhere has a phone of one workspace speak to another.
func phoneElsewhere(t *testing.T, acme, globex *site.Site, ada *site.Person) {
	acme.Clock.Advance(time.Minute) // the codes of before are used up
	at := home(t, acme, ada)
	phone := (&handsets{acme}).new(t)
	at.Post("/account/devices/new")
	found := pairCode.FindStringSubmatch(at.Get("/account/devices/pairing").Body)
	if found == nil {
		t.Fatal("the page of the pairing shows no code")
	}
	stranger := (&handsets{globex}).new(t)
	claimed := stranger.call(0, http.MethodPost, "/device/v1/pairings/claim", map[string]any{"code": found[1], "device": map[string]string{"kind": "app", "name": "Hers"}})
	if claimed.came() != "pairing_over" {
		t.Errorf("its code at the other workspace: %s", claimed.Body)
	}
	must(t, phone.claim(at.Client))
	other := *phone
	other.s = globex
	if got := other.call(0, http.MethodPost, "/device/v1/pairings/state", map[string]any{"token": phone.token}); got.came() != "over" {
		t.Errorf("its pairing at the other workspace: %s", got.Body)
	}
	phone = (&handsets{acme}).new(t).pair(t, home(t, acme, ada).Client)
	other = *phone
	other.s = globex
	signed, _ := deviceCalls(t)
	for i, r := range signed {
		path, node := r.At(map[string]string{"request": "req_none"}), i%len(acme.Nodes)
		if got := other.call(node, r.Verb, path, map[string]any{}); got.came() != "device_unknown" {
			t.Errorf("%s, signed for the other workspace: %s", r, got.Body)
		}
		for _, way := range []struct {
			signedFor, sentTo *handset
			want              string
		}{{phone, &other, "device_unknown"}, {&other, phone, "device_signature"}} {
			call, err := way.signedFor.request(r.Verb, path, map[string]any{}, nil)
			must(t, err)
			call.URL.Host = strings.TrimPrefix(way.sentTo.s.URL, "http://")
			call.Host = call.URL.Host
			if got := way.sentTo.send(node, call); got.came() != way.want {
				t.Errorf("%s, signed for %s and sent to %s: %s", r, way.signedFor.s.URL, way.sentTo.s.URL, got.Body)
			}
		}
	}
	if got := phone.call(0, http.MethodPost, "/device/v1/hello", map[string]any{"version": "1.0.0", "biometrics": true}); got.Status != http.StatusOK || got.text("issuer") != acme.URL {
		t.Errorf("at home it hears %s", got.Body)
	}
}

// doorsElsewhere knocks at every address that needs a session: with a full and fresh one of
// the default workspace, shown at another; and with one of the other, at the default
// workspace's things.
func doorsElsewhere(t *testing.T, s, acme *site.Site, b *books) {
	routes := site.Routes(t)
	all := deeds(t, s, routes)
	ada, olaf := owner(t, s, atFull, "Ada Default"), acme.Guarded(t, "Olaf Other", "olaf@acme.example")
	guest := acme.Client()
	guest.SignIn(olaf)
	if !guest.SignedIn() {
		t.Fatal("Olaf cannot sign in")
	}
	was := b.about(t, ada.who)
	for i, d := range doors(routes, all, ada) {
		node := i % len(s.Nodes)
		got := d.knock(ada.ShownAt(acme).On(node))
		if problem := d.shut(got, ada.who); problem != "" && (got.Status != http.StatusNotFound || !strings.HasSuffix(d.route.Path, "/{token}")) {
			t.Errorf("%s, with a session of another workspace, %s", d.route, problem)
		}
		if len(d.route.Wildcards()) > 0 {
			got = d.knock(guest.On(node))
			if got.Status/100 == 2 || got.Status >= http.StatusInternalServerError || strings.Contains(got.Body, ada.who.Email) {
				t.Errorf("%s, of somebody at another workspace, was answered %v", d.route, got)
			}
		}
		if changed := altered(was, b.about(t, ada.who)); changed != "" {
			t.Fatalf("%s was answered %v and has written\n%s", d.route, got, changed)
		}
	}
	if !ada.SignedIn() || guest.ShownAt(s).SignedIn() {
		t.Errorf("afterwards Ada is signed in: %v, and Olaf at the default workspace: %v", ada.SignedIn(), guest.ShownAt(s).SignedIn())
	}
}

// hostsOfRequests asks by names that nobody has, and by those of others.
func hostsOfRequests(t *testing.T, s, acme, globex *site.Site) {
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	as := func(host string, c *site.Client, verb, path string, headers ...string) site.Answer {
		c.Header = http.Header{"Host": {host}}
		for i := 0; i+1 < len(headers); i += 2 {
			c.Header.Set(headers[i], headers[i+1])
		}
		return c.Do(verb, path, url.Values{"identifier": {"ada@both.example"}})
	}
	for _, host := range []string{"evil.example" + port, "www.acme.localhost" + port, "acme.localhost.evil.example", "xn--acme.localhost", "localhost.localhost", ".acme.localhost"} {
		for _, r := range []struct{ verb, path string }{
			{"GET", "/"},
			{"GET", "/signin"},
			{"POST", "/signin"},
			{"GET", "/help"},
			{"GET", "/account/security"},
			{"GET", "/authenticator/"},
			{"GET", "/dev/messages"},
			{"POST", "/device/v1/pairings/claim"},
			{"POST", "/preferences"},
			{"GET", "/never"},
			{"POST", "/texts/receipts/gateway/x"},
			{"GET", "/brand/logo-0000000000000000.png"},
		} {
			got := as(host, s.Client(), r.verb, r.path)
			named := strings.Contains(got.Body, "Acme") || strings.Contains(got.Body, "Globex") || strings.Contains(got.Body, strings.TrimPrefix(s.URL, "http://"))
			if got.Status != http.StatusNotFound || named || len(got.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s %s at %s is answered %v (it names somebody: %v)", r.verb, r.path, host, got, named)
			}
		}
		for _, path := range []string{"/livez", "/readyz"} {
			if got := as(host, s.Client(), "GET", path); got.Status != http.StatusOK {
				t.Errorf("%s at %s is answered %v", path, host, got)
			}
		}
	}
	for host, name := range map[string]string{
		"ACME.localhost" + port: "Acme", "acme.localhost.": "Acme", "acme.localhost:1": "Acme", "globex.localhost": "Globex", "countersign": "Acme", "127.0.0.1" + port: "Acme",
	} {
		// Nobody is believed who says to be a proxy.
		got := as(host, s.Client(), "GET", "/signin", "X-Forwarded-Host", "globex.localhost", "Forwarded", "host=globex.localhost")
		if got.Status != http.StatusOK || !strings.Contains(got.Body, "- "+name+"</title>") {
			t.Errorf("/signin at %s is answered %v, and is not %s's", host, got, name)
		}
	}
	// The pages of one workspace are another site to the other.
	for from, to := range map[*site.Site]*site.Site{acme: globex, globex: s, s: acme} {
		c := to.Client()
		c.Header = http.Header{"Origin": {from.URL}}
		if got := c.Post("/signin", "identifier", "ada@both.example"); got.Status != http.StatusForbidden {
			t.Errorf("a form of %s sent to %s is answered %v", from.URL, to.URL, got)
		}
		c.Header = http.Header{"Origin": {from.URL}, "Sec-Fetch-Site": {"same-site"}}
		if got := c.Post("/signin", "identifier", "ada@both.example"); got.Status != http.StatusForbidden {
			t.Errorf("the same, of a browser that says so, is answered %v", got)
		}
	}
}
