package text

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

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

// exchange sends a request and returns the status and what was answered. Its errors
// repeat nothing of the request.
func exchange(c *http.Client, request *http.Request) (int, []byte, error) {
	response, err := c.Do(request)
	if errors.Is(err, outside.ErrInside) {
		return 0, nil, errors.New("its name leads to an address that is not on the public internet; inside = true allows that")
	}
	if err != nil {
		return 0, nil, faultOf(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return 0, nil, errors.New("the answer broke off")
	}
	return response.StatusCode, answer, nil
}

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
