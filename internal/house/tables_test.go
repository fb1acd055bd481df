package house

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// withoutWorkspace are the tables that belong to the installation: the
// workspaces themselves, its own keys, and who leads a job.
func withoutWorkspace() map[string]bool {
	return map[string]bool{"workspaces": true, "installation": true, "leases": true}
}

var (
	createTable = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	tableKey    = regexp.MustCompile(`PRIMARY KEY \(([^)]*)\)`)
)

// tableProblems reads the tables that a migration makes.
func tableProblems(sql string) []string {
	var found []string
	for _, match := range createTable.FindAllStringSubmatch(sql, -1) {
		table, body := match[1], match[2]
		if withoutWorkspace()[table] {
			continue
		}
		if !regexp.MustCompile(`(?m)^\s*workspace_id\s+TEXT\s+NOT NULL`).MatchString(body) {
			found = append(found, "table "+table+" has no workspace_id TEXT NOT NULL: without it a query can cross from one workspace to another")
			continue
		}
		if key := tableKey.FindStringSubmatch(body); key == nil || !strings.HasPrefix(key[1], "workspace_id") {
			found = append(found, "table "+table+": its primary key does not begin with workspace_id")
		}
	}
	return found
}

func TestEveryTableBelongsToAWorkspace(t *testing.T) {
	migrations := os.DirFS("../store/migrations")
	files, err := fs.Glob(migrations, "*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	tables := 0
	for _, file := range files {
		text, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		tables += len(createTable.FindAll(text, -1))
		if written := strings.Count(string(text), "CREATE TABLE"); written != len(createTable.FindAll(text, -1)) {
			t.Errorf("%s: not every CREATE TABLE is written as CREATE TABLE name ( … ) over lines", file)
		}
		for _, problem := range tableProblems(string(text)) {
			t.Errorf("%s: %s", file, problem)
		}
	}
	if tables < 10 {
		t.Errorf("only %d tables found", tables)
	}
}

func TestTheTableRuleFindsWhatItForbids(t *testing.T) {
	rows := map[string]bool{
		"CREATE TABLE a (\n  workspace_id TEXT NOT NULL,\n  id TEXT,\n  PRIMARY KEY (workspace_id, id)\n);": false,
		"CREATE TABLE a (\n  id TEXT NOT NULL,\n  PRIMARY KEY (id)\n);":                                     true,
		"CREATE TABLE a (\n  workspace_id TEXT NOT NULL,\n  id TEXT,\n  PRIMARY KEY (id)\n);":               true,
		"CREATE TABLE a (\n  -- workspace_id TEXT NOT NULL\n  id TEXT,\n  PRIMARY KEY (id)\n);":             true,
		"CREATE TABLE leases (\n  name TEXT NOT NULL PRIMARY KEY\n);":                                       false,
	}
	for sql, want := range rows {
		if got := tableProblems(sql); (len(got) > 0) != want {
			t.Errorf("%s\ngot %q", sql, got)
		}
	}
}
