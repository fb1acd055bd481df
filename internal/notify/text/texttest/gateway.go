package texttest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"
)

// Text is one text that was taken.
type Text struct{ To, Body, ID, Reference string }

// Mood is how a provider answers.
type Mood int

// The moods.
const (
	Well   Mood = iota
	Down        // 503
	Slow        // no answer before the asker gives up
	Lying       // 200 or 201, and in the body that it was not taken
	Cut         // the connection breaks off in the middle of the answer
	Absurd      // 200 or 201, and no body that means anything
)

// taken is what every double keeps.
type taken struct {
	mu    sync.Mutex
	mood  Mood
	asked int
	texts []Text
	stop  chan struct{}
}

func newTaken(tb testing.TB) *taken {
	tb.Helper()
	return &taken{stop: make(chan struct{})}
}

// Be sets the mood.
func (t *taken) Be(m Mood) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mood = m
}

// Texts are those that were taken, the oldest first.
func (t *taken) Texts() []Text {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Text(nil), t.texts...)
}

// Asked counts the requests, well formed or not.
func (t *taken) Asked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}

// To waits for a text to a number, beyond the first after, and returns the newest. It fails
// the test where none comes.
func (t *taken) To(tb testing.TB, number string, after int) Text {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var found []Text
		for _, one := range t.Texts() {
			if one.To == number {
				found = append(found, one)
			}
		}
		if len(found) > after {
			return found[len(found)-1]
		}
	}
	tb.Fatalf("no text beyond the first %d came to %s", after, number)
	return Text{}
}

// Code is the code of the last line, as a browser reads it.
func (t Text) Code() string {
	found := regexp.MustCompile(`\n@[a-z0-9.-]+ #([0-9]+)$`).FindStringSubmatch(t.Body)
	if found == nil {
		return ""
	}
	return found[1]
}

func (t *taken) ask() Mood {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	return t.mood
}

// keep takes a text once: a gateway tells a second delivery by its id.
func (t *taken) keep(one Text) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, old := range t.texts {
		if one.ID != "" && old.ID == one.ID {
			return
		}
	}
	t.texts = append(t.texts, one)
}

// gone answers in the moods that no provider has a form of its own for; false for the
// others.
func (t *taken) gone(w http.ResponseWriter, r *http.Request, mood Mood) bool {
	switch mood {
	case Down:
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
	case Slow:
		select {
		case <-r.Context().Done():
		case <-t.stop:
		}
	case Cut:
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{"status":"que`)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// Gateway is one that speaks JSON. Token is what it is asked with.
type Gateway struct {
	*taken
	URL   string
	Token string
}

var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// NewGateway starts one.
func NewGateway(tb testing.TB) *Gateway {
	tb.Helper()
	g := &Gateway{taken: newTaken(tb), Token: "gw-3d5f9a1c7e2b4d68"} //nolint:gosec // made up for tests
	server := httptest.NewServer(http.HandlerFunc(g.serve))
	tb.Cleanup(server.Close)
	tb.Cleanup(func() { close(g.stop) })
	g.URL = server.URL + "/v1/messages"
	return g
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request) {
	mood := g.ask()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if g.gone(w, r, mood) {
		return
	}
	answer := func(status int, value map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(value)
	}
	var asked struct{ To, Text, ID string }
	switch {
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/messages":
		answer(http.StatusNotFound, map[string]any{"status": "rejected"})
	case r.Header.Get("Authorization") != "Bearer "+g.Token:
		answer(http.StatusUnauthorized, map[string]any{"status": "rejected"})
	case r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &asked) != nil:
		answer(http.StatusBadRequest, map[string]any{"status": "rejected"})
	case !number.MatchString(asked.To) || asked.Text == "" || asked.ID == "":
		answer(http.StatusUnprocessableEntity, map[string]any{"status": "rejected"})
	case mood == Lying:
		answer(http.StatusOK, map[string]any{"status": "rejected", "id": "1"})
	case mood == Absurd:
		_, _ = io.WriteString(w, "<html>ok</html>")
	default:
		one := Text{To: asked.To, Body: asked.Text, ID: asked.ID, Reference: "gw-" + asked.ID}
		g.keep(one)
		answer(http.StatusOK, map[string]any{"status": "queued", "id": one.Reference})
	}
}

// Entry is the gateway in the file of texts.
func (g *Gateway) Entry(name string) string {
	return `
[[provider]]
name = "` + name + `"
kind = "gateway"
url = "` + g.URL + `"
inside = true
headers = { Authorization = "Bearer ` + g.Token + `", Content-Type = "application/json" }
body = '{"to": "{to}", "text": "{text}", "id": "{id}"}'
accepted_field = "status"
accepted_values = ["queued", "sent"]
reference_field = "id"
price = "0.075"
currency = "EUR"
receipts = true
receipt_secret = "` + ReceiptSecret + `"
receipt_reference = "id"
receipt_state = "state"
receipt_delivered = ["delivered"]
receipt_failed = ["failed", "expired"]
receipt_price = "price"
receipt_currency = "currency"
`
}

// ReceiptSecret ends the address that gateways report to.
const ReceiptSecret = "r3c31pt5ecret0f7he9ateway"

// Listen starts a server that hands each request to h, and returns its address.
func Listen(tb testing.TB, h func(w http.ResponseWriter, r *http.Request, body []byte)) string {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		h(w, r, body)
	}))
	tb.Cleanup(server.Close)
	return server.URL
}
