package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/config"
	"countersign/internal/policy"
	"countersign/internal/server"
	"countersign/internal/words"
)

func TestLocale(t *testing.T) {
	rows := []struct {
		name string
		env  []string
		want string
	}{
		{"nothing is set", nil, "en"},
		{"LANG with country and encoding", []string{"LANG=de_DE.UTF-8"}, "de"},
		{"another country of a language that is known", []string{"LANG=de_CH"}, "de"},
		{"a variant", []string{"LANG=de_DE@euro"}, "de"},
		{"LC_ALL wins", []string{"LANG=de_DE.UTF-8", "LC_ALL=en_GB.UTF-8"}, "en"},
		{"LC_MESSAGES wins over LANG", []string{"LANG=en_GB.UTF-8", "LC_MESSAGES=de_DE"}, "de"},
		{"an empty one does not count", []string{"LC_ALL=", "LANG=de_DE"}, "de"},
		{"C is English", []string{"LANG=C.UTF-8"}, "en"},
		{"POSIX is English", []string{"LANG=POSIX"}, "en"},
		{"a language that nobody translated", []string{"LANG=fr_FR.UTF-8"}, "en"},
		{"the last of two counts", []string{"LANG=en_GB", "LANG=de_DE"}, "de"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := speakerOf(row.env)().Lang(); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestWhatIsSaidOfAnError(t *testing.T) {
	rows := []struct {
		name  string
		err   error
		lines []string
		hint  string
	}{
		{"a fault as it is", errors.New("disk full"), []string{"disk full"}, ""},
		{"every problem of the settings", config.Problems{{Text: "a"}, {Text: "b"}}, []string{"a", "b"}, ""},
		{"a refusal by the catalogue", fmt.Errorf("disable: %w", countersign.Refuse(countersign.NotFound, "no_such_user")), []string{"There is no such user"}, "countersign admin user list shows all of them."},
		{"the flag of a field", countersign.InvalidField("role", "role_unknown"), []string{"--role: There is no such role. The roles are owner, administrator, helpdesk, auditor and user"}, ""},
		{
			"the cause, where the machine is at fault",
			&countersign.Error{Kind: countersign.Unavailable, Code: "busy", Err: errors.New("connection refused")},
			[]string{"The database does not answer, or is busy", "connection refused"},
			"",
		},
		{
			"each bad setting",
			&countersign.Error{Kind: countersign.Invalid, Code: "settings_invalid", Err: errors.Join(errors.New("a"), errors.New("b"))},
			[]string{"These settings cannot be used. Nothing was changed", "a", "b"},
			"",
		},
		{"a refusal that nobody has words for", countersign.Refuse(countersign.Conflict, "odd"), []string{"odd"}, ""},
		{
			"an address in use",
			fmt.Errorf("listen: %w", &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}),
			[]string{"listen: listen tcp: bind: address already in use"},
			"Another program, perhaps another Countersign, listens there. Choose another address with --listen.",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			lines, hint := explain(speakerOf(nil), row.err)
			if diff := cmp.Diff(row.lines, lines); diff != "" {
				t.Error(diff)
			}
			if hint != row.hint {
				t.Errorf("hint %q, want %q", hint, row.hint)
			}
		})
	}
}

// TestEveryRefusalHasWords goes through what the engine can answer to a command.
func TestEveryRefusalHasWords(t *testing.T) {
	for _, code := range []string{
		"already_set_up", "bad_target", "busy", "changed_meanwhile", "demo_not_local", "email_empty", "email_malformed", "email_taken",
		"exists", "last_owner", "name_characters", "name_empty", "name_long", "no_file", "no_installation", "no_mail_server", "no_such_user",
		"password_characters", "password_common", "password_guessable", "password_too_long", "password_too_short", "role_unknown",
		"settings_invalid", "user_disabled",
	} {
		args := map[string]any{"File": "f", "Listen": "l", "Most": 80}
		lines, _ := explain(speakerOf(nil), &countersign.Error{Kind: countersign.Invalid, Code: code, Args: args})
		if lines[0] == code || strings.Contains(lines[0], "⟦") {
			t.Errorf("%s is said as %q", code, lines[0])
		}
	}
}

// TestEveryTextIsThere looks for the keys that the program says, and for texts
// of the command line that nothing says.
func TestEveryTextIsThere(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	speaker := catalogue.Speaker("en")
	said := map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`"(cli\.[a-z_]*[a-z])"`).FindAllStringSubmatch(string(text), -1) {
			said[match[1]] = true
		}
	}
	for _, about := range server.DemoAbouts() {
		said["cli."+about] = true
	}
	for id := range said {
		if !speaker.Has(id) {
			t.Errorf("%s is said and not there", id)
		}
	}
	for _, id := range catalogue.IDs("en") {
		code := strings.HasPrefix(id, "cli.error_") || strings.HasPrefix(id, "cli.hint_")
		if strings.HasPrefix(id, "cli.") && !code && !said[id] {
			t.Errorf("%s is there and never said", id)
		}
	}
	for _, key := range policy.Table() {
		for _, id := range key.Warning {
			if !speaker.Has(id) {
				t.Errorf("%s is said and not there", id)
			}
		}
	}
}
