package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"countersign"
)

//go:embed static
var static embed.FS

// assets are the static files. Their addresses carry a hash of the content, so a
// browser may keep them for ever. Pages are not compressed at all.
type assets struct {
	byURL map[string]asset  // "base.1f2e3d4c.css"
	urls  map[string]string // "base.css" → "/assets/base.1f2e3d4c.css"
}

type asset struct {
	kind string
	body Body
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func loadAssets() (*assets, error) {
	a := &assets{byURL: map[string]asset{}, urls: map[string]string{}}
	err := fs.WalkDir(static, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		return a.add(path.Base(name), body)
	})
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	return a, nil
}

func (a *assets) add(name string, body []byte) error {
	ext := path.Ext(name)
	kind, ok := kinds[ext]
	if !ok {
		return fmt.Errorf("static file %s: unknown kind", name)
	}
	sum := sha256.Sum256(body)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.byURL[hashed] = asset{kind: kind, body: NewBody(body)}
	a.urls[name] = "/assets/" + hashed
	return nil
}

// url is the address of a static file by its plain name.
func (a *assets) url(name string) (string, error) {
	u, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return u, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	if m := accentFile.FindStringSubmatch(name); m != nil {
		return writeAccent(w, m[1])
	}
	file, ok := a.byURL[name]
	if !ok {
		return countersign.Refuse(countersign.NotFound, "no_page")
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return file.write(w, r)
}

// favicon answers browsers that ask without having read a page.
func (a *assets) favicon(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	return a.byURL[path.Base(a.urls["mark.svg"])].write(w, r)
}

func (f asset) write(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", f.kind)
	_, err := w.Write(f.body.For(w, r))
	return err
}

// A workspace's accent is a style sheet of its own, because the security
// policy allows no inline style.
var accentFile = regexp.MustCompile(`^accent-([0-9a-f]{6})\.css$`)

var accentColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func accentURL(colour string) string {
	if !accentColour.MatchString(colour) {
		return ""
	}
	return "/assets/accent-" + strings.ToLower(colour[1:]) + ".css"
}

func writeAccent(w http.ResponseWriter, hex string) error {
	w.Header().Set("Content-Type", kinds[".css"])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := fmt.Fprintf(w, ":root { --accent: #%s; }\n", hex)
	return err
}
