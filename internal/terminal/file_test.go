package terminal_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

func saved(t *testing.T) (*terminaltest.Server, terminal.Folder, string, string) {
	t.Helper()
	s := terminaltest.New(t)
	d := paired(t, s)
	folder := terminal.Folder{Path: filepath.Join(t.TempDir(), "countersign", "devices")}
	err := errors.Join(d.Lock("491625"), folder.Save(d))
	if err != nil {
		t.Fatal(err)
	}
	return s, folder, d.ID, filepath.Join(folder.Path, d.ID+".json")
}

func TestTheFileOfADevice(t *testing.T) {
	_, folder, id, file := saved(t)
	for path, want := range map[string]os.FileMode{file: 0o600, folder.Path: 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	all, err := folder.List()
	if err != nil || len(all) != 1 || all[0].ID != id {
		t.Errorf("%+v, %v", all, err)
	}
	err = os.Chmod(file, 0o640) // #nosec G302 -- what is refused
	if err != nil {
		t.Fatal(err)
	}
	_, err = folder.Open(id, options())
	if err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("others may read it: %v", err)
	}
	err = errors.Join(os.Chmod(file, 0o600), folder.Forget(id))
	if err != nil {
		t.Error(err)
	}
	_, err = folder.Open(id, options())
	if !errors.Is(err, terminal.ErrNoDevice) || !errors.Is(folder.Forget(id), terminal.ErrNoDevice) {
		t.Errorf("forgotten: %v", err)
	}
	all, err = terminal.Folder{Path: filepath.Join(t.TempDir(), "none")}.List()
	if err != nil || len(all) != 0 {
		t.Errorf("a folder that is not there: %+v, %v", all, err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	_, folder, id, file := saved(t)
	good, err := os.ReadFile(file) // #nosec G304 -- the test made it
	if err != nil {
		t.Fatal(err)
	}
	change := func(name string, value any) string {
		var fields map[string]any
		err := json.Unmarshal(good, &fields)
		if err != nil {
			t.Fatal(err)
		}
		fields[name] = value
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	verifying := func(name string, value any) string {
		var fields struct {
			Verifying map[string]any `json:"verifying"`
		}
		err := json.Unmarshal(good, &fields)
		if err != nil {
			t.Fatal(err)
		}
		fields.Verifying[name] = value
		return change("verifying", fields.Verifying)
	}
	for sentence, text := range map[string]string{
		"nothing": "", "no JSON": "x", "a later form": change("form", 2), "another device": change("device", "dev_other"),
		"no key": change("key", ""), "an issuer that is none": change("issuer", "ftp://x"), "the credential of another": change("credential", "AAAA"),
		"the issuer of another": change("issuer", "https://signin.example.com"), "all memory": verifying("memory", 1<<30),
		"no time": verifying("time", 0), "another salt": verifying("salt", "AAAAAAAAAAAAAAAAAAAAAA"), "no nonce": verifying("nonce", ""),
	} {
		err := os.WriteFile(file, []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		d, err := folder.Open(id, options())
		if err == nil {
			err = d.Unlock("491625")
		}
		if err == nil {
			t.Errorf("%s is taken", sentence)
		}
	}
	for _, name := range []string{"", "..", "../x", "a/b", "a\\b", strings.Repeat("x", 200)} {
		if _, err := folder.Open(name, options()); err == nil || errors.Is(err, terminal.ErrNoDevice) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
}

// The signature counter of one device never stands still, whatever process signs.
func TestTheCounterGrowsOverProcesses(t *testing.T) {
	s, folder, id, file := saved(t)
	const each = 5
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			d, err := folder.Open(id, options())
			if err == nil {
				err = d.Unlock("491625")
			}
			for range each {
				err = errors.Join(err, d.SignIn(t.Context()))
			}
			// The double takes no counter that is behind another, which two at once may send.
			if err != nil && terminal.CodeOf(err) != terminal.SignInRefused {
				t.Error(err)
			}
		})
	}
	group.Wait()
	text, err := os.ReadFile(file) // #nosec G304 -- the test made it
	// One for the registration, one for the first request.
	if err != nil || !strings.Contains(string(text), `"counter": 12,`) {
		t.Errorf("%v, %s, %q", err, text, s.Calls())
	}
}

func TestADeviceLearnsItsName(t *testing.T) {
	_, folder, id, _ := saved(t)
	d, err := folder.Open(id, options())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = folder.Learn(d, terminal.Hello{Name: "build host 2", Workspace: "Acme", Account: "ada@example.com"})
		all, listed := folder.List()
		if err != nil || listed != nil || all[0].Name != "build host 2" || all[0].Account != "ada@example.com" || d.Name != "build host 2" {
			t.Errorf("%+v, %v, %v", all, err, listed)
		}
	}
	err = d.Unlock("491625")
	if err != nil {
		t.Error(err)
	}
}

// Nor in the process that paired it.
func TestTheCounterOfAFreshDeviceIsKept(t *testing.T) {
	s := terminaltest.New(t)
	d := paired(t, s)
	folder := terminal.Folder{Path: t.TempDir()}
	err := errors.Join(d.Lock("491625"), folder.Save(d), d.SignIn(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	later, err := folder.Open(d.ID, options())
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(later.Unlock("491625"), later.SignIn(t.Context()), d.SignIn(t.Context()))
	if err != nil {
		t.Error(err)
	}
}

// A program that was interrupted while it wrote leaves a file, which is named.
func TestAnInterruptedWrite(t *testing.T) {
	_, folder, id, file := saved(t)
	err := os.WriteFile(file+".new", nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	d, err := folder.Open(id, options())
	if err != nil {
		t.Fatal(err)
	}
	err = d.Unlock("491625")
	if err != nil {
		t.Fatal(err)
	}
	err = d.SignIn(t.Context())
	if err == nil || !strings.Contains(err.Error(), "remove "+file+".new") {
		t.Error(err)
	}
}
