package approve

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/store/rows"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// evidence is the event of a decision with all that is needed to check both
// signatures again, by anybody and without this installation: what was shown and
// chosen, and the public keys. It shows that the log was not changed later; whoever ran
// the server at the time could have made up keys and all.
func (s *Service) evidence(d rows.Device, row rows.Request, answer push.Answer, v push.Verdict, place countersign.Place) audit.Event {
	r := s.Signed(row, d.ID)
	detail := map[string]string{
		"kind": row.Kind, "name": d.Name, "device": string(d.ID), "device_kind": d.Kind,
		"issuer": r.Issuer, "request": r.ID, "nonce": b64(r.Nonce), "expires": strconv.FormatInt(r.Expires.Unix(), 10),
		"display": row.Display, "decision": string(answer.Decision), "number": answer.Number,
		"signature": b64(answer.Signature), "device_key": b64(d.DeviceKey),
		"device_thumbprint": b64(Thumbprint(d.DeviceKey)), "verify_thumbprint": b64(Digest(d.VerifyKey)),
	}
	if len(v.Evidence.Signature) > 0 {
		detail["verify_key"], detail["verify_id"] = b64(d.VerifyKey), b64(d.VerifyID)
		detail["authenticator_data"], detail["client_data"] = b64(v.Evidence.AuthenticatorData), b64(v.Evidence.ClientData)
		detail["verify_signature"] = b64(v.Evidence.Signature)
	}
	e := audit.Event{
		Kind: "request." + string(v.Outcome), Actor: countersign.Actor{Kind: countersign.ByUser, User: row.UserID}, User: row.UserID,
		Target: string(row.ID), Place: place, Detail: detail,
	}
	if State(v.Outcome) != Approved {
		e.Outcome = audit.Refused
	}
	if Kind(row.Kind) == SignIn {
		e.Attempt = countersign.AttemptID(row.Requester)
	}
	return e
}

// Digest is the thumbprint of a verifying key in its COSE form.
func Digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// Thumbprint is that of a device key, an uncompressed point of P-256 (RFC 7638).
func Thumbprint(point []byte) []byte {
	if len(point) != 65 {
		return nil
	}
	return Digest([]byte(`{"crv":"P-256","kty":"EC","x":"` + b64(point[1:33]) + `","y":"` + b64(point[33:]) + `"}`))
}

// Verified is what an event of a decision proves.
type Verified struct {
	Decision, Number, Request, Device, DeviceName string
	DeviceThumbprint, VerifyThumbprint            string
	Display                                       string
	Expires                                       time.Time
	// Biometric tells that the verifying key's signature was there and holds.
	Biometric bool
	// PairedBy is the event of the pairing that names the same keys, PairedAt its time;
	// "" where that event is no longer kept.
	PairedBy countersign.EventID
	PairedAt time.Time
}

// noEvidence refuses an event that proves nothing.
func noEvidence() error { return countersign.Refuse(countersign.Invalid, "no_evidence") }

// Verify checks the signatures of a decision again, from its event alone. Errors: one
// that says what does not hold.
func Verify(e rows.Event) (Verified, error) {
	if !strings.HasPrefix(e.Kind, "request.") {
		return Verified{}, noEvidence()
	}
	detail := audit.Detail(e)
	read := reading{detail: detail}
	d := rows.Device{DeviceKey: read.bytes("device_key"), VerifyKey: read.bytes("verify_key"), VerifyID: read.bytes("verify_id")}
	r := push.Request{
		Issuer: detail["issuer"], ID: detail["request"], Device: detail["device"], Nonce: read.bytes("nonce"),
		Expires: time.Unix(read.number("expires"), 0), Display: []byte(detail["display"]),
	}
	a := push.Answer{Decision: push.Decision(detail["decision"]), Number: detail["number"], Signature: read.bytes("signature")}
	if read.err != nil || a.Decision == "" {
		return Verified{}, noEvidence()
	}
	if !tellsOf(e.Kind, a.Decision) || e.Target != r.ID {
		return Verified{}, fmt.Errorf("%w: the event tells of something else than what was signed", method.ErrWrong)
	}
	if a.Decision == push.Approve {
		a.Assertion = read.assertion(d.VerifyID)
	}
	keys, err := Keys(d)
	if err != nil {
		return Verified{}, err
	}
	out := Verified{
		Decision: string(a.Decision), Number: a.Number, Request: r.ID, Device: r.Device, DeviceName: detail["name"],
		DeviceThumbprint: b64(Thumbprint(d.DeviceKey)), VerifyThumbprint: detail["verify_thumbprint"], Display: detail["display"],
		Expires: r.Expires, Biometric: len(a.Assertion) > 0,
	}
	err = push.Recheck(r, keys, a)
	if err != nil {
		return out, fmt.Errorf("the signatures do not hold: %w", err)
	}
	if out.DeviceThumbprint != detail["device_thumbprint"] || out.Biometric && b64(Digest(d.VerifyKey)) != out.VerifyThumbprint {
		return out, fmt.Errorf("%w: the keys are not those that the event names", method.ErrWrong)
	}
	return out, nil
}

// tellsOf tells whether an event of a kind can be that of a decision. Whether the number
// of an approval was the one that was shown is the server's word: no phone knew it.
func tellsOf(kind string, decision push.Decision) bool {
	switch decision {
	case push.Approve:
		return kind == "request."+string(Approved) || kind == "request."+string(Mismatch)
	case push.Deny:
		return kind == "request."+string(Denied)
	case push.Report:
		return kind == "request."+string(Reported)
	}
	return false
}

// reading reads a detail's values, and remembers the first that cannot be.
type reading struct {
	detail map[string]string
	err    error
}

func (r *reading) bytes(name string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(r.detail[name])
	if err != nil && r.err == nil {
		r.err = err
	}
	return b
}

func (r *reading) number(name string) int64 {
	n, err := strconv.ParseInt(r.detail[name], 10, 64)
	if err != nil && r.err == nil {
		r.err = err
	}
	return n
}

// assertion is what the phone sent, put together again.
func (r *reading) assertion(id []byte) []byte {
	text, err := json.Marshal(map[string]any{
		"id": b64(id), "rawId": b64(id), "type": "public-key",
		"response": map[string]string{
			"clientDataJSON": r.detail["client_data"], "authenticatorData": r.detail["authenticator_data"], "signature": r.detail["verify_signature"],
		},
	})
	if err != nil && r.err == nil {
		r.err = err
	}
	return text
}
