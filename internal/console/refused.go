package console

import (
	"net/http"
	"net/url"
	"strings"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// ErrorView is the page of an error for somebody who is in the console.
type ErrorView struct {
	Shell

	Problem web.Problem
	Back    string
}

// framed shows errors in the console, to somebody who was let in.
func (c *Console) framed(by session.Current) web.ErrorFrame {
	return func(w http.ResponseWriter, r *http.Request, p web.Problem) error {
		return c.pages.Render(w, r, p.Status, "error", ErrorView{Shell: c.shell(r, by, sectionOf(r.URL.Path)), Problem: p, Back: wayBack(r)})
	}
}

// frame finds out whether a request that reached no page of the console came from somebody
// who is in it. For everybody else there is no console.
func (c *Console) frame(r *http.Request) web.ErrorFrame {
	by, err := c.Sessions.Load(r, workspaceOf(r))
	if err != nil || by.Level < policy.LevelFull || by.Account.User.Role == countersign.Member || by.Console() != policy.NeedsNothing {
		return nil
	}
	web.Prefer(r.Context(), by.Account.User.Language)
	return c.framed(by)
}

// wayBack is the page that somebody came from, or the one whose form was sent.
func wayBack(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	at := ""
	if err == nil && (from.Path == "/console" || strings.HasPrefix(from.Path, "/console/")) {
		// Only what follows the host is used, so that this leads nowhere else.
		at = web.Inside(from.RequestURI(), "")
	}
	switch {
	case r.Method == http.MethodPost && (at == "" || from.Path == r.URL.Path && backTo(r) != from.Path):
		return backTo(r) // also where the form stands in an answer, whose address shows nothing
	case at != "" && (r.Method == http.MethodPost || at != r.URL.RequestURI()):
		return at
	}
	return "/console"
}

// sectionOf is the entry of the navigation that an address belongs to, or one that there is
// not.
func sectionOf(path string) string {
	section, longest := "none", 0
	switch {
	case strings.HasPrefix(path, "/console/invite"), strings.HasPrefix(path, "/console/resets"):
		return "people"
	case strings.HasPrefix(path, campaignsPath):
		return "company"
	case strings.HasPrefix(path, presetsPath):
		return "authentication"
	}
	for _, e := range navigation() {
		if (path == e.Path || strings.HasPrefix(path, e.Path+"/")) && e.Path != "/console" && len(e.Path) > longest {
			section, longest = e.Section, len(e.Path)
		}
	}
	return section
}
