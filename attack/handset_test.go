package attack_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/httpsig"
	"countersign/internal/approve"
	"countersign/internal/method/push"
	"countersign/internal/method/push/pushtest"
	"countersign/internal/seal"
)

// handset is a phone that does as it is told, and not as a phone should: it speaks the
// device protocol by hand.
type handset struct {
	*pushtest.Phone

	s             *site.Site
	id            string
	pairing, code string
	token         string
	salt          []byte
	// subscription is where its pushes go, nil for nowhere.
	subscription map[string]string
	// hears is told of each answer, where it is set.
	hears func(asked string, a site.Answer)
}

// heard is what the installation said to a handset.
type heard struct {
	site.Answer
	fields map[string]any
}

// text is a field of the answer.
func (a heard) text(name string) string {
	value, _ := a.fields[name].(string)
	return value
}

// octets is a field of the answer that is in base64url.
func (a heard) octets(name string) []byte {
	b, _ := base64.RawURLEncoding.DecodeString(a.text(name))
	return b
}

// came says what the answer came to: a state, or the code of a refusal.
func (a heard) came() string {
	if a.Status == http.StatusOK {
		return a.text("state")
	}
	return a.text("code")
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (s *handsets) new(t *testing.T) *handset {
	t.Helper()
	where, err := push.SiteOf(s.URL)
	must(t, err)
	return &handset{Phone: pushtest.New(t, where), s: s.Site}
}

// handsets makes handsets of a site.
type handsets struct{ *site.Site }

// request is a call to a node, as the handset signs it where it has an identifier; bend
// makes the signature's parameters others.
func (h *handset) request(verb, path string, body any, bend func(*httpsig.Params)) (*http.Request, error) {
	text, raw := body.([]byte)
	if !raw && verb != http.MethodGet {
		var err error
		text, err = json.Marshal(body)
		if err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequest(verb, h.s.URL+path, bytes.NewReader(text)) //nolint:noctx // the client has its own patience
	if err != nil {
		return nil, err
	}
	if text != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if h.id == "" {
		return r, nil
	}
	p := httpsig.Params{KeyID: h.id, Created: h.s.Clock.Now(), Nonce: b64(seal.Bytes(16)), Tag: "countersign-device"}
	if bend != nil {
		bend(&p)
	}
	return r, httpsig.Sign(r, text, p, httpsig.P256{Key: h.Key()})
}

// send sends a call to a node.
func (h *handset) send(node int, r *http.Request) heard {
	a := heard{Answer: h.s.Client().On(node).Send(r), fields: map[string]any{}}
	_ = json.Unmarshal([]byte(a.Body), &a.fields) // no fields, then
	if h.hears != nil {
		h.hears(r.Method+" "+r.URL.Path, a.Answer)
	}
	return a
}

func (h *handset) call(node int, verb, path string, body any) heard {
	r, err := h.request(verb, path, body, nil)
	if err != nil {
		return heard{Answer: site.Answer{Err: err}}
	}
	return h.send(node, r)
}

var pairCode = regexp.MustCompile(`/authenticator/#pair=([A-Za-z0-9_-]+)`)

// claim begins a pairing in a browser and claims its code.
func (h *handset) claim(c *site.Client) error {
	begun := c.Post("/account/devices/new")
	if begun.Status != http.StatusSeeOther {
		return fmt.Errorf("begin a pairing: %s", begun)
	}
	found := pairCode.FindStringSubmatch(c.Get("/account/devices/pairing").Body)
	if found == nil {
		return errors.New("the page of the pairing shows no code")
	}
	h.code = found[1]
	return h.take()
}

// take claims the code, and joins.
func (h *handset) take() error {
	a := h.call(0, http.MethodPost, "/device/v1/pairings/claim", map[string]any{
		"code": h.code, "device": map[string]string{"kind": "app", "name": "Handset", "platform": "Android", "client": "Chrome", "version": "1.0.0"},
	})
	h.pairing, h.token = a.text("pairing"), a.text("token")
	options, _ := a.fields["webauthn"].(map[string]any)
	user, _ := options["user"].(map[string]any)
	handle, _ := user["id"].(string)
	challenge, _ := options["challenge"].(string)
	var err error
	h.User, err = base64.RawURLEncoding.DecodeString(handle)
	if err != nil || h.token == "" || challenge == "" {
		return fmt.Errorf("claim: %s %s", a.Answer, a.Body)
	}
	asked, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return err
	}
	return h.join(asked)
}

func (h *handset) about() push.Pairing {
	return push.Pairing{
		Issuer: h.s.URL, ID: h.pairing, Code: h.code, Thumbprint: approve.Thumbprint(h.Point()), Credential: h.Credential(), Salt: h.salt,
	}
}

func (h *handset) join(challenge []byte) error {
	signed, err := h.about().Challenge()
	if err != nil {
		return err
	}
	body := map[string]any{
		"token": h.token, "key": b64(h.Point()), "credential": json.RawMessage(h.Register(challenge)), "signature": b64(h.Sign(signed)),
		"biometrics": true, "notifications": "granted",
	}
	if h.subscription != nil {
		body["push"] = h.subscription
	}
	a := h.call(0, http.MethodPost, "/device/v1/pairings/join", body)
	if a.Status != http.StatusOK {
		return refusedAs(a)
	}
	h.id, h.salt = a.text("device"), a.octets("salt")
	return nil
}

// notTaken is what a handset was refused with.
type notTaken struct{ code, detail string }

// Error is the refusal's code.
func (r notTaken) Error() string { return r.code + ": " + r.detail }

func refusedAs(a heard) error { return notTaken{a.text("code"), a.String() + " " + a.Body} }

// pair makes the handset one of the person's who is signed in to the client.
func (h *handset) pair(t *testing.T, c *site.Client) *handset {
	t.Helper()
	must(t, h.claim(c))
	digits, err := h.about().Confirmation()
	must(t, err)
	const page = "/account/devices/pairing"
	c.Post(page, "code", digits)
	for _, q := range h.waiting(0) {
		if a := h.decide(0, q, push.Approve, site.ShownNumber(c.Get(page))); a.came() != "approved" {
			t.Fatalf("the first question: %s %s", a.Answer, a.Body)
		}
	}
	if done := c.Post(page, "act", "done"); done.Status != http.StatusSeeOther || strings.Contains(done.Location, "pairing") {
		t.Fatalf("the pairing ends with %s", done)
	}
	return h
}

// question is one that waits for a handset.
type question struct {
	push.Request

	Kind string
}

// waiting are the questions that wait, the newest first.
func (h *handset) waiting(node int) []question {
	a := h.call(node, http.MethodGet, "/device/v1/requests", nil)
	var list struct {
		Requests []struct {
			ID, Kind, Nonce, Display string
			Expires                  int64 `json:"expires_at"`
		}
	}
	if json.Unmarshal([]byte(a.Body), &list) != nil {
		return nil
	}
	var all []question
	for _, one := range list.Requests {
		nonce, _ := base64.RawURLEncoding.DecodeString(one.Nonce)
		display, _ := base64.RawURLEncoding.DecodeString(one.Display)
		all = append(all, question{push.Request{
			Issuer: h.s.URL, ID: one.ID, Device: h.id, Nonce: nonce, Expires: time.Unix(one.Expires, 0), Display: display,
		}, one.Kind})
	}
	return all
}

// decide answers a question as a phone does.
func (h *handset) decide(node int, q question, decision push.Decision, number string) heard {
	if decision != push.Approve {
		number = ""
	}
	return h.answer(node, q.ID, h.Answer(q.Request, decision, number))
}

// answer sends an answer.
func (h *handset) answer(node int, id string, a push.Answer) heard {
	return h.call(node, http.MethodPost, "/device/v1/requests/"+id, decisionOf(a))
}

func decisionOf(a push.Answer) map[string]any {
	body := map[string]any{"decision": a.Decision, "number": a.Number, "signature": b64(a.Signature)}
	if len(a.Assertion) > 0 {
		body["assertion"] = json.RawMessage(a.Assertion)
	}
	return body
}

// desk is a browser that knows a person's account.
type desk struct {
	*site.Client

	who *site.Person
}

// home signs a person in, who has an app and no phone yet.
func home(t *testing.T, s *site.Site, who *site.Person) desk {
	t.Helper()
	c := s.Client()
	if in := c.SignIn(who); !c.SignedIn() {
		t.Fatalf("%s cannot sign in: %v", who.Name, in)
	}
	return desk{c, who}
}

// again is the same browser, signed out.
func (d desk) again(s *site.Site) desk {
	c := s.Client()
	for _, cookie := range d.Cookies() {
		if cookie.Name == "countersign_browser" {
			c.SetCookie(cookie.Name, cookie.Value)
		}
	}
	return desk{c, d.who}
}

// ask gives the password and has the phone asked. It returns where the sign-in is, and
// the number that its page shows.
func (d desk) ask(t *testing.T) (string, string) {
	t.Helper()
	step := d.First(d.who)
	base, number := step.Location[:max(strings.LastIndexByte(step.Location, '/'), 0)], ""
	if strings.HasSuffix(step.Location, "/phone") {
		number = site.ShownNumber(d.Get(step.Location))
	}
	if number == "" {
		asked := d.Post(base + "/phone/ask")
		number = site.ShownNumber(d.Get(base + "/phone"))
		if number == "" {
			t.Fatalf("the phone is not asked: %s, then %s\n%s", step, asked, asked.Body)
		}
	}
	return base, number
}
