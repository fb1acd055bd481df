package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"time"

	"countersign/internal/outside"
	"countersign/internal/webpush"
)

// PushOptions say who sends pushes, and where to.
type PushOptions struct {
	// Identity is the key pair that subscriptions are made for.
	Identity webpush.Identity
	// Subject is the public https: address of the server, or a mailto: address: whom
	// a push service turns to (RFC 8292, section 2.1).
	Subject string
	// Hosts are allowed beside those of the browsers' own push services.
	Hosts []string
	// Now is the clock of the tokens; Random returns n octets of chance.
	Now    func() time.Time
	Random func(n int) []byte
	// Outside is what tests hand in.
	Outside outside.Options
}

// Push is one message for one browser.
type Push struct {
	Endpoint string
	Keys     webpush.Keys
	Body     []byte
	// Topic names what a later push replaces, while the push service still keeps it;
	// any text, of which only a digest is sent.
	Topic string
	// Life is how long the push service keeps it for a phone that is off.
	Life time.Duration
}

// WebPush hands pushes to the browsers' push services (RFC 8030). It may be used by
// many goroutines.
type WebPush struct {
	options PushOptions
	client  *http.Client

	mu     sync.Mutex
	tokens map[string]token // by audience
}

// token is the header that says who sends.
type token struct {
	header  string
	renewal time.Time
}

const (
	// pushLength is what every push is padded to, in octets, so that its size tells
	// nothing.
	pushLength = 256
	// tokenLife and tokenRenewal: push services ask for one token for a while, of at
	// most a day.
	tokenLife    = 12 * time.Hour
	tokenRenewal = 6 * time.Hour
	// mostTokens bounds what is kept; some push services have many hosts.
	mostTokens = 256
	// mostAnswer bounds what of an answer is read.
	mostAnswer = 64 << 10
	// longestWait bounds what a push service can make us wait.
	longestWait = time.Hour
)

// NewWebPush makes the sender; it connects to nothing.
func NewWebPush(o PushOptions) *WebPush {
	return &WebPush{options: o, client: outside.Client(o.Outside), tokens: map[string]token{}}
}

// Send seals the message and hands it to the push service. Errors are an [*Error]:
// Gone for a subscription that is no more, Refused where the push service does not
// take it from this sender, Temporary for all that may go through later, after Wait.
func (p *WebPush) Send(ctx context.Context, m Push) error {
	request, err := p.request(ctx, m)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if errors.Is(err, outside.ErrInside) {
		return &Error{step: "push", words: "the push service's name leads to an address that is not on the public internet"}
	}
	if err != nil {
		return &Error{step: "reach the push service " + request.URL.Host, words: faultOf(err), again: true}
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return nil // whatever else it says, or does not come to say
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		answer = nil // the status has said it
	}
	return p.verdict(response, string(answer))
}

// faultOf is why a request failed, without its address.
func faultOf(err error) string {
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	return mask(err.Error())
}

// secretLike is what an endpoint or a token may look like, whole or in part, in
// whichever way it was written; and no word, as VapidPkHashMismatch is one.
var secretLike = regexp.MustCompile(`[A-Za-z0-9_\-.~%+/=:\\?&]{12,}`)

// word is a name of a fault, shorter than longestWord.
var word = regexp.MustCompile(`^[A-Za-z]+[:.]?$`)

const longestWord = 24

// mask takes all that could be an endpoint or a token out of words from outside.
func mask(words string) string {
	masked := secretLike.ReplaceAllStringFunc(words, func(run string) string {
		if len(run) < longestWord && word.MatchString(run) {
			return run
		}
		return "•••"
	})
	return clean(masked, nil)
}

func (p *WebPush) request(ctx context.Context, m Push) (*http.Request, error) {
	endpoint, err := ParseEndpoint(m.Endpoint, p.options.Hosts)
	if err != nil {
		return nil, &Error{step: "push", words: err.Error()}
	}
	body, err := webpush.Seal(m.Keys, m.Body, pushLength, p.options.Random)
	if err != nil {
		return nil, &Error{step: "seal the push", words: err.Error()}
	}
	authorization, err := p.authorization(webpush.Audience(endpoint))
	if err != nil {
		return nil, &Error{step: "sign the push", words: err.Error(), refused: true}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &Error{step: "push", words: "the push endpoint is not an address"}
	}
	h := request.Header
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Encoding", "aes128gcm")
	h.Set("Ttl", strconv.Itoa(int(max(m.Life, 0)/time.Second)))
	h.Set("Urgency", "high") // a person waits; phones hold back anything else (RFC 8030, section 5.3)
	h.Set("Authorization", authorization)
	if m.Topic != "" {
		digest := sha256.Sum256([]byte(m.Topic))
		h.Set("Topic", base64.RawURLEncoding.EncodeToString(digest[:])[:32]) // at most 32 characters (section 5.4)
	}
	return request, nil
}

// authorization is the header for a push service, made anew after a while.
func (p *WebPush) authorization(audience string) (string, error) {
	now := p.options.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	kept, found := p.tokens[audience]
	// A clock that was set back would keep a token for longer than it lives.
	if found && now.Before(kept.renewal) && kept.renewal.Sub(now) <= tokenRenewal {
		return kept.header, nil
	}
	header, err := p.options.Identity.Authorization(audience, p.options.Subject, now.Add(tokenLife))
	if err != nil {
		return "", err
	}
	if len(p.tokens) >= mostTokens {
		clear(p.tokens)
	}
	p.tokens[audience] = token{header: header, renewal: now.Add(tokenRenewal)}
	return header, nil
}

// forget drops the token of a push service that refused it.
func (p *WebPush) forget(audience string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tokens, audience)
}

// verdict is what an answer says became of the push (RFC 8030, sections 5 and 8.4).
func (p *WebPush) verdict(response *http.Response, answer string) error {
	e := &Error{step: "push to " + response.Request.URL.Host, code: response.StatusCode}
	switch {
	case response.StatusCode == http.StatusNotFound, response.StatusCode == http.StatusGone:
		e.gone = true
	case response.StatusCode == http.StatusTooManyRequests, response.StatusCode == http.StatusRequestTimeout, response.StatusCode >= 500:
		e.again, e.wait = true, waitOf(response.Header.Get("Retry-After"), p.options.Now())
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		p.forget(webpush.Audience(response.Request.URL))
		e.refused = true
	}
	if response.StatusCode < 500 && !e.gone {
		e.words = mask(answer) // it says what is wrong, and may repeat the request
	}
	return e
}

// waitOf reads Retry-After: seconds, or a date (RFC 9110, section 10.2.3).
func waitOf(value string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(value, 10, 31)
	if err == nil {
		return min(time.Duration(seconds)*time.Second, longestWait)
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), longestWait)
}
