package seal_test

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/seal"
)

func TestIdentifiers(t *testing.T) {
	form := regexp.MustCompile(`^usr_[0-9a-hjkmnp-tv-z]{26}$`)
	seen := make(map[string]bool)
	for range 1000 {
		id := seal.ID("usr")
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("identifier %q", id)
		}
		seen[id] = true
	}
}

func TestSortableIdentifiersSortAsTheirTimes(t *testing.T) {
	form := regexp.MustCompile(`^evt_[0-9a-hjkmnp-tv-z]{26}$`)
	at := time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)
	before := seal.SortableID("evt", at, 0)
	if !strings.HasPrefix(before, "evt_0000000000") {
		t.Errorf("before 1970: %q", before)
	}
	for _, step := range []time.Duration{48 * time.Hour, time.Millisecond, time.Millisecond, time.Second, time.Hour, 200 * 365 * 24 * time.Hour} {
		at = at.Add(step)
		for _, n := range []int{0, 1, 31, 32, 1023} {
			id := seal.SortableID("evt", at, n)
			if !form.MatchString(id) || id <= before {
				t.Errorf("%q does not come after %q", id, before)
			}
			before = id
		}
	}
}

func TestSortableIdentifiersOfTooManyAreStillInTheirTime(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	from, to := seal.SortableID("evt", at, 0)[:14], seal.SortableID("evt", at, 1023)[:16]
	for n, want := range map[int]string{-1: from + "00", 1024: to, 1 << 40: to} {
		if got := seal.SortableID("evt", at, n); !strings.HasPrefix(got, want) {
			t.Errorf("%d: %q, want %s...", n, got, want)
		}
	}
}

func TestTokensAndTheirHashes(t *testing.T) {
	token := seal.NewToken()
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(token) || token == seal.NewToken() {
		t.Errorf("token %q", token)
	}
	// FIPS 180-2, appendix B.1.
	if got := hex.EncodeToString(seal.Hash("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("hash %s", got)
	}
	if !seal.Equal(seal.Hash("a"), seal.Hash("a")) || seal.Equal(seal.Hash("a"), seal.Hash("b")) || seal.Equal([]byte("a"), []byte("aa")) {
		t.Error("Equal is wrong")
	}
}

func TestDigitsAreUniform(t *testing.T) {
	for n := range 12 {
		if got := seal.Digits(n); len(got) != n {
			t.Errorf("Digits(%d) = %q", n, got)
		}
	}
	const draws = 200_000
	var count [10]float64
	for _, d := range seal.Digits(draws) {
		if d < '0' || d > '9' {
			t.Fatalf("digit %q", d)
		}
		count[d-'0']++
	}
	var chi float64
	for _, n := range count {
		chi += (n - draws/10) * (n - draws/10) / (draws / 10)
	}
	// Nine degrees of freedom: above 60 once in 10⁹ runs; with the bias of a
	// plain remainder it is near 115.
	if chi > 60 {
		t.Errorf("chi-square %.1f over %v", chi, count)
	}
}

func TestMACPartsDoNotRunTogether(t *testing.T) {
	k := seal.MACKey(seal.Bytes(32))
	all := map[string]string{}
	for _, parts := range [][]string{{"p"}, {"p", ""}, {"p", "", ""}, {"", "p"}, {"p", "ab", "c"}, {"p", "a", "bc"}, {"p", "abc"}, {"pa", "bc"}, {"q", "abc"}} {
		sum := string(k.Sum(parts[0], parts[1:]...))
		if len(sum) != 32 {
			t.Errorf("length %d", len(sum))
		}
		name := strings.Join(parts, "|")
		if other, is := all[sum]; is {
			t.Errorf("%q and %q have one digest", name, other)
		}
		all[sum] = name
	}
	if seal.Equal(k.Sum("p", "a"), seal.MACKey(seal.Bytes(32)).Sum("p", "a")) {
		t.Error("another key gives the same digest")
	}
}

func TestAnEmptyMACKeyIsAFault(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a digest under no key was made")
		}
	}()
	seal.MACKey(nil).Sum("p")
}
