package push_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"countersign/internal/method/push"
)

func TestWhatIsSignedForADecision(t *testing.T) {
	seen := map[string]bool{}
	for i, v := range vectors(t).Decisions {
		r := v.request(t)
		got, err := r.Challenge(push.Decision(v.Decision), v.Number)
		if err != nil || hex.EncodeToString(got) != v.Challenge || seen[v.Challenge] {
			t.Errorf("%d: %x, %v; want %s, once", i, got, err, v.Challenge)
		}
		seen[v.Challenge] = true
	}
}

func TestWhatIsSignedToPairAndTyped(t *testing.T) {
	for i, v := range vectors(t).Pairings {
		p := push.Pairing{Issuer: v.Issuer, ID: v.Pairing, Code: v.Code, Thumbprint: octets(t, v.Thumbprint), Credential: octets(t, v.Credential), Salt: octets(t, v.Salt)}
		got, err := p.Challenge()
		if err != nil || hex.EncodeToString(got) != v.Challenge {
			t.Errorf("%d: %x, %v; want %s", i, got, err, v.Challenge)
		}
		digits, err := p.Confirmation()
		if err != nil || digits != v.Confirmation || len(digits) != 6 {
			t.Errorf("%d: the digits are %s, %v; want %s", i, digits, err, v.Confirmation)
		}
	}
}

func TestAFieldThatIsTooLongIsNotSigned(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 1<<16)
	for name, r := range map[string]push.Request{"issuer": {Issuer: string(long)}, "request": {ID: string(long)}, "device": {Device: string(long)}, "nonce": {Nonce: long}} {
		_, err := r.Challenge(push.Deny, "")
		if err == nil {
			t.Errorf("a long %s is signed", name)
		}
	}
	if _, err := (push.Request{}).Challenge(push.Deny, string(long)); err == nil {
		t.Error("a long number is signed")
	}
	if _, err := (push.Request{Display: append(long, long...)}).Challenge(push.Deny, ""); err != nil {
		t.Errorf("a long display, which is hashed: %v", err)
	}
	if _, err := (push.Pairing{Salt: long[:15]}).Confirmation(); err == nil {
		t.Error("digits without a whole salt")
	}
	for name, p := range map[string]push.Pairing{"issuer": {Issuer: string(long)}, "pairing": {ID: string(long)}, "thumbprint": {Thumbprint: long}, "credential": {Credential: long}} {
		p.Salt = long[:push.SaltSize]
		_, err := p.Challenge()
		if err == nil {
			t.Errorf("a long %s is signed", name)
		}
		_, err = p.Confirmation()
		if err == nil {
			t.Errorf("a long %s is confirmed", name)
		}
	}
}

func TestTheDigitsOfEachMode(t *testing.T) {
	for mode, want := range map[push.Mode]int{push.Type: 2, push.Type6: 6, push.Tap: 0} {
		if got, err := mode.Digits(); err != nil || got != want {
			t.Errorf("%s: %d, %v", mode, got, err)
		}
	}
	if _, err := push.Mode("").Digits(); err == nil {
		t.Error("no mode has digits")
	}
}
