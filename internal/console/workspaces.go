package console

import (
	"net/http"
	"net/url"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/picture"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

const (
	workspacesPath = "/console/workspaces"
	// workspaceChangePath is one address for all of them, because it takes a picture; which
	// one is changed stands behind the question mark.
	workspaceChangePath = workspacesPath + "/change"
	// logoBytes is the most that a change may be: a picture that is too large is told so,
	// where it is not far too large.
	logoBytes = 10 * picture.MostOctets
)

func workspacesRoutes() []Route {
	return []Route{
		{"GET /console/workspaces", policy.DeedSeeAll, operators((*Console).workspaces)},
		{"GET /console/workspaces/new", policy.DeedWorkspaces, operators((*Console).workspaceNew)},
		{"POST /console/workspaces/new", policy.DeedWorkspaces, operators((*Console).makeWorkspace)},
		{"GET /console/workspaces/change", policy.DeedWorkspaces, operators((*Console).workspaceChange)},
		{"POST /console/workspaces/change", policy.DeedWorkspaces, operators((*Console).changeWorkspace)},
	}
}

// operators lets only the default workspace's people through, who run the installation:
// in another console there is no such page.
func operators(next func(*Console, http.ResponseWriter, *http.Request, session.Current) error) func(*Console) page {
	return func(c *Console) page {
		return func(w http.ResponseWriter, r *http.Request, by session.Current) error {
			if by.WorkspaceID != countersign.DefaultWorkspace {
				return countersign.Refuse(countersign.NotFound, "no_page")
			}
			return next(c, w, r, by)
		}
	}
}

// WorkspacesView lists the workspaces of an installation.
type WorkspacesView struct {
	Shell

	Workspaces []WorkspaceLine
	// MayChange tells that the reader makes and changes them.
	MayChange bool
}

// WorkspaceLine is one of them.
type WorkspaceLine struct {
	Name, Href, Address string
	Default             bool
	People, Protected   int64
	Percent             int
	Created             time.Time
}

func workspaceAt(id string) string {
	return workspaceChangePath + "?" + url.Values{"workspace": {id}}.Encode()
}

func (c *Console) workspaces(w http.ResponseWriter, r *http.Request, by session.Current) error {
	list, err := c.People.Workspaces(r.Context())
	if err != nil {
		return err
	}
	view := WorkspacesView{Shell: c.shell(r, by, "workspaces"), MayChange: may(by, policy.DeedWorkspaces)}
	for _, one := range list {
		now, err := c.Census.Count(r.Context(), one.ID)
		if err != nil {
			return err
		}
		view.Workspaces = append(view.Workspaces, WorkspaceLine{
			Name: one.Name, Href: workspaceAt(string(one.ID)), Address: one.Address, Default: one.ID == countersign.DefaultWorkspace,
			People: now.All.People, Protected: now.All.Protected, Percent: now.All.Percent(), Created: one.CreatedAt.Time(),
		})
	}
	return c.pages.Render(w, r, http.StatusOK, "workspaces", view)
}

// WorkspaceView is the page on which a workspace is made or changed. Fields: "name",
// "host", "language", and for one that there is "accent", "sender", "logo", "erase" and
// "move".
type WorkspaceView struct {
	Shell

	// Of is its name now, "" for a new one.
	Of      string
	Action  string
	Default bool
	// Bound tells that people have what works at the host of now alone.
	Bound    bool
	HasLogo  bool
	Most     int // kilobytes
	MostSide int // pixels
}

func (c *Console) workspaceNew(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.showWorkspace(w, r, by, rows.Workspace{}, web.NewForm())
}

// showWorkspace asks for the proof before anything is typed.
func (c *Console) showWorkspace(w http.ResponseWriter, r *http.Request, by session.Current, of rows.Workspace, form *web.Form) error {
	err := by.Holder(web.Place(r)).NeedFresh(account.ActOn(policy.DeedWorkspaces, ""))
	if err != nil {
		return err
	}
	view := WorkspaceView{
		Shell: c.shell(r, by, "workspaces"), Of: of.Name, Action: workspacesPath + "/new", Default: of.ID == countersign.DefaultWorkspace,
		HasLogo: of.Logo != "", Most: picture.MostOctets >> 10, MostSide: picture.MostPixels,
	}
	if of.ID != "" {
		view.Action = workspaceAt(string(of.ID))
	}
	view.Form = form
	for _, e := range form.Errors {
		view.Bound = view.Bound || e.Code == "host_in_use" || e.Code == "host_shuts_out"
	}
	return c.pages.Render(w, r, form.Status(), "workspace", view)
}

// WorkspaceMadeView shows the set-up link of a new workspace, once.
type WorkspaceMadeView struct {
	Shell

	Name, Link string
}

// Copy is the button that copies the link.
func (v WorkspaceMadeView) Copy() map[string]string {
	return map[string]string{"Text": v.Link, "Label": "console.workspace_made_copy"}
}

// Host is what the shell calls the workspace by.
func (v WorkspaceMadeView) Host() string {
	link, err := url.Parse(v.Link)
	if err != nil {
		return ""
	}
	return link.Hostname()
}

func (c *Console) makeWorkspace(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	made, err := c.People.CreateWorkspace(r.Context(), people.NewWorkspace{
		Name: form.Value("name"), Host: form.Value("host"), Language: form.Value("language"),
	}, people.Session(by.Holder(web.Place(r)), ""))
	if err != nil {
		if !form.Take(err, "") {
			return err
		}
		return c.showWorkspace(w, r, by, rows.Workspace{}, form)
	}
	return c.pages.Render(w, r, http.StatusOK, "workspace_made", WorkspaceMadeView{
		Shell: c.shell(r, by, "workspaces"), Name: form.Value("name"), Link: made.SetUp,
	})
}

// workspaceOn is the workspace that a request is about. NotFound.
func (c *Console) workspaceOn(r *http.Request) (rows.Workspace, error) {
	return c.People.FindWorkspace(r.Context(), r.URL.Query().Get("workspace"))
}

func (c *Console) workspaceChange(w http.ResponseWriter, r *http.Request, by session.Current) error {
	of, err := c.workspaceOn(r)
	if err != nil {
		return err
	}
	return c.showWorkspace(w, r, by, of, web.NewForm(
		"name", of.Name, "host", of.Host, "language", of.Language, "accent", of.Accent, "sender", of.Sender,
	))
}

func (c *Console) changeWorkspace(w http.ResponseWriter, r *http.Request, by session.Current) error {
	of, err := c.workspaceOn(r)
	if err != nil {
		return err
	}
	form, logo, err := web.ReadUpload(r, "logo")
	if err != nil {
		return err
	}
	change := people.WorkspaceChange{
		Name: form.Value("name"), Host: form.Value("host"), Language: form.Value("language"), Accent: form.Value("accent"),
		Sender: form.Value("sender"), Logo: logo, Move: form.Value("move") != "",
	}
	if logo == nil && form.Value("erase") != "" {
		change.Logo = []byte{}
	}
	err = c.People.ChangeWorkspace(r.Context(), of.ID, change, people.Session(by.Holder(web.Place(r)), ""))
	if err != nil {
		if !form.Take(err, "host") {
			return err
		}
		return c.showWorkspace(w, r, by, of, form)
	}
	return see(w, r, workspacesPath+"?done=workspace")
}
