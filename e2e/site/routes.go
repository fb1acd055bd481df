package site

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

// Route is what the product tells its mux: a method and a path with wildcards.
type Route struct{ Verb, Path string }

// String is the route as the product writes it.
func (r Route) String() string { return r.Verb + " " + r.Path }

// Wildcards are the names in the path that stand for something else.
func (r Route) Wildcards() []string {
	var names []string
	for _, wildcard := range regexp.MustCompile(`\{[^}]*\}`).FindAllString(r.Path, -1) {
		if name := strings.Trim(wildcard, "{}.$"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// At is an address of the route, with these values for its wildcards; what is
// not named becomes "x".
func (r Route) At(values map[string]string) string {
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllStringFunc(r.Path, func(wildcard string) string {
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

// Open tells whether the route needs no session: the way in, and what is no
// page. Some of them judge by themselves.
func (r Route) Open() bool {
	return slices.Contains([]string{
		"/{$}", "/signin", "/signout", "/forgot", "/help", "/dev/messages", "/preferences", "/assets/{file...}",
		"/favicon.ico", "/robots.txt", "/livez", "/readyz",
	}, r.Path) || strings.HasPrefix(r.Path, "/device/") || strings.HasPrefix(r.Path, "/texts/receipts/") || strings.HasPrefix(r.Path, "/authenticator/") || strings.HasPrefix(r.Path, "/signin/") || strings.HasSuffix(r.Path, "/{token}")
}

// Console tells whether the route belongs to administrators: it is shut for everybody else,
// and the console's own table says for whom it opens.
func (r Route) Console() bool { return r.Path == "/console" || strings.HasPrefix(r.Path, "/console/") }

// Routes are all routes of the product. They are read from the source of the
// packages that may answer requests, so that a page that is added cannot be
// forgotten by a test that goes through all of them.
func Routes(tb testing.TB) []Route {
	tb.Helper()
	var all []Route
	pattern := regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) (/\S*)$`)
	for _, file := range faces(tb) {
		for _, declared := range file.Decls {
			if !mounts(declared) {
				continue
			}
			for _, text := range literals(tb, declared) {
				if found := pattern.FindStringSubmatch(text); found != nil {
					all = append(all, Route{found[1], found[2]})
				}
			}
		}
	}
	const fewest = 60
	if len(all) < fewest {
		tb.Fatalf("only %d routes are found in the source: %v", len(all), all)
	}
	return all
}

// FieldNames are the names of what the product reads out of forms and queries,
// also of those that no page asks for.
func FieldNames(tb testing.TB) []string {
	tb.Helper()
	var names []string
	for _, file := range faces(tb) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || !readsField(call.Fun) {
				return true
			}
			if literal, ok := call.Args[0].(*ast.BasicLit); ok {
				names = append(names, unquoted(tb, literal))
			}
			return true
		})
	}
	slices.Sort(names)
	names = slices.Compact(names)
	const fewest = 15
	if len(names) < fewest {
		tb.Fatalf("only %d names of fields are found in the source: %v", len(names), names)
	}
	return names
}

// readsField tells whether this is a function that takes a field's name: of a
// form, of a request, or of a query, but not of a header.
func readsField(function ast.Expr) bool {
	selector, ok := function.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch selector.Sel.Name {
	case "Value", "Raw", "FormValue", "PostFormValue":
		return true
	case "Get":
		of, isSelector := selector.X.(*ast.SelectorExpr)
		call, isCall := selector.X.(*ast.CallExpr)
		if isCall {
			of, isSelector = call.Fun.(*ast.SelectorExpr)
		}
		return !isSelector || !strings.EqualFold(of.Sel.Name, "header")
	}
	return false
}

// faces is the source of the packages that answer requests.
func faces(tb testing.TB) []*ast.File {
	tb.Helper()
	var trees []*ast.File
	for _, folder := range []string{"portal", "authenticator", "console", "web", "server"} {
		files, err := filepath.Glob(filepath.Join(root(tb), "internal", folder, "*.go"))
		must(tb, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			must(tb, err)
			trees = append(trees, tree)
		}
	}
	return trees
}

// root is the folder of the module; tests run somewhere inside it.
func root(tb testing.TB) string {
	tb.Helper()
	folder, err := os.Getwd()
	must(tb, err)
	for {
		_, err := os.Stat(filepath.Join(folder, "go.mod"))
		if err == nil {
			return folder
		}
		if filepath.Dir(folder) == folder {
			tb.Fatal("the source of the product is not around this test")
		}
		folder = filepath.Dir(folder)
	}
}

// mounts tells whether this declares a function that knows a mux, or is the table of one
// that does.
func mounts(declared ast.Decl) bool {
	function, ok := declared.(*ast.FuncDecl)
	found := ok && strings.HasSuffix(function.Name.Name, "Routes")
	if ok {
		ast.Inspect(function, func(n ast.Node) bool {
			name, ok := n.(*ast.Ident)
			found = found || ok && name.Name == "mux"
			return !found
		})
	}
	return found
}

// literals are the texts in a declaration.
func literals(tb testing.TB, declared ast.Decl) []string {
	tb.Helper()
	var all []string
	ast.Inspect(declared, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			all = append(all, unquoted(tb, literal))
		}
		return true
	})
	return all
}

func unquoted(tb testing.TB, literal *ast.BasicLit) string {
	tb.Helper()
	text, err := strconv.Unquote(literal.Value)
	must(tb, err)
	return text
}
