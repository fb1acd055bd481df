package e2e_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/method/passkey/passkeytest"
)

// amidAll ends the number of a scenario that is told once more, of people who have every
// method there is.
const amidAll = "-amid-all"

// amid tells scenarios once more, of people who have every method: an authenticator app, a
// paired phone, a passkey and recovery codes. On SQLite: what is asked first follows from
// the same rows on both, which TestAllOrdersOfSecondFactors walks through.
func amid(told []scenario, numbers ...string) []scenario {
	var again []scenario
	for _, s := range told {
		for _, number := range numbers {
			if s.number == number {
				s.number, s.once = number+amidAll, true
				again = append(again, s)
			}
		}
	}
	return append(told, again...)
}

// amidAll tells whether this is a scenario of people who have every method.
func (h *house) amidAll() bool {
	return strings.HasSuffix(strings.Split(h.t.Name()+"//", "/")[1], amidAll)
}

// withOthers gives a person who has an app, codes and a phone, or gets one, what there is
// beside, where the scenario is of people who have every method: a passkey today. Each
// method to come has its place here. It becomes the default where the company asks for it.
func (p *person) withOthers() *person {
	p.h.t.Helper()
	if p.h.amidAll() {
		p.withPasskey()
	}
	return p
}

// amidOthers is withOthers with a phone, for scenarios without one. The app is made the
// default again: what is asked is the code, and everything else stands beside it.
func (p *person) amidOthers() *person {
	p.h.t.Helper()
	if !p.h.amidAll() {
		return p
	}
	p.withOthers().withPhone()
	c := p.h.client()
	c.signIn(p)
	c.leads(c.post("/account/two-factor/"+string(p.credential(method.TOTP))+"/default"), "making the app the default")
	p.hasAll()
	return p
}

// credential is the oldest of a kind, which the person has; also while a test is cleaned up.
func (p *person) credential(kind method.Kind) countersign.CredentialID {
	p.h.t.Helper()
	list, err := p.h.Engine.Store.Read().ListCredentials(context.Background(), countersign.DefaultWorkspace, p.ID)
	must(p.h.t, err)
	for _, one := range list {
		if one.Kind == string(kind) && one.State == "active" {
			return one.ID
		}
	}
	p.h.t.Fatalf("%s has no %s", p.Name, kind)
	return ""
}

// lendPasskey gives the owner of the shared phone a passkey for this scenario, whose
// default stays the phone.
func (p *person) lendPasskey() {
	p.h.t.Helper()
	p.withPasskey()
	c := p.h.client()
	c.signIn(p)
	c.leads(c.post("/account/two-factor/"+string(p.credential(method.Push))+"/default"), "making the phone the default")
	p.hasAll()
	p.h.t.Cleanup(func() {
		c := p.h.client()
		c.signIn(p)
		c.leads(c.post("/account/two-factor/"+string(p.credential(method.Passkey))+"/remove"), "giving the passkey back")
	})
}

// offersAll fails where a sign-in of somebody who has every method does not offer them
// all, the most secure first and recovery last.
func (c *client) offersAll(step string) {
	c.h.t.Helper()
	if got := c.offers(step); c.h.amidAll() && got != "passkey phone code recovery" {
		c.h.t.Errorf("a sign-in that asks at %s offers %q", step, got)
	}
}

// hasAll fails where a person who should have every method has not.
func (p *person) hasAll() {
	p.h.t.Helper()
	for _, kind := range []method.Kind{method.TOTP, method.Push, method.Passkey, method.Recovery} {
		if p.h.amidAll() && p.has(kind) == 0 {
			p.h.t.Errorf("%s has no %s, and should have every method", p.Name, kind)
		}
	}
}

// hasNone fails where something is left of a person's methods.
func (p *person) hasNone() {
	p.h.t.Helper()
	for _, kind := range []method.Kind{method.TOTP, method.Push, method.Passkey, method.Recovery} {
		if n := p.has(kind); n != 0 {
			p.h.t.Errorf("of %s are left %d of the kind %s", p.Name, n, kind)
		}
	}
}

// withPasskey adds a passkey on a security key that is a program, and returns it.
func (p *person) withPasskey() *passkeytest.Key {
	p.h.t.Helper()
	c := p.h.client()
	c.signIn(p)
	key := passkeytest.New(p.h.t, "localhost", p.h.URL)
	made := key.Create(c.passkeyOptions("/account/passkeys/new"))
	c.leads(c.post("/account/passkeys/new", "name", "Laptop", "passkey", made), "a new passkey")
	return key
}

var passkeyOptions = regexp.MustCompile(`data-options="([^"]*)"`)

// passkeyOptions are what a page hands to the browser for a passkey.
func (c *client) passkeyOptions(path string) map[string]any {
	c.h.t.Helper()
	page := c.get(path)
	found := passkeyOptions.FindStringSubmatch(page.Body)
	if found == nil {
		c.h.t.Fatalf("%s hands no browser anything for a passkey: %s", path, page)
	}
	var options map[string]any
	must(c.h.t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &options))
	return options
}

// usePasskey answers the second step of a sign-in, whose page is where first led to.
func (c *client) usePasskey(step string, key *passkeytest.Key) site.Answer {
	c.h.t.Helper()
	path := step[:strings.LastIndex(step, "/")] + "/passkey"
	return c.post(path, "passkey", key.Sign(c.passkeyOptions(path)))
}

// offers are the ways that a sign-in lists, in the order of the page.
func (c *client) offers(step string) string {
	c.h.t.Helper()
	page := c.get(step[:strings.LastIndex(step, "/")] + "/ways")
	if page.Status != http.StatusOK {
		c.h.t.Fatalf("the other ways: %s", page)
	}
	var kinds []string
	for _, way := range regexp.MustCompile(`class="way"[^>]*href="[^"]*/([a-z]+)"`).FindAllStringSubmatch(page.Body, -1) {
		kinds = append(kinds, way[1])
	}
	return strings.Join(kinds, " ")
}
