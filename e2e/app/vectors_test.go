package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/httpsig"
)

// vectorText are the vectors of the device protocol, computed by another program.
func vectorText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../internal/method/push/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheScriptComputesTheVectors(t *testing.T) {
	_, p := unpaired(t)
	page := p.Open("/authenticator/")
	vectors := vectorText(t)
	var wrong []string
	page.Evaluate(`(async (all) => {
		const {decisionChallenge, pairingChallenge, confirmation, signInChallenge} = await import("/authenticator/sign.js");
		const hex = (octets) => Array.from(octets, (n) => n.toString(16).padStart(2, "0")).join("");
		const octets = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
		const wrong = [];
		for (const v of all.decisions) {
			const about = {issuer: v.issuer, request: v.request, device: v.device, nonce: octets(v.nonce), expires: v.expires, display: new TextEncoder().encode(v.display)};
			if (hex(await decisionChallenge(about, v.decision, v.number)) !== v.challenge) wrong.push(v.challenge);
		}
		for (const v of all.pairings) {
			const challenge = await pairingChallenge({issuer: v.issuer, pairing: v.pairing, code: v.code, thumbprint: octets(v.thumbprint), credential: octets(v.credential)});
			if (hex(challenge) !== v.challenge) wrong.push(v.challenge);
			if (await confirmation(challenge, octets(v.salt)) !== v.confirmation) wrong.push(v.confirmation);
		}
		for (const v of all.sign_ins) {
			if (hex(await signInChallenge(v.issuer, v.device, v.time)) !== v.challenge) wrong.push(v.challenge);
		}
		if (all.decisions.length < 12 || all.pairings.length < 5 || all.sign_ins.length < 2) wrong.push("there are too few");
		return wrong;
	})(`+vectors+`)`, &wrong)
	if len(wrong) > 0 {
		t.Errorf("not computed: %q", wrong)
	}
}

// nonceOf is the part of a signature's parameters that is chance; signatures of a
// browser are chance as well, so they are checked and not compared.
var nonceOf = regexp.MustCompile(`nonce="[A-Za-z0-9_-]{22}"`)

func TestTheScriptSignsTheCallsOfTheVectors(t *testing.T) {
	_, p := unpaired(t)
	page := p.Open("/authenticator/")
	var all struct {
		Calls []struct {
			Name, Issuer, Method, Path, Query, Body, Key string

			Created int64
			Digest  string `json:"content_digest"`
			Input   string `json:"signature_input"`
		}
	}
	text := vectorText(t)
	err := json.Unmarshal([]byte(text), &all)
	if err != nil {
		t.Fatal(err)
	}
	var signed []map[string]string
	page.Evaluate(`(async (all) => {
		const {signedFields} = await import("/authenticator/sign.js");
		const {b64} = await import("/authenticator/bytes.js");
		const octets = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
		const signed = [];
		for (const v of all.calls) {
			const jwk = {kty: "EC", crv: "P-256", d: b64(octets(v.private_key)), x: b64(octets(v.key).slice(1, 33)), y: b64(octets(v.key).slice(33))};
			const key = await crypto.subtle.importKey("jwk", jwk, {name: "ECDSA", namedCurve: "P-256"}, false, ["sign"]);
			const url = new URL(v.issuer + v.path + (v.query ? "?" + v.query : ""));
			const body = v.body ? new TextEncoder().encode(v.body) : undefined;
			signed.push(await signedFields({method: v.method, url, body, device: v.device, key, created: v.created}));
		}
		return signed;
	})(`+text+`)`, &signed)
	if len(signed) != len(all.Calls) || len(signed) < 6 {
		t.Fatalf("%d of %d calls are signed", len(signed), len(all.Calls))
	}
	for i, v := range all.Calls {
		fields := signed[i]
		if got, want := nonceOf.ReplaceAllString(fields["Signature-Input"], ""), nonceOf.ReplaceAllString(v.Input, ""); got != want || fields["Content-Digest"] != v.Digest {
			t.Errorf("%s: %s\n%s\nwant\n%s", v.Name, fields["Content-Digest"], got, want)
		}
		issuer, err := url.Parse(v.Issuer)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), v.Method, strings.TrimSuffix(v.Issuer+v.Path+"?"+v.Query, "?"), strings.NewReader(v.Body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			r.Header.Set(name, value)
		}
		signature, err := httpsig.Read(r, httpsig.Authority(issuer), []byte(v.Body))
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		point, err := hex.DecodeString(v.Key)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err == nil {
			err = signature.Check(httpsig.P256Public{Key: key}, "countersign-device", time.Unix(v.Created, 0), time.Minute)
		}
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}
