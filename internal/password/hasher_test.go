package password_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/password"
	"countersign/internal/seal"

	"golang.org/x/crypto/argon2"
)

// cheap makes tests fast; what is tested does not depend on the cost.
func cheap() password.Params { return password.Params{Memory: 64, Time: 1, Lanes: 1} }

func newHasher(t testing.TB, p password.Params) *password.Hasher {
	t.Helper()
	h := password.NewHasher(p, 2, time.Now, seal.Bytes)
	t.Cleanup(h.Close)

	return h
}

func mustHash(t testing.TB, h *password.Hasher, text string) string {
	t.Helper()
	encoded, err := h.Hash(t.Context(), text, password.Caller{})
	if err != nil {
		t.Fatal(err)
	}

	return encoded
}

func TestHashAndVerify(t *testing.T) {
	h := newHasher(t, cheap())
	encoded := mustHash(t, h, "correct horse")
	if !regexp.MustCompile(`^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(encoded) {
		t.Errorf("hash %s", encoded)
	}
	if encoded == mustHash(t, h, "correct horse") {
		t.Error("two hashes have one salt")
	}
	for typed, want := range map[string]bool{"correct horse": true, "correct horse ": false, "Correct horse": false, "": false} {
		ok, rehash, err := h.Verify(t.Context(), encoded, typed, password.Caller{})
		if ok != want || rehash || err != nil {
			t.Errorf("Verify(%q) = %v, %v, %v; want %v", typed, ok, rehash, err, want)
		}
	}
}

// The library is held against the Go project's own argon2.
func TestTheHashIsArgon2id(t *testing.T) {
	parts := strings.Split(mustHash(t, newHasher(t, password.Params{}), "correct horse"), "$")
	if parts[3] != "m=19456,t=2,p=1" {
		t.Errorf("parameters %s", parts[3])
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		t.Fatal(err)
	}
	want := argon2.IDKey([]byte("correct horse"), salt, 2, 19*1024, 1, 32)
	if got := parts[5]; got != base64.RawStdEncoding.EncodeToString(want) {
		t.Errorf("key %s", got)
	}
}

func TestOnePasswordTypedOnTwoKeyboards(t *testing.T) {
	h := newHasher(t, cheap())
	encoded := mustHash(t, h, "Stra\u00dfencaf\u00e9 \uff11\ufb01")
	ok, _, err := h.Verify(t.Context(), encoded, "Stra\u00dfencafe\u0301 1fi", password.Caller{})
	if !ok || err != nil {
		t.Errorf("composed and decomposed differ: %v, %v", ok, err)
	}
}

func TestWhatIsTooLongIsWrongAndNotHashed(t *testing.T) {
	h := newHasher(t, cheap())
	encoded := mustHash(t, h, strings.Repeat("𠀀", password.MaxLength))
	for _, n := range []int{password.MaxLength + 1, 1 << 20} {
		long := strings.Repeat("𠀀", n)
		ok, _, err := h.Verify(t.Context(), encoded, long, password.Caller{})
		if ok || err != nil {
			t.Errorf("%d characters: %v, %v", n, ok, err)
		}
		_, err = h.Hash(t.Context(), long, password.Caller{})
		if err == nil {
			t.Errorf("%d characters were hashed", n)
		}
		err = h.Dummy(t.Context(), long, password.Caller{})
		if err != nil {
			t.Errorf("%d characters: %v", n, err)
		}
	}
	ok, _, err := h.Verify(t.Context(), encoded, strings.Repeat("𠀀", password.MaxLength), password.Caller{})
	if !ok || err != nil {
		t.Errorf("the longest password: %v, %v", ok, err)
	}
}

func TestWhenToHashAnew(t *testing.T) {
	for _, c := range []struct {
		name, encoded, password string
		rehash                  bool
	}{
		{"the present parameters", mustHash(t, newHasher(t, cheap()), "correct horse"), "correct horse", false},
		{"other memory", mustHash(t, newHasher(t, password.Params{Memory: 128, Time: 1, Lanes: 1}), "correct horse"), "correct horse", true},
		{"other passes", mustHash(t, newHasher(t, password.Params{Memory: 64, Time: 2, Lanes: 1}), "correct horse"), "correct horse", true},
		{"other lanes", mustHash(t, newHasher(t, password.Params{Memory: 64, Time: 1, Lanes: 2}), "correct horse"), "correct horse", true},
		{"argon2i", argon2iHash(), "correct horse", true},
		{"bcrypt of crypt(3)", "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", "correct horse", true},
		{"SHA-256 crypt of openssl passwd", "$5$saltstring$vc6YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC", "correct horse", true},
		{"SHA-256 crypt with rounds", "$5$rounds=1000$saltstring$95Bg/RfV2QriLpMdLPHK9el0Ighm6E3CBqMKzZKgCa2", "correct horse", true},
		{"SHA-512 crypt of openssl passwd", "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/", "correct horse", true},
		{"SHA-512 crypt of a password that was not normalised", "$6$saltstring$a6WvmHZKh1qnnDqq8k..gisHRbSKgVBf6zK3a6/u1K28XSaT1gGUgca2DDEYnRq96B1eXT8Nwk6jv84kFwwMX/", "stra\u00dfe cafe\u0301 1", true},
		{"PBKDF2-SHA-256", "$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$uHVoxjLD1v3uqpdY8ehNPGUYMiKj8ROQSRwMSE033NY", "correct horse", true},
		{"PBKDF2-SHA-512", "$pbkdf2-sha512$25000$MDEyMzQ1Njc4OWFiY2RlZg$NAtVcXr7DbXedVbBm.JvbbmENXwAmeETSMIk.8rC9F5GBbGumPcNIpwLppBM7vaXnbPUqZhH3UgUjzNRgCPZMg", "correct horse", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHasher(t, cheap())
			ok, rehash, err := h.Verify(t.Context(), c.encoded, c.password, password.Caller{})
			if !ok || rehash != c.rehash || err != nil {
				t.Errorf("Verify = %v, %v, %v; want true, %v", ok, rehash, err, c.rehash)
			}
			ok, rehash, err = h.Verify(t.Context(), c.encoded, c.password+"x", password.Caller{})
			if ok || rehash || err != nil {
				t.Errorf("a wrong password: %v, %v, %v", ok, rehash, err)
			}
		})
	}
}

func argon2iHash() string {
	key := argon2.Key([]byte("correct horse"), []byte("0123456789abcdef"), 3, 64, 1, 32)

	return "$argon2i$v=19$m=64,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + base64.RawStdEncoding.EncodeToString(key)
}

func TestAHostileHashIsRefusedBeforeAnythingIsComputed(t *testing.T) {
	const salt, key = "$MDEyMzQ1Njc4OWFiY2RlZg", "$uHVoxjLD1v3uqpdY8ehNPGUYMiKj8ROQSRwMSE033NY"
	h := newHasher(t, cheap())
	for name, encoded := range map[string]string{
		"nothing":                            "",
		"plain text":                         "correct horse",
		"the library's plain text":           "$plaintext$correct horse$",
		"MD5 crypt":                          "$1$saltstri$YWBiZmFoZWRzZA",
		"scrypt":                             "$scrypt$ln=20,r=8,p=1" + salt + key,
		"argon2 with gigabytes":              "$argon2id$v=19$m=4194304,t=1,p=1" + salt + key,
		"argon2 with gigabytes, said second": "$argon2id$v=19$m=64,t=1,m=4194304" + salt + key,
		"argon2 with gigabytes beside the version": "$argon2id$v=19,m=4194304$m=64,t=1,p=1" + salt + key,
		"argon2 with too many passes":              "$argon2id$v=19$m=131072,t=9,p=1" + salt + key,
		"argon2 with too many lanes":               "$argon2id$v=19$m=65536,t=1,p=200" + salt + key,
		"argon2 without parameters":                "$argon2id$v=19$" + salt + key,
		"argon2 of no passes":                      "$argon2id$v=19$m=64,t=0,p=1" + salt + key,
		"argon2 with a negative number":            "$argon2id$v=19$m=-1,t=1,p=1" + salt + key,
		"argon2 of another version":                "$argon2id$v=16$m=64,t=1,p=1" + salt + key,
		"argon2 with a broken key":                 "$argon2id$v=19$m=64,t=1,p=1" + salt + "$***",
		"argon2 without a key":                     "$argon2id$v=19$m=64,t=1,p=1" + salt + "$",
		"argon2 with a very long key":              "$argon2id$v=19$m=64,t=1,p=1" + salt + "$" + strings.Repeat("A", 200),
		"a very long salt":                         "$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 1<<20) + key,
		"bcrypt for hours":                         "$2b$31$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
		"bcrypt of no rounds":                      "$2b$xx$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
		"bcrypt cut short":                         "$2b$05$abcdefghijklmnopqrstuu",
		"PBKDF2 for minutes":                       "$pbkdf2-sha256$2000000000" + salt + key,
		"SHA-crypt for minutes":                    "$6$rounds=999999999$saltstring$x",
		"SHA-crypt with an unknown word":           "$6$turns=5$saltstring$x",
	} {
		start := time.Now()
		ok, rehash, err := h.Verify(t.Context(), encoded, "correct horse", password.Caller{})
		if ok || rehash || !errors.Is(err, password.ErrUnsupported) {
			t.Errorf("%s: %v, %v, %v; want ErrUnsupported", name, ok, rehash, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if err != nil && (strings.Contains(err.Error(), "uHVoxj") || strings.Contains(err.Error(), "***") || strings.Contains(err.Error(), "correct")) {
			t.Errorf("%s: the error quotes the hash: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$uHVoxjLD1v3uqpdY8ehNPGUYMiKj8ROQSRwMSE033NY", "correct horse")
	f.Add("$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2", strings.Repeat("x", 80))
	f.Add("$5$rounds=1000$saltstring$95Bg/RfV2QriLpMdLPHK9el0Ighm6E3CBqMKzZKgCa2", "\xff")
	f.Add("$pbkdf2-sha256$1$MDEy$uHVo", "")
	h := password.NewHasher(cheap(), 4, time.Now, seal.Bytes)
	f.Fuzz(func(t *testing.T, encoded, text string) {
		_, _, err := h.Verify(t.Context(), encoded, text, password.Caller{})
		if err != nil && !errors.Is(err, password.ErrUnsupported) {
			t.Fatal(err)
		}
	})
}

// An unknown account must answer as late as a known one.
func TestDummyDoesTheWorkOfVerify(t *testing.T) {
	p := password.Params{Memory: 8 * 1024, Time: 2, Lanes: 1}
	h := newHasher(t, p)
	encoded := mustHash(t, h, "correct horse")
	took := func(do func() error) time.Duration {
		start := time.Now()
		err := do()
		if err != nil {
			t.Fatal(err)
		}

		return time.Since(start)
	}
	known, unknown := time.Hour, time.Hour
	for range 15 { // in turn, so that what else the machine does hits both
		known = min(known, took(func() error {
			_, _, err := h.Verify(t.Context(), encoded, "wrong horse", password.Caller{})

			return err
		}))
		unknown = min(unknown, took(func() error { return h.Dummy(t.Context(), "wrong horse", password.Caller{}) }))
	}
	// The fastest leaves out what else the machine does; work that was
	// left out would be seen as a factor of a thousand.
	if unknown < known/2 || unknown > known*2 {
		t.Errorf("a known account took %v, an unknown one %v", known, unknown)
	}
}

func TestErrorsOfTheQueueReachTheCaller(t *testing.T) {
	h := password.NewHasher(cheap(), 1, time.Now, seal.Bytes)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	encoded := mustHash(t, h, "correct horse")
	_, _, err := h.Verify(ctx, encoded, "correct horse", password.Caller{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	h.Close()
	h.Close()
	_, err = h.Hash(t.Context(), "correct horse", password.Caller{})
	if !errors.Is(err, password.ErrBusy) {
		t.Errorf("closed: %v", err)
	}
	if l := h.Load(); l.Running != 0 || l.Waiting != 0 {
		t.Errorf("load %+v", l)
	}
}

// Parameters that argon2 cannot have are brought to the nearest it can, and
// their hashes are not outdated for ever.
func TestOddParametersAreMadeWhole(t *testing.T) {
	for _, p := range []password.Params{{}, {Memory: 1, Time: 1, Lanes: 1}, {Memory: 101, Time: 1, Lanes: 3}} {
		h := newHasher(t, p)
		ok, rehash, err := h.Verify(t.Context(), mustHash(t, h, "correct horse"), "correct horse", password.Caller{})
		if !ok || rehash || err != nil {
			t.Errorf("%+v: %v, %v, %v", p, ok, rehash, err)
		}
	}
}

// A flood of sign-ins holds the memory of the workers, not of the callers.
func TestMemoryStaysFlat(t *testing.T) {
	h := newHasher(t, password.Default)
	encoded := mustHash(t, h, "correct horse")
	done := make(chan uint64)
	stop := make(chan struct{})
	go func() {
		var most uint64
		for {
			select {
			case <-stop:
				done <- most

				return
			case <-time.After(5 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	var wait sync.WaitGroup
	for range 60 {
		wait.Go(func() {
			_, _, err := h.Verify(t.Context(), encoded, "wrong horse", password.Caller{})
			if err != nil && !errors.Is(err, password.ErrBusy) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	close(stop)
	// Two workers hold 38 MiB; the collector lets as much again lie, and some.
	// Sixty at once would hold more than a gigabyte.
	most := <-done
	t.Logf("at most %d MiB", most>>20)
	if most > 200<<20 {
		t.Errorf("the heap grew to %d MiB", most>>20)
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, workers := range []int{1, runtime.NumCPU()} {
		b.Run(fmt.Sprint(workers, " at once"), func(b *testing.B) {
			h := password.NewHasher(password.Default, workers, time.Now, seal.Bytes)
			encoded := mustHash(b, h, "correct horse")
			b.SetParallelism(2)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _, err := h.Verify(b.Context(), encoded, "correct horse", password.Caller{})
					if err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hashes/s")
		})
	}
}
