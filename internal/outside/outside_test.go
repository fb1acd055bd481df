package outside

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestWhichAddressesArePublic(t *testing.T) {
	rows := map[string]bool{
		"142.250.185.74": true, "17.188.1.1": true, "1.1.1.1": true, "100.63.255.255": true, "100.128.0.0": true, "172.15.255.255": true,
		"172.32.0.0": true, "192.167.255.255": true, "223.255.255.255": true, "198.17.255.255": true, "198.20.0.0": true, "9.255.255.255": true, "11.0.0.0": true,
		"2a00:1450:4001:82b::200a": true, "2620:149:208:430b::1": true, "2001:200::1": true, "64:ff9b::8efa:b94a": true, "::ffff:1.1.1.1": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "10.255.255.255": false, "100.64.0.0": false, "100.100.100.200": false, "100.127.255.255": false,
		"127.0.0.1": false, "127.255.255.254": false, "169.254.169.254": false, "168.63.129.16": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.192": false,
		"192.0.2.1": false, "192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.7": false, "203.0.113.7": false,
		"224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false, "192.88.99.1": false,
		"::": false, "::1": false, "::127.0.0.1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false,
		"fec0::1": false, "ff02::1": false, "100::1": false, "2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "4000::1": false, "5f00::1": false,
	}
	for address, public := range rows {
		if Public(netip.MustParseAddr(address)) != public {
			t.Errorf("%s: public is %v", address, !public)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// Every way to write an inside address, and a name that resolves to one, meets the
// guard where the connection is made.
func TestNothingInsideIsConnectedTo(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came in") }))
	defer inside.Close()
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := Client(Options{})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.0.0.2", "0.0.0.0", "[::]"} {
		response, err := ask(t, client, "http://"+host+":"+port+"/")
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, ErrInside) {
			t.Errorf("%s: %v, want a refusal", host, err)
		}
	}
}

func ask(t *testing.T, client *http.Client, url string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return client.Do(request)
}

// double is a client for a server of the outside, reached as a test reaches one.
func double(t *testing.T, h http.HandlerFunc) *http.Client {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return Client(Options{Roots: roots, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}})
}

func TestARedirectionIsNotFollowed(t *testing.T) {
	asked := 0
	client := double(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "https://example.com/again", http.StatusTemporaryRedirect)
	})
	response, err := ask(t, client, "https://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if asked != 1 || response.StatusCode != http.StatusTemporaryRedirect || response.ProtoMajor != 2 {
		t.Errorf("%d requests, answered %d over HTTP/%d", asked, response.StatusCode, response.ProtoMajor)
	}
}

func TestACertificateOfAnotherIsRefused(t *testing.T) {
	client := double(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came in") })
	response, err := ask(t, client, "https://push.example.net/")
	if err == nil {
		_ = response.Body.Close()
		t.Error("a certificate for another name is taken")
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	client := double(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			w.Header().Add("X-Much", strings.Repeat("x", 1<<10))
		}
		_, _ = io.WriteString(w, "ok")
	})
	response, err := ask(t, client, "https://example.com/")
	if err == nil {
		_ = response.Body.Close()
		t.Error("a header of 100 KiB is read")
	}
}

// A server's environment may name a proxy; it would connect where the guard does not
// look.
func TestNoProxyIsUsed(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	client := double(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	response, err := ask(t, client, "https://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	transport, ok := client.Transport.(*http.Transport)
	if !ok || transport.Proxy != nil {
		t.Error("a proxy would be used")
	}
}
