package attack_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/store/storetest"
)

// TestSecretsInErrors makes the mistakes that operators make with passwords and
// keys in settings, files and commands. What is printed says what is wrong, and
// never the secret.
func TestSecretsInErrors(t *testing.T) {
	alongside(t)
	const word = `Quokka-7130-walnut`
	shell, folder := build(t), t.TempDir()
	v := newVault()
	v.plant(secret{is: "the password", value: word})
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	key := base64.StdEncoding.EncodeToString([]byte("thirty-two bytes that are a key!"))
	v.plant(secret{is: "the master key", value: key})
	dsn := strings.Replace(storetest.Migrated(t), "countersign:", "countersign:"+word, 1)
	for _, row := range []struct {
		is    string
		env   []string
		line  []string
		stdin string
		fine  bool
	}{
		{is: "a database that does not answer", env: []string{"DATABASE_URL=postgres://u:" + word + "@127.0.0.1:1/db"}, line: []string{"serve"}},
		{is: "the same, in the shell", env: []string{"DATABASE_URL=postgres://u:" + word + "@127.0.0.1:1/db"}, line: []string{"admin", "user", "list"}},
		{is: "a database that knows another password", env: []string{"DATABASE_URL=" + dsn}, line: []string{"serve"}},
		{is: "a database's name that nobody knows", env: []string{"DATABASE_URL=postgres://u:" + word + "@no.such.host.invalid/db?sslmode=require"}, line: []string{"admin", "backup", "x.db"}},
		{is: "an option that is none", env: []string{"DATABASE_URL=postgres://u:" + word + "@127.0.0.1:1/db?sslmode=none&password=" + word}, line: []string{"admin", "user", "list"}},
		{is: "a port that is none", env: []string{"DATABASE_URL=postgres://u:" + word + "@127.0.0.1:x/db"}, line: []string{"serve"}},
		{is: "a bracket too few", env: []string{"DATABASE_URL=postgres://u:" + word + "@[::1/db"}, line: []string{"serve"}},
		{is: "an escape that is none", env: []string{"DATABASE_URL=postgres://u:" + word + "%zz@h/db"}, line: []string{"config", "validate"}},
		{is: "a space in the password", env: []string{"DATABASE_URL=postgres://u:" + word + " x@h/db"}, line: []string{"admin", "user", "list"}},
		{is: "a slash in the password", env: []string{"DATABASE_URL=postgres://u:/" + word + "@h/db"}, line: []string{"serve"}},
		{is: "an at sign in the password", env: []string{"DATABASE_URL=postgres://u:x@" + word + "@h/db"}, line: []string{"serve"}},
		{is: "a mark in the password", env: []string{"DATABASE_URL=postgres://u:?" + word + "@h/db"}, line: []string{"serve"}},
		{is: "words instead of an address", env: []string{"DATABASE_URL=host=localhost password=" + word}, line: []string{"serve"}},
		{is: "another kind of database", env: []string{"DATABASE_URL=mysql://u:" + word + "@h/db"}, line: []string{"serve"}},
		{is: "the password alone", env: []string{"DATABASE_URL=" + word}, line: []string{"serve"}},
		{is: "the same as a flag", line: []string{"serve", "--database-url", "mysql://u:" + word + "@h/db"}},
		{is: "a mail server without a host", env: []string{"SMTP_URL=smtp://u:" + word + "@"}, line: []string{"serve"}},
		{is: "a mail server's port that is too large", env: []string{"SMTP_URL=smtp://u:" + word + "@h:99999"}, line: []string{"serve"}},
		{is: "a mail server's escape that is none", env: []string{"SMTP_URL=smtp://u:" + word + "%zz@h"}, line: []string{"serve"}},
		{is: "a mail server that is a page", env: []string{"SMTP_URL=http://u:" + word + "@h"}, line: []string{"config", "validate", "--json"}},
		{is: "a mail server's option that is none", env: []string{"SMTP_URL=smtp://u:" + word + "@h?tls=" + word}, line: []string{"serve"}},
		{is: "a mail server that is a password", env: []string{"SMTP_URL=" + word}, line: []string{"serve"}},
		{is: "a password without a mail server", env: []string{"SMTP_PASSWORD=" + word}, line: []string{"serve"}},
		{is: "two passwords", env: []string{"SMTP_PASSWORD=" + word, "SMTP_URL=smtp://u:" + word + "@h"}, line: []string{"serve"}},
		{is: "a password and no user", env: []string{"SMTP_PASSWORD=" + word, "SMTP_URL=smtp://h"}, line: []string{"serve"}},
		{is: "a sender that is a password", env: []string{"SMTP_URL=smtp://u:" + word + "@h", "SMTP_FROM=x"}, line: []string{"serve"}},
		{is: "a public address with a password", env: []string{"URL=https://u:" + word + "@id.example.com"}, line: []string{"serve"}},
		{is: "a setting's name mistyped", env: []string{"SMTP_PASWORD=" + word}, line: []string{"serve"}},
		{is: "a file that stops in the middle", line: []string{"serve", "--config", file("cut.toml", `smtp_password = "`+word)}},
		{is: "a file without quotes", line: []string{"serve", "--config", file("bare.toml", "smtp_password = "+word+"\n")}},
		{is: "a file with a name mistyped", line: []string{"config", "validate", file("name.toml", `smtp_pasword = "`+word+`"`)}},
		{is: "a file with a list", line: []string{"serve", "--config", file("list.toml", `database_url = ["`+word+`", 1]`)}},
		{is: "a file with a table", line: []string{"serve", "--config", file("table.toml", "[smtp_password]\nx = \""+word+`"`)}},
		{is: "a file with a key twice", line: []string{"serve", "--config", file("twice.toml", "smtp_password = \""+word+"\"\nsmtp_password = \""+word+"\"\n")}},
		{is: "a file with an escape that is none", line: []string{"serve", "--config", file("escape.toml", `smtp_password = "`+word+`\q"`)}},
		{is: "a flag that does not exist", line: []string{"serve", "--smtp-password", word}},
		{is: "the same, with a sign between", line: []string{"serve", "--smtp-password=" + word}},
		{is: "a copy to where nobody is", line: []string{"admin", "copy", "--to", "postgres://u:" + word + "@127.0.0.1:1/x"}, env: []string{"DATABASE_URL=" + storetest.Migrated(t)}},
		{is: "a copy by a file to where nobody is", line: []string{"admin", "copy", "--to-file", file("target", "postgres://u:"+word+"@127.0.0.1:1/x")}, env: []string{"DATABASE_URL=" + storetest.Migrated(t)}},
		{is: "a copy to another kind of database", line: []string{"admin", "copy", "--to", "mysql://u:" + word + "@127.0.0.1:1/x"}},
		{is: "a copy to an address with a slash in the password", line: []string{"admin", "copy", "--to", "postgres://u:/" + word + "@127.0.0.1:1/x"}},
		{is: "a copy to what is no address", line: []string{"admin", "copy", "--to", "postgres://u:" + word + "%zz@127.0.0.1:1/x"}},
		{is: "a flag for a password", line: []string{"admin", "user", "create", "--email", "a@b.example", "--name", "A", "--password", word}},
		{is: "a password with the name in it", line: []string{"admin", "user", "create", "--email", "a@b.example", "--name", word, "--role", "king", "--password-file", "-"}, stdin: word},
		{is: "a password of a user whose address is none", line: []string{"admin", "user", "create", "--email", "a", "--name", "A", "--password-file", "-"}, stdin: word},
		{is: "a key that was cut", line: []string{"admin", "user", "list"}, env: []string{"MASTER_KEY_FILE=" + file("cut.key", "00000000 "+key[:40]), "DATABASE_URL=" + storetest.Migrated(t)}},
		{is: "a key with the name of another", line: []string{"admin", "user", "list"}, env: []string{"MASTER_KEY_FILE=" + file("name.key", "00000000 "+key), "DATABASE_URL=" + storetest.Migrated(t)}},
		{is: "a key alone", line: []string{"admin", "master-key", "rotate"}, env: []string{"MASTER_KEY_FILE=" + file("alone.key", key), "DATABASE_URL=" + storetest.Migrated(t)}},
		{is: "all of it, shown", line: []string{"config", "show"}, env: []string{"DATABASE_URL=postgres://u:" + word + "@h/db?password=" + word + "&sslpassword=" + word, "SMTP_URL=smtp://u@h", "SMTP_PASSWORD=" + word}, fine: true},
		{is: "all of it, shown to a program", line: []string{"config", "show", "--json"}, env: []string{"DATABASE_URL=postgres://u:" + word + "@h/db", "SMTP_URL=smtps://u:" + word + "@h"}, fine: true},
	} {
		env := []string{"COUNTERSIGN_DATA=" + t.TempDir(), "COUNTERSIGN_LISTEN=localhost:0", "COUNTERSIGN_LOG_LEVEL=debug"}
		for _, pair := range row.env {
			env = append(env, "COUNTERSIGN_"+pair)
		}
		code, text := shell.says(row.stdin, env, row.line...)
		if (code == 0) != row.fine || text == "" {
			t.Errorf("%s: ended with %d: %s", row.is, code, text)
		}
		if row.is == "a password with the name in it" {
			continue // the name is there, and it is no secret
		}
		for _, what := range v.found([]byte(text), nowhere) {
			t.Errorf("%s: what is printed has %s:\n%s", row.is, what, text)
		}
	}
	if len(v.found([]byte(dsn), nowhere)) == 0 {
		t.Error("the password was never in a setting")
	}
}
