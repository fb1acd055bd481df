package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"countersign/internal/config"
)

// protocol is the one that is spoken over TLS. HTTP/2 would let one connection hold
// hundreds of requests and megabytes of frames; the bound on connections, and with it
// on memory, would be none (doc/decisions/0039).
const protocol = "http/1.1"

// alpnChallenge is the protocol in which a certificate authority asks whether
// this server speaks for the name (RFC 8737, section 6.2).
const alpnChallenge = "acme-tls/1"

// encryption is HTTPS on the program's own listener.
type encryption struct {
	// config goes to tls.NewListener.
	config *tls.Config

	magic *certmagic.Config
	cache *certmagic.Cache
	host  string

	mu      sync.Mutex
	managed map[string]context.CancelFunc // hosts whose certificates are kept up; nil before start
}

// encryptionOptions is what only the start of the server knows.
type encryptionOptions struct {
	// Port is the one that the listener got.
	Port int
	// Authority holds the roots to trust when talking to acme_ca; nil means the
	// system's.
	Authority *x509.CertPool
	Log       *slog.Logger
	Now       func() time.Time
}

// newEncryption prepares HTTPS as the settings ask for it, or returns nil when
// they ask for none.
func newEncryption(c config.Config, o encryptionOptions) (*encryption, error) {
	switch {
	case c.ACMEEmail != "":
		return newACME(c, o), nil
	case c.TLSCert != "":
		files, err := openCertificateFiles(c.TLSCert, c.TLSKey, o.Log, o.Now)
		if err != nil {
			return nil, err
		}
		return &encryption{config: &tls.Config{
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{protocol},
			GetCertificate: files.certificate,
		}}, nil
	default:
		return nil, nil
	}
}

// newACME prepares certificates that renew themselves. They are kept in the
// data folder. Only the challenge that is answered on the listener itself is
// used: the other one would need port 80, which is rarely ours.
func newACME(c config.Config, o encryptionOptions) *encryption {
	e := &encryption{host: c.URL.Hostname()}
	quiet := zap.NewNop() // the library's own log; what matters comes by OnEvent
	e.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return e.magic, nil },
		Logger:           quiet,
	})
	e.magic = certmagic.New(e.cache, certmagic.Config{
		Storage:           &certmagic.FileStorage{Path: filepath.Join(c.Data, "acme")},
		DefaultServerName: e.host,
		OnEvent:           logCertificates(o.Log),
		Logger:            quiet,
	})
	e.magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(e.magic, certmagic.ACMEIssuer{
		CA:                   c.ACMECA,
		Email:                c.ACMEEmail,
		Agreed:               true, // to the authority's terms: said by setting acme_email
		DisableHTTPChallenge: true,
		AltTLSALPNPort:       o.Port,
		TrustedRoots:         o.Authority,
		Logger:               quiet,
	})}
	e.config = &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{protocol, alpnChallenge},
		GetCertificate: e.magic.GetCertificate,
	}
	return e
}

// start begins to fetch and renew the certificates of the configured address and of
// these hosts, in the background and until ctx ends. The listener must be accepting: the
// authority calls back.
func (e *encryption) start(ctx context.Context, hosts []string) error {
	e.mu.Lock()
	if e.managed == nil {
		e.managed = map[string]context.CancelFunc{}
	}
	e.mu.Unlock()
	return e.manage(ctx, hosts)
}

// manage keeps up the certificates of these hosts beside that of the configured address,
// and of no others: the names are the workspaces', never what somebody asks for. Before
// start it does nothing.
func (e *encryption) manage(ctx context.Context, hosts []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.magic == nil || e.managed == nil {
		return nil
	}
	hosts = append([]string{e.host}, hosts...)
	for host, end := range e.managed {
		if !slices.Contains(hosts, host) {
			end()
			delete(e.managed, host)
			e.cache.RemoveManaged([]certmagic.SubjectIssuer{{Subject: host}})
		}
	}
	for _, host := range hosts {
		if e.managed[host] != nil {
			continue
		}
		// Tries for a host whose workspace is gone end with it.
		tries, end := context.WithCancel(ctx)
		err := e.magic.ManageAsync(tries, []string{host})
		if err != nil {
			end()
			return fmt.Errorf("fetch a certificate for %s: %w", host, err)
		}
		e.managed[host] = end
	}
	return nil
}

// close ends the upkeep of certificates.
func (e *encryption) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, end := range e.managed {
		end()
	}
	e.managed = nil
	if e.cache != nil {
		e.cache.Stop()
	}
}

// logCertificates tells of every certificate that was fetched or could not be:
// the operator has no other way to know before people complain.
func logCertificates(log *slog.Logger) func(context.Context, string, map[string]any) error {
	return func(ctx context.Context, event string, data map[string]any) error {
		switch event {
		case "cert_obtained":
			log.InfoContext(ctx, "certificate fetched", "host", data["identifier"], "renewal", data["renewal"])
		case "cert_failed":
			log.ErrorContext(ctx, "certificate not fetched, will be tried again", "host", data["identifier"], "error", data["error"])
		}
		return nil
	}
}
