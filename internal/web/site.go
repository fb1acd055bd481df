package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"countersign/internal/hosts"
	"countersign/internal/words"
)

// A Workspace is what every page says about who is asking.
type Workspace struct {
	Name     string
	Language string      // BCP 47; used when the browser asks for nothing known
	Accent   string      // "#rrggbb", or "" for the built-in colour
	Logo     string      // the name of its picture's file; see [Site.Mount]. "" for none
	Terms    words.Terms // recovery or backup, one code or several
}

// Options are the parts a Site is made of. All are needed, except Proxies and
// Demo.
type Options struct {
	Catalogue *words.Catalogue
	Log       *slog.Logger
	Now       func() time.Time
	NewID     func() string // makes request ids, "rid_…"; "req_…" are questions to phones
	// URL is the configured address of the installation. The decision whether cookies
	// are secure comes from here, never from a request.
	URL *url.URL
	// Hosts knows which workspace a host name means; nil where there is one only.
	Hosts *hosts.Book
	// Proxies are the networks whose forwarding headers are believed.
	Proxies []netip.Prefix
	// Workspace answers for the request's workspace, which [WorkspaceOf] names. It may
	// read the database; it is called once a page at most. On an error the page names
	// nobody.
	Workspace func(ctx context.Context) (Workspace, error)
	// Logo reads a picture of the request's workspace by the name of its file; NotFound.
	// nil where nobody has one.
	Logo func(ctx context.Context, name string) ([]byte, error)
	// Bodies are the paths whose requests may hold more than MaxBody, and how much, in bytes.
	Bodies map[string]int64
	// Demo marks each page as a demonstration.
	Demo bool
	// Ending ends when the server does: whoever waits for an event is let go then. nil is
	// never.
	Ending context.Context //nolint:containedctx // an event, not a request's
	// Waits is told of a request that waits for something to happen, and whose it is: a
	// sign-in's, a session's, a device's. It returns what is to be called when that is
	// over, and may call leave, which ends it. nil for nobody.
	Waits func(ctx context.Context, whose string, leave func()) (over func())
}

// A Site holds what is common to all requests. It does not change after New,
// apart from caches.
type Site struct {
	Options
	assets     *assets
	errorPages *Renderer
	frames     map[string]func(*http.Request) ErrorFrame // by path; see FrameBelow
	cross      sync.Map                                  // a workspace's address → *http.CrossOriginProtection
	zones      sync.Map                                  // name → *time.Location; only names that loaded
}

// New checks the options and prepares static files and error pages.
func New(o Options) (*Site, error) {
	switch {
	case o.Catalogue == nil || o.Log == nil || o.Now == nil || o.NewID == nil || o.Workspace == nil:
		return nil, errors.New("web: an option is missing")
	case o.URL == nil || o.URL.Host == "":
		return nil, errors.New("web: the configured address has no host")
	}
	s := &Site{Options: o, frames: map[string]func(*http.Request) ErrorFrame{}}
	var err error
	if s.Hosts == nil {
		s.Hosts, err = hosts.New(o.URL.Scheme+"://"+o.URL.Host, nil)
		if err != nil {
			return nil, fmt.Errorf("the configured address: %w", err)
		}
	}
	_, err = s.protection(s.Hosts.Address(""))
	if err != nil {
		return nil, fmt.Errorf("trust own origin: %w", err)
	}
	s.assets, err = loadAssets()
	if err != nil {
		return nil, err
	}
	s.errorPages, err = s.Renderer(errorTemplates())
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Secure tells whether the installation is reached over TLS, so that cookies
// get their __Host- name and the Secure attribute.
func (s *Site) Secure() bool { return s.URL.Scheme == "https" }

// Mount adds the routes that belong to no face: static files, the workspace's picture,
// the choice of language and appearance, the icon, and the word to robots.
func (s *Site) Mount(mux *http.ServeMux) {
	mux.Handle("GET /assets/{file...}", s.Handle(s.assets.serve))
	mux.Handle("GET "+logoPath+"{file}", s.Handle(s.serveLogo))
	mux.Handle("GET /favicon.ico", s.Handle(s.assets.favicon))
	mux.Handle("GET /robots.txt", s.Handle(robots))
	mux.Handle("POST /preferences", s.Handle(s.savePreferences))
}

// Wrap puts everything that each request needs around the mux. Requests that
// no route takes get a page in the look of the others.
func (s *Site) Wrap(mux *http.ServeMux) http.Handler {
	return s.logged(s.headed(s.housed(s.encrypted(s.sameSite(s.checked(s.routed(mux)))))))
}

// routed hands the request to the mux, or answers itself where the mux would
// write its bare "404 page not found".
func (s *Site) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &probe{header: http.Header{}}
		mux.ServeHTTP(probe, r)
		if allow := probe.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			s.Fail(w, r, errMethod)
			return
		}
		s.Fail(w, r, errNoPage)
	})
}

// A probe asks the mux for its verdict without letting it write.
type probe struct{ header http.Header }

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(int)             {}

func robots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("User-agent: *\nDisallow: /\n"))
	return err
}
