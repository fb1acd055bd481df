package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign/internal/config"
)

// pemPair makes a certificate for a name, signed by itself, and its key.
func pemPair(t *testing.T, name string) ([]byte, []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

// pairOnDisk is a certificate that a test can replace.
type pairOnDisk struct {
	cert, key string
	clock     time.Time
}

func newPairOnDisk(t *testing.T, name string) *pairOnDisk {
	t.Helper()
	folder := t.TempDir()
	p := &pairOnDisk{cert: filepath.Join(folder, "cert.pem"), key: filepath.Join(folder, "key.pem"), clock: time.Now()}
	certificate, key := pemPair(t, name)
	p.write(t, p.cert, certificate)
	p.write(t, p.key, key)
	return p
}

// write puts a file in place, as a renewal does, with a time that has moved.
func (p *pairOnDisk) write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	p.clock = p.clock.Add(time.Second)
	if err := os.Chtimes(path, p.clock, p.clock); err != nil {
		t.Fatal(err)
	}
}

// handshake lets a client with these rules meet a server with those.
func handshake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	near, far := net.Pipe()
	go func() { _ = tls.Server(far, server).HandshakeContext(t.Context()) }()
	defer func() { _ = near.Close() }()
	c := tls.Client(near, client)
	err := c.HandshakeContext(t.Context())
	return c.ConnectionState(), err
}

// shownName is the name on the certificate that a client is shown.
func shownName(t *testing.T, server *tls.Config) string {
	t.Helper()
	state, err := handshake(t, server, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the test reads whatever is shown
	if err != nil {
		t.Fatal(err)
	}
	return state.PeerCertificates[0].Subject.CommonName
}

func TestAChangedCertificateIsReadAgain(t *testing.T) {
	pair := newPairOnDisk(t, "first.example")
	now := time.Now()
	var log bytes.Buffer
	e, err := newEncryption(config.Config{TLSCert: pair.cert, TLSKey: pair.key}, encryptionOptions{
		Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want string) {
		t.Helper()
		if got := shownName(t, e.config); got != want {
			t.Errorf("the certificate is for %s, want %s", got, want)
		}
	}
	expect("first.example")

	certificate, key := pemPair(t, "second.example")
	pair.write(t, pair.cert, certificate)
	expect("first.example") // looked less than a second ago

	now = now.Add(time.Second)
	expect("first.example") // a certificate without its key is of no use yet
	now = now.Add(time.Second)
	expect("first.example")
	if n := strings.Count(log.String(), "cannot be used"); n != 1 {
		t.Errorf("the half-done renewal was logged %d times, want once:\n%s", n, log.String())
	}

	pair.write(t, pair.key, key)
	now = now.Add(time.Second)
	expect("second.example")

	if err := os.Remove(pair.key); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	expect("second.example")
}

func TestAServerDoesNotStartWithAWrongCertificate(t *testing.T) {
	pair, other := newPairOnDisk(t, "a.example"), newPairOnDisk(t, "b.example")
	rows := []struct{ name, cert, key string }{
		{"the files are not there", "/nowhere/cert.pem", "/nowhere/key.pem"},
		{"the key belongs to another certificate", pair.cert, other.key},
		{"the files are swapped", pair.key, pair.cert},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := newEncryption(config.Config{TLSCert: row.cert, TLSKey: row.key}, encryptionOptions{Log: slog.New(slog.DiscardHandler), Now: time.Now})
			if err == nil || !strings.Contains(err.Error(), "tls_cert and tls_key") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTLS11IsRefused(t *testing.T) {
	pair := newPairOnDisk(t, "a.example")
	e, err := newEncryption(config.Config{TLSCert: pair.cert, TLSKey: pair.key}, encryptionOptions{Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // the old version is the test
	if _, err := handshake(t, e.config, old); err == nil {
		t.Error("the handshake passed")
	}
}

// With HTTP/2 one connection would be as dear as hundreds.
func TestHTTP2IsNotSpoken(t *testing.T) {
	pair := newPairOnDisk(t, "a.example")
	e, err := newEncryption(config.Config{TLSCert: pair.cert, TLSKey: pair.key}, encryptionOptions{Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	both := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}} //nolint:gosec // the protocol is the test
	state, err := handshake(t, e.config, both)
	if err != nil || state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("agreed on %q: %v", state.NegotiatedProtocol, err)
	}
}

func TestWithoutSettingsThereIsNoEncryption(t *testing.T) {
	e, err := newEncryption(config.Config{}, encryptionOptions{})
	if err != nil || e != nil {
		t.Errorf("got %v, %v", e, err)
	}
}
