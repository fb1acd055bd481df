package attack_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// visitor is a browser that has come so far, and the things that stand in the
// addresses it can name: its sign-in under way, its device, its session, and the
// tokens of its links by their kind.
type visitor struct {
	*site.Client

	who    *site.Person
	things map[string]string
	now    func() time.Time // as the visitor's phone has it
}

// at is an address of the route with the visitor's own things in it.
func (v *visitor) at(r site.Route) string {
	values := map[string]string{}
	for name, value := range v.things {
		values[name] = value
	}
	values["token"] = v.things[strings.Split(r.Path, "/")[1]]
	if strings.HasPrefix(r.Path, "/account/sessions/") {
		values["id"] = v.things["session"]
	}
	if strings.HasPrefix(r.Path, "/account/browsers/") {
		values["id"] = v.things["browser"]
	}
	return r.At(values)
}

// arrive is a visitor who has done nothing yet.
func arrive(t *testing.T, s *site.Site, who *site.Person) *visitor {
	t.Helper()
	v := &visitor{Client: s.Client(), who: who, now: s.Clock.Now, things: map[string]string{"id": string(who.Device), "attempt": "att_none", "session": "ses_none", "other": "ses_none", "file": "none", "browser": "brw_none"}}
	if who.Device == "" {
		v.things["id"] = "crd_none"
	}
	v.things["phone"] = v.things["id"]
	v.newLinks(t, s)
	return v
}

// newLinks gives the visitor a link of each kind, as if they had come by mail.
func (v *visitor) newLinks(t *testing.T, s *site.Site) {
	t.Helper()
	who := v.who
	s.Write(t, func(tx *store.Tx) error {
		for _, kind := range []account.LinkKind{account.LinkSetup, account.LinkInvitation, account.LinkReset, account.LinkRescue, account.LinkEmail, account.LinkTurnOff} {
			of, detail := who.ID, ""
			switch kind {
			case account.LinkSetup:
				of = ""
			case account.LinkEmail:
				detail = "new-" + who.Email
			}
			address, err := s.Engine.Accounts.NewLink(tx, countersign.DefaultWorkspace, kind, of, detail)
			if err != nil {
				return err
			}
			v.things[string(kind)] = address[strings.LastIndex(address, "/")+1:]
		}
		return nil
	})
}

// The levels that a visitor can have. Each is reached through the pages.
const (
	atBegun  = "the address alone"
	atHalf   = "the password alone"
	atEnrol  = "enrolment only"
	atSaving = "codes not saved"
	atFull   = "a full session"
	atStale  = "a full session without a fresh proof"
)

func levels() []string { return []string{atBegun, atHalf, atEnrol, atSaving, atFull, atStale} }

// came is a visitor at a level. The person is a new one: an account with an app
// and codes, but for the levels at which there is none yet.
func came(t *testing.T, s *site.Site, level, name string) *visitor {
	t.Helper()
	email := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@acme.example"
	if level == atEnrol {
		return enrolling(t, s, name, email)
	}
	who := s.Person(t, name, email, countersign.Member)
	who.AddApp(t, "Phone")
	if level != atSaving {
		who.AddCodes(t, 10)
	}
	phone := who.Device
	if level == atFull || level == atStale {
		who.AddApp(t, "Tablet") // so that one can go and the account stays guarded
	}
	v := arrive(t, s, who)
	if phone != "" {
		v.things["phone"] = string(phone)
	}
	switch level {
	case atBegun:
		v.things["attempt"] = strings.Split(v.Post("/signin", "identifier", who.Email).Location+"///", "/")[2]
	case atHalf:
		v.things["attempt"] = strings.Split(v.First(who).Location+"///", "/")[2]
	default:
		v.signIn(t, s)
		v.Post("/account/recovery")
	}
	if level == atFull || level == atStale {
		v.Post("/account/two-factor", "method", "totp")
		v.elsewhere(t, s)
		v.trusts(t, s)
	}
	if level == atStale {
		v.age(t, s, time.Hour)
	}
	return v
}

