package main

import (
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/config"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"countersign": main})
}

// TestScripts runs the real program from a shell's point of view.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true})
}

// TestEverySettingHasAFlag keeps the flags and the table of settings the same.
func TestEverySettingHasAFlag(t *testing.T) {
	flags := []string{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[allSettings]()) {
		if field.Type == reflect.TypeFor[*string]() {
			flags = append(flags, field.Tag.Get("name"))
		}
	}
	want := []string{}
	for _, s := range config.Settings() {
		if s.Name != "smtp_password" { // never on a command line
			want = append(want, s.Flag())
		}
		if s.Secret {
			want = append(want, s.Flag()+"-file")
		}
	}
	sort.Strings(flags)
	sort.Strings(want)
	if diff := cmp.Diff(want, flags); diff != "" {
		t.Error(diff)
	}
}

func TestTheExitCodesTopicNamesEveryCode(t *testing.T) {
	for _, code := range []string{"  0  ", "  1  ", "  2  ", "  4  ", "  5  ", "  6  ", "  7  ", "  8  "} {
		if !strings.Contains(exitCodesTopic, "\n"+code) {
			t.Errorf("%q is missing", code)
		}
	}
}
