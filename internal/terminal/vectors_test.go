package terminal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"countersign/internal/es256"
)

// unhex are octets that the vectors write in hexadecimal.
type unhex []byte

func (u *unhex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*u = b
	return err
}

type keyVector struct {
	Issuer, Origin              string
	RPID                        string `json:"rp_id"`
	Challenge, User, Credential unhex
	Private                     unhex `json:"private_key"`
	Counter                     uint32
	ClientData                  string `json:"client_data"`
	AuthenticatorData           unhex  `json:"authenticator_data"`
	Attestation                 unhex  `json:"attestation_object"`
	Signature                   unhex
}

type callVector struct {
	Name, Issuer, Device, Nonce, Method, Path, Query, Body, Signature string

	Base string

	Key            unhex
	Private        unhex `json:"private_key"`
	Created        int64
	ContentType    string `json:"content_type"`
	ContentDigest  string `json:"content_digest"`
	SignatureInput string `json:"signature_input"`
}

type vectorFile struct {
	Decisions []struct {
		Issuer, Request, Device, Display, Number string
		Nonce                                    unhex
		Expires                                  int64
	}
	Pairings []struct {
		Issuer, Pairing, Code, Confirmation string
		Salt, Key, Signature                unhex
		Private                             unhex `json:"private_key"`
	}
	Registrations, Assertions []keyVector
	Calls                     []callVector
}

// vectors are those of the document, computed by another program.
func vectors(t *testing.T) vectorFile {
	t.Helper()
	text, err := os.ReadFile("../method/push/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all vectorFile
	err = json.Unmarshal(text, &all)
	if err != nil || len(all.Registrations) < 2 || len(all.Assertions) < 3 || len(all.Calls) < 6 {
		t.Fatalf("there are too few vectors, %v", err)
	}
	return all
}

func private(t *testing.T, scalar unhex) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// authenticator is one that has this vector's key, before it makes what is in it.
func (v keyVector) authenticator(t *testing.T) authenticator {
	t.Helper()
	return authenticator{
		rpID: v.RPID, origin: v.Origin, id: octets(v.Credential), user: octets(v.User), key: private(t, v.Private),
		count: func() (uint32, error) { return v.Counter, nil },
	}
}

func TestTheVerifyingKeyOfTheVectors(t *testing.T) {
	all := vectors(t)
	for i, v := range all.Registrations {
		a := v.authenticator(t)
		got, err := a.register(v.Challenge)
		if err != nil || string(got.Response.ClientData) != v.ClientData || string(got.Response.AuthenticatorData) != string(v.AuthenticatorData) ||
			string(got.Response.Attestation) != string(v.Attestation) || string(got.RawID) != string(v.Credential) {
			t.Errorf("registration %d: %+v, %v", i, got, err)
		}
	}
	for i, v := range all.Assertions {
		a := v.authenticator(t)
		got, err := a.assert(v.Challenge)
		if err != nil || string(got.Response.ClientData) != v.ClientData || string(got.Response.AuthenticatorData) != string(v.AuthenticatorData) ||
			string(got.Response.Signature) != string(v.Signature) || string(got.Response.UserHandle) != string(v.User) || string(got.RawID) != string(v.Credential) {
			t.Errorf("assertion %d: %+v, %v", i, got, err)
		}
	}
}

// recorded is a client whose calls arrive nowhere, and what it sent.
func recorded(t *testing.T, issuer string, at int64, random func(int) []byte, answer func(path string) string) (*Client, *http.Request, *string) {
	t.Helper()
	sent, body := &http.Request{}, new(string)
	c, err := New(issuer, Options{
		Now: func() time.Time { return time.Unix(at, 999) }, Random: random, Version: "1.0.0",
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			text, err := io.ReadAll(r.Body)
			*sent, *body = *r, string(text)
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer(r.URL.Path)))}, err
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, sent, body
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// One device makes each call of the vectors, and it is the same to the octet.
func TestTheCallsOfTheVectors(t *testing.T) {
	all := vectors(t)
	asked := all.Decisions[len(all.Decisions)-1]
	question := Request{
		ID: asked.Request, Nonce: asked.Nonce, Expires: time.Unix(asked.Expires, 0), Display: []byte(asked.Display),
	}
	for _, v := range all.Calls {
		var nonce octets
		err := nonce.UnmarshalText([]byte(v.Nonce))
		if err != nil {
			t.Fatal(err)
		}
		c, sent, body := recorded(t, v.Issuer, v.Created, func(int) []byte { return nonce }, func(string) string { return `{"state":"approved"}` })
		d := &Device{Identity: Identity{Issuer: v.Issuer, ID: v.Device}, client: c, key: private(t, v.Private)}
		for _, a := range all.Assertions {
			if a.Issuer == v.Issuer && strings.Contains(v.Body, octets(a.Signature).String()) {
				d.verify = a.authenticator(t)
			}
		}
		switch v.Name {
		case "hello":
			_, err = d.Hello(t.Context())
		case "requests":
			_, err = d.Requests(t.Context(), "0a1B2c-_3d4E", LongestWait)
		case "approve":
			_, err = d.Decide(t.Context(), question, Approve, asked.Number)
		case "test":
			_, err = d.Test(t.Context())
		case "sign-in":
			err = d.SignIn(t.Context())
		case "history":
			_, err = d.History(t.Context())
		default:
			t.Errorf("nobody makes the call %s", v.Name)
		}
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		h := sent.Header
		got := []string{sent.Method, sent.URL.String(), *body, h.Get("Content-Type"), h.Get("Content-Digest"), h.Get("Signature-Input"), h.Get("Signature")}
		address := v.Issuer + v.Path
		if v.Query != "" {
			address += "?" + v.Query
		}
		want := []string{v.Method, address, v.Body, v.ContentType, v.ContentDigest, v.SignatureInput, v.Signature}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s:\n%s\nwant\n%s", v.Name, got[i], want[i])
			}
		}
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), v.Key)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(v.Signature, "sig=:"), ":"))
		if err != nil || !es256.Verify(public, []byte(v.Base), signature) {
			t.Errorf("%s: the signature is not over the text that is listed, %v", v.Name, err)
		}
	}
}

