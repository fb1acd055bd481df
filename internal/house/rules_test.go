package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// mostLines is the length at which a file is certain to hold two things.
const mostLines = 600

// place is something that may stand only in some packages.
type place struct {
	path  string   // the import
	names []string // its identifiers; none means the import itself
	only  []string // the packages
	why   string
}

func places() []place {
	return []place{
		{
			path: "database/sql", only: []string{"internal/store"},
			why: "rows are read and written in package store, so that one place knows both databases",
		},
		{
			path: "net/http", names: []string{"Handler", "HandlerFunc", "ResponseWriter", "Server", "ServeMux"},
			only: []string{"internal/session", "internal/web", "internal/authenticator", "internal/console", "internal/portal", "internal/server"},
			why:  "rules know nothing of requests and answers; the faces do",
		},
		{
			path: "time", names: []string{"Now", "Since", "Until"}, only: []string{"internal/server", "internal/seal", "cmd/countersign"},
			why: "the clock is handed down as Now func() time.Time, so that tests can set it",
		},
		{path: "crypto/rand", only: []string{"internal/server", "internal/seal"}, why: "package seal makes what must not be guessed"},
		{path: "math/rand", only: nil, why: "what looks random must be; use package seal"},
		{path: "math/rand/v2", only: nil, why: "what looks random must be; use package seal"},
		{path: "log", only: nil, why: "logs are structured, and the logger is handed in (log/slog)"},
		{path: "unsafe", only: []string{"internal/password"}, why: "only the link to a library of decision 0035 needs it"},
	}
}

// broken lists the house rules that one file breaks.
func broken(s source) []string {
	var found []string
	if lines := s.fileSet.File(s.file.Pos()).LineCount(); lines > mostLines && !s.generated {
		found = append(found, fmt.Sprintf("%s/%s has %d lines, more than %d: it holds two things; give each a file", s.pack.name(), s.path, lines, mostLines))
	}
	found = append(found, badNames(s)...)
	if s.test || s.generated || s.pack.onlyForTests() {
		return found
	}
	for _, p := range places() {
		found = append(found, misplaced(s, p)...)
	}
	return append(found, changingState(s)...)
}

// misplaced finds what may stand only elsewhere.
func misplaced(s source, p place) []string {
	if within(s.pack.name(), p.only...) {
		return nil
	}
	local := ""
	for _, spec := range s.file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path != p.path {
			continue
		}
		if len(p.names) == 0 {
			return []string{fmt.Sprintf("%s imports %s: %s", s.at(spec), p.path, p.why)}
		}
		local = p.path[strings.LastIndex(p.path, "/")+1:]
		if spec.Name != nil {
			local = spec.Name.Name
		}
	}
	if local == "" {
		return nil
	}
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		selector, isSelector := n.(*ast.SelectorExpr)
		if !isSelector {
			return true
		}
		from, isName := selector.X.(*ast.Ident)
		if !isName || from.Name != local || from.Obj != nil {
			return true
		}
		for _, name := range p.names {
			if selector.Sel.Name == name {
				found = append(found, fmt.Sprintf("%s uses %s.%s: %s", s.at(n), local, name, p.why))
			}
		}
		return true
	})
	return found
}

// badNames finds names of packages that say nothing about what they own.
func badNames(s source) []string {
	switch strings.TrimSuffix(s.file.Name.Name, "_test") {
	case "util", "utils", "common", "helper", "helpers", "types", "models", "dto", "misc", "base", "shared":
		return []string{fmt.Sprintf("%s: the name %s says nothing about what the package owns", s.at(s.file.Name), s.file.Name.Name)}
	}
	return nil
}

// changingState finds init functions, and package variables that are assigned
// to after they are made.
func changingState(s source) []string {
	var found []string
	ours := map[string]bool{}
	for _, declaration := range s.file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				found = append(found, s.at(d)+" has an init function: do it where the thing is made, and hand it in")
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if value, isValue := spec.(*ast.ValueSpec); isValue && d.Tok == token.VAR {
					for _, name := range value.Names {
						ours[name.Name] = true
					}
				}
			}
		}
	}
	changes := func(target ast.Expr) {
		name := root(target)
		if name == nil || !ours[name.Name] || (name.Obj != nil && name.Obj != s.file.Scope.Lookup(name.Name)) {
			return
		}
		found = append(found, fmt.Sprintf("%s changes the package variable %s: keep state in a value that somebody owns", s.at(name), name.Name))
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					changes(target)
				}
			}
		case *ast.IncDecStmt:
			changes(n.X)
		}
		return true
	})
	return found
}

// root is the variable at the left end of a.b[c].d.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func TestFilesKeepTheHouseRules(t *testing.T) {
	for _, p := range packages(t) {
		described := false
		all := sources(t, p)
		for _, s := range all {
			if s.file.Doc != nil && !s.test || s.generated {
				described = true
			}
			for _, message := range broken(s) {
				t.Error(message)
			}
		}
		if !described && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment: say what it owns, what it does not, and who calls it", p.name())
		}
	}
}
