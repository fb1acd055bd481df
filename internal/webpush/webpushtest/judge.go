package webpushtest

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
)

var (
	topic   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	urgency = regexp.MustCompile(`^(very-low|low|normal|high)$`)
)

// judge reads a push as RFC 8030, section 5, and RFC 8292 say, or says what it is refused
// with.
func (s *Service) judge(r *http.Request, one *Subscription) (Push, []byte, int, error) {
	h := r.Header
	seconds, err := strconv.Atoi(h.Get("Ttl"))
	if r.Method != http.MethodPost || err != nil || seconds < 0 {
		return Push{}, nil, http.StatusBadRequest, fmt.Errorf("%s with TTL %q", r.Method, h.Get("Ttl"))
	}
	if !urgency.MatchString(h.Get("Urgency")) || h.Get("Topic") != "" && !topic.MatchString(h.Get("Topic")) {
		return Push{}, nil, http.StatusBadRequest, fmt.Errorf("urgency %q, topic %q", h.Get("Urgency"), h.Get("Topic"))
	}
	if h.Get("Content-Encoding") != "aes128gcm" {
		return Push{}, nil, http.StatusBadRequest, fmt.Errorf("encoded as %q", h.Get("Content-Encoding"))
	}
	token, err := ReadToken(h.Get("Authorization"))
	if err != nil {
		return Push{}, nil, http.StatusUnauthorized, err
	}
	err = token.judge("https://"+s.host, one.key, s.now())
	if err != nil {
		return Push{}, nil, http.StatusForbidden, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4097))
	if err != nil || len(body) > 4096 {
		return Push{}, nil, http.StatusRequestEntityTooLarge, fmt.Errorf("%d octets", len(body))
	}
	return Push{
		Endpoint: one.Endpoint, TTL: seconds, Topic: h.Get("Topic"), Urgency: h.Get("Urgency"), Length: len(body),
		Token: h.Get("Authorization"),
	}, body, 0, nil
}
