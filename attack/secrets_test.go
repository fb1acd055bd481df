package attack_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/mailbox"
	"countersign/e2e/proc"
	"countersign/e2e/site"
	"countersign/internal/store/storetest"
)

// TestSecrets goes through every flow, with logs as long as they get, and then
// searches whatever is left of it: logs, the files of the database, every value
// in it, backups, copies, mails, and what others on the machine can see. What
// waits (a secret that was not confirmed, codes that were not saved, mails that
// were not taken) lies there at that moment.
func TestSecrets(t *testing.T) {
	alongside(t)
	shell := build(t)
	both(t, func(t *testing.T, s *site.Site) {
		keepJournal(t, s)
		began := time.Now()
		j := newJourney(t, s)
		keys(t, j.vault, s)
		j.all()
		s.Box.Refuse(mailbox.AtMail, 451)
		waiting := j.waits()
		places := map[string][]byte{}
		files(t, s, began, places)
		spoken(t, s, shell, places)
		s.Box.Work()
		s.Clock.Advance(time.Minute)
		waiting()
		for _, n := range s.Nodes {
			places["the log"] = append(places["the log"], n.Log()...)
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", n.PID()))
			must(t, err)
			places["the command line"] = append(places["the command line"], line...)
		}
		for place, data := range places {
			for _, what := range j.found(data, nowhere) {
				t.Errorf("%s has %s", place, what)
			}
		}
		for _, control := range []struct{ place, has string }{
			{"the log", "level=DEBUG"},
			{"the log", "route=/signin/{attempt}/code"},
			{"the backup, value by value", marker},
			{"the backup", marker},
			{"the copy, value by value", marker},
			{"what the shell says", marker},
			{"the database's files", marker},
			{"the database's journal", marker},
		} {
			if !bytes.Contains(places[control.place], []byte(control.has)) {
				t.Errorf("%s (%d bytes) does not even have %q", control.place, len(places[control.place]), control.has)
			}
		}
		mails(t, j)
		t.Logf("%d secrets", len(j.secrets))
	}, "COUNTERSIGN_LOG_LEVEL=debug", pushService(t))
}

// keys plants what the operator knows, and what is made for the installation.
func keys(t *testing.T, v *vault, s *site.Site) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Data, "master.key"))
	must(t, err)
	lines := strings.Fields(string(text))
	raw, err := base64.StdEncoding.DecodeString(lines[len(lines)-1])
	must(t, err)
	v.plant(secret{is: "the master key", value: string(raw)})
	v.plant(secret{is: "the key of digests", value: string(s.Engine.Accounts.MAC)})
	for is, address := range map[string]string{"the mail server's password": s.Box.URL(), "the database's password": s.DSN} {
		u, err := url.Parse(address)
		must(t, err)
		password, _ := u.User.Password()
		v.plant(secret{is: is, value: password})
	}
}

// waits leaves things half done, with a mail server that takes nothing. The
// returned function goes on with them, and plants what only then comes to light.
func (j *journey) waits() func() {
	asks := j.browser(j.s.Guarded(j.t, "Hedy Zanzibar", "hedy.zanzibar@acme.example"))
	asks.signIn()
	j.app(asks, "")
	asks.reach("/account/recovery")
	asks.post("/account/recovery")
	j.codes(asks)
	asks.post("/forgot", "email", asks.p.Email)
	bob := j.browser(j.s.Person(j.t, "Emil Zanzibar", "emil.zanzibar@acme.example", countersign.Member))
	bob.signIn()
	bob.post("/account/email/confirm")
	return func() {
		j.link("a reset link that waited", asks.p.Email, "new password")
		code := strings.Join(strings.Fields(found(j.t, `\b\d{3}\s?\d{3}\b`, j.s.Mail(j.t, bob.p.Email, "Your code for").Text)), "")
		j.plant(secret{is: "a mailed code that waited", value: code, mailed: "Your code for"})
	}
}

