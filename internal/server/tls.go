package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"path/filepath"
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

// start begins to fetch and renew certificates, in the background and until
// ctx ends. The listener must be accepting: the authority calls back.
func (e *encryption) start(ctx context.Context) error {
	if e.magic == nil {
		return nil
	}
	if err := e.magic.ManageAsync(ctx, []string{e.host}); err != nil {
		return fmt.Errorf("fetch a certificate for %s: %w", e.host, err)
	}
	return nil
}

// close ends the upkeep of certificates.
func (e *encryption) close() {
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
