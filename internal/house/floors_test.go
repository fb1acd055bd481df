package house

import (
	"fmt"
	"strings"
	"testing"
)

// floors says on which floor each package stands. A package imports only from
// lower floors; so packages of one floor, the faces above all, never import
// each other, and nothing goes round in a circle of meaning.
func floors() map[string]int {
	return map[string]int{
		".":                        0,
		"third_party/jsqr":         0,
		"internal/es256":           0,
		"httpsig":                  1,
		"internal/agent":           1,
		"internal/colour":          1,
		"internal/hosts":           1,
		"internal/fold":            1,
		"internal/limit":           1,
		"internal/outside":         1,
		"internal/picture":         1,
		"internal/password":        1,
		"internal/seal":            1,
		"internal/sender":          1,
		"internal/store/rows":      1,
		"internal/trouble":         1,
		"internal/turn":            1,
		"internal/webpush":         1,
		"internal/words":           1,
		"internal/config":          2,
		"internal/method":          1,
		"internal/notify":          2,
		"internal/notify/text":     2,
		"internal/policy":          2,
		"internal/store":           2,
		"internal/audit":           3,
		"internal/message":         3,
		"internal/method/passkey":  3,
		"internal/method/push":     3,
		"internal/method/recovery": 3,
		"internal/method/sms":      2,
		"internal/method/totp":     3,
		"internal/account":         4,
		"internal/approve":         5,
		"internal/census":          5,
		"internal/digest":          5,
		"internal/enrol":           6,
		"internal/people":          6,
		"internal/session":         6,
		"internal/signin":          6,
		"internal/device":          7,
		"internal/web":             7,
		"internal/authenticator":   8,
		"internal/console":         8,
		"internal/portal":          8,
		"internal/terminal":        8,
		"internal/server":          9,
		"cmd/countersign":          10,
	}
}

// brokenFloors says what is wrong with the imports of one package; tests may
// import what they like.
func brokenFloors(p pack, floors map[string]int) []string {
	floor, known := floors[p.name()]
	if !known {
		return []string{fmt.Sprintf("%s has no floor: give it one in internal/house/floors_test.go and a line in doc/design.md", p.name())}
	}
	var broken []string
	for _, path := range p.Imports {
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue
		}
		imported := pack{ImportPath: path}
		below, known := floors[imported.name()]
		switch {
		case imported.onlyForTests():
			broken = append(broken, fmt.Sprintf("%s imports %s, which is only for tests", p.name(), imported.name()))
		case known && below >= floor:
			broken = append(broken, fmt.Sprintf(
				"%s (floor %d) imports %s (floor %d): a package imports only lower floors. Move what both need down, or hand it in from package server",
				p.name(), floor, imported.name(), below,
			))
		}
	}
	return broken
}

func TestPackagesImportOnlyLowerFloors(t *testing.T) {
	all := packages(t)
	for _, p := range all {
		if p.onlyForTests() {
			continue
		}
		for _, message := range brokenFloors(p, floors()) {
			t.Error(message)
		}
	}
}

func TestThePlanOfTheFloorsIsTrue(t *testing.T) {
	found := map[string]bool{}
	for _, p := range packages(t) {
		found[p.name()] = true
	}
	for name := range floors() {
		if !found[name] {
			t.Errorf("%s has a floor but is not there: take it out of internal/house/floors_test.go", name)
		}
	}
}

func TestTheFloorRuleFindsWhatItForbids(t *testing.T) {
	plan := map[string]int{".": 0, "internal/low": 1, "internal/left": 2, "internal/right": 2}
	rows := []struct {
		name, pack, imports string
		broken              bool
	}{
		{"down is fine", "internal/left", "countersign/internal/low", false},
		{"the root is below everything", "internal/low", "countersign", false},
		{"the standard library has no floor", "internal/low", "net/http", false},
		{"up is not", "internal/low", "countersign/internal/left", true},
		{"sideways is not", "internal/left", "countersign/internal/right", true},
		{"test support is not", "internal/left", "countersign/internal/store/storetest", true},
		{"a package without a floor is not", "internal/new", "fmt", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			broken := brokenFloors(pack{ImportPath: module + "/" + row.pack, Imports: []string{row.imports}}, plan)
			if (len(broken) > 0) != row.broken {
				t.Errorf("got %q", broken)
			}
		})
	}
}
