// Package autopush is a double of the push service behind Firefox: the WebSocket on
// which the browser subscribes and gets messages, and the endpoint that a sender posts
// to (RFC 8030). Firefox acknowledges each message with a code that says whether it
// could decrypt it, so that an implementation which is not ours judges what we seal.
// What a sender posts is judged by webpushtest. It is called by tests only.
//
// The browser's side is the subprotocol push-notification, as the documents of
// Mozilla's autopush describe it ("WebPush protocol") and dom/push/PushServiceWebSocket
// in Firefox speaks it.
package autopush

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"countersign/internal/webpush/webpushtest"
)

// Host is the name in the endpoints that Firefox hands out.
const Host = "updates.push.services.mozilla.com"

// The codes of an acknowledgement.
const (
	Delivered = 100 // decrypted, and given to the service worker
	Garbled   = 101 // not decrypted
	Failed    = 102 // the service worker failed
)

// Service is the double. What a sender sees of it, and what makes it refuse, is
// [webpushtest.Service].
type Service struct {
	*webpushtest.Service

	web *httptest.Server

	mu       sync.Mutex
	line     *websocket.Conn // nil while the browser is away
	channels map[string]*webpushtest.Subscription
	waiting  []notification // not acknowledged
	last     int
	codes    []int // of acknowledgements, until they are asked for
}

// notification is a message on its way to the browser.
type notification struct {
	Type    string            `json:"messageType"`
	Channel string            `json:"channelID"`
	Version string            `json:"version"`
	Data    string            `json:"data"`
	Headers map[string]string `json:"headers"`
}

// Start starts the service, for one browser. It ends with tb. now is the clock that the
// sender has.
func Start(tb testing.TB, now func() time.Time) *Service {
	tb.Helper()
	s := &Service{Service: webpushtest.Start(tb, Host, now), channels: map[string]*webpushtest.Subscription{}}
	s.web = httptest.NewServer(websocket.Server{Handler: s.talk, Handshake: handshake})
	tb.Cleanup(s.web.Close)
	return s
}

// URL is what Firefox must take for the address of its service.
func (s *Service) URL() string { return "ws://" + strings.TrimPrefix(s.web.URL, "http://") + "/" }

// handshake takes every origin: a browser has none here.
func handshake(config *websocket.Config, _ *http.Request) error {
	if !slices.Contains(config.Protocol, "push-notification") {
		return websocket.ErrBadWebSocketProtocol
	}
	config.Protocol = []string{"push-notification"}
	return nil
}

// request is any message of the browser.
type request struct {
	Type    string `json:"messageType"`
	UAID    string `json:"uaid"`
	Channel string `json:"channelID"`
	Key     string `json:"key"`
	Updates []struct {
		Version string `json:"version"`
		Code    int    `json:"code"`
	} `json:"updates"`
}

// talk answers the browser until it goes.
func (s *Service) talk(line *websocket.Conn) {
	defer s.lose(line)
	for {
		var text string
		var r request
		err := websocket.Message.Receive(line, &text)
		if err == nil {
			err = json.Unmarshal([]byte(text), &r)
		}
		if err == nil {
			err = s.answer(line, r)
		}
		if err != nil {
			return
		}
	}
}

func (s *Service) answer(line *websocket.Conn, r request) error {
	answer := map[string]any{"messageType": r.Type, "status": http.StatusOK}
	switch r.Type {
	case "":
		answer = map[string]any{} // a ping
	case "hello":
		if r.UAID == "" {
			r.UAID = chance()
		}
		answer["uaid"], answer["use_webpush"], answer["broadcasts"] = r.UAID, true, map[string]string{}
	case "register":
		answer["channelID"], answer["pushEndpoint"] = r.Channel, s.register(r)
	case "unregister":
		s.unregister(r.Channel)
		answer["channelID"] = r.Channel
	case "ack":
		s.acknowledged(r)
		return nil
	default:
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := websocket.JSON.Send(line, answer)
	if err == nil && r.Type == "hello" {
		s.line = line
		for _, n := range s.waiting {
			_ = websocket.JSON.Send(line, n)
		}
	}
	return err
}

func chance() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// register makes a subscription and returns its endpoint.
func (s *Service) register(r request) string {
	key := strings.TrimRight(r.Key, "=")
	one := s.Register("/wpush/v2/"+chance(), key, func(_ *webpushtest.Push, body []byte) error {
		s.send(r.Channel, body)
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[r.Channel] = one
	return one.Endpoint
}

func (s *Service) unregister(channel string) {
	s.mu.Lock()
	one := s.channels[channel]
	delete(s.channels, channel)
	s.mu.Unlock()
	if one != nil {
		s.Drop(one)
	}
}

// send hands a message to the browser, or keeps it until it comes back.
func (s *Service) send(channel string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	n := notification{
		Type: "notification", Channel: channel, Version: strconv.Itoa(s.last), Data: base64.RawURLEncoding.EncodeToString(body),
		Headers: map[string]string{"encoding": "aes128gcm"},
	}
	s.waiting = append(s.waiting, n)
	if s.line != nil {
		_ = websocket.JSON.Send(s.line, n) // otherwise it waits
	}
}

func (s *Service) acknowledged(r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, update := range r.Updates {
		s.codes = append(s.codes, update.Code)
		s.waiting = slices.DeleteFunc(s.waiting, func(n notification) bool { return n.Version == update.Version })
	}
}

func (s *Service) lose(line *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == line {
		s.line = nil
	}
}

// patience is how long a test waits for an acknowledgement.
const patience = 30 * time.Second

// Acknowledged waits for the browser's next acknowledgement, and returns its code.
func (s *Service) Acknowledged(tb testing.TB) int {
	tb.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		if len(s.codes) > 0 {
			code := s.codes[0]
			s.codes = s.codes[1:]
			s.mu.Unlock()
			return code
		}
		s.mu.Unlock()
	}
	tb.Fatalf("the browser has acknowledged nothing after %v", patience)
	return 0
}
