package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"countersign/internal/es256"
	"countersign/internal/method/push"
)

// About is what a device says of itself when it is paired.
type About struct {
	// Kind is "terminal", or "app" for a test's phone.
	Kind string `json:"kind"`
	// Name is what the person calls it, at most 40 characters.
	Name string `json:"name"`
	// Platform and Client are the system and the program.
	Platform string `json:"platform"`
	Client   string `json:"client"`
	// Version is the client's own; empty is that of [Options].
	Version string `json:"version"`
}

// Pairing is one that this device has claimed.
type Pairing struct {
	// Workspace and Account are where the device will belong; of the account most is
	// hidden.
	Workspace, Account string
	// Confirm are the ways to confirm: "code", "email".
	Confirm []string
	// Least is the least version that the workspace allows, or "".
	Least string
	// Expires ends the pairing, by the server's clock.
	Expires time.Time
	// VAPID is the server's key for push subscriptions in base64url, "" where it sends
	// no pushes.
	VAPID string

	client    *Client
	about     About
	code      Code
	id, token string
	options   creation
	origin    string
	// issuer is as the server writes it: these octets are signed.
	issuer string
}

type claim struct {
	Code   string `json:"code,omitempty"`
	Short  string `json:"short_code,omitempty"`
	Device About  `json:"device"`
}

type claimed struct {
	Pairing   string          `json:"pairing"`
	Token     string          `json:"token"`
	Issuer    string          `json:"issuer"`
	Workspace string          `json:"workspace"`
	Account   string          `json:"account"`
	WebAuthn  json.RawMessage `json:"webauthn"`
	Confirm   []string        `json:"confirm"`
	VAPID     string          `json:"vapid"`
	Version   string          `json:"version"`
	Expires   int64           `json:"expires_at"`
}

// Claim takes the code for this device: afterwards it serves no other. Errors:
// [*Problem] with [PairingOver], [DeviceVersion], [NoTerminals], [TooManyClaims]; a
// server that says it is another, or asks for a verifying key of another.
func (c *Client) Claim(ctx context.Context, code Code, about About) (*Pairing, error) {
	if about.Version == "" {
		about.Version = c.Version
	}
	var answer claimed
	err := c.do(ctx, call{method: http.MethodPost, path: "/device/v1/pairings/claim", body: claim{code.Long, code.Short, about}}, &answer)
	if err != nil {
		return nil, err
	}
	// The issuer goes into all that is signed. Were it another's, this server could
	// have signatures made that serve there.
	same, err := issuerOf(answer.Issuer)
	if err != nil || same != c.issuer || strings.HasSuffix(answer.Issuer, "/") {
		return nil, fmt.Errorf("the server at %s says that it is %s: use that address", c.issuer, answer.Issuer)
	}
	options, origin, err := readCreation(answer.WebAuthn, c.issuer)
	if err != nil {
		return nil, err
	}
	return &Pairing{
		Workspace: answer.Workspace, Account: answer.Account, Confirm: answer.Confirm, Least: answer.Version, Expires: time.Unix(answer.Expires, 0), VAPID: answer.VAPID,
		client: c, about: about, code: code, issuer: answer.Issuer, id: answer.Pairing, token: answer.Token, options: options, origin: origin,
	}, nil
}

type join struct {
	Token      string     `json:"token"`
	Key        octets     `json:"key"`
	Credential credential `json:"credential"`
	Signature  octets     `json:"signature"`
	state
}

// Join makes both keys and sends their public halves. The device is not one of the
// person's yet: they confirm it, with the six digits that come back or by a mailed code,
// and approve a first request. Errors: [*Problem] with [PairingOver], [PairingRefused].
func (p *Pairing) Join(ctx context.Context) (*Device, string, error) {
	d, err := p.device()
	if err != nil {
		return nil, "", err
	}
	credential, err := d.verify.register(p.options.Challenge)
	if err != nil {
		return nil, "", err
	}
	public, err := d.key.PublicKey.Bytes()
	if err != nil {
		return nil, "", fmt.Errorf("write the device key: %w", err)
	}
	paired := push.Pairing{Issuer: p.issuer, ID: p.id, Code: p.code.secret(), Thumbprint: thumbprint(public), Credential: d.verify.id}
	challenge, err := paired.Challenge()
	if err != nil {
		return nil, "", err
	}
	signature, err := es256.Sign(d.key, challenge)
	if err != nil {
		return nil, "", err
	}
	var answer struct {
		Device string `json:"device"`
		Salt   octets `json:"salt"`
	}
	err = p.client.do(ctx, call{method: http.MethodPost, path: "/device/v1/pairings/join", body: join{
		Token: p.token, Key: public, Credential: credential, Signature: signature, state: p.client.Reach.state(),
	}}, &answer)
	if err != nil {
		return nil, "", err
	}
	if answer.Device == "" {
		return nil, "", errors.New("the server gave the device no name")
	}
	d.ID, paired.Salt = answer.Device, answer.Salt
	digits, err := paired.Confirmation()
	return d, digits, err
}

// device is a new one with both its keys.
func (p *Pairing) device() (*Device, error) {
	c := p.client
	device, err := newKey(c.Random)
	if err != nil {
		return nil, err
	}
	verifying, err := newKey(c.Random)
	if err != nil {
		return nil, err
	}
	d := &Device{client: c, key: device, Identity: Identity{
		Issuer: p.issuer, Name: p.about.Name, Workspace: p.Workspace, Account: p.Account, PairedAt: c.Now().UTC().Truncate(time.Second),
	}}
	d.verify = authenticator{
		rpID: p.options.Party.ID, origin: p.origin, id: c.Random(credentialSize), user: p.options.User.ID, key: verifying, count: d.counter.next,
	}
	return d, nil
}
