package notify

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// longestEndpoint bounds an endpoint, in octets; those of browsers have a few hundred.
const longestEndpoint = 2048

// hostName is a name of letters, digits and hyphens, in labels that are not empty.
var hostName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// pushServices are the hosts of the browsers' own push services. A name that begins
// with a dot stands for every name below it.
func pushServices() []string {
	return []string{
		"fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com",
	}
}

// ParseEndpoint reads the endpoint of a subscription (RFC 8030): a https: address, on
// the usual port, of a browser's push service or of a host in more, where the operator
// lists those of UnifiedPush. The address comes from a person's browser, and this
// server will send requests to it; where it really leads is looked at again when the
// connection is made (package outside).
//
// The error contains nothing of it: whoever has the whole address can send to it.
func ParseEndpoint(text string, more []string) (*url.URL, error) {
	endpoint, err := url.Parse(text)
	switch {
	case err != nil || len(text) > longestEndpoint || endpoint.Host == "" || endpoint.Opaque != "":
		return nil, errors.New("the push endpoint is not an address")
	case endpoint.Scheme != "https":
		return nil, errors.New("the push endpoint is not https")
	case endpoint.User != nil || endpoint.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("the push endpoint has a part that none has")
	case endpoint.Port() != "" && endpoint.Port() != "443":
		return nil, errors.New("the push endpoint has another port than 443")
	}
	host := strings.ToLower(endpoint.Hostname())
	_, err = netip.ParseAddr(host)
	if err == nil || !hostName.MatchString(host) || !listed(host, pushServices()) && !listed(host, more) {
		return nil, errors.New("the push endpoint is of no push service that is allowed here")
	}
	endpoint.Host = host // one origin, however it was written
	return endpoint, nil
}

// listed tells whether a host is one of those listed.
func listed(host string, list []string) bool {
	for _, one := range list {
		one = strings.ToLower(one)
		if one == host || len(one) > 1 && one[0] == '.' && strings.HasSuffix(host, one) {
			return true
		}
	}
	return false
}