// enrolling is somebody whose invitation has just led to a session that may do
// nothing but set up the second factor which is required of them.
func enrolling(t *testing.T, s *site.Site, name, email string) *visitor {
	t.Helper()
	v := arrive(t, s, s.Person(t, name, email, countersign.Member))
	s.Write(t, func(tx *store.Tx) error {
		_, err := tx.SetUserRequirement(tx.Ctx, "required", countersign.DefaultWorkspace, v.who.ID)
		return err
	})
	v.Post("/invitation/"+v.things["invitation"], "name", name, "password", site.GoodPassword)
	v.Post("/account/two-factor", "method", "totp")
	v.noteSession(t, s)
	v.newLinks(t, s) // the password that was set has ended the others
	return v
}

// signIn gives the visitor a session.
func (v *visitor) signIn(t *testing.T, s *site.Site) {
	t.Helper()
	if in := v.SignIn(v.who); in.Status != http.StatusSeeOther {
		t.Fatalf("%s cannot sign in: %v", v.who.Name, in)
	}
	v.noteSession(t, s)
}

// elsewhere gives the visitor's person one more session, on another machine.
func (v *visitor) elsewhere(t *testing.T, s *site.Site) {
	t.Helper()
	row := v.session(t, s)
	id := countersign.SessionID(seal.ID("ses"))
	v.things["other"] = string(id)
	s.Write(t, func(tx *store.Tx) error {
		return tx.InsertSession(tx.Ctx, rows.InsertSessionParams{
			WorkspaceID: row.WorkspaceID, ID: id, TokenHash: seal.Bytes(32), UserID: row.UserID, BrowserID: row.BrowserID,
			Entry: row.Entry, First: row.First, FirstAt: row.FirstAt, Second: row.Second, SecondAt: row.SecondAt, KnownSince: row.KnownSince,
			CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, IP: "192.0.2.9", UserAgent: "curl/8.14.1",
		})
	})
}

// noteSession remembers the session's identifier, as its own page has it.
func (v *visitor) noteSession(t *testing.T, s *site.Site) {
	t.Helper()
	v.things["session"] = string(v.session(t, s).ID)
}

