package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"countersign/internal/es256"
	"countersign/internal/method/push"
	"countersign/internal/seal"
)

// mailed is the code of every mail.
const mailed = "271828"

// Pair makes a pairing: the path of its link, and its short code.
func (d *double) Pair() (string, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := &pairing{id: seal.ID("par"), token: seal.NewToken(), code: seal.NewToken(), state: "waiting"}
	p.short = strings.ToUpper(strings.TrimPrefix(seal.ID("x"), "x_")[:8])
	d.pairings = append(d.pairings, p)
	return "/authenticator/#pair=" + p.code, p.short[:4] + "-" + p.short[4:]
}

func (d *double) claim(_ *http.Request, body []byte) (any, error) {
	var in struct {
		Code   string `json:"code"`
		Short  string `json:"short_code"`
		Device struct{ Kind, Name, Platform, Client, Version string }
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	if d.Least != "" {
		return nil, refusal{Status: http.StatusForbidden, Title: "Forbidden", Code: "device_version", Detail: "Too old.", Version: d.Least}
	}
	used := in.Code + strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(in.Short))
	for _, p := range d.pairings {
		if p.state != "waiting" || used != p.code && used != p.short {
			continue
		}
		p.used = used
		if in.Device.Kind != "app" || in.Device.Name == "" || in.Device.Version == "" || len(in.Device.Name) > 40 {
			return nil, refuse(http.StatusUnprocessableEntity, "pairing_refused")
		}
		p.state, p.challenge, p.user = "claimed", seal.Bytes(32), seal.Bytes(32)
		p.device = &device{name: in.Device.Name, state: "claimed"}
		p.device.User = p.user
		return answer{
			"pairing": p.id, "token": p.token, "issuer": d.url, "workspace": "Acme", "account": "a•••@example.com", "vapid": d.vapid,
			"confirm": d.Confirms, "version": "", "expires_at": time.Now().Add(d.Expires).Unix(), "webauthn": answer{
				"rp": answer{"id": "localhost", "name": "Acme"}, "user": answer{"id": octets(p.user), "name": "Acme", "displayName": "Acme"},
				"challenge": octets(p.challenge), "pubKeyCredParams": []answer{{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}}, "attestation": "none",
				"authenticatorSelection": answer{"userVerification": "required", "residentKey": "discouraged"}, "excludeCredentials": []answer{},
			},
		}, nil
	}
	return nil, refuse(http.StatusGone, "pairing_over")
}

func (d *double) underWay(token string) (*pairing, error) {
	for _, p := range d.pairings {
		if p.token == token && p.state != "waiting" {
			return p, nil
		}
	}
	return nil, refuse(http.StatusGone, "pairing_over")
}

func (d *double) join(_ *http.Request, body []byte) (any, error) {
	var in struct {
		Token         string
		Key           octets
		Credential    json.RawMessage
		Signature     octets
		Notifications string
		Push          *subscription
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	p, err := d.underWay(in.Token)
	if err != nil {
		return nil, err
	}
	p.device.Key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), in.Key)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(in.Credential)
	if err != nil {
		return nil, err
	}
	_, err = parsed.Verify(base64.RawURLEncoding.EncodeToString(p.challenge), "localhost", []string{d.url}, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, nil,
		[]protocol.CredentialParameter{{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}},
		protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return nil, err
	}
	data := parsed.Response.AttestationObject.AuthData
	p.device.Credential, p.device.PublicKey = data.AttData.CredentialID, data.AttData.CredentialPublicKey
	p.device.BackedUp, p.device.Counter, p.device.push = data.Flags.HasBackupEligible(), data.Counter, in.Push
	x, y := base64.RawURLEncoding.EncodeToString(in.Key[1:33]), base64.RawURLEncoding.EncodeToString(in.Key[33:])
	thumbprint := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`))
	made := push.Pairing{Issuer: d.url, ID: p.id, Code: p.used, Thumbprint: thumbprint[:], Credential: p.device.Credential, Salt: seal.Bytes(push.SaltSize)}
	challenge, err := made.Challenge()
	if err != nil {
		return nil, err
	}
	if !es256.Verify(p.device.Key, challenge, in.Signature) {
		return nil, refuse(http.StatusUnprocessableEntity, "pairing_refused")
	}
	p.digits, err = made.Confirmation()
	if err != nil {
		return nil, err
	}
	p.state, p.device.id = "joined", seal.ID("dev")
	d.devices[p.device.id] = p.device
	d.wake()
	return answer{"device": p.device.id, "salt": octets(made.Salt)}, nil
}

// Digits are those that the newest device must show.
func (d *double) Digits() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pairings[len(d.pairings)-1].digits
}

// Confirm is the person who typed the digits on the page.
func (d *double) Confirm() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.confirmed(d.pairings[len(d.pairings)-1])
}

func (d *double) confirmed(p *pairing) {
	p.state, p.device.state = "confirmed", "confirmed"
	d.ask("test", map[string]string{"app": "Acme", "account": "ada@example.com"}, p.device)
}

func (d *double) send(_ *http.Request, body []byte) (any, error) {
	var in struct{ Token, Method string }
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	p, err := d.underWay(in.Token)
	if err != nil || in.Method != "email" || p.state != "joined" {
		return nil, refuse(http.StatusGone, "pairing_over")
	}
	if d.Many {
		return nil, refuse(http.StatusTooManyRequests, "too_many_mails")
	}
	d.Mails++
	return answer{"sent_to": "a•••@example.com"}, nil
}

func (d *double) confirm(_ *http.Request, body []byte) (any, error) {
	var in struct{ Token, Code string }
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	p, err := d.underWay(in.Token)
	if err != nil {
		return nil, err
	}
	if in.Code == mailed && (p.state == "confirmed" || p.state == "active") {
		return answer{"state": "confirmed"}, nil
	}
	if p.state != "joined" {
		return nil, refuse(http.StatusGone, "pairing_over")
	}
	if in.Code != mailed {
		p.wrong++
		if p.wrong == 3 {
			p.state = "over"
			return nil, refuse(http.StatusGone, "pairing_over")
		}
		return nil, refuse(http.StatusUnprocessableEntity, "confirm_wrong")
	}
	d.confirmed(p)
	return answer{"state": p.state}, nil
}

func (d *double) state(r *http.Request, body []byte) (any, error) {
	var in struct {
		Token, Seen string
		Wait        int
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	p, err := d.underWay(in.Token)
	if err != nil {
		return nil, err
	}
	d.wait(r, in.Wait, func() bool { return p.state != in.Seen })
	return answer{"state": p.state}, nil
}

// over ends the newest pairing.
func (d *double) over() {
	d.set(func() { d.pairings[len(d.pairings)-1].state = "over" })
}

// count is how often a path was called.
func (d *double) count(path string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, call := range d.calls {
		if strings.HasPrefix(call, "POST /device/v1/"+path+" ") {
			n++
		}
	}
	return n
}

// wait waits for news, or so many seconds. The lock is held before and after.
func (d *double) wait(r *http.Request, seconds int, news func() bool) {
	deadline := time.After(time.Duration(min(seconds, 25)) * time.Second)
	for over := false; !over && !news(); {
		changed := d.changed
		d.mu.Unlock()
		select {
		case <-changed:
		case <-deadline:
			over = true
		case <-r.Context().Done():
			over = true
		}
		d.mu.Lock()
	}
}
