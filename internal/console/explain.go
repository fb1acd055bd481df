package console

import (
	"net/http"
	"net/netip"
	"slices"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// ExplainView is *What happens when…*. Fields: "person", "address", "browser".
type ExplainView struct {
	Shell

	Browsers []Choice
	// Who is whom it is about, and Explanation how that would go, where it was asked.
	Who         string
	Asked       bool
	Explanation policy.Explanation
}

// explain tells how a sign-in would go. It is asked with GET: it changes nothing.
func (c *Console) explain(w http.ResponseWriter, r *http.Request, by session.Current) error {
	q := r.URL.Query()
	form := web.NewForm("person", q.Get("person"), "address", q.Get("address"), "browser", q.Get("browser"))
	view := ExplainView{Shell: c.shell(r, by, "explain")}
	view.Form = form
	browsers, err := c.browsers(r, by)
	if err != nil {
		return err
	}
	if q.Has("person") {
		err = c.explained(r, by, form, &view)
	} else {
		err = browserOf(form, nil)
	}
	if err != nil && !form.Take(err, "person") {
		return err
	}
	chosen := form.Value("browser")
	if !slices.Contains(browsers, chosen) {
		chosen = browsers[0]
	}
	for i, word := range browsers {
		one := Choice{ID: "browser." + word, Value: word, Chosen: word == chosen}
		if i == 0 {
			one.ID = "browser" // what an error leads to
		}
		view.Browsers = append(view.Browsers, one)
	}
	return c.pages.Render(w, r, form.Status(), "explain", view)
}

// browsers are those that a sign-in can come from. Where a browser is trusted for no day, in
// the workspace and in each of its pools, none is trusted.
func (c *Console) browsers(r *http.Request, by session.Current) ([]string, error) {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return nil, err
	}
	all := []string{"unknown", "known"}
	for _, name := range was.PoolNames() {
		settings, err := policy.Resolve(was.Workspace, was.Pools[name])
		if err != nil {
			return nil, err
		}
		if settings.TrustedDays > 0 {
			return append(all, "trusted"), nil
		}
	}
	return all, nil
}

// browserOf refuses a browser that there is not, and one that is trusted where somebody's
// settings trust none. nil settings are nobody's. Invalid on "browser".
func browserOf(form *web.Form, settings *policy.Settings) error {
	switch form.Value("browser") {
	case "", "unknown", "known":
		return nil
	case "trusted":
		if settings == nil || settings.TrustedDays > 0 {
			return nil
		}
		return countersign.InvalidField("browser", "explain_untrusted")
	}
	return countersign.InvalidField("browser", "explain_browser")
}

func (c *Console) explained(r *http.Request, by session.Current, form *web.Form, view *ExplainView) error {
	if form.Value("person") == "" {
		return countersign.InvalidField("person", "email_empty")
	}
	address := form.Value("address")
	if address != "" {
		ip, err := netip.ParseAddr(address)
		if err != nil {
			return countersign.InvalidField("address", "log_address")
		}
		address = ip.Unmap().WithZone("").String()
	}
	a, err := c.People.Find(r.Context(), by.WorkspaceID, form.Value("person"))
	if countersign.KindOf(err) == countersign.NotFound {
		return countersign.InvalidField("person", "no_such_user")
	}
	if err != nil {
		return err
	}
	err = browserOf(form, &a.Settings)
	if err != nil {
		return err
	}
	from := signin.Situation{IP: address, Known: form.Value("browser") != "unknown" && form.Value("browser") != "", Trusted: form.Value("browser") == "trusted"}
	view.Explanation, err = c.SignIn.Explain(r.Context(), by.WorkspaceID, a.User.ID, from)
	view.Asked, view.Who = err == nil, called(a.User)
	return err
}
