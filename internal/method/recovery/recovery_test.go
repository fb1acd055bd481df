package recovery_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/seal"

	"pgregory.net/rapid"
)

func packed(t interface {
	Helper()
	Fatal(args ...any)
}, codes []string, key seal.MACKey,
) method.Credential {
	t.Helper()
	secret, err := recovery.Pack(codes, key, "crd_1")
	if err != nil {
		t.Fatal(err)
	}

	return method.Credential{ID: "crd_1", Kind: method.Recovery, Secret: secret, Counter: int64(len(codes))}
}

func testKey() seal.MACKey { return seal.MACKey(strings.Repeat("k", 32)) }

func TestGenerate(t *testing.T) {
	one := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$`)
	many := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$`)
	single := recovery.Generate(1, seal.Bytes)
	if len(single) != 1 || !one.MatchString(single[0]) {
		t.Errorf("one code: %q", single)
	}
	ten := recovery.Generate(10, seal.Bytes)
	seen := make(map[string]bool)
	for _, c := range ten {
		if !many.MatchString(c) || seen[c] {
			t.Errorf("code %q of %q", c, ten)
		}
		seen[c] = true
	}
	if len(ten) != 10 || len(recovery.Generate(0, seal.Bytes)) != 0 {
		t.Errorf("%d codes", len(ten))
	}
}

// All 32 characters come, each as often as the others: 256 is a multiple of 32.
func TestEveryCharacterIsEquallyLikely(t *testing.T) {
	next := byte(0)
	every := func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = next
			next++
		}

		return out
	}
	count := make(map[rune]int)
	for range 64 { // 64 codes of 20 characters: 5 rounds of 256
		for _, r := range strings.ReplaceAll(recovery.Generate(1, every)[0], "-", "") {
			count[r]++
		}
	}
	for r, n := range count {
		if n != 40 {
			t.Errorf("%q came %d times, want 40", r, n)
		}
	}
	if len(count) != 32 {
		t.Errorf("%d characters, want 32", len(count))
	}
}

func TestARepeatingSourceIsRefused(t *testing.T) {
	stuck := func(n int) []byte { return make([]byte, n) }
	_, err := recovery.Pack(recovery.Generate(10, stuck), testKey(), "crd_1")
	if err == nil {
		t.Error("ten equal codes were packed")
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		name, typed, code string
		problem           recovery.Problem
	}{
		{"as shown", "7q0w2-m5x9d", "7q0w2m5x9d", ""},
		{"in upper case", "7Q0W2-M5X9D", "7q0w2m5x9d", ""},
		{"without the dash", "7q0w2m5x9d", "7q0w2m5x9d", ""},
		{"with spaces and a longer dash", " 7q0w2 — m5x9d\n", "7q0w2m5x9d", ""},
		{"o for zero", "7qOw2-m5x9o", "7q0w2m5x90", ""},
		{"i and l for one", "iIlL1-1111İ", "1111111111", ""},
		{"the dotless i of a Turkish keyboard", "ı1111-11111", "1111111111", ""},
		{"full-width as an Asian keyboard types it", "７ｑ０ｗ２－ｍ５ｘ９Ｄ", "7q0w2m5x9d", ""},
		{"a single code", "7Q0W-2M5X-9D4K-8T1V-6C3N", "7q0w2m5x9d4k8t1v6c3n", ""},
		{"nothing", " - ", "", "empty"},
		{"one character short", "7q0w2-m5x9", "", "too_few"},
		{"one character over", "7q0w2-m5x9dd", "", "too_many"},
		{"a single code, one short", "7Q0W-2M5X-9D4K-8T1V-6C3", "", "too_few"},
		{"a single code, one over", "7Q0W-2M5X-9D4K-8T1V-6C3NN", "", "too_many"},
		{"u is not in the alphabet", "uuuuu-uuuuu", "", "bad_char"},
		{"a sign", "7q0w2-m5x9!", "", "bad_char"},
		{"a letter of another script", "7q0w2-m5x9д", "", "bad_char"},
		{"broken UTF-8", "7q0w2-m5x9\xff", "", "bad_char"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, problem := recovery.Normalize(c.typed)
			if code != c.code || problem != c.problem {
				t.Errorf("Normalize(%q) = %q, %q; want %q, %q", c.typed, code, problem, c.code, c.problem)
			}
		})
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("7q0w2-m5x9d")
	f.Add("OIL - ７ｑ")
	form := regexp.MustCompile(`^([0-9a-hjkmnp-tv-z]{10}|[0-9a-hjkmnp-tv-z]{20})$`)
	f.Fuzz(func(t *testing.T, typed string) {
		code, problem := recovery.Normalize(typed)
		if (problem == "") != form.MatchString(code) {
			t.Fatalf("code %q with problem %q", code, problem)
		}
		if problem == "" {
			again, still := recovery.Normalize(code)
			if again != code || still != "" {
				t.Fatalf("%q becomes %q, %q", code, again, still)
			}
		}
	})
}

