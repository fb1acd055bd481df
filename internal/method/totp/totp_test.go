package totp_test

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/method/totp"

	"pgregory.net/rapid"
)

const rfcSecret = "12345678901234567890"

// vectors returns the fields of each line of a file of testdata.
func vectors(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := fs.ReadFile(os.DirFS("testdata"), file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "#") {
			out = append(out, strings.Fields(lines.Text()))
		}
	}
	if len(out) == 0 {
		t.Fatal("no vectors")
	}

	return out
}

func number(t *testing.T, s string, base int) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, base, 64)
	if err != nil {
		t.Fatal(err)
	}

	return n
}

func TestRFC4226AppendixD(t *testing.T) {
	for _, v := range vectors(t, "rfc4226-appendix-d.txt") {
		if got := totp.Code([]byte(rfcSecret), number(t, v[0], 10)); got != v[2] || !strings.HasSuffix(v[1], got) {
			t.Errorf("count %s: %s, want %s", v[0], got, v[2])
		}
	}
}

func TestRFC6238AppendixB(t *testing.T) {
	for _, v := range vectors(t, "rfc6238-appendix-b-sha1.txt") {
		at := time.Unix(number(t, v[0], 10), 0)
		if step := totp.Step(at); step != number(t, v[1], 16) {
			t.Errorf("time %s: step %d, want %s (hex)", v[0], step, v[1])
		}
		code := v[2][len(v[2])-totp.Digits:]
		if got := totp.Code([]byte(rfcSecret), totp.Step(at)); got != code {
			t.Errorf("time %s: %s, want %s", v[0], got, code)
		}
		accepted, err := totp.Method{}.Verify(credential(0), code, at)
		if err != nil || accepted.Spent != totp.Step(at) {
			t.Errorf("time %s: Verify = %+v, %v", v[0], accepted, err)
		}
	}
}

func credential(counter int64) method.Credential {
	return method.Credential{ID: "crd_1", Kind: method.TOTP, Secret: []byte(rfcSecret), Counter: counter}
}

func TestVerify(t *testing.T) {
	now := time.Unix(1_800_000_015, 0)
	step := totp.Step(now)
	code := func(at int64) string { return totp.Code([]byte(rfcSecret), at) }

	for _, c := range []struct {
		name    string
		counter int64
		proof   string
		want    error
		spent   int64
	}{
		{"the present code is accepted", 0, code(step), nil, step},
		{"the code before is accepted", 0, code(step - 1), nil, step - 1},
		{"the code after is accepted", 0, code(step + 1), nil, step + 1},
		{"two steps back is too far", 0, code(step - 2), method.ErrWrong, 0},
		{"two steps ahead is too far", 0, code(step + 2), method.ErrWrong, 0},
		{"a code works once", step, code(step), method.ErrUsed, 0},
		{"a code before the last accepted one is used up", step, code(step - 1), method.ErrUsed, 0},
		{"after a code from ahead, the present one is used up", step + 1, code(step), method.ErrUsed, 0},
		{"after the present code, the next one is good", step, code(step + 1), nil, step + 1},
		{"after the code before, the present one is good", step - 1, code(step), nil, step},
		{"another code is wrong", 0, "000000", method.ErrWrong, 0},
		{"spaces and dashes do not matter", 0, code(step)[:3] + " - " + code(step)[3:] + "\n", nil, step},
		{"five digits are no code", 0, "12345", method.ErrMalformed, 0},
		{"seven digits are no code", 0, code(step) + "1", method.ErrMalformed, 0},
		{"letters are no code", 0, "abcdef", method.ErrMalformed, 0},
		{"nothing is no code", 0, "", method.ErrMalformed, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := credential(c.counter)
			got, err := totp.Method{}.Verify(before, c.proof, now)
			if !errors.Is(err, c.want) || (c.want != nil && !errors.Is(err, method.ErrWrong)) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if errors.Is(err, method.ErrUsed) != errors.Is(c.want, method.ErrUsed) {
				t.Fatalf("error %v does not tell a used code from a wrong one", err)
			}
			if err != nil {
				return
			}
			if got.Spent != c.spent || got.Credential.Counter != c.spent || got.Credential.ID != before.ID {
				t.Errorf("accepted %+v, want step %d", got, c.spent)
			}
		})
	}
}

func TestAFaultIsNotAWrongCode(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]method.Credential{
		"another kind":   {Kind: method.Recovery, Secret: []byte(rfcSecret)},
		"no secret":      {Kind: method.TOTP},
		"a short secret": {Kind: method.TOTP, Secret: []byte("123456789")},
	} {
		_, err := totp.Method{}.Verify(c, totp.Code(c.Secret, totp.Step(now)), now)
		if err == nil || errors.Is(err, method.ErrWrong) {
			t.Errorf("%s: error %v, want a fault", name, err)
		}
	}
	if (totp.Method{}).Kind() != method.TOTP || (totp.Method{}).AMR()[0] != "otp" {
		t.Error("kind or reference is wrong")
	}
}

