package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/httpsig"
	"countersign/internal/authenticator"
	"countersign/internal/method/push"
	"countersign/internal/notify"
	"countersign/internal/outside"
	"countersign/internal/seal"
	"countersign/internal/web"
	"countersign/internal/webpush"
	"countersign/internal/webpush/webpushtest"
	"countersign/internal/words"
)

// double is a server with the app and the device protocol. Its fields say how it is;
// change them under its lock.
type double struct {
	mu       sync.Mutex
	Confirms []string
	Number   push.Number
	Least    string        // version
	Ahead    time.Duration // of its clock
	Busy     int           // how many decisions are told to come later, all but the last for their number
	Last     bool          // the device is the last second factor
	Accent   string
	Dead     string        // the address of a subscription that serves no more
	Newer    bool          // there is another version of the app
	Lost     string        // a part of paths: what is done there is done, and the answers break off
	Expires  time.Duration // of a claimed code, from now
	Many     bool          // mails were sent: no more for now
	Mails    int           // that were sent

	tb       testing.TB
	url      string
	vapid    string
	sender   *notify.WebPush
	stop     func() // it is gone from then on
	changed  chan struct{}
	pairings []*pairing
	devices  map[string]*device
	requests []*request // oldest first
	nonces   map[string]bool
	calls    []string
}

type pairing struct {
	id, token, code, short, state, used, digits string
	challenge, user                             []byte
	device                                      *device
	wrong                                       int
}

type device struct {
	push.Device
	id, name, state string
	push            *subscription
	secret          []byte // of its own codes, as it was given last
}

type subscription struct{ Endpoint, P256DH, Auth string }

type request struct {
	push.Request
	kind, state, by string
	late            string  // how it has ended already, which the list does not tell yet
	device          *device // nil for all
	created         time.Time
}

type answer = map[string]any

// octets are base64url without padding.
type octets []byte

func (o octets) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, o), nil
}

func (o *octets) UnmarshalText(text []byte) error {
	var err error
	*o, err = base64.RawURLEncoding.Strict().DecodeString(string(text))
	return err
}

// start starts a double that sends its pushes through the service.
func start(tb testing.TB, service *webpushtest.Service) *double {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	d := &double{
		Confirms: []string{"code"}, Number: push.Number{Mode: push.Type, Shown: "47"}, Expires: 5 * time.Minute,
		tb: tb, url: "http://localhost:" + port, changed: make(chan struct{}), devices: map[string]*device{}, nonces: map[string]bool{},
	}
	if service != nil {
		identity, err := webpush.NewIdentity(seal.Bytes)
		if err != nil {
			tb.Fatal(err)
		}
		d.vapid = identity.Public()
		d.sender = notify.NewWebPush(notify.PushOptions{
			Identity: identity, Subject: "https://mfa.example.org", Hosts: []string{service.Host()}, Now: time.Now, Random: seal.Bytes,
			Outside: outside.Options{Dial: service.Dial, Roots: service.Roots()},
		})
	}
	server := httptest.NewUnstartedServer(d.handler())
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	d.stop = func() {
		server.CloseClientConnections()
		server.Close()
	}
	tb.Cleanup(server.CloseClientConnections)
	tb.Cleanup(server.Close)
	tb.Cleanup(d.ring)
	return d
}

func (d *double) handler() http.Handler {
	catalogue, err := words.Load(words.Pseudo())
	if err != nil {
		d.tb.Fatal(err)
	}
	address, _ := url.Parse(d.url)
	site, err := web.New(web.Options{
		Catalogue: catalogue, Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: func() string { return seal.ID("rid") }, URL: address,
		Workspace: func(context.Context) (web.Workspace, error) {
			return web.Workspace{Name: "Acme", Accent: d.Accent}, nil
		},
	})
	if err != nil {
		d.tb.Fatal(err)
	}
	mux := http.NewServeMux()
	site.Mount(mux)
	err = authenticator.MountApp(mux, site)
	if err != nil {
		d.tb.Fatal(err)
	}
	d.routes(mux)
	wrapped := site.Wrap(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		newer := d.Newer && r.URL.Path == "/authenticator/sw.js"
		d.mu.Unlock()
		if newer {
			r.Header.Del("Accept-Encoding")
			r.Header.Del("If-None-Match")
		}
		wrapped.ServeHTTP(w, r)
		if newer {
			_, _ = io.WriteString(w, "\n// the next version\n")
		}
	})
}

func (d *double) now() time.Time { return time.Now().Add(d.Ahead) }

// set changes something, and wakes who waits.
func (d *double) set(change func()) {
	d.mu.Lock()
	change()
	d.mu.Unlock()
	d.ring()
}

