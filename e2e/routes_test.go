package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// route is what the product tells its mux: a method and a path with wildcards.
type route struct{ verb, path string }

func (r route) String() string { return r.verb + " " + r.path }

// at is an address of the route, with these values for its wildcards; what is
// not named becomes "x".
func (r route) at(values map[string]string) string {
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllStringFunc(r.path, func(wildcard string) string {
		name := strings.Trim(wildcard, "{}.$")
		switch value, known := values[name]; {
		case name == "":
			return ""
		case known:
			return value
		}
		return "x"
	})
}

// routes are all routes of the product. They are read from the source of the
// packages that may answer requests, so that a page that is added cannot be
// forgotten by a test that goes through all of them.
func routes(t *testing.T) []route {
	t.Helper()
	var all []route
	for _, folder := range []string{"portal", "web", "server"} {
		files, err := filepath.Glob(filepath.Join("..", "internal", folder, "*.go"))
		must(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file) // #nosec G304 -- the project's own source
			must(t, err)
			tree, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
			must(t, err)
			for _, declared := range tree.Decls {
				if mounts(declared) {
					all = append(all, patterns(t, declared)...)
				}
			}
		}
	}
	if len(all) < 60 {
		t.Fatalf("only %d routes are found in the source: %v", len(all), all)
	}
	return all
}

// mounts tells whether this declares a function that knows a mux.
func mounts(declared ast.Decl) bool {
	function, ok := declared.(*ast.FuncDecl)
	found := false
	if ok {
		ast.Inspect(function, func(n ast.Node) bool {
			name, ok := n.(*ast.Ident)
			found = found || ok && name.Name == "mux"
			return !found
		})
	}
	return found
}

// patterns are the texts in a function that a mux takes.
func patterns(t *testing.T, declared ast.Decl) []route {
	t.Helper()
	pattern := regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) (/\S*)$`)
	var all []route
	ast.Inspect(declared, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		must(t, err)
		if found := pattern.FindStringSubmatch(text); found != nil {
			all = append(all, route{found[1], found[2]})
		}
		return true
	})
	return all
}

// isOpen names the routes that need no session: the way in, and what is no page.
func isOpen(r route) bool {
	return slices.ContainsFunc([]string{
		"/{$}", "/signin", "/signout", "/forgot", "/help", "/dev/messages", "/preferences", "/assets/{file...}",
		"/favicon.ico", "/robots.txt", "/livez", "/readyz",
	}, func(path string) bool { return r.path == path }) ||
		strings.HasPrefix(r.path, "/signin/{attempt}") || strings.HasSuffix(r.path, "/{token}")
}

// TestEveryRouteIsKnown keeps the list of what is open honest: what is not on it
// must be closed, and TestLevels knocks at it.
func TestEveryRouteIsKnown(t *testing.T) {
	all := routes(t)
	for _, r := range all {
		if !isOpen(r) && !strings.HasPrefix(r.path, "/account") && r.path != "/proof" {
			t.Errorf("%s: is this open to everybody, or does it need a session? Say so here", r)
		}
	}
	seen := map[route]bool{}
	for _, r := range all {
		if seen[r] {
			t.Errorf("%s is there twice", r)
		}
		seen[r] = true
	}
}
