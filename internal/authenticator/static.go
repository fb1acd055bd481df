package authenticator

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/web"
	"countersign/third_party/jsqr"
)

//go:embed app
var embedded embed.FS

// base is where the app lives; its service worker cannot reach beyond.
const base = "/authenticator/"

// The app holds keys, so nothing but its own files may run in it, and no text becomes
// markup or script. The one named Trusted Types policy is for the service worker's
// address; other policies cannot be made.
const contentPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; manifest-src 'self'; connect-src 'self'; " +
	"img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; " +
	"require-trusted-types-for 'script'; trusted-types countersign"

const permissions = "camera=(self), publickey-credentials-create=(self), publickey-credentials-get=(self), " +
	"microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"

// app is what is served below base.
type app struct {
	site   *web.Site
	files  map[string]file // by the path below base
	shells map[string]file // the page, by language
	worker file
}

// MountApp adds the app's pages and files. They are the same for everybody: who asks
// is not looked at.
func MountApp(mux *http.ServeMux, site *web.Site) error {
	a := &app{site: site, files: map[string]file{}, shells: map[string]file{}}
	err := a.load()
	if err != nil {
		return fmt.Errorf("load the app: %w", err)
	}
	for pattern, handler := range map[string]web.Handler{
		"GET " + base + "{$}":                  a.shell,
		"GET " + base + "{file...}":            a.file,
		"GET " + base + "sw.js":                a.serviceWorker,
		"GET " + base + "words":                a.words,
		"GET " + base + "accent.css":           a.accent,
		"GET " + base + "manifest.webmanifest": a.manifest,
	} {
		mux.Handle(pattern, site.Handle(a.headed(handler)))
	}
	return nil
}

// headed sets the headers in which the app differs from the other pages. What is
// served may be kept, and is asked for again each time: a new version must come.
func (a *app) headed(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Security-Policy", contentPolicy)
		w.Header().Set("Permissions-Policy", permissions)
		w.Header().Set("Cache-Control", "no-cache")
		return next(w, r)
	}
}

// shared are the files that the app has in common with the other pages; it serves
// them below its own address, where its worker can keep them.
func shared() []string { return []string{"tokens.css", "base.css", "icons.svg", "mark.svg"} }

func (a *app) load() error {
	own, err := fs.Sub(embedded, "app")
	if err != nil {
		return err
	}
	err = fs.WalkDir(own, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(own, name)
		if err != nil {
			return err
		}
		return a.add(name, body)
	})
	if err != nil {
		return err
	}
	for _, name := range shared() {
		body, err := web.StaticFile(name)
		if err != nil {
			return err
		}
		err = a.add(name, body)
		if err != nil {
			return err
		}
	}
	err = a.add("jsqr.js", jsqr.Script)
	if err != nil {
		return err
	}
	err = a.loadShells()
	if err != nil {
		return err
	}
	return a.loadWorker()
}

func (a *app) add(name string, body []byte) error {
	made, err := newFile(path.Ext(name), body)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.files[name] = made
	return nil
}

// loadShells makes the page in each language; all but two sentences of it come later,
// with the words.
func (a *app) loadShells() error {
	page := a.files["index.html"]
	delete(a.files, "index.html")
	parsed, err := template.New("index.html").Parse(string(page.plain))
	if err != nil {
		return err
	}
	for _, l := range a.site.Catalogue.Languages() {
		speaker := a.site.Catalogue.Speaker(l.Tag)
		var out bytes.Buffer
		err := parsed.Execute(&out, map[string]string{
			"Lang": l.Tag, "Dir": l.Dir, "Failed": speaker.Say("app.start_failed"), "NoScript": speaker.Say("app.no_script"),
		})
		if err != nil {
			return err
		}
		a.shells[l.Tag], err = newFile(".html", out.Bytes())
		if err != nil {
			return err
		}
	}
	return nil
}

// loadWorker writes into the service worker which files it keeps, and the digest of
// them all: a worker is new when any file is.
func (a *app) loadWorker() error {
	source := a.files["sw.js"]
	delete(a.files, "sw.js")
	sum := sha256.New()
	names := []string{base}
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		names = append(names, base+name)
		_, _ = fmt.Fprintf(sum, "%s %s\n", name, a.files[name].tag) // a hash does not fail
	}
	for _, tag := range slices.Sorted(maps.Keys(a.shells)) {
		_, _ = fmt.Fprintf(sum, "%s %s\n", tag, a.shells[tag].tag)
	}
	build, err := json.Marshal(map[string]any{"digest": hex.EncodeToString(sum.Sum(nil)[:8]), "files": names})
	if err != nil {
		return err
	}
	a.worker, err = newFile(".js", fmt.Appendf(nil, "const BUILD = %s;\n%s", build, source.plain))
	return err
}

func (a *app) shell(w http.ResponseWriter, r *http.Request) error {
	lang := web.Speaker(r.Context()).Lang()
	w.Header().Add("Vary", "Accept-Language, Cookie")
	w.Header().Set("Content-Language", lang)
	return a.shells[lang].write(w, r)
}

func (a *app) file(w http.ResponseWriter, r *http.Request) error {
	found, ok := a.files[r.PathValue("file")]
	if !ok {
		return countersign.Refuse(countersign.NotFound, "no_page")
	}
	return found.write(w, r)
}

func (a *app) serviceWorker(w http.ResponseWriter, r *http.Request) error {
	return a.worker.write(w, r)
}

// words are the app's texts in the language of the request.
func (a *app) words(w http.ResponseWriter, r *http.Request) error {
	speaker := web.Speaker(r.Context())
	body, err := json.Marshal(map[string]any{"lang": speaker.Lang(), "dir": speaker.Dir(), "texts": speaker.Texts("app.")})
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept-Language, Cookie")
	return writeMade(w, r, ".json", body)
}

// accent is the workspace's colour.
func (a *app) accent(w http.ResponseWriter, r *http.Request) error {
	workspace, err := a.site.Workspace(r.Context())
	if err != nil {
		return err
	}
	body := "/* this workspace has no colour of its own */\n"
	if web.IsColour(workspace.Accent) {
		body = ":root { --accent: " + strings.ToLower(workspace.Accent) + "; }\n"
	}
	return writeMade(w, r, ".css", []byte(body))
}

// manifest says how the app is installed. Its id never changes: by it a browser knows
// the app that it has.
func (a *app) manifest(w http.ResponseWriter, r *http.Request) error {
	workspace, err := a.site.Workspace(r.Context())
	if err != nil {
		return err
	}
	name := "Countersign"
	if workspace.Name != "" && workspace.Name != name {
		name += " – " + workspace.Name
	}
	speaker := web.Speaker(r.Context())
	icon := func(file, size, purpose string) map[string]string {
		return map[string]string{"src": base + file, "sizes": size, "type": "image/png", "purpose": purpose}
	}
	body, err := json.Marshal(map[string]any{
		"id": base, "start_url": base, "scope": base, "display": "standalone", "name": name, "short_name": "Countersign",
		"description": speaker.Say("app.purpose"), "lang": speaker.Lang(), "dir": speaker.Dir(),
		"background_color": "#f5f7f8", "theme_color": "#f5f7f8", "categories": []string{"security", "utilities"},
		"launch_handler": map[string]string{"client_mode": "navigate-existing"},
		"icons": []map[string]string{
			icon("icon-192.png", "192x192", "any"), icon("icon-512.png", "512x512", "any"), icon("icon-maskable-512.png", "512x512", "maskable"),
		},
	})
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept-Language, Cookie")
	return writeMade(w, r, ".webmanifest", body)
}
