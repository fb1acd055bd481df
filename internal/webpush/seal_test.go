package webpush

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// The example of RFC 8291, section 5 and appendix A.
const (
	senderKey    = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
	receiverKey  = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
	receiver     = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	receiverAuth = "BTBZMqHH6r4Tts7J_aSIgg"
	exampleSalt  = "DGv6ra1nlYgDCS1FRnbzlw"
	exampleText  = "When I grow up, I want to be a watermelon"
	exampleBody  = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A" +
		"_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

func octets(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// drawn hands out values in turn, as if they were random.
func drawn(tb testing.TB, values ...string) func(int) []byte {
	tb.Helper()
	return func(n int) []byte {
		if len(values) == 0 {
			tb.Fatal("one random value too many is drawn")
		}
		b := octets(tb, values[0])
		values = values[1:]
		if len(b) != n {
			tb.Fatalf("%d random octets are drawn, want %d", n, len(b))
		}
		return b
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// open is what the browser does (RFC 8291, section 4), and refuses what it would.
func open(key *ecdh.PrivateKey, auth, body []byte) ([]byte, error) {
	if len(body) < headerSize+tagSize+1 || int(body[20]) != pointSize {
		return nil, errors.New("too short")
	}
	if len(body) > recordSize || binary.BigEndian.Uint32(body[16:20]) < uint32(len(body)-headerSize) { //nolint:gosec // bounded just before
		return nil, errors.New("more than one record")
	}
	salt, point := body[:saltSize], body[saltSize+5:headerSize]
	sender, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, err
	}
	secret, err := key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	record, nonce, err := derive(secret, Keys{public: key.PublicKey(), auth: auth}, point, salt)
	if err != nil {
		return nil, err
	}
	content, err := record.Open(nil, nonce, body[headerSize:], nil)
	if err != nil {
		return nil, err
	}
	content = bytes.TrimRight(content, "\x00")
	if len(content) == 0 || content[len(content)-1] != lastRecord {
		return nil, errors.New("no end of the last record")
	}
	return content[:len(content)-1], nil
}

// browser is a receiver with new keys.
func browser(tb testing.TB) (*ecdh.PrivateKey, []byte, Keys) {
	tb.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	auth := random(authSize)
	keys, err := ParseKeys(encode(key.PublicKey().Bytes()), encode(auth))
	if err != nil {
		tb.Fatal(err)
	}
	return key, auth, keys
}

func TestTheExampleOfTheRFC(t *testing.T) {
	keys, err := ParseKeys(receiver, receiverAuth)
	if err != nil {
		t.Fatal(err)
	}
	body, err := Seal(keys, []byte(exampleText), 0, drawn(t, senderKey, exampleSalt))
	if err != nil || encode(body) != exampleBody {
		t.Errorf("sealed as %s, %v", encode(body), err)
	}
	key, err := ecdh.P256().NewPrivateKey(octets(t, receiverKey))
	if err != nil {
		t.Fatal(err)
	}
	text, err := open(key, octets(t, receiverAuth), octets(t, exampleBody))
	if err != nil || string(text) != exampleText {
		t.Errorf("opened as %q, %v", text, err)
	}
}

func TestOnlyItsBrowserOpensAMessage(t *testing.T) {
	key, auth, keys := browser(t)
	other, otherAuth, _ := browser(t)
	body, err := Seal(keys, []byte("sign-in"), 256, random)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		key   *ecdh.PrivateKey
		auth  []byte
		opens bool
	}{
		"its own": {key, auth, true}, "another's": {other, otherAuth, false},
		"the key without the secret": {key, otherAuth, false}, "the secret without the key": {other, auth, false},
	} {
		text, err := open(row.key, row.auth, body)
		if (err == nil && string(text) == "sign-in") != row.opens {
			t.Errorf("%s opens it as %q, %v", name, text, err)
		}
	}
	for i := range body {
		changed := slices.Clone(body)
		changed[i] ^= 1
		text, err := open(key, auth, changed)
		// The record's size is not sealed: it only says where records end.
		if err == nil && (i < saltSize || i >= saltSize+4) {
			t.Fatalf("with octet %d changed it opens as %q", i, text)
		}
	}
}

func TestNothingIsUsedTwiceAndTheSizeTellsNothing(t *testing.T) {
	key, auth, keys := browser(t)
	seen := map[string]bool{}
	for n := range 257 {
		text := bytes.Repeat([]byte("x"), n)
		body, err := Seal(keys, text, 256, random)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) != headerSize+256+1+tagSize {
			t.Errorf("a message of %d octets is sealed in %d", n, len(body))
		}
		salt, point := string(body[:saltSize]), string(body[saltSize:headerSize])
		if seen[salt] || seen[point] {
			t.Fatal("a salt or a key served twice")
		}
		seen[salt], seen[point] = true, true
		got, err := open(key, auth, body)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d octets open as %d, %v", n, len(got), err)
		}
	}
}

