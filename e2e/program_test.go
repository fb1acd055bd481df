package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// product is the product's own program, which the first test builds that needs it.
var product = &build{}

type build struct {
	once   sync.Once
	folder string
	err    error
}

func (b *build) file() (string, error) {
	b.once.Do(func() {
		b.folder, b.err = os.MkdirTemp("", "countersign-e2e-*")
		if b.err != nil {
			return
		}
		command := exec.CommandContext(context.Background(), "go", "build", "-o", filepath.Join(b.folder, "countersign"), "countersign/cmd/countersign") // #nosec G204 -- into the tests' own folder
		out, err := command.CombinedOutput()
		if err != nil {
			b.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	return filepath.Join(b.folder, "countersign"), b.err
}

// remove is called when all tests have ended.
func (b *build) remove() {
	if b.folder != "" {
		_ = os.RemoveAll(b.folder)
	}
}

// built is the program's file.
func built(t *testing.T) string {
	t.Helper()
	file, err := product.file()
	must(t, err)
	return file
}

// program runs the built program itself.
func program(t *testing.T, args ...string) string {
	t.Helper()
	out, err := run(t, built(t), args...)
	if err != nil {
		t.Fatalf("countersign %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func run(t *testing.T, file string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), file, args...).CombinedOutput() // #nosec G204 -- our own program
	return string(out), err
}
