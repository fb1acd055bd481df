package outside

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrInside is the refusal of an address that is not of the public internet.
var ErrInside = errors.New("the address is not on the public internet")

// Dial opens a connection, as [net.Dialer.DialContext] does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Options are what tests hand in; the zero value is the product's.
type Options struct {
	// Dial replaces the guarded way to connect.
	Dial Dial
	// Roots are the certificates to trust instead of the system's.
	Roots *x509.CertPool
}

const (
	connectWithin = 5 * time.Second
	// answerWithin bounds a whole exchange: whoever is asked may be slow on purpose.
	answerWithin = 10 * time.Second
	idleFor      = 90 * time.Second
	// askAlive is when a connection that says nothing is asked whether it lives, and how
	// long it has to answer.
	askAlive = 3 * time.Second
	// mostHeader bounds the octets of an answer's header.
	mostHeader = 16 << 10
)

// Client returns a client that connects to public addresses only, follows no
// redirection, and gives up after ten seconds. No proxy is used: it would connect
// where this machine must not.
func Client(o Options) *http.Client {
	dial := o.Dial
	if dial == nil {
		dial = Guarded()
	}
	return &http.Client{
		Timeout: answerWithin,
		// A redirection would lead to an address that nobody allowed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         dial,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
			TLSHandshakeTimeout: connectWithin,
			ForceAttemptHTTP2:   true, // Apple's push service speaks nothing else
			// One that a firewall forgot would be used again and again, and say nothing.
			HTTP2:                  &http.HTTP2Config{SendPingTimeout: askAlive, PingTimeout: askAlive},
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        idleFor,
			MaxResponseHeaderBytes: mostHeader,
			DisableCompression:     true, // nobody sends us more than is on the wire
		},
	}
}

// Guarded connects to public addresses only. It looks at the very address that is
// about to be connected to, after the name was resolved: a name that resolves to
// another address at the second look finds no gap.
func Guarded() Dial {
	dialer := &net.Dialer{Timeout: connectWithin, Control: refuseInside}
	return dialer.DialContext
}

func refuseInside(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !Public(to.Addr()) {
		return fmt.Errorf("%w", ErrInside)
	}
	return nil
}
