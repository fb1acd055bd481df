package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"countersign/internal/seal"
)

func place() seal.Place {
	return seal.Place{Table: "credential", Column: "secret", Row: "wsp_1/crd_1"}
}

func newRing(t *testing.T) *seal.Ring {
	t.Helper()
	r, err := seal.CreateRing(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}

	return r
}

func mustSeal(t *testing.T, r *seal.Ring, plain string) []byte {
	t.Helper()
	sealed, err := r.Seal([]byte(plain), place())
	if err != nil {
		t.Fatal(err)
	}

	return sealed
}

func wantOpen(t *testing.T, r *seal.Ring, sealed []byte, plain string) {
	t.Helper()
	got, err := r.Open(sealed, place())
	if err != nil || string(got) != plain {
		t.Fatalf("Open = %q, %v; want %q", got, err, plain)
	}
}

func TestASealedValueOpensOnlyInItsPlace(t *testing.T) {
	r := newRing(t)
	sealed := mustSeal(t, r, "a secret")
	wantOpen(t, r, sealed, "a secret")
	if len(sealed) != len("a secret")+seal.Overhead {
		t.Errorf("length %d, want %d more than the plain text", len(sealed), seal.Overhead)
	}
	if bytes.Equal(sealed, mustSeal(t, r, "a secret")) {
		t.Error("the same value sealed twice looks the same")
	}

	for name, at := range map[string]seal.Place{
		"another row":              {Table: "credential", Column: "secret", Row: "wsp_1/crd_2"},
		"another column":           {Table: "credential", Column: "next", Row: "wsp_1/crd_1"},
		"another table":            {Table: "message", Column: "secret", Row: "wsp_1/crd_1"},
		"a shifted boundary":       {Table: "credentials", Column: "ecret", Row: "wsp_1/crd_1"},
		"table and column swapped": {Table: "secret", Column: "credential", Row: "wsp_1/crd_1"},
	} {
		_, err := r.Open(sealed, at)
		if !errors.Is(err, seal.ErrOpen) {
			t.Errorf("in %s: error %v, want ErrOpen", name, err)
		}
	}
}

func TestAnIncompletePlaceIsRefused(t *testing.T) {
	r := newRing(t)
	sealed := mustSeal(t, r, "x")
	for _, at := range []seal.Place{{}, {Table: "a", Column: "b"}, {Table: "a", Row: "c"}, {Column: "b", Row: "c"}} {
		_, err := r.Seal([]byte("x"), at)
		if err == nil {
			t.Errorf("Seal accepts %+v", at)
		}
		_, err = r.Open(sealed, at)
		if err == nil {
			t.Errorf("Open accepts %+v", at)
		}
	}
}

func TestADamagedValueDoesNotOpen(t *testing.T) {
	r := newRing(t)
	sealed := mustSeal(t, r, "a secret")
	for n := range sealed {
		_, err := r.Open(sealed[:n], place())
		if !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("cut to %d bytes: error %v, want ErrOpen", n, err)
		}
	}
	for n := range sealed {
		flipped := bytes.Clone(sealed)
		flipped[n] ^= 0x10
		_, err := r.Open(flipped, place())
		want := seal.ErrOpen
		if n >= 1 && n < 5 {
			want = seal.ErrNoKey // the name of the key was hit
		}
		if !errors.Is(err, want) {
			t.Fatalf("byte %d flipped: error %v, want %v", n, err, want)
		}
	}
	_, err := newRing(t).Open(sealed, place())
	if !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("another ring: error %v, want ErrNoKey", err)
	}
}

func TestRotationReachesASecondProcess(t *testing.T) {
	server := newRing(t)
	old := mustSeal(t, server, "sealed before")

	shell, err := seal.ReadRing(server.File())
	if err != nil {
		t.Fatal(err)
	}
	err = shell.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	fresh := mustSeal(t, shell, "sealed by the shell after")
	wantOpen(t, server, fresh, "sealed by the shell after")
	wantOpen(t, server, old, "sealed before")
	wantOpen(t, shell, old, "sealed before")

	if !shell.Stale(old) || shell.Stale(fresh) || !server.Stale(old) {
		t.Error("Stale does not tell the old key from the new one")
	}
	if !shell.Stale(nil) {
		t.Error("what is no sealed value is not stale")
	}
}

