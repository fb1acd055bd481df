package authenticator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"countersign/internal/web"
)

// file is one that is served as it is. It holds no secret.
type file struct {
	kind  string
	tag   string // the ETag
	plain []byte
	body  web.Body
}

func kindOf(ext string) (string, error) {
	kind, ok := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json", ".webmanifest": "application/manifest+json",
	}[ext]
	if !ok {
		return "", fmt.Errorf("no kind of file ends with %q", ext)
	}
	return kind, nil
}

func newFile(ext string, body []byte) (file, error) {
	kind, err := kindOf(ext)
	if err != nil {
		return file{}, err
	}
	return file{kind: kind, tag: tagOf(body), plain: body, body: web.NewBody(body)}, nil
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

func (f file) write(w http.ResponseWriter, r *http.Request) error {
	return send(w, r, f.kind, f.tag, f.body.For(w, r))
}

// writeMade sends what was made for this request.
func writeMade(w http.ResponseWriter, r *http.Request, ext string, body []byte) error {
	kind, err := kindOf(ext)
	if err != nil {
		return err
	}
	return send(w, r, kind, tagOf(body), body)
}

// send answers with nothing where the browser has it already. The tag is weak: it is
// the same for the compressed form, which has the same meaning.
func send(w http.ResponseWriter, r *http.Request, kind, tag string, body []byte) error {
	w.Header().Set("ETag", "W/"+tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.Header().Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", kind)
	_, err := w.Write(body)
	return err
}
