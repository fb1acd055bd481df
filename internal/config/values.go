package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"countersign/internal/sender"
)

// The functions below read one value each. Their errors say what is expected
// and never repeat a value that may hold a password.

func setListen(c *Config, value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return fmt.Errorf("%q is not an address with a port; write localhost:8080, or :8080 for every address", value)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q is not a port; use a number from 0 to 65535", port)
	}
	c.Listen = value
	return nil
}

func setURL(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return fmt.Errorf("%q is not an address; write it like https://signin.example.com", masked(value))
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errors.New("has more than scheme, host and port; Countersign needs a host of its own, so leave out the rest")
	}
	c.URL = &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	return nil
}

func setTrustedProxies(c *Config, value string) error {
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if address, err := netip.ParseAddr(item); err == nil {
			c.TrustedProxies = append(c.TrustedProxies, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(item)
		if err != nil {
			return fmt.Errorf("%q is not an address or a network; write 10.0.0.7 or 10.0.0.0/8", item)
		}
		if network != network.Masked() {
			return fmt.Errorf("%q is not the beginning of a network; did you mean %s?", item, network.Masked())
		}
		c.TrustedProxies = append(c.TrustedProxies, network)
	}
	return nil
}

func setPushServices(c *Config, value string) error {
	for item := range strings.SplitSeq(value, ",") {
		item = strings.ToLower(strings.TrimSpace(item))
		if item == "" {
			continue
		}
		_, err := netip.ParseAddr(item)
		if err == nil || !regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`).MatchString(item) {
			return fmt.Errorf("%q is not the name of a host; write one like ntfy.example.com, without https:// and port", item)
		}
		c.PushServices = append(c.PushServices, item)
	}
	return nil
}

func setLanguage(c *Config, value string) error {
	if !regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`).MatchString(value) {
		return fmt.Errorf("%q is not a language; write a tag like en or de", value)
	}
	c.Language = value
	return nil
}

func setData(c *Config, value string) error          { c.Data = value; return nil }
func setMasterKeyFile(c *Config, value string) error { c.MasterKeyFile = value; return nil }
func setTextsFile(c *Config, value string) error     { c.TextsFile = value; return nil }
func setTLSCert(c *Config, value string) error       { c.TLSCert = value; return nil }
func setTLSKey(c *Config, value string) error        { c.TLSKey = value; return nil }
func setSMTPPassword(c *Config, value string) error  { c.smtpPassword = value; return nil }

func setDatabaseURL(c *Config, value string) error {
	_, err := PostgresAddress(value)
	if err != nil {
		return err
	}
	c.DatabaseURL = value
	return nil
}

// PostgresAddress reads the address of a PostgreSQL database. A password with a
// "/" or an "@" in it that is not written as %XX cuts the address elsewhere than
// its author thinks: a part of the password becomes the host or the database, and
// would stand in the driver's errors. Such an address is refused. The error does
// not repeat the address.
func PostgresAddress(value string) (*url.URL, error) {
	u, err := url.Parse(value)
	place, _, _ := strings.Cut(value, "?")
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || strings.Count(place, "@") > 1 || strings.Contains(u.EscapedPath(), "@") {
		return nil, errors.New("is not a PostgreSQL address; write it like postgres://user@host/database, with special characters in the password as %XX")
	}
	return u, nil
}

func setACMEEmail(c *Config, value string) error {
	address, err := mail.ParseAddress(value)
	if err != nil || address.Name != "" {
		return fmt.Errorf("%q is not an e-mail address", value)
	}
	c.ACMEEmail = address.Address
	return nil
}

func setACMECA(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("%q is not the https:// address of an ACME directory", masked(value))
	}
	c.ACMECA = value
	return nil
}

func setSMTPURL(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return errors.New("is not the address of a mail server; write it like smtp://user@mail.example.com:587 or smtps://user@mail.example.com, with special characters as %XX")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return fmt.Errorf("%q is not a port; use a number from 1 to 65535", u.Port())
	}
	for option, given := range u.Query() {
		if option != "tls" || (given[0] != "off" && given[0] != "required") {
			return errors.New("has an option that does not exist; there are only ?tls=required and ?tls=off")
		}
	}
	if u.Query().Get("tls") == "off" && (u.Scheme == "smtps" || u.User != nil) {
		return errors.New("has ?tls=off, with which neither smtps:// nor a password goes together")
	}
	u.Path = ""
	c.smtp = u
	return nil
}

func setSMTPFrom(c *Config, value string) error {
	address, err := mail.ParseAddress(value)
	if err != nil || sender.Check(*address) != nil {
		return fmt.Errorf("%q is not a sender; write no-reply@example.com or Example Ltd <no-reply@example.com>", value)
	}
	c.From = *address
	return nil
}

func setLogLevel(c *Config, value string) error {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, known := levels[strings.ToLower(value)]
	if !known {
		return fmt.Errorf("%q is not a level; use debug, info, warn or error", value)
	}
	c.LogLevel = level
	return nil
}

func setLogFormat(c *Config, value string) error {
	if value != "text" && value != "json" {
		return fmt.Errorf("%q is not a format; use text or json", value)
	}
	c.LogJSON = value == "json"
	return nil
}