// A pairing with the keys of the vectors sends what stands there, and shows its digits.
func TestThePairingOfTheVectors(t *testing.T) {
	all := vectors(t)
	p, v := all.Pairings[len(all.Pairings)-1], all.Registrations[0]
	chance := [][]byte{p.Private, v.Private, v.Credential}
	answers := map[string]string{
		"/device/v1/pairings/claim": fmt.Sprintf(`{"pairing":%q,"token":"x","issuer":%q,"webauthn":{"rp":{"id":%q},"user":{"id":%q},"challenge":%q}}`,
			p.Pairing, p.Issuer, v.RPID, octets(v.User), octets(v.Challenge)),
		"/device/v1/pairings/join": fmt.Sprintf(`{"device":"dev_x","salt":%q}`, octets(p.Salt)),
	}
	c, _, body := recorded(t, p.Issuer, 0, func(int) []byte {
		next := chance[0]
		chance = chance[1:]
		return next
	}, func(path string) string { return answers[path] })
	claimed, err := c.Claim(t.Context(), Code{Long: p.Code}, About{Kind: "terminal", Name: "build host"})
	if err != nil {
		t.Fatal(err)
	}
	_, digits, err := claimed.Join(t.Context())
	if err != nil || digits != p.Confirmation {
		t.Errorf("the digits are %s, %v; want %s", digits, err, p.Confirmation)
	}
	var sent join
	err = json.Unmarshal([]byte(*body), &sent)
	if err != nil || string(sent.Key) != string(p.Key) || string(sent.Signature) != string(p.Signature) ||
		string(sent.Credential.Response.ClientData) != v.ClientData || string(sent.Credential.Response.Attestation) != string(v.Attestation) {
		t.Errorf("%s, %v", *body, err)
	}
}
