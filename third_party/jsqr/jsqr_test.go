package jsqr

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func TestTheFilesAreAsPublished(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"jsQR.js", "LICENSE"} {
		content, err := os.ReadFile(name) // #nosec G304 -- one of the names above
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(content)
		row := "| `" + name + "` | `" + hex.EncodeToString(digest[:]) + "` |"
		if !strings.Contains(string(readme), row) {
			t.Errorf("%s is not the file whose digest README.md names; it is %x", name, digest)
		}
	}
}