func TestAMessageFillsTheOneRecord(t *testing.T) {
	_, _, keys := browser(t)
	body, err := Seal(keys, make([]byte, MaxMessage), 0, random)
	if err != nil || len(body) != recordSize {
		t.Errorf("the longest message is sealed in %d octets, %v; want %d", len(body), err, recordSize)
	}
	for name, length := range map[string][2]int{"message": {MaxMessage + 1, 0}, "padding": {0, MaxMessage + 1}} {
		_, err = Seal(keys, make([]byte, length[0]), length[1], random)
		if err == nil {
			t.Errorf("a %s too long is sealed", name)
		}
	}
}

// The sender's message is not written to: it may go to several browsers at once.
func TestTheMessageStaysAsItWas(t *testing.T) {
	_, _, keys := browser(t)
	room := append(make([]byte, 0, 64), "sign-in"...)
	_, err := Seal(keys, room, 32, random)
	if err != nil || !bytes.Equal(room[:cap(room)][7:], make([]byte, cap(room)-7)) {
		t.Errorf("behind the message lies %x, %v", room[:cap(room)][7:], err)
	}
}

func TestAKeyAboveTheOrderIsDrawnAgain(t *testing.T) {
	keys, err := ParseKeys(receiver, receiverAuth)
	if err != nil {
		t.Fatal(err)
	}
	above := encode(bytes.Repeat([]byte{0xff}, keySize))
	body, err := Seal(keys, []byte(exampleText), 0, drawn(t, above, senderKey, exampleSalt))
	if err != nil || encode(body) != exampleBody {
		t.Errorf("%v", err)
	}
	_, err = Seal(keys, nil, 0, func(n int) []byte { return bytes.Repeat([]byte{0xff}, n) })
	if err == nil {
		t.Error("a source that is stuck is used")
	}
}

func TestKeysThatNoBrowserGives(t *testing.T) {
	offCurve := octets(t, receiver)
	offCurve[64] ^= 1
	rows := []struct {
		sentence, p256dh, auth string
		taken                  bool
	}{
		{"a browser's", receiver, receiverAuth, true},
		{"with padding, as some give them", receiver + "=", receiverAuth + "==", true},
		{"no key", "", receiverAuth, false},
		{"no secret", receiver, "", false},
		{"a point that is not on the curve", encode(offCurve), receiverAuth, false},
		{"the point at infinity", encode(make([]byte, pointSize)), receiverAuth, false},
		{"a compressed point", encode(append([]byte{2}, octets(t, receiver)[1:33]...)), receiverAuth, false},
		{"a point with something behind it", encode(append(octets(t, receiver), 0)), receiverAuth, false},
		{"a secret of 15 octets", receiver, encode(make([]byte, 15)), false},
		{"a secret of 17 octets", receiver, encode(make([]byte, 17)), false},
		{"plain base64", strings.NewReplacer("-", "+", "_", "/").Replace(receiver), receiverAuth, false},
		{"a second spelling of the same octets", receiver, receiverAuth[:21] + "h", false},
		{"with a line break", receiver[:40] + "\n" + receiver[40:], receiverAuth, false},
	}
	for _, row := range rows {
		_, err := ParseKeys(row.p256dh, row.auth)
		if (err == nil) != row.taken {
			t.Errorf("%s: %v", row.sentence, err)
		}
		if err != nil && (row.p256dh != "" && strings.Contains(err.Error(), row.p256dh) || row.auth != "" && strings.Contains(err.Error(), row.auth)) {
			t.Errorf("%s: the error repeats it: %v", row.sentence, err)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add(receiver, receiverAuth)
	f.Add(receiver+"=", receiverAuth+"==")
	f.Add("BA", "AA")
	f.Fuzz(func(t *testing.T, p256dh, auth string) {
		keys, err := ParseKeys(p256dh, auth)
		if err != nil {
			return
		}
		body, err := Seal(keys, []byte("x"), 8, random)
		if err != nil || len(body) != headerSize+9+tagSize {
			t.Errorf("keys that were taken seal %d octets, %v", len(body), err)
		}
	})
}
