package push_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"countersign/internal/es256"
	"countersign/internal/method"
	"countersign/internal/method/push"
)

type decisionVector struct {
	Issuer, Request, Device, Nonce, Display, Decision, Number, Challenge string
	Expires                                                              int64
}

func (v decisionVector) request(t *testing.T) push.Request {
	t.Helper()
	return push.Request{Issuer: v.Issuer, ID: v.Request, Device: v.Device, Nonce: octets(t, v.Nonce), Expires: time.Unix(v.Expires, 999), Display: []byte(v.Display)}
}

type pairingVector struct {
	Issuer, Pairing, Code, Thumbprint, Credential, Salt, Challenge, Confirmation string
	// Of one that has been signed.
	Key, Signature string
}

type signInVector struct {
	Issuer, Device, Challenge string
	Time                      int64
}

// keyVector is what a verifying key made without a browser.
type keyVector struct {
	Issuer, Origin, Challenge, User, Credential string

	RPID              string `json:"rp_id"`
	Counter           uint32
	COSE              string `json:"cose_key"`
	ClientData        string `json:"client_data"`
	AuthenticatorData string `json:"authenticator_data"`
	Attestation       string `json:"attestation_object"` // of a registration
	Signature         string // of an assertion
}

type vectorFile struct {
	Decisions     []decisionVector
	Pairings      []pairingVector
	SignIns       []signInVector `json:"sign_ins"`
	Registrations []keyVector
	Assertions    []keyVector
	Calls         []struct{ Name, Body, Key string }
}

// vectors were computed by another program, from the text of the protocol.
func vectors(t *testing.T) vectorFile {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all vectorFile
	err = json.Unmarshal(text, &all)
	if err != nil || len(all.Decisions) < 12 || len(all.Pairings) < 5 || len(all.SignIns) < 2 || len(all.Registrations) < 2 || len(all.Assertions) < 3 {
		t.Fatalf("there are too few vectors, %v", err)
	}
	return all
}

func octets(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pointOf(t *testing.T, text string) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), octets(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// written is a credential as it is sent: what the document asks for, and nothing else.
func written(t *testing.T, id []byte, response map[string][]byte) []byte {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	texts := map[string]string{}
	for name, value := range response {
		texts[name] = encode(value)
	}
	text, err := json.Marshal(map[string]any{"id": encode(id), "rawId": encode(id), "type": "public-key", "response": texts})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// flipped calls test with each octet of a text changed, one at a time.
func flipped(text []byte, test func(at int, changed []byte)) {
	for i := range text {
		changed := slices.Clone(text)
		changed[i] ^= 1
		test(i, changed)
	}
}

func (v keyVector) site(t *testing.T) push.Site {
	t.Helper()
	site, err := push.SiteOf(v.Issuer)
	if err != nil || site != (push.Site{RPID: v.RPID, Origin: v.Origin}) {
		t.Errorf("credentials of %s belong to %+v, %v", v.Issuer, site, err)
	}
	return site
}

func TestAKeyThatNoBrowserMade(t *testing.T) {
	for i, v := range vectors(t).Registrations {
		site, challenge := v.site(t), octets(t, v.Challenge)
		client, object := []byte(v.ClientData), octets(t, v.Attestation)
		register := func(client, object []byte) (push.Registered, error) {
			return push.Register(challenge, site, written(t, octets(t, v.Credential), map[string][]byte{"clientDataJSON": client, "attestationObject": object}))
		}
		got, err := register(client, object)
		if err != nil || hex.EncodeToString(got.ID) != v.Credential || hex.EncodeToString(got.PublicKey) != v.COSE || got.Counter != v.Counter || got.BackedUp {
			t.Errorf("%d: %+v, %v", i, got, err)
		}
		data := octets(t, v.AuthenticatorData)
		head := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data))) //nolint:gosec // 37 octets, the identifier and a key
		if !bytes.Equal(object, append(head, data...)) || !bytes.HasSuffix(data, append(octets(t, v.Credential), octets(t, v.COSE)...)) {
			t.Errorf("%d: the parts are not those of the whole", i)
		}
		// Without an attestation nothing is signed here: the challenge, the party and
		// what the person did are compared, and the key is another.
		flipped(client, func(at int, changed []byte) {
			if _, err := register(changed, object); err == nil && !sameMeaning(t, client, changed) {
				t.Errorf("%d: the client data's octet %d may be another", i, at)
			}
		})
		flipped(data, func(at int, changed []byte) {
			other, err := register(client, append(bytes.Clone(head), changed...))
			model := at >= 37 && at < 53 // nobody asks which authenticator it is
			if err == nil && other.Counter == got.Counter && bytes.Equal(other.PublicKey, got.PublicKey) && !model {
				t.Errorf("%d: the authenticator data's octet %d may be another", i, at)
			}
		})
	}
}

// sameMeaning tells whether client data that differ in a letter say the same: names of
// JSON are read whatever their case, and what is not known is left out.
func sameMeaning(t *testing.T, was, is []byte) bool {
	t.Helper()
	type meaning struct {
		Type, Challenge, Origin string
		CrossOrigin             bool
	}
	read := func(text []byte) meaning {
		var m meaning
		_ = json.Unmarshal(text, &m) // what cannot be read is something else
		return m
	}
	return read(was) == read(is)
}