// token is the value of one of the visitor's cookies.
func (v *visitor) token(name string) string {
	for _, cookie := range v.Cookies() {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// session is the row of the visitor's session.
func (v *visitor) session(t *testing.T, s *site.Site) rows.Session {
	t.Helper()
	row, err := s.Engine.Store.Read().LoadSession(t.Context(), countersign.DefaultWorkspace, seal.Hash(v.token("countersign_session")), s.Clock.Now().UnixMilli())
	if err != nil {
		t.Fatalf("%s has no session: %v", v.who.Name, err)
	}
	return row.Session
}

// age makes what the session has proven older.
func (v *visitor) age(t *testing.T, s *site.Site, by time.Duration) {
	t.Helper()
	row := v.session(t, s)
	s.Write(t, func(tx *store.Tx) error {
		_, err := tx.StepUpSession(tx.Ctx, rows.StepUpSessionParams{
			TokenHash: row.TokenHash, FirstAt: row.FirstAt - by.Milliseconds(), Second: row.Second, SecondAt: max(row.SecondAt-by.Milliseconds(), 0),
			MailedAt: row.MailedAt, WorkspaceID: row.WorkspaceID, ID: row.ID, UserID: row.UserID,
		})
		return err
	})
}

// form is one of a page, as a browser would send it untouched.
type form struct {
	verb, action string
	fields       []field
}

type field struct{ name, value string }

// crawl finds the forms of all pages that a visitor reaches: the routes of the
// product and whatever their pages lead to, also those that refuse.
func (v *visitor) crawl(routes []site.Route) []form {
	var todo []string
	for _, r := range routes {
		if r.Verb == http.MethodGet {
			todo = append(todo, v.at(r))
		}
	}
	todo = append(todo, "/proof?act=password&return=%2Faccount%2Fpassword", "/proof?act=confirm_email&return=%2F")
	var found []form
	seen, known := map[string]bool{}, map[string]bool{}
	const most = 250
	for len(todo) > 0 && len(seen) < most {
		path, _, _ := strings.Cut(todo[0], "#")
		todo = todo[1:]
		if seen[path] || strings.HasPrefix(path, "/assets/") {
			continue
		}
		seen[path] = true
		a := v.Get(path)
		if a.Location != "" {
			todo = append(todo, a.Location)
			continue
		}
		forms, links := read(a.Body, path)
		todo = append(todo, links...)
		for _, f := range forms {
			if key := f.key(); !known[key] {
				known[key] = true
				found = append(found, f)
			}
		}
	}
	return found
}

// without is a form with marks in place of a visitor's own things, and with a form
// with another visitor's things in place of the marks: visitors of one level find
// the same forms, and need not all look.
func (f form) without(v *visitor) form { return f.replaced(v, false) }

func (f form) with(v *visitor) form { return f.replaced(v, true) }

func (f form) replaced(v *visitor, in bool) form {
	things := map[string]string{"mail": v.who.Email, "name": v.who.Name}
	for name, value := range v.things {
		things[name] = value
	}
	var pairs []string
	for name, value := range things {
		mark := "\x00" + name + "\x00"
		switch {
		case in:
			pairs = append(pairs, mark, value)
		case len(value) > len("att_none"): // what is shorter is no thing of its own
			pairs = append(pairs, value, mark)
		}
	}
	swap := strings.NewReplacer(pairs...)
	out := form{verb: f.verb, action: swap.Replace(f.action)}
	for _, one := range f.fields {
		out.fields = append(out.fields, field{one.name, swap.Replace(one.value)})
	}
	return out
}

// key tells two forms apart that do different things.
func (f form) key() string {
	names := make([]string, 0, len(f.fields))
	for _, one := range f.fields {
		names = append(names, one.name)
	}
	slices.Sort(names)
	path, _, _ := strings.Cut(f.action, "?")
	return f.verb + " " + path + " " + strings.Join(slices.Compact(names), " ")
}

// read finds the forms and the inside links of a page.
func read(page, at string) ([]form, []string) {
	tree, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, nil
	}
	var forms []form
	var links []string
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "a":
				if to := attribute(n, "href"); strings.HasPrefix(to, "/") {
					links = append(links, to)
				}
			case "form":
				f := form{verb: strings.ToUpper(attribute(n, "method")), action: attribute(n, "action")}
				if f.verb == "" {
					f.verb = http.MethodGet
				}
				if f.action == "" {
					f.action = at
				}
				f.fill(n)
				forms = append(forms, f)
			}
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	walk(tree)
	return forms, links
}

// fill takes the fields below a node, hidden ones and named buttons too.
func (f *form) fill(n *html.Node) {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		name := attribute(child, "name")
		switch child.Data {
		case "input", "button", "textarea":
			if name != "" {
				f.fields = append(f.fields, field{name, attribute(child, "value")})
			}
		case "select":
			f.fields = append(f.fields, field{name, chosen(child)})
			continue
		}
		f.fill(child)
	}
}

// chosen is the value of a list's selected option, or of its first.
func chosen(list *html.Node) string {
	first, found := "", false
	for option := list.FirstChild; option != nil; option = option.NextSibling {
		if option.Data != "option" {
			continue
		}
		if !found {
			first, found = attribute(option, "value"), true
		}
		if slices.ContainsFunc(option.Attr, func(a html.Attribute) bool { return a.Key == "selected" }) {
			return attribute(option, "value")
		}
	}
	return first
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// finder tells which route an address belongs to, by the same rules as the
// product's own mux.
func finder(routes []site.Route) func(verb, address string) (site.Route, bool) {
	mux, byPattern := http.NewServeMux(), map[string]site.Route{}
	for _, r := range routes {
		byPattern[r.String()] = r
		mux.Handle(r.String(), http.NotFoundHandler())
	}
	return func(verb, address string) (site.Route, bool) {
		u, err := url.Parse(address)
		if err != nil {
			return site.Route{}, false
		}
		_, pattern := mux.Handler(&http.Request{Method: verb, URL: u, Host: "localhost"})
		r, found := byPattern[pattern]
		return r, found
	}
}
