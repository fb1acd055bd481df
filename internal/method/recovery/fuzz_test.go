package recovery_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/seal"
)

// Whatever is stored: reading it ends, counts no more codes than there are, and
// lets nobody in by the stored form itself. What is packed opens to each of its
// codes once.
func FuzzStored(f *testing.F) {
	codes := recovery.Generate(3, seal.Bytes)
	packed, err := recovery.Pack(codes, testKey(), "crd_1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, codes[0])
	f.Add(bytes.ReplaceAll(packed, []byte("}"), []byte(`,"used":1}`)), codes[1])
	for _, text := range []string{"", "null", "[]", "[null]", `[{"mac":""}]`, `[{"mac":"AAAA","used":-1}]`, `{"mac":1}`, "[[[[", "\xff"} {
		f.Add([]byte(text), "00000-00000")
	}
	f.Fuzz(func(t *testing.T, secret []byte, typed string) {
		left, list := recovery.Left(secret), recovery.List(secret)
		if left < 0 || left > len(list) {
			t.Fatalf("%d of %d codes are left", left, len(list))
		}
		m := recovery.Method{Key: testKey()}
		c := method.Credential{ID: "crd_1", Kind: method.Recovery, Secret: secret}
		for _, proof := range []string{typed, string(secret)} {
			got, err := m.Verify(c, proof, time.UnixMilli(1_800_000_000_000))
			if err != nil {
				continue
			}
			if got.Spent < 0 || int(got.Spent) >= len(list) || int(got.Credential.Counter) != recovery.Left(got.Credential.Secret) || list[got.Spent].UsedAt != 0 {
				t.Fatalf("%q is accepted: %+v of %+v", proof, got, list)
			}
			_, err = m.Verify(got.Credential, proof, time.UnixMilli(1_800_000_000_001))
			if !errors.Is(err, method.ErrUsed) {
				t.Fatalf("%q is accepted twice: %v", proof, err)
			}
			c.ID = "crd_2"
			_, err = m.Verify(c, proof, time.UnixMilli(1_800_000_000_000))
			if !errors.Is(err, method.ErrWrong) {
				t.Fatalf("%q opens another credential: %v", proof, err)
			}
		}
	})
}
