package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientIP peels off the proxies that the operator named. From the right, the
// first address that is no such proxy is the client; everything further left
// was written by somebody unknown.
//
// A proxy usually maintains one of X-Forwarded-For and Forwarded (RFC 7239)
// and passes the other on as the client sent it. Which one is not known here,
// so when both are present and disagree, neither is believed and the proxy's
// own address stands: a forger then only shares a limit with other forgers.
func clientIP(remote string, h http.Header, trusted []netip.Prefix) netip.Addr {
	peer := address(remote)
	if !peer.IsValid() || !isTrusted(peer, trusted) {
		return peer
	}
	listed := split(h.Values("X-Forwarded-For"))
	standard := forwarded(h.Values("Forwarded"), "for")
	switch {
	case len(listed) == 0 && len(standard) == 0:
		return peer
	case len(standard) == 0:
		return rightmost(listed, peer, trusted)
	case len(listed) == 0:
		return rightmost(standard, peer, trusted)
	}
	a, b := rightmost(listed, peer, trusted), rightmost(standard, peer, trusted)
	if a != b {
		return peer
	}
	return a
}

// rightmost walks from the right. What is no address ends the walk: the last
// trusted proxy stands for whoever is behind it.
func rightmost(chain []string, peer netip.Addr, trusted []netip.Prefix) netip.Addr {
	last := peer
	for i := len(chain) - 1; i >= 0; i-- {
		a := address(chain[i])
		if !a.IsValid() {
			return last
		}
		if !isTrusted(a, trusted) {
			return a
		}
		last = a
	}
	return last
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// address reads "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]"
// and "[2001:db8::1]:443". An IPv4 address inside IPv6 becomes IPv4, a zone is
// dropped, so that one machine has one spelling.
func address(s string) netip.Addr {
	s = strings.TrimSpace(s)
	withPort, err := netip.ParseAddrPort(s)
	if err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

func split(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Split(v, ",")...)
	}
	return out
}

// forwarded takes one parameter of each element in order, for= or host=. An element
// without it leaves an empty entry, which ends the walk.
func forwarded(values []string, parameter string) []string {
	var out []string
	for _, element := range split(values) {
		found := ""
		for _, pair := range strings.Split(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, parameter) {
				found = strings.Trim(value, `"`)
			}
		}
		out = append(out, found)
	}
	return out
}
