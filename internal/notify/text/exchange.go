package text

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"countersign/internal/outside"
)

// mostAnswer bounds what of an answer is read, in octets.
const mostAnswer = 64 << 10

// client is how a provider is reached: at public addresses only, unless the operator
// says that this one is inside, as a gateway in the company's own network is. The
// operator chose the address, so it is no stranger's; the guard keeps a name that was
// taken over from leading in.
func client(inside bool, o outside.Options) *http.Client {
	if inside {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return outside.Client(o)
}

// exchange sends a request once and returns the status and what was answered. Its errors
// repeat nothing of the request. Whoever was reached and did not answer may have taken the
// text: the error is [ErrUnknown].
func exchange(c *http.Client, request *http.Request) (int, []byte, error) {
	var reached atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached.Store(true) }}
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), trace))
	// A connection that was used before may be dead, which looks as one that breaks off, and
	// a GET on it is sent again by itself.
	request.Close = true
	response, err := c.Do(request)
	if errors.Is(err, outside.ErrInside) {
		return 0, nil, errors.New("its name leads to an address that is not on the public internet; inside = true allows that")
	}
	if err != nil && reached.Load() {
		return 0, nil, unsure(faultOf(err))
	}
	if err != nil {
		return 0, nil, faultOf(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	switch status := response.StatusCode; {
	case err != nil && status < http.StatusBadRequest:
		return 0, nil, unsure(errors.New("the answer broke off"))
	case status == http.StatusBadGateway || status == http.StatusGatewayTimeout:
		// What stands before the provider did not hear what it said.
		return 0, nil, unsure(fmt.Errorf("the server answered %d", status))
	default:
		return status, answer, nil
	}
}

// unsure is the error of a provider that may have taken the text for all that.
func unsure(why error) error { return fmt.Errorf("%w: %w", ErrUnknown, why) }

// faultOf is why a request failed, without its address, which may hold a password.
func faultOf(err error) error {
	var whole *url.Error
	if errors.As(err, &whole) && whole.Timeout() {
		return errors.New("no answer in time")
	}
	var refused *net.OpError
	if errors.As(err, &refused) {
		return errors.New("it cannot be reached")
	}
	return errors.New("the exchange failed")
}
