// Package pushapp is the smallest web app that takes pushes (W3C Push API), with its
// own server and the product's sender: what the doubles of push services are proved
// with, without the product's pages. It is called by tests only.
package pushapp

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/notify"
	"countersign/internal/outside"
	"countersign/internal/seal"
	"countersign/internal/webpush"
	"countersign/internal/webpush/webpushtest"
)

//go:embed app.html
var page string

//go:embed worker.js
var worker string

// App is the app and its server.
type App struct {
	URL string // of the site, http://localhost:PORT

	key    string
	sender *notify.WebPush

	mu           sync.Mutex
	told         []Report
	subscription subscription
}

// Report is what the app's worker said that it did.
type Report struct {
	Event string // push, click, opened, focused, failed
	Data  string
}

// subscription is what PushSubscription.toJSON gives.
type subscription struct {
	Endpoint string
	Keys     struct{ P256DH, Auth string }
}

// Start starts the app. It sends through this push service, and ends with tb.
func Start(tb testing.TB, service *webpushtest.Service) *App {
	tb.Helper()
	identity, err := webpush.NewIdentity(seal.Bytes)
	if err != nil {
		tb.Fatal(err)
	}
	a := &App{key: identity.Public(), sender: notify.NewWebPush(notify.PushOptions{
		Identity: identity, Subject: "https://mfa.example.org", Hosts: []string{service.Host()}, Now: time.Now, Random: seal.Bytes,
		Outside: outside.Options{Dial: service.Dial, Roots: service.Roots()},
	})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", serve("text/html; charset=utf-8", page))
	mux.HandleFunc("GET /worker.js", serve("text/javascript", worker))
	mux.HandleFunc("GET /key", serve("text/plain", a.key))
	mux.HandleFunc("GET /favicon.ico", http.NotFound)
	mux.HandleFunc("POST /subscription", a.subscribed)
	mux.HandleFunc("POST /told", a.hear)
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	a.URL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1) // a secure context by its name
	return a
}

func serve(kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	}
}

func (a *App) subscribed(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := json.NewDecoder(r.Body).Decode(&a.subscription)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (a *App) hear(w http.ResponseWriter, r *http.Request) {
	var report Report
	err := json.NewDecoder(r.Body).Decode(&report)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = append(a.told, report)
}

// patience is how long a test waits for what should happen soon.
const patience = 30 * time.Second

// Told waits until the worker has said this, and returns what came with it. What was
// returned is forgotten.
func (a *App) Told(tb testing.TB, event string) string {
	tb.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		data, found := a.take(event)
		if found {
			return data
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	tb.Fatalf("after %v the worker has not told %q, but %q", patience, event, a.told)
	return ""
}

func (a *App) take(event string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, report := range a.told {
		if report.Event == event {
			a.told = append(a.told[:i:i], a.told[i+1:]...)
			return report.Data, true
		}
	}
	return "", false
}

// Endpoint is that of the subscription which the app's page made last.
func (a *App) Endpoint() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.subscription.Endpoint
}

// Push sends a text to the subscription, sealed with its keys, or with the secret of
// another when garbled. The error is the sender's.
func (a *App) Push(tb testing.TB, text string, garbled bool) error {
	tb.Helper()
	a.mu.Lock()
	s := a.subscription
	a.mu.Unlock()
	if garbled {
		s.Keys.Auth = webpushtest.New(tb).Auth()
	}
	keys, err := webpush.ParseKeys(s.Keys.P256DH, s.Keys.Auth)
	if err != nil {
		tb.Fatalf("the browser's keys: %v", err)
	}
	return a.sender.Send(tb.Context(), notify.Push{Endpoint: s.Endpoint, Keys: keys, Body: []byte(text), Life: time.Minute})
}