func (d *double) ring() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wake()
}

func (d *double) wake() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// refusal is a problem document.
type refusal struct {
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	State   string `json:"state,omitempty"`
	Version string `json:"version,omitempty"`
}

func (r refusal) Error() string { return r.Code }

func refuse(status int, code string) error {
	return refusal{Status: status, Title: http.StatusText(status), Code: code, Detail: "The double refuses: " + code + "."}
}

type call func(d *device, r *http.Request, body []byte) (any, error)

func (d *double) routes(mux *http.ServeMux) {
	for name, f := range map[string]func(*http.Request, []byte) (any, error){
		"claim": d.claim, "join": d.join, "send": d.send, "confirm": d.confirm, "state": d.state,
	} {
		mux.HandleFunc("POST /device/v1/pairings/"+name, func(w http.ResponseWriter, r *http.Request) { d.serve(w, r, f) })
	}
	for route, f := range map[string]call{
		"POST /device/v1/hello": d.hello, "GET /device/v1/requests": d.list, "POST /device/v1/requests/{id}": d.decide,
		"GET /device/v1/history": d.history, "POST /device/v1/test": d.test, "POST /device/v1/code": d.code,
		"POST /device/v1/sign-out": d.signOut, "POST /device/v1/sign-in": d.signIn, "POST /device/v1/remove": d.remove,
	} {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			d.serve(w, r, func(r *http.Request, body []byte) (any, error) {
				who, err := d.signer(r, body)
				if err != nil {
					return nil, err
				}
				return f(who, r, body)
			})
		})
	}
}

func (d *double) serve(w http.ResponseWriter, r *http.Request, f func(*http.Request, []byte) (any, error)) {
	w.Header().Set("Date", d.now().UTC().Format(http.TimeFormat))
	body, err := io.ReadAll(r.Body)
	if err == nil && len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
		err = errors.New("the body is no JSON")
	}
	d.mu.Lock()
	var result any
	if d.Busy > 0 && strings.HasPrefix(r.URL.Path, "/device/v1/requests/") {
		err = refuse(http.StatusServiceUnavailable, "unavailable")
		if d.Busy > 1 {
			err = refuse(http.StatusTooManyRequests, "too_many_calls")
		}
		d.Busy--
		w.Header().Set("Retry-After", "1")
	}
	if err == nil {
		result, err = f(r, body)
	}
	said := "ok"
	if err != nil {
		said = err.Error()
	}
	d.calls = append(d.calls, r.Method+" "+r.URL.Path+" "+said)
	lost := d.Lost != "" && strings.Contains(r.URL.Path, d.Lost)
	d.mu.Unlock()
	if lost {
		// Without its beginning the browser would send the call again by itself.
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	var refused refusal
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result)
	case errors.As(err, &refused):
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(refused.Status)
		_ = json.NewEncoder(w).Encode(refused)
	default:
		d.tb.Errorf("%s %s: %v", r.Method, r.URL, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// signer checks a call's signature as the protocol says.
func (d *double) signer(r *http.Request, body []byte) (*device, error) {
	here, _ := url.Parse(d.url)
	signature, err := httpsig.Read(r, httpsig.Authority(here), body)
	if err != nil {
		return nil, refuse(http.StatusUnauthorized, "device_signature")
	}
	who := d.devices[signature.KeyID]
	if who == nil || who.state == "revoked" {
		return nil, refuse(http.StatusUnauthorized, "device_unknown")
	}
	err = signature.Check(httpsig.P256Public{Key: who.Key}, "countersign-device", d.now(), time.Minute)
	nonce, wrong := base64.RawURLEncoding.DecodeString(signature.Nonce)
	switch {
	case errors.Is(err, httpsig.ErrTime):
		return nil, refuse(http.StatusUnauthorized, "device_clock")
	case err != nil || wrong != nil || len(nonce) < 16 || len(nonce) > 48:
		return nil, refuse(http.StatusUnauthorized, "device_signature")
	case d.nonces[signature.Nonce]:
		return nil, refuse(http.StatusConflict, "device_replayed")
	case d.Least != "" && r.URL.Path != "/device/v1/hello":
		return nil, refusal{Status: http.StatusForbidden, Title: "Forbidden", Code: "device_version", Detail: "Too old.", Version: d.Least}
	case who.state == "signed_out" && r.URL.Path != "/device/v1/hello" && r.URL.Path != "/device/v1/sign-in" && r.URL.Path != "/device/v1/remove":
		return nil, refuse(http.StatusForbidden, "device_signed_out")
	}
	d.nonces[signature.Nonce] = true
	return who, nil
}
