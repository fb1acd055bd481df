package terminaltest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"countersign/internal/es256"
	"countersign/internal/method/push"
	"countersign/internal/seal"
)

func (s *Server) claim(_ *http.Request, body []byte) (any, error) {
	var in struct {
		Code   string `json:"code"`
		Short  string `json:"short_code"`
		Device struct {
			Kind, Name, Platform, Client, Version string
		} `json:"device"`
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	used := in.Code + strings.NewReplacer("-", "", "–", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(in.Short))
	p := s.codes[used]
	if p == nil || p.state != "waiting" {
		return nil, refuse(http.StatusGone, "pairing_over", "This code is not valid any more.")
	}
	if in.Device.Kind != "terminal" && in.Device.Kind != "app" || in.Device.Name == "" || in.Device.Version == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "pairing_refused", "The device does not say what it is.")
	}
	p.state, p.used, p.challenge, p.user = "claimed", used, seal.Bytes(32), seal.Bytes(32)
	p.device = &device{name: in.Device.Name, state: "claimed"}
	p.device.User = p.user
	s.pairings[p.token] = p
	return answer{
		"pairing": p.id, "token": p.token, "issuer": s.Issuer, "workspace": "Acme", "account": "a•••@example.com", "vapid": "",
		"confirm": s.Confirms, "version": "", "expires_at": s.now().Unix() + 300, "webauthn": answer{
			"rp": answer{"id": s.RPID, "name": "Acme"}, "user": answer{"id": b64(p.user), "name": "Acme", "displayName": "Acme"},
			"challenge": b64(p.challenge), "pubKeyCredParams": []answer{{"type": "public-key", "alg": -7}}, "attestation": "none",
			"authenticatorSelection": answer{"userVerification": "required", "residentKey": "discouraged"}, "excludeCredentials": []answer{},
		},
	}, nil
}

func (s *Server) join(_ *http.Request, body []byte) (any, error) {
	var in struct {
		Token         string          `json:"token"`
		Key           b64             `json:"key"`
		Credential    json.RawMessage `json:"credential"`
		Signature     b64             `json:"signature"`
		Biometrics    bool            `json:"biometrics"`
		Notifications string          `json:"notifications"`
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	p := s.pairings[in.Token]
	if p == nil || p.state != "claimed" {
		return nil, refuse(http.StatusGone, "pairing_over", "This pairing is over.")
	}
	p.device.Key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), in.Key)
	if err != nil || !in.Biometrics || in.Notifications == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "pairing_refused", "The device key is none.")
	}
	err = s.register(p, in.Credential)
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "pairing_refused", err.Error())
	}
	x, y := base64.RawURLEncoding.EncodeToString(in.Key[1:33]), base64.RawURLEncoding.EncodeToString(in.Key[33:])
	thumbprint := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`))
	made := push.Pairing{
		Issuer: s.Issuer, ID: p.id, Code: p.used, Thumbprint: thumbprint[:], Credential: p.device.Credential, Salt: seal.Bytes(push.SaltSize),
	}
	challenge, err := made.Challenge()
	if err != nil {
		return nil, err
	}
	if !es256.Verify(p.device.Key, challenge, in.Signature) {
		return nil, refuse(http.StatusUnprocessableEntity, "pairing_refused", "The signature does not hold.")
	}
	p.digits, err = made.Confirmation()
	if err != nil {
		return nil, err
	}
	p.state, p.device.state, p.device.id = "joined", "claimed", seal.ID("dev")
	s.devices[p.device.id] = p.device
	if s.Trusting {
		s.confirm(p)
	}
	s.wake()
	return answer{"device": p.device.id, "salt": b64(made.Salt)}, nil
}

// register checks a registration (WebAuthn Level 3, section 7.1).
func (s *Server) register(p *pairing, credential []byte) error {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return err
	}
	_, err = parsed.Verify(base64.RawURLEncoding.EncodeToString(p.challenge), s.RPID, []string{s.origin}, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, nil,
		[]protocol.CredentialParameter{{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}},
		protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return err
	}
	data := parsed.Response.AttestationObject.AuthData
	p.device.Credential, p.device.PublicKey = data.AttData.CredentialID, data.AttData.CredentialPublicKey
	p.device.BackedUp, p.device.Counter = data.Flags.HasBackupEligible(), data.Counter
	return nil
}

type pairingCall struct {
	Token  string `json:"token"`
	Method string `json:"method"`
	Code   string `json:"code"`
	Seen   string `json:"seen"`
	Wait   int    `json:"wait"`
}

func (s *Server) underWay(body []byte) (*pairing, pairingCall, error) {
	var in pairingCall
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, in, err
	}
	p := s.pairings[in.Token]
	if p == nil {
		return nil, in, refuse(http.StatusGone, "pairing_over", "This pairing is over.")
	}
	return p, in, nil
}

func (s *Server) send(_ *http.Request, body []byte) (any, error) {
	p, in, err := s.underWay(body)
	if err != nil {
		return nil, err
	}
	if p.state != "joined" || in.Method != "email" || !slices.Contains(s.Confirms, "email") {
		return nil, refuse(http.StatusGone, "pairing_over", "No code is sent now.")
	}
	return answer{"sent_to": "a•••@example.com"}, nil
}

func (s *Server) typed(_ *http.Request, body []byte) (any, error) {
	p, in, err := s.underWay(body)
	if err != nil {
		return nil, err
	}
	if in.Code == s.Mailed && (p.state == "confirmed" || p.state == "active") {
		return answer{"state": "confirmed"}, nil
	}
	if p.state != "joined" || p.wrong >= 3 {
		return nil, refuse(http.StatusGone, "pairing_over", "This pairing is over.")
	}
	if in.Code != s.Mailed {
		p.wrong++
		if p.wrong >= 3 {
			p.state = "over"
			return nil, refuse(http.StatusGone, "pairing_over", "This pairing is over.")
		}
		return nil, refuse(http.StatusUnprocessableEntity, "confirm_wrong", "The code is not right.")
	}
	s.confirm(p)
	return answer{"state": p.state}, nil
}

func (s *Server) state(r *http.Request, body []byte) (any, error) {
	p, in, err := s.underWay(body)
	if err != nil {
		return nil, err
	}
	s.wait(r, in.Wait, func() bool { return p.state != in.Seen })
	return answer{"state": p.state}, nil
}
