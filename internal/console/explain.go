package console

import (
	"net/http"
	"net/netip"

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
	if q.Has("person") {
		err := c.explained(r, by, form, &view)
		if err != nil && !form.Take(err, "person") {
			return err
		}
	}
	for _, word := range []string{"unknown", "known", "trusted"} {
		one := Choice{ID: "browser." + word, Value: word, Chosen: form.Value("browser") == word}
		if word == "unknown" {
			one.ID, one.Chosen = "browser", one.Chosen || form.Value("browser") == ""
		}
		view.Browsers = append(view.Browsers, one)
	}
	return c.pages.Render(w, r, form.Status(), "explain", view)
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
	from := signin.Situation{IP: address, Known: form.Value("browser") != "unknown" && form.Value("browser") != "", Trusted: form.Value("browser") == "trusted"}
	view.Explanation, err = c.SignIn.Explain(r.Context(), by.WorkspaceID, a.User.ID, from)
	view.Asked, view.Who = err == nil, called(a.User)
	return err
}
