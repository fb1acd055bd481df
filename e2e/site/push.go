package site

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"countersign/internal/outside"
	"countersign/internal/webpush/webpushtest"
)

// pushVariable names a file with the push services that the server reaches, by host.
// There is no setting of the product for that.
const pushVariable = "SITE_PUSH"

// double is what a server must know to reach one.
type double struct {
	Address     string // host:port
	Certificate string // PEM
}

// PushServices is a setting for [Options.Env]: the servers reach these doubles under
// their vendors' names, and no other host outside.
func PushServices(tb testing.TB, services ...*webpushtest.Service) string {
	tb.Helper()
	doubles := map[string]double{}
	for _, s := range services {
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
		doubles[s.Host()] = double{Address: s.Address(), Certificate: string(certificate)}
	}
	text, err := json.Marshal(doubles)
	must(tb, err)
	file := filepath.Join(tb.TempDir(), "push")
	must(tb, os.WriteFile(file, text, 0o600))
	return pushVariable + "=" + file
}

// namesVariable names a file that says where the names of push services lead now.
const namesVariable = "SITE_NAMES"

// Names are hosts that lead where the test says, and elsewhere a moment later: what
// resolving a name may give, and no more. The connection itself is guarded as in the
// product. Setting is one for [Options.Env].
type Names struct {
	Setting string

	tb   testing.TB
	file string
}

// NewNames begins with names that lead to addresses, host:port.
func NewNames(tb testing.TB, lead map[string]string) *Names {
	tb.Helper()
	n := &Names{tb: tb, file: filepath.Join(tb.TempDir(), "names")}
	n.Setting = namesVariable + "=" + n.file
	n.Lead(lead)
	return n
}

// Lead makes the names lead elsewhere, from the next connection on.
func (n *Names) Lead(lead map[string]string) {
	n.tb.Helper()
	text, err := json.Marshal(lead)
	must(n.tb, err)
	must(n.tb, os.WriteFile(n.file+".new", text, 0o600))
	must(n.tb, os.Rename(n.file+".new", n.file))
}

// names goes where they lead now, if that is outside.
func names(file string) (outside.Options, []string, error) {
	read := func() (map[string]string, error) {
		text, err := os.ReadFile(file) //nolint:gosec // the test names its own file
		if err != nil {
			return nil, err
		}
		var lead map[string]string
		return lead, json.Unmarshal(text, &lead)
	}
	lead, err := read()
	guarded := outside.Guarded()
	return outside.Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		now, err := read()
		if err != nil {
			return nil, err
		}
		return guarded(ctx, network, now[host])
	}}, slices.Collect(maps.Keys(lead)), err
}

// reach reads what PushServices wrote: how the server goes outside, and the hosts that
// it allows in endpoints. Without a setting that is what the product does.
func reach(env []string) (outside.Options, []string, error) {
	if file := valueOf(env, namesVariable); file != "" {
		return names(file)
	}
	file := valueOf(env, pushVariable)
	if file == "" {
		return outside.Options{}, nil, nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the test names its own file
	if err != nil {
		return outside.Options{}, nil, err
	}
	var doubles map[string]double
	err = json.Unmarshal(text, &doubles)
	if err != nil {
		return outside.Options{}, nil, fmt.Errorf("the push services of the test: %w", err)
	}
	roots := x509.NewCertPool()
	var hosts []string
	for host, d := range doubles {
		if !roots.AppendCertsFromPEM([]byte(d.Certificate)) {
			return outside.Options{}, nil, fmt.Errorf("the double of %s has no certificate", host)
		}
		hosts = append(hosts, host)
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		d, found := doubles[host]
		if !found {
			return nil, fmt.Errorf("no double of %s was handed to this server", host)
		}
		return (&net.Dialer{}).DialContext(ctx, network, d.Address)
	}
	return outside.Options{Dial: dial, Roots: roots}, hosts, nil
}
