package attack_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"countersign/e2e/site"
)

// TestSessionsMailsLeadHome goes through every flow in browsers whose requests
// name another host in every way there is. Every mail that comes of it, of every
// kind with a link, leads to the configured address and names no other.
func TestSessionsMailsLeadHome(t *testing.T) {
	alongside(t)
	s := site.Start(t, site.Options{Database: site.Postgres, Nodes: 2, Env: []string{pushService(t)}})
	j := newJourney(t, s)
	forged := []http.Header{
		{"Host": {"evil.example"}},
		{"Host": {"evil.example:443"}, "X-Forwarded-Proto": {"https"}},
		{"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Server": {"evil.example"}, "X-Forwarded-Port": {"443"}, "X-Forwarded-Prefix": {"/evil.example"}},
		{"Forwarded": {`for=192.0.2.1;host="evil.example";proto=https`}},
		{"X-Original-Host": {"evil.example"}, "X-Host": {"evil.example"}, "X-Http-Host-Override": {"evil.example"}, "X-Original-Url": {"//evil.example"}, "X-Rewrite-Url": {"//evil.example"}},
		{"Referer": {"https://evil.example/"}, "Base-Url": {"https://evil.example"}, "Via": {"1.1 evil.example"}},
	}
	n := 0
	j.dress = func(c *site.Client) {
		for name, values := range forged[n%len(forged)] {
			c.Header[name] = values
		}
		n++
	}
	j.heard = func(asked string, a site.Answer) {
		j.listen(asked, a)
		if strings.Contains(strings.Join(a.Header["Location"], " "), "evil") || strings.Contains(a.Body, "evil.example") {
			t.Errorf("%s: the answer %s leads elsewhere", asked, a)
		}
	}
	j.all()
	linked := map[string]bool{}
	for _, m := range s.Box.All() {
		if whole := string(m.Raw) + m.Text + m.HTML; strings.Contains(whole, "evil") {
			t.Errorf("the mail %q names the other host:\n%s", m.Subject, m.Text)
		}
		for _, address := range regexp.MustCompile(`https?://[^\s"'<>]+`).FindAllString(m.Text+" "+m.HTML, -1) {
			if address != s.URL && !strings.HasPrefix(address, s.URL+"/") && !strings.HasPrefix(address, s.URL+".") {
				t.Errorf("the mail %q leads to %s", m.Subject, address)
			}
		}
		for _, kind := range []string{"Your invitation", "new password", "Confirm your new address", "turned off"} {
			if strings.Contains(m.Subject, kind) && strings.Contains(m.Text, s.URL+"/") {
				linked[kind] = true
			}
		}
	}
	if len(linked) != 4 || len(s.Box.All()) < 20 {
		t.Errorf("only %d mails came, and with links only %v", len(s.Box.All()), linked)
	}
}
