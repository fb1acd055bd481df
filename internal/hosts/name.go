package hosts

import (
	"errors"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// Name is the host of a Host header, or of a part of an address, as the book
// writes it: in lower case, without a port and without the dot of the root. It is
// "" for what is none.
func Name(host string) string {
	name := host
	if strings.IndexByte(host, ':') >= 0 {
		split, _, err := net.SplitHostPort(host)
		if err != nil {
			split = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		}
		name = split
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// plain tells whether a name is one that no workspace can have: an address of a
// machine, or a name of one label, which means this machine or one beside it. The
// default workspace is asked by these: health checks, and whoever sits there.
func plain(name string) bool {
	if !strings.Contains(name, ".") {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

// Why a host name cannot be a workspace's.
var (
	// ErrNoName is no name of DNS, or one of a single label.
	ErrNoName = errors.New("not a host name")
	// ErrAddress is the number of a machine.
	ErrAddress = errors.New("an address of a machine, not a name")
)

// longest is what DNS allows (RFC 1035, section 2.3.4), written without the root.
const longest = 253

// Check reads a host name that a workspace is to have, and returns it as the book
// keeps it: letters of other alphabets as DNS spells them (RFC 5891). Errors:
// [ErrNoName], [ErrAddress].
func Check(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if strings.ContainsAny(typed, ":/@?#[]*") {
		_, err := netip.ParseAddr(strings.Trim(typed, "[]"))
		if err == nil {
			return "", ErrAddress
		}
		return "", ErrNoName
	}
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(typed, "."))
	if err != nil || len(name) > longest {
		return "", ErrNoName
	}
	name = strings.ToLower(name)
	_, err = netip.ParseAddr(name)
	if err == nil || digitsLast(name) {
		return "", ErrAddress
	}
	labels := strings.Split(name, ".")
	if len(labels) == 1 {
		return "", ErrNoName
	}
	for _, label := range labels {
		if !isLabel(label) {
			return "", ErrNoName
		}
	}
	return name, nil
}

// digitsLast tells whether a browser would take the name for a number of a machine
// (URL Standard, section 3.5: the last label decides): 127.1, 10.0.0.0x1.
func digitsLast(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if strings.HasPrefix(last, "0x") {
		return true
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// isLabel is one part of a host name (RFC 1123, section 2.1).
func isLabel(label string) bool {
	const longestLabel = 63
	if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
