package house

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestTheRulesFindWhatTheyForbid(t *testing.T) {
	rows := []struct {
		name, pack, code string
		want             string // in the message; empty means that it is fine
	}{
		{"SQL outside the store", "internal/account", `import "database/sql"; var _ sql.NullInt64`, "imports database/sql"},
		{"SQL in the store", "internal/store", `import "database/sql"; var _ sql.NullInt64`, ""},
		{"SQL below the store", "internal/store/rows", `import "database/sql"; var _ sql.NullInt64`, ""},
		{"SQL in a package that only begins like the store", "internal/storefront", `import "database/sql"; var _ sql.NullInt64`, "imports database/sql"},
		{"a handler among the rules", "internal/signin", `import "net/http"; func a(w http.ResponseWriter) {}`, "uses http.ResponseWriter"},
		{"a handler under another name", "internal/signin", `import web "net/http"; func a(w web.Handler) {}`, "uses web.Handler"},
		{"a status code among the rules", "internal/signin", `import "net/http"; const a = http.StatusOK`, ""},
		{"a handler in a face", "internal/portal", `import "net/http"; func a(w http.ResponseWriter) {}`, ""},
		{"the clock", "internal/signin", `import "time"; func a() { time.Now() }`, "uses time.Now"},
		{"the clock handed on as a value", "internal/signin", `import "time"; var a = time.Now`, "uses time.Now"},
		{"the clock in disguise", "internal/signin", `import "time"; func a(t time.Time) { time.Since(t) }`, "uses time.Since"},
		{"something of our own called time", "internal/signin", `func a(time struct{ Now int }) { _ = time.Now }`, ""},
		{"chance", "internal/signin", `import _ "crypto/rand"`, "imports crypto/rand"},
		{"weak chance", "internal/seal", `import _ "math/rand/v2"`, "imports math/rand/v2"},
		{"an init function", "internal/signin", `func init() {}`, "has an init function"},
		{"a method called init", "internal/signin", `type a struct{}; func (a) init() {}`, ""},
		{"a variable that changes", "internal/signin", `var n int; func a() { n = 1 }`, "changes the package variable n"},
		{"a counter", "internal/signin", `var n int; func a() { n++ }`, "changes the package variable n"},
		{"a registry", "internal/signin", `var m = map[string]int{}; func a() { m["x"] = 1 }`, "changes the package variable m"},
		{"a local of the same name", "internal/signin", `var n = 1; func a() { n := 2; n = 3; _ = n }`, ""},
		{"an error that stays", "internal/signin", `import "errors"; var errX = errors.New("x")`, ""},
		{"a name that says nothing", "internal/util", `package util`, "says nothing"},
		{"a file that is too long", "internal/signin", strings.Repeat("\n", mostLines+1), "more than 600"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			code := row.code
			if !strings.HasPrefix(code, "package ") {
				code = "package p; " + code
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, "a.go", code, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(broken(source{pack: pack{ImportPath: module + "/" + row.pack}, path: "a.go", fileSet: set, file: file}), "\n")
			if row.want == "" && got != "" || !strings.Contains(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
