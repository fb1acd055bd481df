package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/outside"
	"countersign/internal/seal"
	"countersign/internal/webpush"
	"countersign/internal/webpush/webpushtest"
)

const vendor = "updates.push.services.mozilla.com"

// sending is a sender, and a push service with one browser's subscription.
type sending struct {
	t       *testing.T
	now     time.Time
	service *webpushtest.Service
	sender  *WebPush
	browser *webpushtest.Subscription
}

func newSending(t *testing.T) *sending {
	t.Helper()
	s := &sending{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	s.service = webpushtest.Start(t, vendor, clock)
	identity, err := webpush.NewIdentity(seal.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	s.sender = NewWebPush(PushOptions{
		Identity: identity, Subject: "https://mfa.example.org", Now: clock, Random: seal.Bytes,
		Outside: outside.Options{Dial: s.service.Dial, Roots: s.service.Roots()},
	})
	s.browser = s.service.Subscribe(t, identity.Public())
	return s
}

func (s *sending) push(to *webpushtest.Subscription, text string) error {
	s.t.Helper()
	keys, err := webpush.ParseKeys(to.P256DH(), to.Auth())
	if err != nil {
		s.t.Fatal(err)
	}
	return s.sender.Send(s.t.Context(), Push{Endpoint: to.Endpoint, Keys: keys, Body: []byte(text), Topic: "req_1", Life: 90 * time.Second})
}

func TestAPushServiceTakesAPush(t *testing.T) {
	s := newSending(t)
	for _, text := range []string{"short", strings.Repeat("long", 60), ""} {
		err := s.push(s.browser, text)
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(s.browser.Pushes) != 3 {
		t.Fatalf("%d pushes arrived", len(s.browser.Pushes))
	}
	first := s.browser.Pushes[0]
	for i, text := range []string{"short", strings.Repeat("long", 60), ""} {
		p := s.browser.Pushes[i]
		if p.Text != text || p.TTL != 90 || p.Urgency != "high" || len(p.Topic) != 32 || strings.Contains(p.Topic, "req_1") {
			t.Errorf("arrived as %+v", p)
		}
		if p.Length != first.Length || p.Topic != first.Topic || p.Token != first.Token {
			t.Errorf("%d octets, topic %s; the first had %d, %s; the same token: %v", p.Length, p.Topic, first.Length, first.Topic, p.Token == first.Token)
		}
	}
}

// A token serves for hours, and never past its life, whichever way the clock moves.
func TestTheTokenIsRenewed(t *testing.T) {
	s := newSending(t)
	tokens := map[string]bool{}
	for _, step := range []time.Duration{0, 5 * time.Hour, 2 * time.Hour, 30 * 24 * time.Hour, -60 * 24 * time.Hour, time.Minute} {
		s.now = s.now.Add(step)
		err := s.push(s.browser, "x")
		if err != nil {
			t.Errorf("after %v: %v", step, err)
		}
		tokens[s.browser.Pushes[len(s.browser.Pushes)-1].Token] = true
	}
	if len(tokens) != 4 {
		t.Errorf("%d tokens, want one for each of four times", len(tokens))
	}
}

func TestManyPushesAtOnce(t *testing.T) {
	s := newSending(t)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if err := s.push(s.browser, "x"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(s.browser.Pushes) != 32 {
		t.Errorf("%d arrived", len(s.browser.Pushes))
	}
}

func TestWhatBecomesOfAPush(t *testing.T) {
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			authorization, secret := r.Header.Get("Authorization"), path.Base(r.URL.Path)
			_, _ = fmt.Fprintf(w, `{"reason":"BadJwtToken","for":%q,"or":"%s","by":%q,"jwt":%q}`, r.URL.Path,
				strings.ReplaceAll(secret, "/", `\/`), authorization, strings.TrimPrefix(authorization, "vapid t="))
		}
	}
	rows := []struct {
		sentence           string
		answer             http.HandlerFunc
		gone, refused, yet bool
		wait               time.Duration
		says               string
	}{
		{sentence: "taken with 200", answer: status(200)},
		{sentence: "taken with 202", answer: status(202)},
		{sentence: "404", answer: status(404), gone: true, says: "404"},
		{sentence: "410", answer: status(410), gone: true, says: "410"},
		{sentence: "429 in seconds", answer: status(429, "Retry-After", "17"), yet: true, wait: 17 * time.Second, says: "429"},
		{sentence: "429 at a time", answer: status(429, "Retry-After", "Sun, 22 Nov 2026 12:00:40 GMT"), yet: true, wait: 40 * time.Second, says: "429"},
		{sentence: "429 at a time that is over", answer: status(429, "Retry-After", "Sun, 22 Nov 2026 11:00:00 GMT"), yet: true, says: "429"},
		{sentence: "429 for a year", answer: status(429, "Retry-After", "31536000"), yet: true, wait: time.Hour, says: "429"},
		{sentence: "429 without a word", answer: status(429), yet: true, says: "429"},
		{sentence: "429 with nonsense", answer: status(429, "Retry-After", "-5"), yet: true, says: "429"},
		{sentence: "408", answer: status(408), yet: true, says: "408"},
		{sentence: "500", answer: status(500), yet: true, says: "500"},
		{sentence: "503", answer: status(503, "Retry-After", "5"), yet: true, wait: 5 * time.Second, says: "503"},
		{sentence: "401", answer: status(401), refused: true, says: "BadJwtToken"},
		{sentence: "403", answer: status(403), refused: true, says: "BadJwtToken"},
		{sentence: "400", answer: status(400), says: "400"},
		{sentence: "413", answer: status(413), says: "413"},
		{sentence: "a redirection", answer: status(307, "Location", "https://fcm.googleapis.com/x"), says: "307"},
		{sentence: "a redirection to nowhere", answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://%zz"+r.URL.Path)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, yet: true, says: "reach the push service"},
		{sentence: "the line is cut", answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, yet: true, says: "reach the push service " + vendor},
	}
	for _, row := range rows {
		s := newSending(t)
		s.service.Trouble(row.answer)
		err := s.push(s.browser, "x")
		if Gone(err) != row.gone || Refused(err) != row.refused || Temporary(err) != row.yet || Wait(err) != row.wait {
			t.Errorf("%s: %v: gone %v, refused %v, temporary %v, wait %v", row.sentence, err, Gone(err), Refused(err), Temporary(err), Wait(err))
		}
		if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", row.sentence, err)
		}
		secret := path.Base(s.browser.Endpoint)
		if err != nil && (strings.Contains(err.Error(), "/wpush/") || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "eyJ")) {
			t.Errorf("%s: the error gives the endpoint or the token away: %v", row.sentence, err)
		}
	}
}

// A token that was refused is not sent again: the clock may have been wrong when it
// was made.
func TestARefusedTokenIsMadeAnew(t *testing.T) {
	s := newSending(t)
	s.now = s.now.Add(-48 * time.Hour)
	wrong := s.now
	s.sender.options.Now = func() time.Time { return wrong.Add(time.Hour) }
	s.now = s.now.Add(48 * time.Hour)
	err := s.push(s.browser, "x")
	if !Refused(err) || !strings.Contains(err.Error(), "BadJwtToken") {
		t.Fatalf("with a clock two days behind: %v", err)
	}
	wrong = s.now.Add(-time.Hour)
	err = s.push(s.browser, "x")
	if err != nil {
		t.Errorf("with the clock set right: %v", err)
	}
}

func TestASubscriptionThatEnded(t *testing.T) {
	s := newSending(t)
	s.service.Drop(s.browser)
	err := s.push(s.browser, "x")
	if !Gone(err) {
		t.Errorf("%v", err)
	}
	stranger := s.service.Subscribe(t, "another sender's key")
	err = s.push(stranger, "x")
	if !Refused(err) || !strings.Contains(err.Error(), "VapidPkHashMismatch") {
		t.Errorf("a subscription made for another sender: %v", err)
	}
}

func TestAPushServiceThatSaysNothing(t *testing.T) {
	s := newSending(t)
	s.service.Trouble(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	keys, err := webpush.ParseKeys(s.browser.P256DH(), s.browser.Auth())
	if err != nil {
		t.Fatal(err)
	}
	err = s.sender.Send(ctx, Push{Endpoint: s.browser.Endpoint, Keys: keys, Body: []byte("x")})
	if !Temporary(err) || strings.Contains(err.Error(), "/wpush/") {
		t.Errorf("%v", err)
	}
}

// The name of a push service may be made to lead inside; a real connection is refused
// before the first octet.
func TestAPushNeverLeadsInside(t *testing.T) {
	s := newSending(t)
	s.sender = NewWebPush(PushOptions{
		Identity: s.sender.options.Identity, Subject: "https://mfa.example.org", Hosts: []string{"localhost"}, Now: s.sender.options.Now, Random: seal.Bytes,
	})
	inside := *s.browser
	inside.Endpoint = "https://localhost/wpush/v2/x"
	err := s.push(&inside, "x")
	var e *Error
	if !errors.As(err, &e) || Temporary(err) || !strings.Contains(err.Error(), "not on the public internet") {
		t.Errorf("%v", err)
	}
}

func TestSendingToWhatIsNoEndpoint(t *testing.T) {
	s := newSending(t)
	inside := *s.browser
	inside.Endpoint = "https://169.254.169.254/latest/meta-data"
	err := s.push(&inside, "x")
	if err == nil || Temporary(err) || len(s.service.Dialled()) != 0 {
		t.Errorf("%v; connected to %v", err, s.service.Dialled())
	}
	s.sender.options.Subject = "http://mfa.example.org"
	err = s.push(s.browser, "x")
	if !Refused(err) {
		t.Errorf("with a subject that services refuse: %v", err)
	}
}
