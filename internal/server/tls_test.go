package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"countersign/internal/config"
)

// authority is a certificate authority in this process. It looks the name up,
// calls back, and refuses whoever does not answer its challenge.
type authority struct {
	directory string
	client    *x509.CertPool // trusts the authority's own web server
	issued    *x509.CertPool // trusts what the authority issues
}

func newAuthority(t *testing.T, callbackPort int) authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	log := stdlog.New(t.Output(), "pebble ", 0)
	memory := db.NewMemoryStore()
	issuer := ca.New(log, memory, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	validator := va.New(log, 1, callbackPort, true, everyNameIsHere(t), memory)
	front := wfe.New(log, memory, validator, issuer, []string{"ca.example"}, true, false, 1, 1)
	web := httptest.NewTLSServer(front.Handler())
	t.Cleanup(web.Close)

	a := authority{directory: web.URL + wfe.DirectoryPath, client: x509.NewCertPool(), issued: x509.NewCertPool()}
	a.client.AddCert(web.Certificate())
	a.issued.AddCert(issuer.GetRootCert(0).Cert)
	return a
}

// everyNameIsHere is a name server that leads every name to this machine.
func everyNameIsHere(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: listener, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		if question.Question[0].Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{
				Hdr: dns.RR_Header{Name: question.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1},
				A:   net.IPv4(127, 0, 0, 1),
			}}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return listener.Addr().String()
}

// lockedBuffer is a log that two goroutines use.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestACertificateIsFetchedByItself plays a first start and a restart against
// a real authority: the listener answers the challenge, serves the new
// certificate, and the next start finds it in the data folder.
func TestACertificateIsFetchedByItself(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, isTCP := listener.Addr().(*net.TCPAddr)
	if !isTCP {
		t.Fatal("not a TCP listener")
	}
	acme := newAuthority(t, address.Port)
	settings := config.Config{
		URL:       &url.URL{Scheme: "https", Host: "signin.example.com"},
		Data:      t.TempDir(),
		ACMEEmail: "operator@example.com",
		ACMECA:    acme.directory,
	}
	var log lockedBuffer
	options := encryptionOptions{Port: address.Port, Authority: acme.client, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now}
	e, err := newEncryption(settings, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	web := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		ReadHeaderTimeout: time.Second,
		ErrorLog:          stdlog.New(t.Output(), "", 0),
	}
	go func() { _ = web.Serve(tls.NewListener(listener, e.config)) }()
	t.Cleanup(func() { _ = web.Close() })
	if err := e.start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}

	client := &tls.Config{RootCAs: acme.issued, ServerName: "signin.example.com", MinVersion: tls.VersionTLS12}
	waitFor(t, &log, func() bool {
		c, err := (&tls.Dialer{Config: client}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
	if !strings.Contains(log.String(), "certificate fetched") {
		t.Errorf("nothing was logged:\n%s", log.String())
	}

	// The host of a workspace that is made while the server runs gets one too, and only
	// as long as there is the workspace. Names that somebody asks for get none.
	dial := func(name string) error {
		c, err := (&tls.Dialer{Config: &tls.Config{RootCAs: acme.issued, ServerName: name, MinVersion: tls.VersionTLS12}}).
			DialContext(t.Context(), "tcp", listener.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	if dial("acme.example.com") == nil {
		t.Error("a certificate for a name that is nobody's")
	}
	for range 2 {
		err = e.manage(t.Context(), []string{"acme.example.com"})
		if err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, &log, func() bool { return dial("acme.example.com") == nil })
	if dial("other.example.com") == nil {
		t.Error("a certificate for another name that is nobody's")
	}
	err = e.manage(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, &log, func() bool { return dial("acme.example.com") != nil })
	err = dial("signin.example.com")
	if err != nil {
		t.Errorf("the configured address has lost its own: %v", err)
	}

	again, err := newEncryption(settings, encryptionOptions{Port: 1, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.close)
	stopped, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := again.start(stopped, nil); err != nil {
		t.Fatal(err)
	}
	waitFor(t, &log, func() bool {
		_, err := handshake(t, again.config, client)
		return err == nil
	})
}

// waitFor tries until it is so, or a minute has gone.
func waitFor(t *testing.T, log *lockedBuffer, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("not after a minute:\n%s", log.String())
}
