package terminal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"countersign/httpsig"
)

// Options are what a client is made with.
type Options struct {
	// Now is the clock of this machine. A wrong one is put right by the server's.
	Now func() time.Time
	// Random returns so many octets of chance. Keys are made of it.
	Random func(n int) []byte
	// Transport is how the server is reached; nil is as Go's own client does.
	Transport http.RoundTripper
	// Language goes into Accept-Language, in which people are told of problems.
	Language string
	// Version is the program's own, as a semantic version.
	Version string
	// Reach is how pushes get to the device; a terminal has none.
	Reach Reach
}

// Reach is how pushes get to a device.
type Reach struct {
	// Notifications is "granted", "denied", "default", or "none", which "" is too.
	Notifications string
	// Push is the subscription of a phone, nil for none.
	Push *Subscription
}

// Subscription is one to a push service (RFC 8030), with the keys of RFC 8291.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	// P256DH are 65 octets, Auth 16.
	P256DH octets `json:"p256dh"`
	Auth   octets `json:"auth"`
}

// state is what a device says of itself when it joins, and at each start.
type state struct {
	Biometrics    bool          `json:"biometrics"`
	Notifications string        `json:"notifications"`
	Push          *Subscription `json:"push,omitempty"`
}

func (r Reach) state() state { return state{true, cmp.Or(r.Notifications, "none"), r.Push} }

// Client speaks the protocol with one server. It may be used by any number of
// goroutines.
type Client struct {
	Options

	issuer string
	http   *http.Client
	// ahead is how far the server's clock is ahead of ours.
	ahead atomic.Int64
}

const (
	// longestAnswer bounds what is read of an answer, in octets.
	longestAnswer = 1 << 20
	// patience is how long an answer may take beside the time that it waits for.
	patience = 30 * time.Second
	// LongestWait is how long the server lets a call wait for news.
	LongestWait = 25 * time.Second
)

// New makes a client of the server at an address such as https://signin.example.com.
// Errors: an address that is none, or that is not https on another machine than this:
// whoever listens between would pair in the person's place.
func New(server string, o Options) (*Client, error) {
	address, err := issuerOf(server)
	if err != nil {
		return nil, err
	}
	return &Client{Options: o, issuer: address, http: &http.Client{
		Transport: o.Transport,
		// A signature names its server; what answers with another address is none that
		// this device belongs to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// issuerOf is the issuer of a server's address: without a slash at the end, the host in
// lower case, without the port that the scheme has anyway.
func issuerOf(server string) (string, error) {
	address, err := url.Parse(strings.TrimRight(strings.TrimSpace(server), "/"))
	if err != nil || address.Hostname() == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return "", errors.New("the server's address is not one like https://signin.example.com")
	}
	switch {
	case address.Scheme == "https":
	case address.Scheme == "http" && here(address.Hostname()):
	default:
		return "", errors.New("the server's address does not begin with https://, and is not on this machine")
	}
	return address.Scheme + "://" + httpsig.Authority(address) + address.EscapedPath(), nil
}

// here tells whether a host is this machine by its name.
func here(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}

// Issuer is the server's public address, without a slash at the end.
func (c *Client) Issuer() string { return c.issuer }

// now is the server's time as far as it is known.
func (c *Client) now() time.Time { return c.Now().Add(time.Duration(c.ahead.Load())) }

// signer is whose signature a call has.
type signer struct {
	device string
	key    *ecdsa.PrivateKey
}

// call is one to the server.
type call struct {
	method, path string
	query        url.Values
	body         any // nil for none; a func() (any, error) makes it for each try
	by           *signer
	wait         time.Duration
}

// do sends a call and reads the answer into result, nil for nothing. A signed one that
// the server finds to be of another time is sent once more by the server's clock.
// Errors: [*Problem], those of the network, an answer that cannot be read.
func (c *Client) do(ctx context.Context, call call, result any) error {
	err := c.once(ctx, call, result)
	var late *clockError
	if !errors.As(err, &late) {
		return err
	}
	c.ahead.Store(int64(late.server.Sub(c.Now())))
	return c.once(ctx, call, result)
}

// clockError is a refusal that tells the server's time.
type clockError struct {
	*Problem
	server time.Time
}

// Unwrap gives the problem.
func (e *clockError) Unwrap() error { return e.Problem }

func (c *Client) once(ctx context.Context, call call, result any) error {
	ctx, cancel := context.WithTimeout(ctx, patience+call.wait)
	defer cancel()
	request, err := c.request(ctx, call)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("reach the server: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		// It broke off: the network's doing, as when nothing comes at all.
		return &url.Error{Op: "read the answer of", URL: request.URL.String(), Err: err}
	}
	if response.StatusCode/100 != 2 {
		problem := readProblem(response, body)
		at, err := http.ParseTime(response.Header.Get("Date"))
		if err == nil && problem.Status == http.StatusUnauthorized && problem.Code == DeviceClock {
			return &clockError{problem, at}
		}
		return problem
	}
	if result == nil {
		return nil
	}
	err = json.Unmarshal(body, result)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// text is the body as it is sent, nil for none.
func (c call) text() ([]byte, error) {
	value := c.body
	if value == nil {
		return nil, nil
	}
	if fresh, is := value.(func() (any, error)); is {
		var err error
		value, err = fresh()
		if err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write the call: %w", err)
	}
	return body, nil
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	body, err := call.text()
	if err != nil {
		return nil, err
	}
	address := c.issuer + call.path
	if len(call.query) > 0 {
		address += "?" + call.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, call.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the call: %w", err)
	}
	request.Header.Set("Accept", "application/json, application/problem+json")
	request.Header.Set("User-Agent", "countersign/"+c.Version)
	if c.Language != "" {
		request.Header.Set("Accept-Language", c.Language)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.by == nil {
		return request, nil
	}
	err = httpsig.Sign(request, body, httpsig.Params{
		KeyID: call.by.device, Created: c.now(), Nonce: octets(c.Random(nonceSize)).String(), Tag: "countersign-device",
	}, httpsig.P256{Key: call.by.key})
	if err != nil {
		return nil, fmt.Errorf("sign the call: %w", err)
	}
	return request, nil
}

// nonceSize is how many octets of chance a signature's nonce has.
const nonceSize = 16
