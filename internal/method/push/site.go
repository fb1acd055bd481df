package push

import (
	"fmt"
	"net/url"
	"strings"
)

// SiteOf is where the credentials of the phones of a server belong, whose public address
// is issuer: its host, and its origin (RFC 6454).
func SiteOf(issuer string) (Site, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Hostname() == "" || u.Scheme == "" {
		return Site{}, fmt.Errorf("%q is no address of a server", issuer)
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		host = strings.TrimSuffix(host, ":"+u.Port()) // an origin leaves the usual port out
	}
	return Site{RPID: strings.ToLower(u.Hostname()), Origin: u.Scheme + "://" + host}, nil
}
