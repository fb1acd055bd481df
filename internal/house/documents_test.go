package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`([a-z]+)\\.(Test[A-Za-z0-9]+)`")
	writtenTest = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
)

// A document that names a test must not outlive it.
func TestTestsNamedInDocumentsExist(t *testing.T) {
	root := filepath.Join("..", "..")
	written := map[string]bool{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		folder := filepath.Base(filepath.Dir(path))
		if filepath.Dir(path) == "." {
			folder = "countersign"
		}
		for _, match := range writtenTest.FindAllSubmatch(source, -1) {
			written[folder+"."+string(match[1])] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(tree, "doc/security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := namedTest.FindAllStringSubmatch(string(text), -1)
	if len(named) < 20 {
		t.Errorf("doc/security.md names %d tests; it used to name more", len(named))
	}
	for _, match := range named {
		if !written[match[1]+"."+match[2]] {
			t.Errorf("doc/security.md names %s.%s, which is not there", match[1], match[2])
		}
	}
}