// Whatever is typed, whenever, an accepted step comes after the last accepted
// one, lies within the drift, and is accepted no second time.
func TestAStepIsAcceptedOnceAndOnlyForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), totp.MinSecret, 40).Draw(t, "secret")
		c := method.Credential{ID: "crd_1", Kind: method.TOTP, Secret: secret}
		clock := rapid.Int64Range(0, 1<<35).Draw(t, "clock")
		spent := make(map[int64]bool)
		for range rapid.IntRange(1, 20).Draw(t, "tries") {
			clock += rapid.Int64Range(0, 90).Draw(t, "pause")
			now := time.Unix(clock, 0)
			typed := totp.Code(secret, totp.Step(now)+rapid.Int64Range(-3, 3).Draw(t, "offset"))
			got, err := totp.Method{}.Verify(c, typed, now)
			if err != nil {
				if !errors.Is(err, method.ErrWrong) {
					t.Fatalf("fault %v", err)
				}

				continue
			}
			distance := got.Spent - totp.Step(now)
			if got.Spent <= c.Counter || spent[got.Spent] || distance < -1 || distance > 1 {
				t.Fatalf("step %d accepted at %d after %d", got.Spent, totp.Step(now), c.Counter)
			}
			if got.Credential.Counter != got.Spent || totp.Code(secret, got.Spent) != typed {
				t.Fatalf("accepted %+v for %s", got, typed)
			}
			spent[got.Spent] = true
			c = got.Credential
			_, err = totp.Method{}.Verify(c, typed, now)
			if err == nil {
				// Allowed only where a later step happens to have the same code.
				if totp.Code(secret, totp.Step(now)+1) != typed && totp.Code(secret, totp.Step(now)) != typed {
					t.Fatalf("%s was accepted twice", typed)
				}
			}
		}
	})
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		name, typed, code string
		problem           totp.Problem
	}{
		{"six digits", "123456", "123456", ""},
		{"as many apps show it", "123 456", "123456", ""},
		{"with a dash", "123-456", "123456", ""},
		{"with an en dash and no-break spaces", "\u00a0123–456\u202f", "123456", ""},
		{"pasted with a direction mark and a line break", "\u200e123456\r\n", "123456", ""},
		{"Arabic-Indic digits", "١٢٣٤٥٦", "123456", ""},
		{"Persian digits", "۱۲۳۴۵۶", "123456", ""},
		{"full-width digits", "１２３４５６", "123456", ""},
		{"leading zeros", "000001", "000001", ""},
		{"nothing", "", "", "empty"},
		{"only spaces and dashes", " - – ", "", "empty"},
		{"too few", "12345", "", "too_few"},
		{"too many", "1234567", "", "too_many"},
		{"a letter", "12345O", "", "non_digits"},
		{"a recovery code", "7q0w2-m5x9d", "", "non_digits"},
		{"a plus sign", "+12345", "", "non_digits"},
		{"a superscript", "12345²", "", "non_digits"},
		{"broken UTF-8", "12345\xff", "", "non_digits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, problem := totp.Normalize(c.typed)
			if code != c.code || problem != c.problem {
				t.Errorf("Normalize(%q) = %q, %q; want %q, %q", c.typed, code, problem, c.code, c.problem)
			}
		})
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("123 456")
	f.Add("１２３٤٥٦")
	f.Fuzz(func(t *testing.T, typed string) {
		code, problem := totp.Normalize(typed)
		if (code == "") == (problem == "") {
			t.Fatalf("code %q and problem %q", code, problem)
		}
		if problem == "" && (len(code) != 6 || strings.Trim(code, "0123456789") != "") {
			t.Fatalf("code %q", code)
		}
	})
}

func TestStepRoundsDown(t *testing.T) {
	for at, want := range map[int64]int64{0: 0, 29: 0, 30: 1, -1: -1, -30: -1, -31: -2} {
		if got := totp.Step(time.Unix(at, 0)); got != want {
			t.Errorf("Step(%d) = %d, want %d", at, got, want)
		}
	}
	if got := totp.Step(time.Unix(59, 999_999_999)); got != 1 {
		t.Errorf("the last instant of a step belongs to %d", got)
	}
}

// oathtool is another implementation, of another family.
func TestOathtoolMakesTheSameCodes(t *testing.T) {
	tool, err := exec.LookPath("oathtool")
	if err != nil {
		t.Fatal("oathtool is missing; on Debian and Ubuntu: apt-get install oathtool; on macOS: brew install oath-toolkit")
	}
	for _, chars := range []int{16, 32} {
		secret := totp.Secret([]byte(rfcSecret)[:totp.Size(chars)])
		for _, at := range []int64{0, 59, 1_111_111_111, 1_800_000_015, 4_102_444_799} {
			when := time.Unix(at, 0).UTC()
			//nolint:gosec // the tool found by name, with arguments of this test
			out, err := exec.CommandContext(t.Context(), tool, "--totp", "--base32", totp.Key(secret), "--now", when.Format("2006-01-02 15:04:05 UTC")).Output()
			if err != nil {
				t.Fatal(err)
			}
			if got := totp.Code(secret, totp.Step(when)); got != strings.TrimSpace(string(out)) {
				t.Errorf("%d characters at %d: %s, oathtool has %s", chars, at, got, out)
			}
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	now := time.Unix(1_800_000_015, 0)
	for b.Loop() {
		_, err := totp.Method{}.Verify(credential(0), totp.Code([]byte(rfcSecret), totp.Step(now)), now)
		if err != nil {
			b.Fatal(err)
		}
	}
}
