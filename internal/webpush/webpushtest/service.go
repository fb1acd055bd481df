package webpushtest

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/e2e/authority"
)

// Service is a working double of a browser vendor's push service. It is reached under
// the vendor's name by Dial and Roots, takes pushes for subscriptions that were made at
// it, and refuses what a real one would.
type Service struct {
	host   string
	now    func() time.Time
	server *httptest.Server

	mu            sync.Mutex
	subscriptions map[string]*Subscription // by path
	trouble       http.HandlerFunc
	dialled       []string
}

// Subscription is one browser's, at the service.
type Subscription struct {
	*Browser

	Endpoint string
	Pushes   []Push
	key      string // the sender's, in base64url
}

// Push is one that was taken.
type Push struct {
	Text    string
	TTL     int // seconds
	Topic   string
	Urgency string
	Length  int // octets of the body
	Token   string
}

// Start starts a push service with a vendor's name.
func Start(tb testing.TB, host string, now func() time.Time) *Service {
	tb.Helper()
	s := &Service{host: host, now: now, subscriptions: map[string]*Subscription{}}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.server.EnableHTTP2 = true
	config, _, err := authority.For(host)
	if err != nil {
		tb.Fatal(err)
	}
	s.server.TLS = config
	s.server.StartTLS()
	tb.Cleanup(s.server.Close)
	return s
}

// Dial connects to the service, whatever the address.
func (s *Service) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	s.dialled = append(s.dialled, address)
	s.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, network, s.server.Listener.Addr().String())
}

// Dialled are the addresses that were asked for.
func (s *Service) Dialled() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.dialled...)
}

// Roots trust the service.
func (s *Service) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.server.Certificate())
	return pool
}

// Subscribe makes a subscription for the sender with this public key.
func (s *Service) Subscribe(tb testing.TB, key string) *Subscription {
	tb.Helper()
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	path := "/wpush/v2/" + hex.EncodeToString(b)
	one := &Subscription{Browser: New(tb), Endpoint: "https://" + s.host + path, key: key}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscriptions[path] = one
	return one
}

// Drop ends a subscription, as a browser does that is uninstalled.
func (s *Service) Drop(one *Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.subscriptions, strings.TrimPrefix(one.Endpoint, "https://"+s.host))
}

// Trouble answers all pushes from now on; nil ends it.
func (s *Service) Trouble(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = answer
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble != nil {
		s.trouble(w, r)
		return
	}
	one := s.subscriptions[r.URL.Path]
	if one == nil || r.Host != s.host {
		http.Error(w, "no such subscription", http.StatusGone)
		return
	}
	push, status, err := s.judge(r, one)
	if err != nil {
		http.Error(w, fmt.Sprintf(`{"reason":%q}`, err.Error()), status)
		return
	}
	one.Pushes = append(one.Pushes, push)
	w.Header().Set("Location", "https://"+s.host+"/m/1")
	w.WriteHeader(http.StatusCreated)
}

var (
	topic   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	urgency = regexp.MustCompile(`^(very-low|low|normal|high)$`)
)

func (s *Service) judge(r *http.Request, one *Subscription) (Push, int, error) {
	h := r.Header
	seconds, err := strconv.Atoi(h.Get("Ttl"))
	if r.Method != http.MethodPost || err != nil || seconds < 0 {
		return Push{}, http.StatusBadRequest, fmt.Errorf("%s with TTL %q", r.Method, h.Get("Ttl"))
	}
	if !urgency.MatchString(h.Get("Urgency")) || h.Get("Topic") != "" && !topic.MatchString(h.Get("Topic")) {
		return Push{}, http.StatusBadRequest, fmt.Errorf("urgency %q, topic %q", h.Get("Urgency"), h.Get("Topic"))
	}
	if h.Get("Content-Encoding") != "aes128gcm" {
		return Push{}, http.StatusBadRequest, fmt.Errorf("encoded as %q", h.Get("Content-Encoding"))
	}
	token, err := ReadToken(h.Get("Authorization"))
	if err != nil {
		return Push{}, http.StatusUnauthorized, err
	}
	err = token.judge("https://"+s.host, one.key, s.now())
	if err != nil {
		return Push{}, http.StatusForbidden, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4097))
	if err != nil || len(body) > 4096 {
		return Push{}, http.StatusRequestEntityTooLarge, fmt.Errorf("%d octets", len(body))
	}
	text, err := one.Open(body)
	if err != nil {
		return Push{}, http.StatusBadRequest, err
	}
	return Push{
		Text: string(text), TTL: seconds, Topic: h.Get("Topic"), Urgency: h.Get("Urgency"), Length: len(body),
		Token: h.Get("Authorization"),
	}, 0, nil
}
