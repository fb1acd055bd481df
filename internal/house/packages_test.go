package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module is the path that every import of ours begins with.
const module = "countersign"

// pack is one package as the Go tool lists it.
type pack struct {
	ImportPath     string
	Dir            string
	Imports        []string
	TestImports    []string
	XTestImports   []string
	GoFiles        []string
	IgnoredGoFiles []string
	TestGoFiles    []string
	XTestGoFiles   []string
}

// name is the path inside the module: internal/store, or "." for the root.
func (p pack) name() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// onlyForTests tells whether the package is part of the tests though its files
// are not named so.
func (p pack) onlyForTests() bool {
	return within(p.name(), "internal/store/storetest", "internal/account/accounttest", "internal/webpush/webpushtest", "internal/method/push/pushtest", "internal/notify/text/texttest", "internal/method/passkey/passkeytest", "internal/terminal/terminaltest", "internal/web/webtest", "internal/house", "attack", "bench", "e2e", "third_party/axe")
}

// within tells whether a package is one of these or lies below one.
func within(name string, places ...string) bool {
	for _, place := range places {
		if name == place || strings.HasPrefix(name, place+"/") {
			return true
		}
	}
	return false
}

// packages lists every package of the module.
func packages(t *testing.T) []pack {
	t.Helper()
	var stderr bytes.Buffer
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,Imports,TestImports,XTestImports,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", module+"/...")
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pack
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pack
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// source is one parsed file.
type source struct {
	pack      pack
	path      string // inside the package
	test      bool
	fileSet   *token.FileSet
	file      *ast.File
	generated bool
}

// sources parses every Go file of a package.
func sources(t *testing.T, p pack) []source {
	t.Helper()
	var all []source
	add := func(names []string, test bool) {
		for _, name := range names {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, source{p, name, test, set, file, ast.IsGenerated(file)})
		}
	}
	add(append(p.GoFiles, p.IgnoredGoFiles...), false)
	add(append(p.TestGoFiles, p.XTestGoFiles...), true)
	return all
}

// at names a place in a file, for a message.
func (s source) at(node ast.Node) string {
	return fmt.Sprintf("%s/%s:%d", s.pack.name(), s.path, s.fileSet.Position(node.Pos()).Line)
}
