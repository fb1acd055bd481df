package config

import (
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
)

// Config holds the settings of one run of the program, checked. Load makes it.
type Config struct {
	// Listen is host:port as given to net.Listen; port 0 picks a free one.
	Listen string
	// URL is the public address, scheme and host only, or nil when unset. See
	// BaseURL.
	URL *url.URL
	// TrustedProxies are the networks whose forwarding headers count.
	TrustedProxies []netip.Prefix
	// Language is the default language as a BCP 47 tag.
	Language string
	// Data is the folder for everything that lasts.
	Data string
	// DatabaseURL is a postgres:// address, or empty for SQLite in Data. It
	// may hold a password: it is for the driver, not for logs.
	DatabaseURL string
	// MasterKeyFile is the path of the master key, never empty.
	MasterKeyFile string
	// TLSCert and TLSKey are paths of PEM files, both empty or both set.
	TLSCert, TLSKey string
	// ACMEEmail is empty when certificates are not fetched by ACME.
	ACMEEmail string
	// ACMECA is the directory address of the certificate authority.
	ACMECA string
	// SMTPURL is the mail server as package notify reads it, with the password,
	// or empty when there is none. It is for the mail server, not for logs.
	SMTPURL string
	// From is the sender of the mails of every workspace that has no other address.
	From mail.Address
	// PushServices are hosts that pushes may go to beside the browsers' own services.
	PushServices []string
	// TextsFile is the path of the file that names who sends text messages on, or empty.
	TextsFile string
	// LogLevel and LogJSON say how much is logged and how.
	LogLevel slog.Level
	LogJSON  bool

	smtp         *url.URL // SMTPURL as it was given
	smtpPassword string
	shown        []Shown
}

// TLS tells whether the program itself answers over HTTPS.
func (c Config) TLS() bool { return c.TLSCert != "" || c.ACMEEmail != "" }

// Development tells whether the helpers of a first try may exist at all: no
// mail server, an address that only this machine reaches, and no public
// address. Each request is judged besides, by its peer and its headers,
// because a reverse proxy also listens in front of a loopback address, and
// then reset links would be public.
func (c Config) Development() bool {
	return c.smtp == nil && c.ListensOnLoopback() && (c.URL == nil || isLocalName(c.URL.Hostname()))
}

// ListensOnLoopback tells whether only this machine can reach the listener. A
// name other than localhost counts as reachable, whatever it resolves to now.
func (c Config) ListensOnLoopback() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return false
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// BaseURL is the address that links begin with, without a slash at the end.
// The address is the one that the listener got, as in 127.0.0.1:8080: it
// decides the port when no public address is set.
func (c Config) BaseURL(listening net.Addr) string {
	if c.URL != nil {
		return c.URL.String()
	}
	scheme, standard := "http", "80"
	if c.TLS() {
		scheme, standard = "https", "443"
	}
	_, port, err := net.SplitHostPort(listening.String())
	if err != nil || port == standard {
		return scheme + "://localhost"
	}
	return scheme + "://localhost:" + port
}

// isLocalName tells whether a host name means this machine to every browser:
// localhost and what lies below it (RFC 6761, section 6.3).
func isLocalName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// complete fills what follows from other settings.
func (c *Config) complete() {
	if c.MasterKeyFile == "" {
		c.MasterKeyFile = filepath.Join(c.Data, "master.key")
	}
	if c.smtp != nil {
		server := *c.smtp
		if c.smtpPassword != "" {
			server.User = url.UserPassword(server.User.Username(), c.smtpPassword)
		}
		c.SMTPURL = server.String()
	}
	if c.From.Address == "" {
		host := "localhost"
		if c.URL != nil {
			host = c.URL.Hostname()
		}
		c.From = mail.Address{Address: "no-reply@" + host}
	}
}
