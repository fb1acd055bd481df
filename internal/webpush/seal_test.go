package webpush_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"countersign/internal/webpush"
	"countersign/internal/webpush/webpushtest"
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

// overhead is what sealing adds: a header of 86 octets, the end of the record, the tag.
const overhead = 86 + 1 + 16

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// drawn hands out values in turn, as if they were random.
func drawn(t *testing.T, values ...string) func(int) []byte {
	t.Helper()
	return func(n int) []byte {
		if len(values) == 0 {
			t.Fatal("one random value too many is drawn")
		}
		b := webpushtest.Octets(t, values[0])
		values = values[1:]
		if len(b) != n {
			t.Fatalf("%d random octets are drawn, want %d", n, len(b))
		}
		return b
	}
}

func keysOf(t *testing.T, p256dh, auth string) webpush.Keys {
	t.Helper()
	keys, err := webpush.ParseKeys(p256dh, auth)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func sealed(t *testing.T, to *webpushtest.Browser, text []byte, length int) []byte {
	t.Helper()
	body, err := webpush.Seal(keysOf(t, to.P256DH(), to.Auth()), text, length, random)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestTheExampleOfTheRFC(t *testing.T) {
	body, err := webpush.Seal(keysOf(t, receiver, receiverAuth), []byte(exampleText), 0, drawn(t, senderKey, exampleSalt))
	if err != nil || encode(body) != exampleBody {
		t.Errorf("sealed as %s, %v", encode(body), err)
	}
	b := webpushtest.Of(t, receiverKey, receiverAuth)
	text, err := b.Open(webpushtest.Octets(t, exampleBody))
	if err != nil || string(text) != exampleText || b.P256DH() != receiver {
		t.Errorf("opened as %q, %v", text, err)
	}
}

func TestOnlyItsBrowserOpensAMessage(t *testing.T) {
	mine, other := webpushtest.New(t), webpushtest.New(t)
	body := sealed(t, mine, []byte("sign-in"), 256)
	text, err := mine.Open(body)
	if err != nil || string(text) != "sign-in" {
		t.Fatalf("it opens as %q, %v", text, err)
	}
	_, err = other.Open(body)
	if err == nil {
		t.Error("another browser opens it")
	}
	for i := range body {
		changed := slices.Clone(body)
		changed[i] ^= 1
		text, err := mine.Open(changed)
		// The record's size is not sealed: it only says where records end.
		if err == nil && (i < 16 || i >= 20) {
			t.Fatalf("with octet %d changed it opens as %q", i, text)
		}
	}
}

func TestNothingIsUsedTwiceAndTheSizeTellsNothing(t *testing.T) {
	b, seen := webpushtest.New(t), map[string]bool{}
	for n := range 257 {
		text := bytes.Repeat([]byte("x"), n)
		body := sealed(t, b, text, 256)
		if len(body) != 256+overhead {
			t.Errorf("a message of %d octets is sealed in %d", n, len(body))
		}
		salt, point := string(body[:16]), string(body[16:86])
		if seen[salt] || seen[point] {
			t.Fatal("a salt or a key served twice")
		}
		seen[salt], seen[point] = true, true
		got, err := b.Open(body)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d octets open as %d, %v", n, len(got), err)
		}
	}
}

func TestAMessageFillsTheOneRecord(t *testing.T) {
	b := webpushtest.New(t)
	if n := len(sealed(t, b, make([]byte, webpush.MaxMessage), 0)); n != 4096 {
		t.Errorf("the longest message is sealed in %d octets, want 4096", n)
	}
	keys := keysOf(t, b.P256DH(), b.Auth())
	for name, length := range map[string][2]int{"message": {webpush.MaxMessage + 1, 0}, "padding": {0, webpush.MaxMessage + 1}} {
		_, err := webpush.Seal(keys, make([]byte, length[0]), length[1], random)
		if err == nil {
			t.Errorf("a %s too long is sealed", name)
		}
	}
}

// The sender's message is not written to: it may go to several browsers at once.
func TestTheMessageStaysAsItWas(t *testing.T) {
	room := append(make([]byte, 0, 64), "sign-in"...)
	sealed(t, webpushtest.New(t), room, 32)
	if behind := room[:cap(room)][7:]; !bytes.Equal(behind, make([]byte, len(behind))) {
		t.Errorf("behind the message lies %x", behind)
	}
}

func TestAKeyAboveTheOrderIsDrawnAgain(t *testing.T) {
	keys, above := keysOf(t, receiver, receiverAuth), encode(bytes.Repeat([]byte{0xff}, 32))
	body, err := webpush.Seal(keys, []byte(exampleText), 0, drawn(t, above, senderKey, exampleSalt))
	if err != nil || encode(body) != exampleBody {
		t.Errorf("%v", err)
	}
	_, err = webpush.Seal(keys, nil, 0, func(n int) []byte { return bytes.Repeat([]byte{0xff}, n) })
	if err == nil {
		t.Error("a source that is stuck is used")
	}
}

func TestKeysThatNoBrowserGives(t *testing.T) {
	point := func() []byte { return webpushtest.Octets(t, receiver) }
	offCurve := point()
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
		{"zeros", encode(make([]byte, 65)), receiverAuth, false},
		{"a compressed point", encode(append([]byte{2}, point()[1:33]...)), receiverAuth, false},
		{"a point with something behind it", encode(append(point(), 0)), receiverAuth, false},
		{"a secret of 15 octets", receiver, encode(make([]byte, 15)), false},
		{"a secret of 17 octets", receiver, encode(make([]byte, 17)), false},
		{"plain base64", strings.NewReplacer("-", "+", "_", "/").Replace(receiver), receiverAuth, false},
		{"a second spelling of the same octets", receiver, receiverAuth[:21] + "h", false},
		{"with a line break", receiver[:40] + "\n" + receiver[40:], receiverAuth, false},
	}
	for _, row := range rows {
		_, err := webpush.ParseKeys(row.p256dh, row.auth)
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
		keys, err := webpush.ParseKeys(p256dh, auth)
		if err != nil {
			return
		}
		body, err := webpush.Seal(keys, []byte("x"), 8, random)
		if err != nil || len(body) != 8+overhead {
			t.Errorf("keys that were taken seal %d octets, %v", len(body), err)
		}
	})
}
