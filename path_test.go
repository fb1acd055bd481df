package countersign_test

import (
	"testing"

	"countersign"
)

func TestInsidePath(t *testing.T) {
	for path, want := range map[string]string{
		"/account/security?tab=1": "/account/security?tab=1", "/": "/", "": "", "account": "",
		"//evil.example": "", "/\\evil.example": "", "https://evil.example/": "", "/\tevil": "", "/a\r\nSet-Cookie: x": "",
		"javascript:alert(1)": "", "/%zz": "",
	} {
		if got := countersign.InsidePath(path); got != want {
			t.Errorf("InsidePath(%q) = %q, want %q", path, got, want)
		}
	}
}
