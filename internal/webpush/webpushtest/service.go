package webpushtest

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
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
	taken         []Push
}

// Subscription is one browser's, at the service.
type Subscription struct {
	*Browser // nil where a real one holds the keys

	Endpoint string
	Pushes   []Push
	key      string // the sender's, in base64url
	deliver  func(*Push, []byte) error
}

// Push is one that was taken.
type Push struct {
	Endpoint string
	Text     string
	TTL      int // seconds
	Topic    string
	Urgency  string
	Length   int // octets of the body
	Token    string
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

// Host is the vendor's name.
func (s *Service) Host() string { return s.host }

// Address is where the service really listens, as host:port.
func (s *Service) Address() string { return s.server.Listener.Addr().String() }

// Certificate is the one that the service shows, which is its own authority.
func (s *Service) Certificate() *x509.Certificate { return s.server.Certificate() }

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
	one := &Subscription{Browser: New(tb), key: key}
	one.deliver = func(push *Push, body []byte) error {
		text, err := one.Open(body)
		push.Text = string(text)
		return err
	}
	s.add(path, one)
	return one
}

// Register makes a subscription whose keys a real browser holds: deliver takes the
// body as it came, and must not call the service. The path is for the endpoint.
func (s *Service) Register(path, key string, deliver func(*Push, []byte) error) *Subscription {
	one := &Subscription{key: key, deliver: deliver}
	s.add(path, one)
	return one
}

func (s *Service) add(path string, one *Subscription) {
	one.Endpoint = "https://" + s.host + path
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscriptions[path] = one
}

// Endpoints are those of all subscriptions that were not dropped.
func (s *Service) Endpoints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, one := range s.subscriptions {
		all = append(all, one.Endpoint)
	}
	slices.Sort(all)
	return all
}

// Pushes are all that were taken, the oldest first.
func (s *Service) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Drop ends a subscription, as a browser does that is uninstalled.
func (s *Service) Drop(one *Subscription) { s.DropEndpoint(one.Endpoint) }

// DropEndpoint is Drop by the address of the subscription.
func (s *Service) DropEndpoint(endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.subscriptions, strings.TrimPrefix(endpoint, "https://"+s.host))
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
	push, body, status, err := s.judge(r, one)
	if err == nil {
		status, err = http.StatusBadRequest, one.deliver(&push, body)
	}
	if err != nil {
		http.Error(w, fmt.Sprintf(`{"reason":%q}`, err.Error()), status)
		return
	}
	one.Pushes = append(one.Pushes, push)
	s.taken = append(s.taken, push)
	w.Header().Set("Location", "https://"+s.host+"/m/1")
	w.WriteHeader(http.StatusCreated)
}
