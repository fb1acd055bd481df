package console

import (
	"embed"
	"io/fs"
	"net/http"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/census"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// Options are the parts that the pages ask. All are needed.
type Options struct {
	Site     *web.Site
	Accounts *account.Service
	People   *people.Service
	Census   *census.Service
	Sessions *session.Service
	Now      func() time.Time
}

// Console is the face.
type Console struct {
	Options

	pages *web.Renderer
}

//go:embed all:pages
var pages embed.FS

// newRenderer reads the pages of this face.
func newRenderer(site *web.Site) (*web.Renderer, error) {
	sub, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	return site.Renderer(sub)
}

// New reads the pages.
func New(o Options) (*Console, error) {
	pages, err := newRenderer(o.Site)
	if err != nil {
		return nil, err
	}
	return &Console{Options: o, pages: pages}, nil
}

// workspaceOf is the workspace that a request is for.
func workspaceOf(*http.Request) countersign.WorkspaceID { return countersign.DefaultWorkspace }

// Route is one address of the console, and what somebody must be allowed to do to reach
// it. Where that is done to a person, the rule judges once more whom it is done to.
type Route struct {
	Pattern string
	Deed    policy.Deed

	page func(*Console) page
}

// Routes is the one table of what the console answers. Tests read it.
func Routes() []Route {
	return []Route{
		{"GET /console", policy.DeedSeePeople, func(c *Console) page { return c.overview }},
		{"GET /console/people", policy.DeedSeePeople, func(c *Console) page { return c.people }},
		{"POST /console/people/export", policy.DeedSeeAll, func(c *Console) page { return c.exportPeople }},
		{"GET /console/people/{user}", policy.DeedSeePeople, func(c *Console) page { return c.person }},
		{"GET /console/people/{user}/activity", policy.DeedSeePeople, func(c *Console) page { return c.personActivity }},
	}
}

// Mount adds the routes.
func (c *Console) Mount(mux *http.ServeMux) {
	for _, route := range Routes() {
		mux.Handle(route.Pattern, c.Site.Handle(c.open(route.Deed, route.page(c))))
	}
}

// entry is one line of the navigation.
type entry struct {
	Section, Path, Icon, Text string

	deed policy.Deed
}

// navigation is the one table of what the navigation offers, in its order.
func navigation() []entry {
	return []entry{
		{"overview", "/console", "chart", "console.overview", policy.DeedSeeAll},
		{"people", "/console/people", "users", "console.people", policy.DeedSeePeople},
	}
}
