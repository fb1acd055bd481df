package texttest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // as Twilio signs
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// Twilio is the Messages resource of the API of 2010-04-01, with its basic
// authentication, fields, and error codes.
type Twilio struct {
	*taken
	URL, Account, Token, From string
	// Unsubscribed is a number that answered STOP.
	Unsubscribed string
	callbacks    map[string]string
}

// NewTwilio starts one.
func NewTwilio(tb testing.TB) *Twilio {
	tb.Helper()
	t := &Twilio{
		taken: newTaken(tb), Account: "AC" + strings.Repeat("0a", 16), Token: strings.Repeat("b1", 16), From: "+15005550006",
		Unsubscribed: "+15005550004", callbacks: map[string]string{},
	}
	server := httptest.NewServer(http.HandlerFunc(t.serve))
	tb.Cleanup(server.Close)
	tb.Cleanup(func() { close(t.stop) })
	t.URL = server.URL
	return t
}

func (t *Twilio) serve(w http.ResponseWriter, r *http.Request) {
	mood := t.ask()
	refuse := func(status, code int, words string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": words, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), "status": status})
	}
	err := r.ParseForm()
	if t.gone(w, r, mood) {
		return
	}
	user, password, ok := r.BasicAuth()
	to, body := r.PostForm.Get("To"), r.PostForm.Get("Body")
	validity, validityErr := strconv.Atoi(r.PostForm.Get("ValidityPeriod"))
	switch {
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+t.Account+"/Messages.json":
		refuse(http.StatusNotFound, 20404, "The requested resource was not found")
	case !ok || user != t.Account || password != t.Token:
		refuse(http.StatusUnauthorized, 20003, "Authenticate")
	case to == "":
		refuse(http.StatusBadRequest, 21604, "A 'To' phone number is required.")
	case !number.MatchString(to):
		refuse(http.StatusBadRequest, 21211, "The 'To' number "+to+" is not a valid phone number.")
	case r.PostForm.Get("From") != t.From && r.PostForm.Get("MessagingServiceSid") == "":
		refuse(http.StatusBadRequest, 21603, "A 'From' phone number is required.")
	case body == "":
		refuse(http.StatusBadRequest, 21602, "Message body is required.")
	case len([]rune(body)) > 1600:
		refuse(http.StatusBadRequest, 21617, "The concatenated message body exceeds the 1600 character limit.")
	case validityErr != nil || validity < 1 || validity > 36000:
		refuse(http.StatusBadRequest, 21626, "The ValidityPeriod is not valid.")
	case to == t.Unsubscribed:
		refuse(http.StatusBadRequest, 21610, "Attempt to send to unsubscribed recipient "+to)
	case mood == Absurd:
		w.WriteHeader(http.StatusCreated)
	default:
		t.create(w, r, mood, to, body)
	}
}

func (t *Twilio) create(w http.ResponseWriter, r *http.Request, mood Mood, to, body string) {
	status := "queued"
	if mood == Lying {
		status = "failed"
	}
	sid := fmt.Sprintf("SM%032x", t.Asked())
	if mood != Lying {
		t.keep(Text{To: to, Body: body, Reference: sid})
	}
	t.mu.Lock()
	t.callbacks[sid] = r.PostForm.Get("StatusCallback")
	t.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"sid": sid, "account_sid": t.Account, "api_version": "2010-04-01", "to": to, "from": t.From, "body": body, "status": status,
		"num_segments": "1", "price": nil, "price_unit": "USD", "error_code": nil, "error_message": nil, "direction": "outbound-api",
	})
}

// Callback is the address that a text's reports go to.
func (t *Twilio) Callback(sid string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.callbacks[sid]
}

// Report is the request that Twilio makes for a state of a text: its form, and the
// signature for the address.
func (t *Twilio) Report(address, sid, state string, more url.Values) (url.Values, string) {
	form := url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "MessageStatus": {state}, "AccountSid": {t.Account}, "From": {t.From}, "ApiVersion": {"2010-04-01"}}
	for name, values := range more {
		form[name] = values
	}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	text := address
	for _, name := range names {
		text += name + strings.Join(form[name], "")
	}
	mac := hmac.New(sha1.New, []byte(t.Token))
	_, _ = mac.Write([]byte(text))
	return form, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Entry is Twilio in the file of texts.
func (t *Twilio) Entry(name string) string {
	return `
[[provider]]
name = "` + name + `"
kind = "twilio"
url = "` + t.URL + `"
inside = true
account = "` + t.Account + `"
token = "` + t.Token + `"
from = "` + t.From + `"
receipts = true
price = "0.0079"
currency = "USD"
`
}