// keysOf are those of a device with this verifying key, and the device key of the calls.
func (v keyVector) keysOf(t *testing.T, all vectorFile, key *ecdsa.PublicKey) push.Device {
	t.Helper()
	if !slices.ContainsFunc(all.Registrations, func(r keyVector) bool {
		return r.Issuer == v.Issuer && r.Credential == v.Credential && r.User == v.User && r.COSE == v.COSE
	}) {
		t.Errorf("the assertion's key %s was never made", v.Credential)
	}
	return push.Device{Key: key, Credential: octets(t, v.Credential), PublicKey: octets(t, v.COSE), User: octets(t, v.User), Counter: max(v.Counter, 1) - 1}
}

func (v keyVector) written(t *testing.T, client, data, signature []byte) []byte {
	t.Helper()
	return written(t, octets(t, v.Credential), map[string][]byte{
		"clientDataJSON": client, "authenticatorData": data, "signature": signature, "userHandle": octets(t, v.User),
	})
}

// Those assertions that sign in to the app; the other is in an approval.
func TestSignInsThatNoBrowserMade(t *testing.T) {
	all := vectors(t)
	made := map[string]keyVector{}
	for _, v := range all.Assertions {
		made[v.Challenge] = v
	}
	for i, s := range all.SignIns {
		challenge, err := push.SignInChallenge(s.Issuer, s.Device, time.Unix(s.Time, 999))
		if err != nil || hex.EncodeToString(challenge) != s.Challenge {
			t.Errorf("%d: %x, %v; want %s", i, challenge, err, s.Challenge)
		}
		v, found := made[s.Challenge]
		if !found {
			t.Fatalf("no assertion for %s", s.Challenge)
		}
		site, d := v.site(t), v.keysOf(t, all, nil)
		judge := func(client, data, signature []byte) (uint32, error) {
			return push.SignIn(s.Issuer, s.Device, time.Unix(s.Time, 0), d, site, v.written(t, client, data, signature))
		}
		client, data, signature := []byte(v.ClientData), octets(t, v.AuthenticatorData), octets(t, v.Signature)
		counter, err := judge(client, data, signature)
		if err != nil || counter != v.Counter {
			t.Errorf("%d: %d, %v", i, counter, err)
		}
		for part, change := range map[string]func(changed []byte) (uint32, error){
			"client data":        func(changed []byte) (uint32, error) { return judge(changed, data, signature) },
			"authenticator data": func(changed []byte) (uint32, error) { return judge(client, changed, signature) },
			"signature":          func(changed []byte) (uint32, error) { return judge(client, data, changed) },
		} {
			flipped(map[string][]byte{"client data": client, "authenticator data": data, "signature": signature}[part], func(at int, changed []byte) {
				if _, err := change(changed); !errors.Is(err, method.ErrWrong) {
					t.Errorf("%d: the %s's octet %d may be another: %v", i, part, at, err)
				}
			})
		}
	}
}

// The approval as it is sent, with both signatures.
func TestAnApprovalThatNoBrowserMade(t *testing.T) {
	all := vectors(t)
	asked, v := all.Decisions[len(all.Decisions)-1], all.Assertions[0]
	for _, call := range all.Calls {
		if call.Name != "approve" {
			continue
		}
		var sent struct {
			Decision  push.Decision
			Number    string
			Signature string
			Assertion json.RawMessage
		}
		err := json.Unmarshal([]byte(call.Body), &sent)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := base64.RawURLEncoding.DecodeString(sent.Signature)
		if err != nil {
			t.Fatal(err)
		}
		verdict, err := push.Judge(asked.request(t), push.Number{Mode: push.Type, Shown: asked.Number}, v.keysOf(t, all, pointOf(t, call.Key)), v.site(t),
			push.Answer{Decision: sent.Decision, Number: sent.Number, Signature: signature, Assertion: sent.Assertion})
		if err != nil || verdict.Outcome != push.Approved || verdict.Counter != v.Counter {
			t.Errorf("%+v, %v", verdict, err)
		}
		if string(verdict.Evidence.ClientData) != v.ClientData || hex.EncodeToString(verdict.Evidence.AuthenticatorData) != v.AuthenticatorData ||
			hex.EncodeToString(verdict.Evidence.Signature) != v.Signature {
			t.Error("the assertion that is sent is another than the one that is listed")
		}
		return
	}
	t.Error("there is no approval among the calls")
}

func TestTheDeviceKeySignsThePairing(t *testing.T) {
	signed := 0
	for i, v := range vectors(t).Pairings {
		if v.Key == "" {
			continue
		}
		signed++
		if !es256.Verify(pointOf(t, v.Key), octets(t, v.Challenge), octets(t, v.Signature)) {
			t.Errorf("%d: the signature does not hold", i)
		}
	}
	if signed == 0 {
		t.Error("no pairing is signed")
	}
}
