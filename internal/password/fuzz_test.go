package password_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/password"
	"countersign/internal/seal"
)

// A password that is good enough can be hashed and signs in, in every way of
// typing it, and nothing else does; and the judge is never slow.
func FuzzAccepted(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text)
	}
	for _, text := range []string{"nine walnuts under a lamp", "ﬁve ﬁsh in a ﬁeld of ﬂax", "e\u0301tude nocturne 77", strings.Repeat("é ", 100), "a\x00bcdefgh zq 8", "\xffbroken horse staple"} {
		f.Add(text)
	}
	h := password.NewHasher(cheap(), 4, time.Now, seal.Bytes)
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		problem := password.Judge(text, "Ada Lovelace", "ada@example.com")
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%q was judged for %v", text, took)
		}
		if problem != password.Fine {
			return
		}
		encoded, err := h.Hash(t.Context(), text, password.Caller{})
		if err != nil {
			t.Fatalf("%q is good enough, and cannot be hashed: %v", text, err)
		}
		for typed, right := range map[string]bool{text: true, text + "x": false, text[1:]: false, "": false, encoded: false} {
			ok, _, err := h.Verify(t.Context(), encoded, typed, password.Caller{})
			if err != nil || ok != right {
				t.Fatalf("%q is the password; %q gives %v, %v", text, typed, ok, err)
			}
		}
	})
}
