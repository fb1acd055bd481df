package passkey_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/method/passkey/passkeytest"
)

const ceremony = passkey.Ceremony("attempt:att_1")

func now() time.Time { return time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC) }

func nonce() []byte { return []byte("0123456789abcdef") }

// options reads what a page would hand to the browser.
func options(t *testing.T, made map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	err = json.Unmarshal(text, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func toRegister(t *testing.T, r passkey.Rules) map[string]any {
	t.Helper()
	p := example()
	return options(t, p.ToRegister("Acme", passkey.Person{Handle: []byte("usr_1"), Email: "a@example.org", Name: "A"}, p.Challenge(ceremony, nonce(), now()), nil, r))
}

func newKey(t *testing.T) *passkeytest.Key {
	t.Helper()
	return passkeytest.New(t, "example.org", "https://example.org")
}

func TestANewPasskey(t *testing.T) {
	model := "00000000-0000-0000-0000-000000000007"
	for _, row := range []struct {
		name   string
		key    func(k *passkeytest.Key)
		rules  passkey.Rules
		in     passkey.Ceremony
		after  time.Duration
		refuse error
	}{
		{name: "a security key with a PIN"},
		{name: "a synced one", key: func(k *passkeytest.Key) { k.Synced() }},
		{name: "one without a PIN", key: func(k *passkeytest.Key) { k.Flags = passkeytest.Present }},
		{name: "one without a PIN where that is asked", key: func(k *passkeytest.Key) { k.Flags = passkeytest.Present }, rules: passkey.Rules{Verified: true}, refuse: passkey.ErrUnverified},
		{name: "one that nobody touched", key: func(k *passkeytest.Key) { k.Flags = passkeytest.Verified }, refuse: method.ErrWrong},
		{name: "backed up and may not be", key: func(k *passkeytest.Key) { k.Flags |= passkeytest.BackedUp }, refuse: method.ErrWrong},
		{name: "of a model that is allowed", key: func(k *passkeytest.Key) { k.Model[15] = 7 }, rules: passkey.Rules{Models: []string{model}}},
		{name: "of another model", key: func(k *passkeytest.Key) { k.Model[15] = 8 }, rules: passkey.Rules{Models: []string{model}}, refuse: passkey.ErrModel},
		{name: "of a model that it does not say", rules: passkey.Rules{Models: []string{model}}, refuse: passkey.ErrModel},
		{name: "for another site", key: func(k *passkeytest.Key) { k.RPID = "example.com" }, refuse: method.ErrWrong},
		{name: "on another site's page", key: func(k *passkeytest.Key) { k.Origin = "https://example.com" }, refuse: method.ErrWrong},
		{name: "in a frame", key: func(k *passkeytest.Key) { k.CrossOrigin = true }, refuse: method.ErrWrong},
		{name: "that was a sign-in", key: func(k *passkeytest.Key) { k.Type = "webauthn.get" }, refuse: method.ErrWrong},
		{name: "for another session", in: "session:ses_2", refuse: method.ErrWrong},
		{name: "just in time", after: passkey.Life - time.Second},
		{name: "too late", after: passkey.Life, refuse: passkey.ErrStale},
		{name: "before it was asked", after: -2 * time.Minute, refuse: passkey.ErrStale},
		{name: "with an identifier that is too long", key: func(k *passkeytest.Key) { k.ID = make([]byte, 1024) }, refuse: method.ErrWrong},
	} {
		t.Run(row.name, func(t *testing.T) {
			k, in := newKey(t), ceremony
			if row.key != nil {
				row.key(k)
			}
			if row.in != "" {
				in = row.in
			}
			made, err := example().Register(in, []byte(k.Create(toRegister(t, row.rules))), row.rules, now().Add(row.after))
			if !errors.Is(err, row.refuse) || row.refuse != nil && !errors.Is(err, method.ErrWrong) && !errors.Is(err, method.ErrMalformed) {
				t.Fatalf("%v; want %v", err, row.refuse)
			}
			if err == nil && (string(made.Key.ID) != string(k.ID) || made.Key.Eligible != (k.Flags&passkeytest.Eligible != 0) || made.Spent == 0) {
				t.Errorf("%+v", made)
			}
		})
	}
}

func TestWhatIsNoPasskey(t *testing.T) {
	for _, text := range []string{"", "{}", "null", "[]", `{"id":"","rawId":""}`, strings.Repeat("[", 10_000), "\x00"} {
		_, err := example().Register(ceremony, []byte(text), passkey.Rules{}, now())
		if !errors.Is(err, method.ErrMalformed) {
			t.Errorf("%.20q: %v", text, err)
		}
		want := method.BadChar
		if text == "" {
			want = method.Empty
		}
		if got := passkey.Normalize(text); got != want {
			t.Errorf("%.20q is %q", text, got)
		}
	}
}

// enrolled is a stored passkey.
func enrolled(t *testing.T, k *passkeytest.Key) method.Credential {
	t.Helper()
	made, err := example().Register(ceremony, []byte(k.Create(toRegister(t, passkey.Rules{}))), passkey.Rules{}, now())
	if err != nil {
		t.Fatal(err)
	}
	made.Key.User = k.User
	secret, err := made.Key.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return method.Credential{ID: "crd_1", Kind: method.Passkey, Secret: secret, Counter: made.Counter}
}

func toSign(t *testing.T, verified bool) map[string]any {
	t.Helper()
	p := example()
	return options(t, p.ToSign(p.Challenge(ceremony, nonce(), now()), nil, verified))
}

func TestASignIn(t *testing.T) {
	for _, row := range []struct {
		name     string
		made     func(k *passkeytest.Key)
		then     func(k *passkeytest.Key)
		verified bool
		in       passkey.Ceremony
		after    time.Duration
		as       string
		refuse   error
	}{
		{name: "with a security key", as: passkey.ProofBound},
		{name: "with a synced one", made: func(k *passkeytest.Key) { k.Synced() }, as: passkey.ProofSynced},
		{name: "with one that was synced since", made: func(k *passkeytest.Key) { k.Synced().Flags &^= passkeytest.BackedUp }, then: func(k *passkeytest.Key) { k.Flags |= passkeytest.BackedUp }, as: passkey.ProofSynced},
		{name: "with a key that does not count", made: func(k *passkeytest.Key) { k.Counter = 0 }, as: passkey.ProofBound},
		{name: "without a PIN", then: func(k *passkeytest.Key) { k.Flags = passkeytest.Present }, as: passkey.ProofBound},
		{name: "without a PIN where that is asked", then: func(k *passkeytest.Key) { k.Flags = passkeytest.Present }, verified: true, refuse: method.ErrWrong},
		{name: "with a PIN where that is asked", verified: true, as: passkey.ProofBound},
		{name: "without a touch", then: func(k *passkeytest.Key) { k.Flags = passkeytest.Verified }, refuse: method.ErrWrong},
		{name: "with a counter that stands still", then: func(k *passkeytest.Key) { k.Counter-- }, refuse: method.ErrWrong},
		{name: "with a counter that is gone", then: func(k *passkeytest.Key) { k.Counter = 0 }, refuse: method.ErrWrong},
		{name: "with one that became another kind", then: func(k *passkeytest.Key) { k.Flags |= passkeytest.Eligible }, refuse: method.ErrWrong},
		{name: "with one that says it was copied", then: func(k *passkeytest.Key) { k.Flags |= passkeytest.BackedUp }, refuse: method.ErrWrong},
		{name: "as somebody else", then: func(k *passkeytest.Key) { k.User = []byte("usr_2") }, refuse: method.ErrWrong},
		{name: "without saying who", then: func(k *passkeytest.Key) { k.User = nil }, as: passkey.ProofBound},
		{name: "with another key", then: func(k *passkeytest.Key) { k.ID = []byte("another identifier") }, refuse: method.ErrWrong},
		{name: "at another site", then: func(k *passkeytest.Key) { k.RPID = "example.com" }, refuse: method.ErrWrong},
		{name: "on another page", then: func(k *passkeytest.Key) { k.Origin = "http://example.org" }, refuse: method.ErrWrong},
		{name: "in a frame", then: func(k *passkeytest.Key) { k.CrossOrigin = true }, refuse: method.ErrWrong},
		{name: "that was a registration", then: func(k *passkeytest.Key) { k.Type = "webauthn.create" }, refuse: method.ErrWrong},
		{name: "for another attempt", in: "attempt:att_2", refuse: method.ErrWrong},
		{name: "too late", after: passkey.Life, refuse: passkey.ErrStale},
	} {
		t.Run(row.name, func(t *testing.T) {
			k, in := newKey(t), ceremony
			if row.made != nil {
				row.made(k)
			}
			c := enrolled(t, k)
			if row.then != nil {
				row.then(k)
			}
			if row.in != "" {
				in = row.in
			}
			judge := passkey.Judge{Party: example(), Ceremony: in, Verified: row.verified}
			got, err := judge.Verify(c, k.Sign(toSign(t, row.verified)), now().Add(row.after))
			if !errors.Is(err, row.refuse) || got.As != row.as {
				t.Fatalf("%q, %v; want %q, %v", got.As, err, row.as, row.refuse)
			}
			if row.refuse != nil && !errors.Is(err, method.ErrWrong) {
				t.Errorf("%v is a fault", err)
			}
			if err == nil && got.Credential.Counter != int64(k.Counter) {
				t.Errorf("the counter is %d; want %d", got.Credential.Counter, k.Counter)
			}
		})
	}
}

// Each challenge is spent under a number of its own, whoever answers it.
func TestAChallengeHasOneNumber(t *testing.T) {
	p, seen := example(), map[int64]bool{}
	for i := range 100 {
		challenge := p.Challenge(ceremony, []byte{15: byte(i)}, now())
		text := passkeytest.Text(challenge)
		first, err := p.Made(ceremony, text, now())
		again, _ := p.Made(ceremony, text, now().Add(time.Minute))
		if err != nil || first != again || first < 0 || seen[first] {
			t.Fatalf("%d and %d, %v", first, again, err)
		}
		seen[first] = true
		challenge[i%len(challenge)] ^= 1
		_, err = p.Made(ceremony, passkeytest.Text(challenge), now())
		if !errors.Is(err, method.ErrWrong) {
			t.Fatalf("a challenge with another octet: %v", err)
		}
	}
	other := p
	other.Key = []byte("another key")
	_, err := other.Made(ceremony, passkeytest.Text(p.Challenge(ceremony, nonce(), now())), now())
	if !errors.Is(err, method.ErrWrong) {
		t.Errorf("a challenge of another installation: %v", err)
	}
}

func TestADamagedPasskeyIsAFault(t *testing.T) {
	k := newKey(t)
	c := enrolled(t, k)
	proof := k.Sign(toSign(t, false))
	for _, secret := range []string{"", "{}", "null", `{"id":"AA"}`} {
		c.Secret = []byte(secret)
		_, err := (passkey.Judge{Party: example(), Ceremony: ceremony}).Verify(c, proof, now())
		if err == nil || errors.Is(err, method.ErrWrong) {
			t.Errorf("%q: %v", secret, err)
		}
	}
	c.Kind = method.TOTP
	_, err := (passkey.Judge{Party: example(), Ceremony: ceremony}).Verify(c, proof, now())
	if err == nil || errors.Is(err, method.ErrWrong) {
		t.Errorf("of another kind: %v", err)
	}
}

func TestTheOptionsSayWhatIsAsked(t *testing.T) {
	made := toRegister(t, passkey.Rules{Verified: true, Models: []string{"x"}})
	selection, _ := made["authenticatorSelection"].(map[string]any)
	if made["attestation"] != "direct" || selection["userVerification"] != "required" || selection["residentKey"] != "preferred" {
		t.Errorf("%v", made)
	}
	if toRegister(t, passkey.Rules{})["attestation"] != "none" {
		t.Error("who made it is asked for nothing")
	}
	p := example()
	held := options(t, p.ToSign(nil, []passkey.Key{{ID: []byte{1}, Transports: []string{"usb"}}}, false))
	list, _ := held["allowCredentials"].([]any)
	if len(list) != 1 || held["userVerification"] != "preferred" || held["rpId"] != "example.org" {
		t.Errorf("%v", held)
	}
}

// A second click sends the very same answer: that is told apart from a guess.
func TestTheSameAnswerAgainIsUsed(t *testing.T) {
	k := newKey(t)
	c := enrolled(t, k)
	judge, proof := passkey.Judge{Party: example(), Ceremony: ceremony}, k.Sign(toSign(t, false))
	first, err := judge.Verify(c, proof, now())
	if err != nil {
		t.Fatal(err)
	}
	_, err = judge.Verify(first.Credential, proof, now())
	if !errors.Is(err, method.ErrUsed) {
		t.Error(err)
	}
}