// A server that goes on sealing under the key that the shell is about to drop
// would lose what it seals.
func TestARingSealsUnderTheNewestKeyOfTheFileAtOnce(t *testing.T) {
	server := newRing(t)
	shell, err := seal.ReadRing(server.File())
	if err != nil {
		t.Fatal(err)
	}
	err = shell.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	during := mustSeal(t, server, "sealed by the server meanwhile")
	if shell.Stale(during) {
		t.Fatal("the server sealed under the old key after the rotation")
	}
	err = shell.Drop()
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.ReadRing(server.File())
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, again, during, "sealed by the server meanwhile")
}

func TestDropForgetsTheOldKeys(t *testing.T) {
	r := newRing(t)
	old := mustSeal(t, r, "old")
	for range 2 {
		err := r.Rotate()
		if err != nil {
			t.Fatal(err)
		}
	}
	fresh := mustSeal(t, r, "fresh")
	err := r.Drop()
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, r, fresh, "fresh")
	_, err = r.Open(old, place())
	if !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("the old value: error %v, want ErrNoKey", err)
	}
	text, err := os.ReadFile(r.File())
	if err != nil {
		t.Fatal(err)
	}
	if keys := keyLines(string(text)); len(keys) != 1 || !strings.HasPrefix(string(text), "# Countersign master keys.") {
		t.Errorf("the file has %d keys and begins %.30q", len(keys), text)
	}
}

func TestTheKeyFileStaysPrivateAndWhole(t *testing.T) {
	r := newRing(t)
	err := os.Chmod(r.File(), 0o400)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(r.File())
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("after rotation: mode %v, %v; want it as it was, 0400", info.Mode(), err)
	}
	files, err := os.ReadDir(filepath.Dir(r.File()))
	if err != nil || len(files) != 1 {
		t.Errorf("files left beside the key file: %v, %v", files, err)
	}
}

func TestRotationReplacesTheFileAndNotTheLinkToIt(t *testing.T) {
	r := newRing(t)
	link := filepath.Join(t.TempDir(), "linked.key")
	err := os.Symlink(r.File(), link)
	if err != nil {
		t.Fatal(err)
	}
	linked, err := seal.ReadRing(link)
	if err != nil {
		t.Fatal(err)
	}
	err = linked.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	wantOpen(t, r, mustSeal(t, linked, "x"), "x")
}

func TestTwoRotationsAtOnceLoseNoKey(t *testing.T) {
	r := newRing(t)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var sealed [][]byte
	for range 8 {
		wait.Go(func() {
			other, err := seal.ReadRing(r.File())
			if err != nil {
				t.Error(err)

				return
			}
			_ = other.Rotate() // one may be told that another is at it
			value, err := other.Seal([]byte("x"), place())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			sealed = append(sealed, value)
		})
	}
	wait.Wait()
	again, err := seal.ReadRing(r.File())
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range sealed {
		wantOpen(t, again, value, "x")
	}
}

func TestAnInterruptedRotationSaysWhatToDo(t *testing.T) {
	r := newRing(t)
	left := r.File() + ".new"
	err := os.WriteFile(left, nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Rotate()
	if err == nil || !strings.Contains(err.Error(), "remove "+left) {
		t.Errorf("error %v, want one that names the file to remove", err)
	}
	wantOpen(t, r, mustSeal(t, r, "still working"), "still working")
}

func TestARingOutlivesItsFile(t *testing.T) {
	r := newRing(t)
	sealed := mustSeal(t, r, "x")
	err := os.Remove(r.File())
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, r, sealed, "x")
	wantOpen(t, r, mustSeal(t, r, "y"), "y")
}