func TestACodeWorksOnce(t *testing.T) {
	codes := recovery.Generate(10, seal.Bytes)
	m := recovery.Method{Key: testKey()}
	c := packed(t, codes, m.Key)
	now := time.UnixMilli(1_800_000_000_123)

	got, err := m.Verify(c, strings.ToUpper(codes[3]), now)
	if err != nil || got.Spent != 3 || got.Credential.Counter != 9 || recovery.Left(got.Credential.Secret) != 9 {
		t.Fatalf("Verify = %+v, %v", got, err)
	}
	if recovery.Left(c.Secret) != 10 {
		t.Error("Verify changed what it was given")
	}
	list := recovery.List(got.Credential.Secret)
	if len(list) != 10 || list[3] != (recovery.Used{Index: 3, UsedAt: now.UnixMilli()}) || list[4].UsedAt != 0 {
		t.Errorf("list %+v", list)
	}
	_, err = m.Verify(got.Credential, codes[3], now)
	if !errors.Is(err, method.ErrUsed) {
		t.Errorf("used again: %v, want ErrUsed", err)
	}
	// Between two requests at once, Spent is the judge: it is the same number.
	again, err := m.Verify(c, codes[3], now)
	if err != nil || again.Spent != got.Spent {
		t.Errorf("the same stored state: %+v, %v", again, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	m := recovery.Method{Key: testKey()}
	codes := []string{"7q0w2-m5x9d", "00000-00001"}
	c := packed(t, codes, m.Key)
	now := time.Unix(1_800_000_000, 0)
	other := c
	other.ID = "crd_2"
	for _, r := range []struct {
		name  string
		m     recovery.Method
		c     method.Credential
		proof string
		want  error
	}{
		{"a code that was never given", m, c, "11111-11111", method.ErrWrong},
		{"a code with one more beside it", m, c, "7q0w2-m5x9d 00000-00001", method.ErrWrong},
		{"what is no code", m, c, "123456", method.ErrMalformed},
		{"nothing", m, c, "", method.ErrMalformed},
		{"a code of another credential", m, other, codes[0], method.ErrWrong},
		{"a code under another key", recovery.Method{Key: seal.MACKey("other")}, c, codes[0], method.ErrWrong},
	} {
		_, err := r.m.Verify(r.c, r.proof, now)
		if !errors.Is(err, r.want) || errors.Is(err, method.ErrUsed) {
			t.Errorf("%s: %v, want %v", r.name, err, r.want)
		}
	}
}

func TestAFaultIsNotAWrongCode(t *testing.T) {
	m := recovery.Method{Key: testKey()}
	good := packed(t, []string{"7q0w2-m5x9d"}, m.Key)
	for name, change := range map[string]func(*recovery.Method, *method.Credential){
		"another kind":     func(_ *recovery.Method, c *method.Credential) { c.Kind = method.TOTP },
		"no key":           func(m *recovery.Method, _ *method.Credential) { m.Key = nil },
		"no identifier":    func(_ *recovery.Method, c *method.Credential) { c.ID = "" },
		"no secret":        func(_ *recovery.Method, c *method.Credential) { c.Secret = nil },
		"another format":   func(_ *recovery.Method, c *method.Credential) { c.Secret = []byte(`{"a":1}`) },
		"a damaged digest": func(_ *recovery.Method, c *method.Credential) { c.Secret = []byte(`[{"mac":"AAAA"}]`) },
	} {
		broken, c := m, good
		change(&broken, &c)
		_, err := broken.Verify(c, "7q0w2-m5x9d", time.Unix(1, 0))
		if err == nil || errors.Is(err, method.ErrWrong) {
			t.Errorf("%s: error %v, want a fault", name, err)
		}
	}
	if m.Kind() != method.Recovery || m.AMR()[0] != "otp" {
		t.Error("kind or reference is wrong")
	}
	if recovery.Left([]byte("rubbish")) != 0 || recovery.List(nil) != nil {
		t.Error("what is no packed secret has codes")
	}
}

func TestPackRefuses(t *testing.T) {
	good := []string{"7q0w2-m5x9d"}
	for name, err := range map[string]error{
		"no codes":        second(recovery.Pack(nil, testKey(), "crd_1")),
		"no key":          second(recovery.Pack(good, nil, "crd_1")),
		"no credential":   second(recovery.Pack(good, testKey(), "")),
		"what is no code": second(recovery.Pack([]string{"123456"}, testKey(), "crd_1")),
		"a code twice":    second(recovery.Pack([]string{"7q0w2-m5x9d", "7Q0W2M5X9D"}, testKey(), "crd_1")),
	} {
		if err == nil {
			t.Errorf("%s is packed", name)
		} else if strings.Contains(err.Error(), "7q0w2") {
			t.Errorf("%s: the error holds the code: %v", name, err)
		}
	}
}

func second(_ []byte, err error) error { return err }

func TestWhatIsStoredIsNoCode(t *testing.T) {
	for _, n := range []int{1, 10} {
		codes := recovery.Generate(n, seal.Bytes)
		c := packed(t, codes, testKey())
		for _, code := range codes {
			plain, _ := recovery.Normalize(code)
			if bytes.Contains(bytes.ToLower(c.Secret), []byte(plain)) || bytes.Contains(c.Secret, []byte(code)) {
				t.Errorf("the stored form holds %q", code)
			}
		}
	}
}

// Used in any order, however they are typed, each code works once, and the
// count goes down by one with each.
func TestCodesAreSpentOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "codes")
		source := func(n int) []byte {
			b := make([]byte, n)
			_, _ = rand.Read(b)

			return b
		}
		codes := recovery.Generate(n, source)
		m := recovery.Method{Key: testKey()}
		c := packed(t, codes, m.Key)
		used := make(map[int]bool)
		for step := range rapid.IntRange(1, 2*n).Draw(t, "tries") {
			i := rapid.IntRange(0, n-1).Draw(t, "which")
			typed := codes[i]
			if rapid.Bool().Draw(t, "sloppy") {
				typed = " " + strings.NewReplacer("-", " ", "0", "o", "1", "L").Replace(strings.ToLower(typed))
			}
			got, err := m.Verify(c, typed, time.UnixMilli(int64(step)))
			if used[i] {
				if !errors.Is(err, method.ErrUsed) {
					t.Fatalf("code %d again: %v", i, err)
				}

				continue
			}
			if err != nil || got.Spent != int64(i) {
				t.Fatalf("code %d: %+v, %v", i, got, err)
			}
			used[i] = true
			c = got.Credential
			if left := n - len(used); c.Counter != int64(left) || recovery.Left(c.Secret) != left {
				t.Fatalf("%d left, counted %d and %d", left, c.Counter, recovery.Left(c.Secret))
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	m := recovery.Method{Key: testKey()}
	codes := recovery.Generate(10, seal.Bytes)
	c := packed(b, codes, m.Key)
	for b.Loop() {
		_, err := m.Verify(c, codes[9], time.Unix(1, 0))
		if err != nil {
			b.Fatal(err)
		}
	}
}
