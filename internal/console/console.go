package console

import (
	"embed"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/census"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// Options are the parts that the pages ask. All are needed.
type Options struct {
	Site     *web.Site
	Accounts *account.Service
	People   *people.Service
	Census   *census.Service
	Sessions *session.Service
	SignIn   *signin.Service
	// Approvals check the signatures of approvals again, Chain the whole log.
	Approvals *approve.Service
	Chain     *audit.Chain
	Log       *audit.Log
	Now       func() time.Time
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
func workspaceOf(r *http.Request) countersign.WorkspaceID { return web.WorkspaceOf(r.Context()) }

// Route is one address of the console, and what somebody must be allowed to do to reach
// it. Where that is done to a person, the rule judges once more whom it is done to.
type Route struct {
	Pattern string
	Deed    policy.Deed

	page func(*Console) page
}

// Routes is the one table of what the console answers. Tests read it.
func Routes() []Route {
	return slices.Concat(settingsRoutes(), logRoutes(), companyRoutes(), remindRoutes(), messagesRoutes(), workspacesRoutes(), []Route{
		{"GET /console", policy.DeedSeePeople, func(c *Console) page { return c.overview }},
		{"GET /console/confirmed", policy.DeedSeePeople, func(c *Console) page { return c.confirmed }},
		{"GET /console/people", policy.DeedSeePeople, func(c *Console) page { return c.people }},
		{"POST /console/people/export", policy.DeedSeeAll, func(c *Console) page { return c.exportPeople }},
		{"GET /console/people/{user}", policy.DeedSeePeople, func(c *Console) page { return c.person }},
		{"GET /console/people/{user}/activity", policy.DeedSeePeople, func(c *Console) page { return c.personActivity }},
		{"GET /console/people/{user}/remind", policy.DeedRemind, actPage("remind")},
		{"POST /console/people/{user}/remind", policy.DeedRemind, doAct("remind")},
		{"GET /console/people/{user}/invite", policy.DeedInvite, actPage("invite")},
		{"POST /console/people/{user}/invite", policy.DeedInvite, doAct("invite")},
		{"GET /console/people/{user}/code", policy.DeedHelpCode, actPage("code")},
		{"POST /console/people/{user}/code", policy.DeedHelpCode, doAct("code")},
		{"GET /console/people/{user}/sign_out", policy.DeedSignOut, actPage("sign_out")},
		{"POST /console/people/{user}/sign_out", policy.DeedSignOut, doAct("sign_out")},
		{"GET /console/people/{user}/lock", policy.DeedLock, actPage("lock")},
		{"POST /console/people/{user}/lock", policy.DeedLock, doAct("lock")},
		{"GET /console/people/{user}/unlock", policy.DeedUnlock, actPage("unlock")},
		{"POST /console/people/{user}/unlock", policy.DeedUnlock, doAct("unlock")},
		{"GET /console/people/{user}/require", policy.DeedRequire, actPage("require")},
		{"POST /console/people/{user}/require", policy.DeedRequire, doAct("require")},
		{"GET /console/people/{user}/move", policy.DeedMove, actPage("move")},
		{"POST /console/people/{user}/move", policy.DeedMove, doAct("move")},
		{"GET /console/people/{user}/role", policy.DeedRole, actPage("role")},
		{"POST /console/people/{user}/role", policy.DeedRole, doAct("role")},
		{"GET /console/people/{user}/reset", policy.DeedReset, actPage("reset")},
		{"POST /console/people/{user}/reset", policy.DeedReset, doAct("reset")},
		{"GET /console/people/{user}/delete", policy.DeedDelete, actPage("delete")},
		{"POST /console/people/{user}/delete", policy.DeedDelete, doAct("delete")},
		{"GET /console/invite", policy.DeedInvite, func(c *Console) page { return c.invitePage }},
		{"POST /console/invite", policy.DeedInvite, func(c *Console) page { return c.invite }},
		{"GET /console/invite/list", policy.DeedInvite, func(c *Console) page { return c.listPage }},
		{"POST /console/invite/list", policy.DeedInvite, func(c *Console) page { return c.inviteList }},
		{"GET /console/resets", policy.DeedSeePeople, func(c *Console) page { return c.resets }},
		{"POST /console/resets/{reset}/confirm", policy.DeedReset, func(c *Console) page { return c.confirmReset }},
		{"POST /console/resets/{reset}/withdraw", policy.DeedReset, func(c *Console) page { return c.withdrawReset }},
	})
}

// Mount adds the routes.
func (c *Console) Mount(mux *http.ServeMux) {
	c.Site.FrameBelow("/console", c.frame)
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
		{"pools", "/console/pools", "user", "console.users", policy.DeedSeeAll},
		{"authentication", settingsPath, "lock", "console.authentication", policy.DeedSeeAll},
		{"company", companyPath, "settings", "console.company", policy.DeedSeeAll},
		{"explain", "/console/explain", "search", "console.explain", policy.DeedSeeAll},
		{"log", logPath, "log", "console.log", policy.DeedSeeAll},
		{"messages", messagesPath, "message", "console.messages", policy.DeedSeeAll},
		{"workspaces", workspacesPath, "device", "console.workspaces", policy.DeedSeeAll},
	}
}
