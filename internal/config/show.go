package config

import (
	"net/url"
	"strings"
)

// Shown is a setting as it may be shown to anybody who may read the screen.
type Shown struct {
	Name string `json:"name"`
	// Value is masked where it holds a secret.
	Value string `json:"value"`
	// From is "default", a flag, a variable, or file:line.
	From string `json:"from"`
}

// Show lists every setting with its value and where it came from.
func (c Config) Show() []Shown { return append([]Shown(nil), c.shown...) }

// from tells where a setting's value came from; empty when nobody gave one.
func (c *Config) from(name string) string {
	for _, s := range c.shown {
		if s.Name == name && s.From != "default" {
			return s.From
		}
	}
	return ""
}

const (
	mask         = "********"
	maskedOption = "hidden" // in a query, where a star would be written as %2A
)

// mask hides what a secret setting holds, and leaves the harmless parts of an
// address, which are what one looks for when something does not connect.
func (s Setting) mask(value string) string {
	switch {
	case !s.Secret || value == "":
		return value
	case strings.Contains(value, "://"):
		return masked(value)
	default:
		return mask
	}
}

// masked hides the passwords in an address. What cannot be read as an address
// is hidden whole.
func masked(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return mask
	}
	if u.Opaque != "" {
		return mask
	}
	user := ""
	if u.User != nil {
		user = url.User(u.User.Username()).String()
		if _, has := u.User.Password(); has {
			user += ":" + mask
		}
		user += "@"
	}
	u.User = nil
	if query := u.Query(); len(query) > 0 {
		for name := range query {
			if strings.Contains(strings.ToLower(name), "password") || strings.Contains(strings.ToLower(name), "passphrase") {
				query.Set(name, maskedOption)
			}
		}
		u.RawQuery = query.Encode()
	}
	if user == "" {
		return u.String()
	}
	return strings.Replace(u.String(), "://", "://"+user, 1)
}