// files are those of the database as they lie on the disk.
func files(t *testing.T, s *site.Site, since time.Time, places map[string][]byte) {
	t.Helper()
	folder := s.Data
	if s.Database == site.Postgres {
		storetest.AsSuperuser(t, "CHECKPOINT")
		folder = postgresFolder(t, s)
	}
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Base(file) == "master.key" {
			return stillThere(err)
		}
		info, err := entry.Info()
		if err != nil || info.ModTime().Before(since.Add(-time.Second)) {
			return stillThere(err)
		}
		if s.Database == site.SQLite && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others on the machine can read %s: %v", filepath.Base(file), info.Mode())
		}
		data, err := os.ReadFile(file) // #nosec G304 G122 -- a file of this test's database
		place := "the database's files"
		if strings.Contains(file, "pg_wal") || strings.HasSuffix(file, "-wal") {
			place = "the database's journal"
		}
		places[place] = append(places[place], data...)
		return stillThere(err)
	})
	must(t, err)
}

// keepJournal has PostgreSQL keep what it has written until it is searched: whenever another
// test's database goes, it gives older files of its journal away.
func keepJournal(t *testing.T, s *site.Site) {
	t.Helper()
	if s.Database != site.Postgres {
		return
	}
	keep := func(statement string) {
		storetest.AsSuperuser(t, statement)
		storetest.AsSuperuser(t, "SELECT pg_reload_conf()")
	}
	keep("ALTER SYSTEM SET wal_keep_size = '1GB'")
	t.Cleanup(func() { keep("ALTER SYSTEM RESET wal_keep_size") })
}

// stillThere forgives that a file is gone: databases remove files of theirs while
// one looks.
func stillThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// postgresFolder is the data folder of the PostgreSQL that this test runs on,
// found by its port.
func postgresFolder(t *testing.T, s *site.Site) string {
	t.Helper()
	u, err := url.Parse(s.DSN)
	must(t, err)
	running, err := filepath.Glob(filepath.Join(os.TempDir(), "countersign-postgres-*", "data", "postmaster.pid"))
	must(t, err)
	for _, file := range running {
		text, err := os.ReadFile(file) // #nosec G304 -- found a line above
		if err == nil && strings.Split(string(text)+"\n\n\n\n", "\n")[3] == u.Port() {
			return filepath.Dir(file)
		}
	}
	t.Fatalf("none of %q listens on port %s", running, u.Port())
	return ""
}

// spoken is what `countersign admin` writes and says beside the servers.
func spoken(t *testing.T, s *site.Site, shell *program, places map[string][]byte) {
	t.Helper()
	folder := t.TempDir()
	env := []string{
		"COUNTERSIGN_DATA=" + s.Data, "COUNTERSIGN_URL=" + s.URL, "COUNTERSIGN_SMTP_URL=" + s.Box.URL(), "COUNTERSIGN_DATABASE_URL=" + s.DSN,
		"COUNTERSIGN_LOG_LEVEL=debug",
	}
	backup, copied := filepath.Join(folder, "backup.db"), filepath.Join(folder, "copy.db")
	for _, line := range [][]string{
		{"admin", "backup", "--json", backup},
		{"admin", "copy", "--json", "--to", copied},
		{"admin", "user", "list"},
		{"admin", "user", "list", "--json"},
		{"admin", "user", "disable", "--json", "hedy.zanzibar@acme.example"},
		{"admin", "policy", "show"},
		{"config", "show"},
		{"config", "show", "--json"},
		{"config", "validate", "--json"},
	} {
		code, text := shell.says("", env, line...)
		if code != 0 {
			t.Errorf("countersign %s ended with %d: %s", strings.Join(line, " "), code, text)
		}
		places["what the shell says"] = append(places["what the shell says"], text...)
	}
	for place, file := range map[string]string{"the backup": backup, "the copy": copied} {
		data, err := os.ReadFile(file) // #nosec G304 -- written above
		must(t, err)
		places[place] = data
		places[place+", value by value"] = values(t, file)
	}
}

