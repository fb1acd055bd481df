package terminaltest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"countersign/httpsig"
)

// b64 are octets in base64url without padding.
type b64 []byte

func (b b64) MarshalText() ([]byte, error) { return base64.RawURLEncoding.AppendEncode(nil, b), nil }

func (b *b64) UnmarshalText(text []byte) error {
	var err error
	*b, err = base64.RawURLEncoding.Strict().DecodeString(string(text))
	return err
}

// refusal is a problem document.
type refusal struct {
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	State   string `json:"state,omitempty"`
	Version string `json:"version,omitempty"`
}

func (r refusal) Error() string { return r.Code + ": " + r.Detail }

func refuse(status int, code, detail string) error {
	return refusal{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

type answer = map[string]any

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	open := func(path string, f func(r *http.Request, body []byte) (any, error)) {
		mux.HandleFunc("POST /device/v1/pairings/"+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, f) })
	}
	open("claim", s.claim)
	open("join", s.join)
	open("send", s.send)
	open("confirm", s.typed)
	open("state", s.state)
	signed := func(path string, early bool, f func(d *device, r *http.Request, body []byte) (any, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s.serve(w, r, func(r *http.Request, body []byte) (any, error) {
				d, err := s.signer(r, body)
				if err != nil {
					return nil, err
				}
				if d.state == "signed_out" && !early {
					return nil, refuse(http.StatusForbidden, "device_signed_out", "This device is signed out.")
				}
				return f(d, r, body)
			})
		})
	}
	signed("POST /device/v1/hello", true, s.hello)
	signed("GET /device/v1/requests", false, s.list)
	signed("POST /device/v1/requests/{id}", false, s.decide)
	signed("GET /device/v1/history", false, s.history)
	signed("POST /device/v1/test", false, s.test)
	signed("POST /device/v1/code", false, s.code)
	signed("POST /device/v1/sign-out", true, s.signOut)
	signed("POST /device/v1/sign-in", true, s.signIn)
	signed("POST /device/v1/remove", true, s.remove)
	return mux
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, f func(*http.Request, []byte) (any, error)) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<10))
	if err == nil && len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
		err = errors.New("the body is no JSON")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	result, err := f(r, body)
	outcome := "ok"
	var refused refusal
	if err != nil {
		outcome = err.Error()
		if errors.As(err, &refused) {
			outcome = refused.Code
		}
	}
	s.calls = append(s.calls, r.Method+" "+r.URL.Path+" "+outcome)
	s.mu.Unlock()
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result)
	case refused.Status != 0:
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(refused.Status)
		_ = json.NewEncoder(w).Encode(refused)
	default:
		s.tb.Errorf("%s %s: %v", r.Method, r.URL, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// signer checks a call's signature as the protocol says.
func (s *Server) signer(r *http.Request, body []byte) (*device, error) {
	here, err := url.Parse(s.Issuer)
	if err != nil {
		return nil, err
	}
	signature, err := httpsig.Read(r, httpsig.Authority(here), body)
	if err != nil {
		return nil, refuse(http.StatusUnauthorized, "device_signature", err.Error())
	}
	d := s.devices[signature.KeyID]
	if d == nil || d.state == "revoked" {
		return nil, refuse(http.StatusUnauthorized, "device_unknown", "This device is not paired.")
	}
	err = signature.Check(httpsig.P256Public{Key: d.Key}, "countersign-device", s.now(), time.Minute)
	switch {
	case errors.Is(err, httpsig.ErrTime):
		return nil, refuse(http.StatusUnauthorized, "device_clock", "The clock of the device is wrong.")
	case err != nil:
		return nil, refuse(http.StatusUnauthorized, "device_signature", err.Error())
	}
	nonce, err := base64.RawURLEncoding.DecodeString(signature.Nonce)
	if err != nil || len(nonce) < 16 || len(nonce) > 48 {
		return nil, refuse(http.StatusUnauthorized, "device_signature", "the nonce is not 16 to 48 octets")
	}
	if s.nonces[signature.Nonce] {
		return nil, refuse(http.StatusConflict, "device_replayed", "This was sent before.")
	}
	s.nonces[signature.Nonce] = true
	return d, nil
}
