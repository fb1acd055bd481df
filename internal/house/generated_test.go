package house

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// "make generate" says so when it has generated the rows.
var generated = flag.Bool("generated", false, "note what the rows were generated from")

var sqlcVersion = regexp.MustCompile(`sqlc-dev/sqlc v\S+`)

// rowsDigest is over all that package rows is generated from, the generator's version
// included, and what came of it.
func rowsDigest(root fs.FS) (string, error) {
	tools, err := fs.ReadFile(root, "tools/go.mod")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%s\n", sqlcVersion.Find(tools)) // a hash does not fail
	for _, pattern := range []string{"sqlc.yaml", "migrations/*.sql", "queries/*.sql", "rows/*.go"} {
		files, err := fs.Glob(root, "internal/store/"+pattern)
		if err != nil {
			return "", err
		}
		for _, file := range files {
			text, err := fs.ReadFile(root, file)
			if err != nil {
				return "", err
			}
			_, _ = fmt.Fprintf(sum, "%s %d\n%s", file, len(text), text)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)) + "\n", nil
}

// A query that was changed and not generated, and a generated file that was changed by
// hand, are found without building the generator, which takes longer than all the
// other lint together.
func TestTheRowsAreFresh(t *testing.T) {
	root := filepath.Join("..", "..")
	got, err := rowsDigest(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(root, "internal", "store", "rows", "generated.sha256")
	if *generated {
		err = os.WriteFile(note, []byte(got), 0o644) //nolint:gosec // part of the repository
		if err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(note) // #nosec G304 -- named just above
	if err != nil || string(want) != got {
		t.Errorf("internal/store/rows is not what its queries make (%v): run make generate", err)
	}
}

func TestTheDigestOfTheRowsSeesEveryChange(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]string{}
	for _, file := range []string{
		"none", "internal/store/sqlc.yaml", "internal/store/migrations/00001_first.sql", "internal/store/queries/signin.sql",
		"internal/store/rows/signin.sql.go", "internal/store/rows/db.go", "tools/go.mod",
	} {
		got, err := rowsDigest(changed{os.DirFS(root), file})
		if err != nil || seen[got] != "" {
			t.Errorf("a change of %s is not seen: %v, as of %s", file, err, seen[got])
		}
		seen[got] = file
	}
}

// changed is a tree one of whose files says something else.
type changed struct {
	fs.FS

	file string
}

func (c changed) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(c.FS, name)
	if name != c.file {
		return text, err
	}
	if strings.HasSuffix(name, "go.mod") {
		return []byte(strings.ReplaceAll(string(text), "sqlc-dev/sqlc v1", "sqlc-dev/sqlc v2")), err
	}
	return append(text, '\n'), err
}