// values are all values in all rows of an SQLite file, each on its own line: a
// short code is not hidden by what stands beside it in the file.
func values(t *testing.T, file string) []byte {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	must(t, err)
	defer func() { _ = db.Close() }()
	var out bytes.Buffer
	for _, table := range column(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
		for _, name := range column(t, db, fmt.Sprintf("SELECT name FROM pragma_table_info('%s')", table)) {
			for _, value := range column(t, db, fmt.Sprintf(`SELECT CAST("%s" AS TEXT) FROM "%s"`, name, table)) {
				out.WriteString(value + "\n")
			}
		}
	}
	return out.Bytes()
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var value sql.NullString
		must(t, rows.Scan(&value))
		all = append(all, value.String)
	}
	must(t, rows.Err())
	return all
}

// mails have the one secret that they are for, and none of them in the subject.
func mails(t *testing.T, j *journey) {
	t.Helper()
	for _, m := range j.s.Box.All() {
		header, err := json.Marshal(m.Header)
		must(t, err)
		for _, what := range j.found(append(header, m.Subject...), nowhere) {
			t.Errorf("the mail %q has in its header %s", m.Subject, what)
		}
		mayBe := func(s secret) bool { return s.mailed != "" && strings.Contains(m.Subject, s.mailed) }
		for _, what := range j.found([]byte(m.Text+"\n"+m.HTML), mayBe) {
			t.Errorf("the mail %q has %s", m.Subject, what)
		}
	}
}

// program is the product's own, as an administrator calls it on the machine.
type program struct {
	t    *testing.T
	file string
}

// build builds the product's own program, for this test and those within it.
func build(t *testing.T) *program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "countersign")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", file, "countersign/cmd/countersign") // #nosec G204 -- into the test's own folder
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return &program{t, file}
}

// says is the exit code of a command and all that it prints.
func (p *program) says(stdin string, env []string, args ...string) (int, string) {
	p.t.Helper()
	command := exec.CommandContext(p.t.Context(), p.file, args...) // #nosec G204 -- our own program
	command.Dir, command.Stdin, command.Env = p.t.TempDir(), strings.NewReader(stdin), append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	out, err := command.CombinedOutput()
	if command.ProcessState == nil {
		p.t.Fatalf("countersign %s: %v", strings.Join(args, " "), err)
	}
	return command.ProcessState.ExitCode(), string(out)
}

// TestSecretsOfTheSetUp makes the first owner by the printed address: its token
// is on the terminal and nowhere else.
func TestSecretsOfTheSetUp(t *testing.T) {
	s, printed := site.Untouched(t, proc.NewClock(t), t.TempDir(), "COUNTERSIGN_LOG_LEVEL=debug")
	j := newJourney(t, s)
	at := strings.TrimPrefix(printed, s.URL)
	j.plantLink("the set-up link", at, "")
	owner := &site.Person{App: s.NewApp(nil), Name: marker, Email: site.Owner}
	h := j.browser(owner)
	h.get(at)
	owner.Password = j.password("the owner's password")
	h.post(at, "workspace", "", "name", marker, "email", owner.Email, "password", owner.Password)
	j.want("the set-up", h.post(at, "workspace", "Acme", "name", marker, "email", owner.Email, "password", owner.Password), "/account/two-factor")
	h.get(at)
	h.post(at, "workspace", "Acme", "name", "Eve", "email", "eve@acme.example", "password", otherPassword)
	places := map[string][]byte{}
	files(t, s, time.Time{}, places)
	for line := range strings.Lines(s.Nodes[0].Log()) {
		if strings.Contains(line, "level=") {
			places["the log"] = append(places["the log"], line...)
		}
	}
	for place, data := range places {
		for _, what := range j.found(data, nowhere) {
			t.Errorf("%s has %s", place, what)
		}
	}
	if !bytes.Contains(places["the database's files"], []byte(marker)) && !bytes.Contains(places["the database's journal"], []byte(marker)) {
		t.Error("the search finds nothing at all")
	}
}