func TestCreateRingNeverTouchesAFileThatExists(t *testing.T) {
	r := newRing(t)
	before, err := os.ReadFile(r.File())
	if err != nil {
		t.Fatal(err)
	}
	_, err = seal.CreateRing(r.File())
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want fs.ErrExist", err)
	}
	after, err := os.ReadFile(r.File())
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed (%v)", err)
	}
	info, err := os.Stat(r.File())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestAMissingFileIsToldApart(t *testing.T) {
	_, err := seal.ReadRing(filepath.Join(t.TempDir(), "none"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
	_, err = seal.CreateRing(filepath.Join(t.TempDir(), "no folder", "key"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}

func TestWhatIsWrongWithAKeyFileIsSaidWithoutTheKey(t *testing.T) {
	r := newRing(t)
	text, err := os.ReadFile(r.File())
	if err != nil {
		t.Fatal(err)
	}
	line := keyLines(string(text))[0]
	id, secret, _ := strings.Cut(line, " ")

	for _, c := range []struct {
		name, text, want string
		mode             os.FileMode
	}{
		{"a file that the group may read", string(text), "chmod 600", 0o640},
		{"a file that the world may read", string(text), "chmod 600", 0o604},
		{"an empty file", "", "restore it from its copy", 0o600},
		{"a file of comments", "# nothing\n\n", "restore it from its copy", 0o600},
		{"a key without its name", secret, "line 1 has 1 words", 0o600},
		{"a key with a third word", line + " again", "line 1 has 3 words", 0o600},
		{"a key cut short", "# c\n" + line[:len(line)-4], "line 2 does not hold a key of 32 bytes", 0o600},
		{"a key that is not base64", id + " *" + secret[1:], "line 1 does not hold a key", 0o600},
		{"a key under another's name", "00000000 " + secret, "does not belong to its key", 0o600},
		{"one key twice", line + "\n" + line, "line 2 repeats the key of line 1", 0o600},
		{"a file far too large", strings.Repeat("#\n", 1<<16), "not a key file", 0o600},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "master.key")
			err := os.WriteFile(file, []byte(c.text), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			err = os.Chmod(file, c.mode)
			if err != nil {
				t.Fatal(err)
			}
			_, err = seal.ReadRing(file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if !strings.Contains(err.Error(), file) {
				t.Errorf("the error does not name the file: %v", err)
			}
			if strings.Contains(err.Error(), secret[1:12]) {
				t.Errorf("the error holds a part of the key: %v", err)
			}
		})
	}
}

func TestAFolderIsNotAKeyFile(t *testing.T) {
	_, err := seal.ReadRing(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("error %v", err)
	}
}

func FuzzKeyFile(f *testing.F) {
	file := filepath.Join(f.TempDir(), "master.key")
	r, err := seal.CreateRing(file)
	if err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(r.File())
	if err != nil {
		f.Fatal(err)
	}
	line := keyLines(string(text))[0]
	f.Add(text)
	f.Add([]byte("# comment\r\n" + line + "\r\n"))
	f.Add([]byte(line[:20] + "\n\x00"))
	f.Add([]byte("00000000 " + base64.StdEncoding.EncodeToString(make([]byte, 32))))
	f.Fuzz(func(t *testing.T, text []byte) {
		at := filepath.Join(t.TempDir(), "k")
		err := os.WriteFile(at, text, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		r, err := seal.ReadRing(at)
		if err != nil {
			for _, l := range keyLines(string(text)) {
				if len(l) > 20 && strings.Contains(err.Error(), l) {
					t.Fatalf("the error quotes a line: %v", err)
				}
			}

			return
		}
		sealed, err := r.Seal([]byte("x"), place())
		if err != nil {
			t.Fatal(err)
		}
		err = r.Rotate()
		if err != nil {
			if len(keyLines(string(text))) < 64 && len(text) < 60<<10 {
				t.Fatalf("a file that could be read cannot be rotated: %v", err)
			}

			return
		}
		wantOpen(t, r, sealed, "x")
		err = r.Drop()
		if err != nil {
			t.Fatal(err)
		}
		wantOpen(t, r, mustSeal(t, r, "y"), "y")
	})
}

func keyLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}

	return out
}

func BenchmarkSeal(b *testing.B) {
	r, err := seal.CreateRing(filepath.Join(b.TempDir(), "master.key"))
	if err != nil {
		b.Fatal(err)
	}
	secret := seal.Bytes(20)
	for b.Loop() {
		_, err = r.Seal(secret, place())
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	r, err := seal.CreateRing(filepath.Join(b.TempDir(), "master.key"))
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := r.Seal(seal.Bytes(20), place())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_, err = r.Open(sealed, place())
		if err != nil {
			b.Fatal(err)
		}
	}
}
