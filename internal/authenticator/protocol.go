package authenticator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"countersign"
	"countersign/httpsig"
	"countersign/internal/approve"
	"countersign/internal/device"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// Options are the parts that the device protocol asks. All are needed.
type Options struct {
	Site      *web.Site
	Devices   *device.Service
	Approvals *approve.Service
	Now       func() time.Time
}

// protocol is the device protocol (doc/device-protocol.md).
type protocol struct{ Options }

// longestWait bounds how long a call may wait for something to happen.
const longestWait = 25 * time.Second

// MountProtocol adds the device protocol's routes.
func MountProtocol(mux *http.ServeMux, o Options) {
	p := &protocol{Options: o}
	for pattern, handler := range map[string]web.Handler{
		"POST /device/v1/pairings/claim":   p.claim,
		"POST /device/v1/pairings/join":    p.join,
		"POST /device/v1/pairings/send":    p.send,
		"POST /device/v1/pairings/confirm": p.confirm,
		"POST /device/v1/pairings/state":   p.state,
		"POST /device/v1/hello":            p.signed(once, p.hello),
		"GET /device/v1/requests":          p.signed(often, p.requests),
		// One decision is all that a request takes: its row judges that, and no nonce.
		"POST /device/v1/requests/{request}": p.decide,
		"GET /device/v1/history":             p.signed(often, p.history),
		"POST /device/v1/test":               p.signed(once, p.test),
		"POST /device/v1/code":               p.signed(once, p.code),
		"POST /device/v1/sign-out":           p.signed(once, p.signOut),
		"POST /device/v1/sign-in":            p.signed(once, p.signIn),
		"POST /device/v1/remove":             p.signed(once, p.remove),
	} {
		mux.Handle(pattern, o.Site.Handle(p.program(handler)))
	}
}

// Whether a signature works once.
const (
	once  = true
	often = false
)

// program answers as programs are answered, whatever they say they accept, and tells
// the server's time, by which a device mends its clock.
func (p *protocol) program(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		r.Header.Set("Accept", "application/json")
		w.Header().Set("Date", p.Now().UTC().Format(http.TimeFormat))
		return next(w, r)
	}
}

// call is a handler of a device's signed call.
type call func(w http.ResponseWriter, r *http.Request, d rows.Device, body []byte) error

func (p *protocol) signed(once bool, next call) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		signature, body, err := p.signature(r)
		if err != nil {
			return err
		}
		d, err := p.Devices.Authenticate(r.Context(), web.WorkspaceOf(r.Context()), signature, once)
		if err != nil {
			return err
		}
		note(r, d)
		return next(w, r, d, body)
	}
}

// signature reads a signed call and its body; whose it is, and whether it holds, is still
// to be judged.
func (p *protocol) signature(r *http.Request) (httpsig.Signature, []byte, error) {
	body, err := web.ReadBody(r)
	if err != nil {
		return httpsig.Signature{}, nil, err
	}
	home, err := url.Parse(web.HomeOf(r.Context()).URL)
	if err != nil {
		return httpsig.Signature{}, body, err
	}
	// What is signed for one workspace serves at no other (doc/decisions/0042).
	signature, err := httpsig.Read(r, httpsig.Authority(home), body)
	if err != nil {
		err = &countersign.Error{Kind: countersign.Unauthenticated, Code: "device_signature", Err: err}
	}
	return signature, body, err
}

// note has the log name who called.
func note(r *http.Request, d rows.Device) {
	web.Note(r.Context(), "device", string(d.ID))
	web.Note(r.Context(), "user", string(d.UserID))
}

// read decodes a body. What is not known is ignored: later versions say more.
func read(body []byte, into any) error {
	if hasNUL(body) {
		return countersign.Refuse(countersign.Invalid, "bad_text")
	}
	err := json.Unmarshal(body, into)
	if err != nil {
		return &countersign.Error{Kind: countersign.Invalid, Code: "bad_json", Err: err}
	}
	return nil
}

// hasNUL tells whether a JSON text has a NUL in one of its texts: PostgreSQL takes none,
// and a form or a query with one is refused as well. JSON has no other way to write it
// than this escape, in which the backslash is no escaped one (RFC 8259, section 7).
func hasNUL(body []byte) bool {
	return bytes.Contains(bytes.ReplaceAll(body, []byte(`\\`), nil), []byte(`\u0000`))
}

func readBody(r *http.Request, into any) error {
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	return read(body, into)
}

func answer(w http.ResponseWriter, with any) error {
	body, err := json.Marshal(with)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(body)
	return err
}

// octets are base64url without padding.
type octets []byte

// UnmarshalJSON reads them.
func (o *octets) UnmarshalJSON(text []byte) error {
	var s string
	err := json.Unmarshal(text, &s)
	if err != nil {
		return err
	}
	*o, err = base64.RawURLEncoding.DecodeString(s)
	return err
}

// MarshalJSON writes them.
func (o octets) MarshalJSON() ([]byte, error) {
	return json.Marshal(base64.RawURLEncoding.EncodeToString(o))
}
