package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"countersign/internal/fold"
	"countersign/internal/policy"
	"countersign/internal/words"
)

// written are the kinds that the program's own source writes down, each with its file.
// Where a file uses the log, whatever looks like a kind and is no setting, no text and no
// name of a file is one.
func written(t *testing.T, say *words.Speaker) map[string]string {
	t.Helper()
	looks := regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)
	found := map[string]string{}
	writers := map[string]bool{}
	type literal struct{ kind, file string }
	var all []literal
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			folder := filepath.Dir(path)
			ast.Inspect(file, func(n ast.Node) bool {
				if spec, is := n.(*ast.ImportSpec); is {
					if spec.Path.Value == `"countersign/internal/audit"` {
						writers[folder] = true
					}
					return false
				}
				lit, is := n.(*ast.BasicLit)
				if !is || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err == nil && looks.MatchString(text) {
					all = append(all, literal{text, path})
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	writers["../../internal/audit"] = true
	for _, l := range all {
		folder := filepath.Dir(l.file)
		_, setting := policy.KeyNamed(l.kind)
		known := kindsOf(l.kind) != nil // a text may be called like a kind
		if !writers[folder] || setting || !known && (say.Has(l.kind) || other(l.kind)) || folder == "../../internal/console" || folder == "../../internal/portal" {
			continue
		}
		found[l.kind] = l.file
	}
	return found
}

// other tells what looks like a kind and is the beginning of a text, a file, what a key of
// the log is for, or what the program was built from.
func other(text string) bool {
	return strings.HasSuffix(text, "_") || strings.HasPrefix(text, "vcs.") ||
		slices.Contains([]string{"countersign.db", "audit.seal", "audit.mark", "audit.head"}, text)
}

// Every kind that is written anywhere is in the filter, and has a sentence in each language.
func TestEveryKindIsSaid(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, g := range kindGroups() {
		known = append(known, g.Kinds...)
	}
	if sorted := slices.Sorted(slices.Values(known)); len(slices.Compact(sorted)) != len(known) {
		t.Error("a kind stands in the table twice")
	}
	found := written(t, catalogue.Speaker("en"))
	const fewest = 60
	if len(found) < fewest {
		t.Errorf("only %d kinds are found in the source", len(found))
	}
	for kind, file := range found {
		if !slices.Contains(known, kind) {
			t.Errorf("%s, in %s, is no kind of the audit log's table", kind, file)
		}
	}
	// The ends of these are outcomes of a decision, see approve.
	said := []string{"request.approved", "request.denied", "request.reported", "request.mismatch"}
	for _, kind := range known {
		if found[kind] == "" && !slices.Contains(said, kind) {
			t.Errorf("%s is written nowhere", kind)
		}
		for _, tag := range []string{"en", "de"} {
			for _, id := range sentences(kind) {
				if !catalogue.Speaker(tag).Has(id) && id != "event.proof_refused_push" {
					t.Errorf("%s has no sentence %s in %s", kind, id, tag)
				}
			}
		}
	}
}

// A search finds kinds by the words of their sentences, in the reader's language.
func TestKindsBySentence(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ tag, typed, want string }{
		{"en", "master key", "master_key.rotated"},
		{"en", "MASTER ke", "master_key.rotated"},
		{"de", "hauptschlüssel", "master_key.rotated"},
		{"de", "Hauptschlussel", "master_key.rotated"},
		{"en", "nonsense", ""},
		{"en", "role changed", "role.changed"},
	} {
		got := strings.Join(kindsSaid(catalogue.Speaker(row.tag), fold.Terms(row.typed)), " ")
		if got != row.want {
			t.Errorf("%q in %s means %q, want %q", row.typed, row.tag, got, row.want)
		}
	}
}
