package audit_test

import (
	"encoding/hex"
	"reflect"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/seal"
	"countersign/internal/store/rows"
)

// Every column of an event is under its seal, but for the number of the seal itself, which
// is in the seal's own digest.
func TestEveryColumnIsSealed(t *testing.T) {
	plain := audit.Encode(rows.Event{})
	kind := reflect.TypeFor[rows.Event]()
	for i := range kind.NumField() {
		if kind.Field(i).Name == "SealID" {
			continue
		}
		var e rows.Event
		field := reflect.ValueOf(&e).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Int64:
			field.SetInt(1)
		default:
			t.Fatalf("column %s is of a type that this test does not know", kind.Field(i).Name)
		}
		if string(audit.Encode(e)) == string(plain) {
			t.Errorf("a change of %s is not sealed", kind.Field(i).Name)
		}
	}
}

// What stands in one column cannot be moved into the next, nor into another event.
func TestNoTwoEventsAreEncodedAlike(t *testing.T) {
	seen := map[string]int{}
	for i, e := range []rows.Event{
		{},
		{Kind: "ab", Outcome: "c"},
		{Kind: "a", Outcome: "bc"},
		{Kind: "abc"},
		{Outcome: "abc"},
		{IP: "abc"},
		{UserAgent: "abc"},
		{At: 1},
		{At: -1},
		{At: 1 << 40},
		{Detail: "\x00"},
		{Detail: "\x00\x00"},
		{UserAgent: "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{UserAgent: "\x00\x00\x00\x00\x00\x00\x00\x00", Detail: "\x00"},
	} {
		encoded := string(audit.Encode(e))
		if other, is := seen[encoded]; is {
			t.Errorf("events %d and %d are encoded alike", i, other)
		}
		seen[encoded] = i
	}
}

// What was sealed before must verify for ever: the form does not change.
func TestTheFormStays(t *testing.T) {
	key := seal.MACKey("0123456789abcdef0123456789abcdef")
	s := audit.SealOf(key, "wsp_1", 7, []byte("before"), 1_795_000_000_000, []rows.Event{
		{WorkspaceID: "wsp_1", ID: "evt_2", At: 2, Kind: "signin.completed", Outcome: "ok", ActorKind: "user", ActorID: "usr_1", UserID: "usr_1", Detail: "{}"},
		{WorkspaceID: "wsp_1", ID: "evt_1", At: 3, Kind: "proof.refused", Outcome: "refused", Target: "crd_1", SessionID: "ses_1", AttemptID: "att_1", RequestID: "rid_1", IP: "192.0.2.1", UserAgent: "Firefox", Detail: `{"method":"totp"}`},
	})
	if s.FirstID != "evt_1" || s.LastID != "evt_2" || s.NewestAt != 3 || s.Events != 2 {
		t.Errorf("the seal says %+v", s)
	}
	for what, pair := range map[string][2]string{
		"digest": {hex.EncodeToString(s.Digest), "ab2b8dab8225cad0ab2264565336264672bb0070071198d648858bc58773eb04"},
		"mac":    {hex.EncodeToString(s.Mac), "9711dad23236be100b533d3d06076686b16557ce6f14ae90d695b4a0fd43bff0"},
		"marks":  {hex.EncodeToString(s.Marks), "c1645cc4556dc04bc20f78de620ff721"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %s, was %s", what, pair[0], pair[1])
		}
	}
}

// The order in which events are read does not count, their identifiers do.
func TestABatchIsInTheOrderOfIdentifiers(t *testing.T) {
	key := seal.MACKey("k")
	a, b := rows.Event{ID: "evt_a", Kind: "a"}, rows.Event{ID: "evt_b", Kind: "b"}
	one, other := audit.SealOf(key, "w", 1, nil, 0, []rows.Event{a, b}), audit.SealOf(key, "w", 1, nil, 0, []rows.Event{b, a})
	if string(one.Mac) != string(other.Mac) {
		t.Error("the same events in another order have another seal")
	}
	a.ID, b.ID = b.ID, a.ID
	if swapped := audit.SealOf(key, "w", 1, nil, 0, []rows.Event{a, b}); string(one.Mac) == string(swapped.Mac) {
		t.Error("two events that exchange their identifiers have the same seal")
	}
}

func TestHeadsAreReadAsTheyAreWritten(t *testing.T) {
	digest := "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	for _, row := range []struct {
		text string
		seal int64
	}{
		{"12:" + digest, 12},
		{" 1:" + digest + "\n", 1},
		{"9223372036854775807:" + digest, 1<<63 - 1},
		{"0:" + digest, 0},
		{"-1:" + digest, 0},
		{"9223372036854775808:" + digest, 0},
		{"12:" + digest[2:], 0},
		{"12:" + digest + "00", 0},
		{"12:" + digest[1:] + "g", 0},
		{"12", 0},
		{":" + digest, 0},
		{digest, 0},
		{"", 0},
	} {
		head, err := audit.ParseHead(row.text)
		if head.Seal != row.seal || (err == nil) != (row.seal != 0) {
			t.Errorf("%q: %+v, %v", row.text, head, err)
		}
		if row.seal == 0 {
			continue
		}
		again, err := audit.ParseHead(head.String())
		if err != nil || again.String() != head.String() {
			t.Errorf("%q is written as %q, %v", row.text, head, err)
		}
	}
	if text := (audit.Head{}).String(); text != "" {
		t.Errorf("no head is written as %q", text)
	}
}
