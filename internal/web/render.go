package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"runtime"
	"strings"
	"time"

	"countersign/internal/hosts"
	"countersign/internal/words"
)

//go:embed templates
var templates embed.FS

// A Page is embedded in every view; the layouts read it. A view is a struct of
// plain values, and its texts are said by the template.
type Page struct {
	// Form is what was typed and what is wrong; nil where there is no form.
	Form *Form
	// User is who is signed in; nil before.
	User *User
	// Section is the navigation entry of the page: security, activity, …
	Section string
	// Notice is the id of a good message above the page, as after a redirect;
	// NoticeArgs alternates name and value.
	Notice     string
	NoticeArgs []any
	// Heed makes it a warning: something is left to do.
	Heed bool
}

// A User is what the frame of a page says about the person.
type User struct {
	Name    string
	Email   string
	Manages bool // owner or administrator: sees the company settings
	Console bool // every role but user: may go to the console
}

// A RequiredView is what the component "must-set-up" is told, in every face that somebody
// headed to with a session that reaches nothing but enrolment. "Set it up now" leads to the
// choice of a method.
type RequiredView struct {
	Page

	Workspace string
	Source    string // workspace, pool, user
	Settings  bool   // enrol_at_sign_in = account_settings: lead there first
}

func (p Page) base() Page { return p }

// A Renderer holds the pages of one face. It may be used by any number of
// goroutines.
type Renderer struct {
	site  *Site
	pages map[string]*pageSet
}

// A pageSet is one page with its layouts and components. The functions of a
// template set speak for one request, so each copy of the set serves one request
// at a time; free keeps those that wait. A copy is made when it is first needed:
// most pages are seldom asked for, and what is alive costs memory and the
// collector's time.
type pageSet struct {
	base   *template.Template // layouts and components; never executed, so that it can be copied
	name   string
	source string
	free   chan *copied
}

type copied struct {
	set  *template.Template
	view *view
}

// Renderer reads the pages of a face: files *.html in pages, also in folders.
// A page is named by its path without ".html". Each defines "title" and its
// parts, and calls the layout: {{template "gate" .}}, "portal" or "plain". Files
// named _*.html hold parts that the pages share.
func (s *Site) Renderer(pages fs.FS) (*Renderer, error) {
	base := template.New("").Option("missingkey=error").Funcs((&view{site: s}).funcs())
	base, err := base.ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse components: %w", err)
	}
	shared, err := fs.Glob(pages, "_*.html")
	if err != nil {
		return nil, fmt.Errorf("list shared parts: %w", err)
	}
	if len(shared) > 0 {
		base, err = base.ParseFS(pages, shared...)
		if err != nil {
			return nil, fmt.Errorf("parse shared parts: %w", err)
		}
	}
	out := &Renderer{site: s, pages: map[string]*pageSet{}}
	err = fs.WalkDir(pages, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".html") || strings.HasPrefix(name, "_") {
			return err
		}
		source, err := fs.ReadFile(pages, name)
		if err != nil {
			return err
		}
		page := strings.TrimSuffix(name, ".html")
		out.pages[page] = &pageSet{
			base: base, name: page, source: string(source), free: make(chan *copied, runtime.GOMAXPROCS(0)),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	return out, nil
}

// Pages lists the names of the pages, for tests.
func (r *Renderer) Pages() []string {
	names := make([]string, 0, len(r.pages))
	for name := range r.pages {
		names = append(names, name)
	}
	return names
}

// Render writes the page with the status. The data embeds Page. The page is
// built in memory first: an error here means that nothing was written. A program
// that asks for JSON gets a page that refuses as a problem document.
func (r *Renderer) Render(w http.ResponseWriter, req *http.Request, status int, name string, data any) error {
	if status >= http.StatusBadRequest && WantsJSON(req) {
		r.site.WriteProblem(w, r.site.refusedPage(w, req, status, data))
		return nil
	}
	body, err := r.build(req, name, data)
	if err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", Speaker(req.Context()).Lang())
	w.WriteHeader(status)
	_, err = w.Write(body)
	if err != nil {
		return left(fmt.Errorf("send page %s: %w", name, err))
	}
	return nil
}

func (r *Renderer) build(req *http.Request, name string, data any) ([]byte, error) {
	set, ok := r.pages[name]
	if !ok {
		return nil, fmt.Errorf("no such page")
	}
	c, err := set.take(r.site)
	if err != nil {
		return nil, err
	}
	c.view.begin(req, data)
	var out bytes.Buffer
	err = c.set.ExecuteTemplate(&out, name, data)
	c.view.end()
	set.give(c)
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (p *pageSet) take(s *Site) (*copied, error) {
	select {
	case c := <-p.free:
		return c, nil
	default:
	}
	set, err := p.base.Clone()
	if err != nil {
		return nil, err
	}
	_, err = set.New(p.name).Parse(p.source)
	if err != nil {
		return nil, err
	}
	v := &view{site: s}
	set.Funcs(v.funcs())
	return &copied{set: set, view: v}, nil
}

func (p *pageSet) give(c *copied) {
	select {
	case p.free <- c:
	default: // enough are waiting
	}
}

// A view is the request as the template functions see it.
type view struct {
	site    *Site
	ctx     context.Context //nolint:containedctx // lives exactly as long as one execution
	speaker *words.Speaker
	zone    *time.Location
	now     time.Time
	path    string
	page    Page
	work    Workspace
	home    hosts.Home
	lost    bool
	scheme  string
}

func (v *view) begin(r *http.Request, data any) {
	st := stateOf(r.Context())
	v.ctx = r.Context()
	v.speaker = st.say(v.ctx)
	v.zone = st.where()
	v.now = v.site.Now()
	v.work = st.workspace(v.ctx)
	v.home, v.lost = st.home, st.lost
	v.scheme = st.scheme
	v.path = Inside(r.URL.RequestURI(), "/")
	v.page = Page{}
	if p, ok := data.(interface{ base() Page }); ok {
		v.page = p.base()
	}
}

func (v *view) end() {
	v.ctx, v.page = nil, Page{} // keep nothing of a person in the waiting copy
}
