package attack_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/console"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// manager is somebody of a role, with an app and codes, who is signed in with both
// factors.
func manager(t *testing.T, s *site.Site, role countersign.Role, name string) (*site.Person, *site.Client) {
	t.Helper()
	p := s.Person(t, name, strings.ToLower(strings.ReplaceAll(name, " ", "."))+"@acme.example", role)
	p.AddApp(t, "Phone")
	p.AddCodes(t, 10)
	c := s.Client()
	if in := c.SignIn(p); in.Status != http.StatusSeeOther {
		t.Fatalf("%s cannot sign in: %v", name, in)
	}
	return p, c
}

// doorsOfConsole are the routes of the console with addresses in them that are about
// somebody.
func doorsOfConsole(t *testing.T, about countersign.UserID) map[site.Route]string {
	t.Helper()
	found := map[site.Route]string{}
	for _, r := range site.Routes(t) {
		if r.Console() {
			found[r] = r.At(map[string]string{"user": string(about), "pool": string(countersign.DefaultPool), "preset": "standard", "message": "msg_1"})
		}
	}
	if len(found) != len(console.Routes()) {
		t.Errorf("%d routes are found in the source, and %d stand in the table", len(found), len(console.Routes()))
	}
	return found
}

// deedOf is what the console's own table asks for a route.
func deedOf(r site.Route) policy.Deed {
	for _, route := range console.Routes() {
		if route.Pattern == r.String() {
			return route.Deed
		}
	}
	return ""
}

// opens tells what is wrong with the answer to somebody of a role, by the table alone.
func opens(r site.Route, role countersign.Role, got site.Answer) string {
	allowed := policy.MayAll(role, deedOf(r)) || policy.May(role, deedOf(r), countersign.Member)
	switch {
	case role == countersign.Member && got.Status == http.StatusNotFound:
	case role == countersign.Member:
		return "is no page for people without a role, and was answered " + got.String()
	case !allowed && got.Status == http.StatusForbidden:
	case !allowed:
		return "is shut for this role, and was answered " + got.String()
	case strings.Contains(r.Path, "{message}") && got.Status == http.StatusNotFound: // there is none
	case r.Path == "/console/workspaces/change" && got.Status == http.StatusNotFound: // of which one is not said
	case (strings.Contains(r.Path, "{reset}") || strings.Contains(r.Path, "{campaign}") || strings.Contains(r.Path, "{event}")) && got.Status == http.StatusNotFound: // there is none
	case got.Status >= http.StatusBadRequest && got.Status != http.StatusUnprocessableEntity:
		return "is open for this role, and was answered " + got.String()
	}
	return ""
}

// TestConsoleRoles knocks at every route of the console as every role: it opens for whom
// the table says, and for a role that does not reach it nothing is told or written.
func TestConsoleRoles(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		b := openBooks(t, s)
		eve := s.Guarded(t, "Eve Neighbour", "eve@acme.example")
		was := b.about(t, eve)
		for i, role := range countersign.Roles() {
			_, c := manager(t, s, role, fmt.Sprintf("Rollo %s", role))
			for r, at := range doorsOfConsole(t, eve.ID) {
				got := c.On(i%len(s.Nodes)).Do(r.Verb, at, url.Values{})
				if problem := opens(r, role, got); problem != "" {
					t.Errorf("%s, as %s, %s", r, role, problem)
				}
				refused := got.Status == http.StatusForbidden || got.Status == http.StatusNotFound
				if refused && strings.Contains(got.Body, eve.Email) {
					t.Errorf("%s, as %s, is refused and tells of somebody", r, role)
				}
				if data := asData(c, at); r.Verb == http.MethodGet && (got.Status >= http.StatusBadRequest) != (data.Status >= http.StatusBadRequest) {
					t.Errorf("%s, as %s, is answered %d as a page and %d as data", r, role, got.Status, data.Status)
				}
			}
		}
		if changed := altered(was, b.about(t, eve)); changed != "" {
			t.Errorf("looking has written\n%s", changed)
		}
	})
}

// asData gets a page as a program does.
func asData(c *site.Client, at string) site.Answer {
	c.Bend = func(r *http.Request) { r.Header.Set("Accept", "application/json") }
	defer func() { c.Bend = nil }()
	return c.Get(at)
}

// TestConsoleFactors comes with less than two factors of this session, and with two that
// are too old: the console is shut, whatever the role, and the rest of the account is not.
func TestConsoleFactors(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		owner, c := manager(t, s, countersign.Owner, "Olga Owner")
		bare := s.Person(t, "Bob Bare", "bob@acme.example", countersign.Owner)
		alone := s.Client()
		alone.SignIn(bare)
		half := s.Client()
		half.First(owner)
		eve := s.Guarded(t, "Eve Neighbour", "eve@acme.example")
		doors := doorsOfConsole(t, eve.ID)
		proof := func(got site.Answer) bool {
			return strings.HasPrefix(got.Location, "/proof?act=console&return=%2Fconsole")
		}
		for name, row := range map[string]struct {
			client *site.Client
			before func()
			shut   func(r site.Route, got site.Answer) bool
		}{
			"nobody": {s.Client(), nil, func(r site.Route, got site.Answer) bool {
				return strings.HasPrefix(got.Location, "/signin?return=%2Fconsole") || r.Verb == http.MethodPost && got.Status == http.StatusUnauthorized
			}},
			"the password alone": {half, nil, func(r site.Route, got site.Answer) bool {
				return strings.HasPrefix(got.Location, "/signin?return=%2Fconsole") || r.Verb == http.MethodPost && (got.Status == http.StatusUnauthorized || got.Status == http.StatusForbidden)
			}},
			"an owner without a second factor": {alone, nil, func(_ site.Route, got site.Answer) bool {
				return got.Status == http.StatusForbidden && strings.Contains(got.Body, "no second step") && strings.Contains(got.Body, "/account/two-factor")
			}},
			"a browser's trust in the second factor's place": {c, func() {
				s.Policy(t, "", policy.Document{"trusted_browser_days": policy.MostTrustedDays})
				proven(t, s, owner, c, policy.TrustedBrowser, "", time.Time{})
			}, func(_ site.Route, got site.Answer) bool { return proof(got) }},
		} {
			if row.before != nil {
				row.before()
			}
			for r, at := range doors {
				got := row.client.Do(r.Verb, at, url.Values{})
				if !row.shut(r, got) || strings.Contains(got.Body, eve.Email) {
					t.Errorf("%s, %s, was answered %v", name, r, got)
				}
			}
		}
		if !alone.SignedIn() {
			t.Error("an owner without a second factor has lost the portal")
		}
	})
}

// proven makes a second factor the last that the session proved, at a moment, for an act
// ("" for any).
func proven(t *testing.T, s *site.Site, p *site.Person, c *site.Client, second, act string, at time.Time) {
	t.Helper()
	row := (&visitor{Client: c, who: p}).session(t, s)
	milli := at.UnixMilli()
	if at.IsZero() {
		milli = 0
	}
	s.Write(t, func(tx *store.Tx) error {
		_, err := tx.StepUpSession(tx.Ctx, rows.StepUpSessionParams{
			TokenHash: row.TokenHash, FirstAt: row.FirstAt, Second: second, SecondAt: milli, SecondFor: act, MailedAt: row.MailedAt,
			WorkspaceID: row.WorkspaceID, ID: row.ID, UserID: row.UserID,
		})
		return err
	})
}

// TestConsoleIdle leaves a desk for an hour: the console is shut, also when the rest of the
// account was used meanwhile, and opens with the second factor alone.
func TestConsoleIdle(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		owner, c := manager(t, s, countersign.Owner, "Olga Owner")
		open := func() bool { return c.Get("/console/people").Status == http.StatusOK }
		for range 4 { // two hours in which it is used
			if !open() {
				t.Fatal("the console is shut though it is used")
			}
			s.Clock.Advance(30 * time.Minute)
		}
		s.Clock.Advance(20 * time.Minute)
		if !open() {
			t.Fatal("the console is shut after 50 minutes")
		}
		for range 4 {
			s.Clock.Advance(15 * time.Minute)
			if !c.SignedIn() {
				t.Fatal("the session is over")
			}
		}
		for r, at := range doorsOfConsole(t, owner.ID) {
			got := c.Do(r.Verb, at, url.Values{})
			if !strings.HasPrefix(got.Location, "/proof?act=console") {
				t.Errorf("%s, an hour later, was answered %v", r, got)
			}
		}
		to := c.Get("/console/people?state=off").Location
		got := c.Post(to, "with", "totp", "return", "/console/people?state=off", "code", owner.Code())
		got = c.Get(got.Location)
		if got.Location != "/console/people?state=off" || c.Get(got.Location).Status != http.StatusOK {
			t.Errorf("after the second factor: %v", got)
		}
	})
}

// TestConsoleActs approves another act: that opens no console.
func TestConsoleActs(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		owner, c := manager(t, s, countersign.Owner, "Olga Owner")
		s.Clock.Advance(2 * time.Hour)
		for _, row := range []struct {
			act  string
			open bool
		}{{"rename:crd_1", false}, {"people_export", false}, {"console", true}} {
			proven(t, s, owner, c, "push", row.act, s.Clock.Now())
			if got := c.Get("/console/people"); (got.Status == http.StatusOK) != row.open {
				t.Errorf("a proof for %q: %v", row.act, got)
			}
		}
	})
}

// TestConsoleTables asks for a table of people: whoever's role does not reach it gets none,
// it wants a fresh proof, and nothing in it is a formula.
func TestConsoleTables(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		evil := []string{"=1+1", "+1", "-1", "@SUM(A1)", "Bert;=cmd|'/C calc'!A0", "Jörg,=1+1", "a\"b;\"=1"}
		for i, name := range evil {
			s.Person(t, name, fmt.Sprintf("evil%d@acme.example", i), countersign.Member)
		}
		_, c := manager(t, s, countersign.Auditor, "Audrey Auditor")
		got := c.Post("/console/people/export", "q", "evil")
		if got.Status != http.StatusOK || !strings.Contains(got.Header.Get("Content-Disposition"), "attachment") {
			t.Fatalf("a fresh auditor is answered %v", got)
		}
		body, marked := strings.CutPrefix(got.Body, "\ufeff")
		lines := strings.Split(strings.TrimSpace(body), "\r\n")
		if !marked || len(lines) != 1+len(evil) || !strings.Contains(body, "Jörg") {
			t.Errorf("the table of those named evil has %d lines:\n%s", len(lines), got.Body)
		}
		for _, line := range lines {
			if !strings.HasPrefix(line, `"`) || !strings.HasSuffix(line, `"`) || strings.Count(line, `","`) < 9 {
				t.Errorf("a cell is not quoted: %s", line)
			}
			// However a program splits it, with the quotes or without.
			for _, cell := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\t\r\n", r) }) {
				if cell = strings.TrimLeft(cell, `" `); cell != "" && strings.ContainsAny(cell[:1], "=+-@\t") {
					t.Errorf("a cell is a formula: %s", line)
				}
			}
		}
		s.Clock.Advance(11 * time.Minute)
		if got := c.Post("/console/people/export", "q", "evil"); got.Location != "/proof?act=people_export&return=%2Fconsole%2Fpeople%3Fq%3Devil" {
			t.Errorf("without a fresh proof: %v", got)
		}
		_, helper := manager(t, s, countersign.HelpDesk, "Hedda Helpdesk")
		if got := helper.Post("/console/people/export"); got.Status != http.StatusForbidden {
			t.Errorf("the help desk is answered %v", got)
		}
		events, err := s.Engine.Store.Read().ListEvents(t.Context(), countersign.DefaultWorkspace, "", 1000)
		must(t, err)
		n := 0
		for _, e := range events {
			if e.Kind == "people.exported" && strings.Contains(e.Detail, `"search":"evil"`) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d exports are noted, want one", n)
		}
	})
}

// TestConsoleBends asks for lists and people that no page leads to: no answer is a fault,
// and none tells more than the page.
func TestConsoleBends(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		r := chance(t)
		_, c := manager(t, s, countersign.Owner, "Olga Owner")
		s.Crowd(t, "crowd", 60)
		words := []string{"", "'", `"`, "%", "_", "\\", "%27%20OR%201=1", "0", "-1", "usr_", ".", "61.usr_1", "zz.usr_1", "\u0000", "ä", "漢", strings.Repeat("a", 300), strings.Repeat("6", 2000) + ".usr_1", "off", "owner", "pool_default"}
		names := []string{"q", "state", "pool", "role", "after", "before"}
		for range scale(150, 5000) {
			query := url.Values{}
			for _, name := range names {
				if r.IntN(2) == 0 {
					query.Set(name, words[r.IntN(len(words))])
				}
			}
			at := "/console/people?" + query.Encode()
			if got := c.Get(at); got.Err != nil || got.Status >= http.StatusInternalServerError {
				t.Errorf("%s was answered %v", at, got)
			}
		}
		for _, word := range words {
			for _, at := range []string{"/console/people/" + url.PathEscape(word+"x"), "/console/people/" + url.PathEscape("usr_"+word) + "/activity?before=" + url.QueryEscape(word)} {
				if got := c.Get(at); got.Status != http.StatusNotFound && got.Status != http.StatusUnprocessableEntity {
					t.Errorf("%s was answered %v", at, got)
				}
			}
		}
		// Back and forth through all of them, by the page's own links.
		seen, at := map[string]bool{}, "/console/people?q=crowd"
		for at != "" {
			page := c.Get(at)
			_, links := read(page.Body, at)
			at = ""
			for _, to := range links {
				if strings.HasPrefix(to, "/console/people/usr_") {
					seen[to] = true
				}
				if strings.Contains(to, "after=") {
					at = to
				}
			}
		}
		if len(seen) != 60 {
			t.Errorf("the pages of 60 people lead to %d", len(seen))
		}
	})
}

// upload sends a list as a browser sends a file.
func upload(t *testing.T, c *site.Client, list string) site.Answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(t, form.WriteField("role", "user"))
	must(t, form.WriteField("pool", ""))
	must(t, form.WriteField("list", ""))
	file, err := form.CreateFormFile("file", "people.csv")
	must(t, err)
	_, err = file.Write([]byte(list))
	must(t, err)
	must(t, form.Close())
	c.Bend = func(r *http.Request) {
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Body, r.ContentLength = io.NopCloser(&body), int64(body.Len())
	}
	defer func() { c.Bend = nil }()
	return c.Post("/console/invite/list")
}

// TestConsoleLists sends lists of people: good, bad, too long, too large and broken ones.
// What is wrong is said with a reason, and whoever was invited before it is invited.
func TestConsoleLists(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		_, c := manager(t, s, countersign.Administrator, "Amy Administrator")
		_, helper := manager(t, s, countersign.HelpDesk, "Hedda Helpdesk")
		accounts := func() int {
			t.Helper()
			users, err := s.Engine.Store.Read().ListUsers(t.Context(), countersign.DefaultWorkspace, "", 10_000)
			must(t, err)
			return len(users)
		}
		before := accounts()
		for _, row := range []struct {
			sentence, list string
			status, made   int
			says           string
		}{
			{"three good lines, one bad and one twice", "email;name\na1@new.example;A\nnonsense\na2@new.example\na1@new.example\na3@new.example;=1+1\n", 200, 3, "Has an account"},
			{"nothing", "", 422, 0, "at least one address"},
			{"no text", "a@b.example,\xff\xfe", 422, 0, "cannot be read"},
			{"one line too many", strings.Repeat("b@new.example\n", 1001), 422, 0, "may have 1000 lines"},
			{"several megabytes", strings.Repeat("c@new.example\n", 300_000), 413, 0, "too large"},
		} {
			was := accounts()
			got := upload(t, c, row.list)
			if got.Err != nil || got.Status != row.status || !strings.Contains(got.Body, row.says) || accounts() != was+row.made {
				t.Errorf("%s: %v, %d accounts more\n%s", row.sentence, got, accounts()-was, got.Body[:min(len(got.Body), 3000)])
			}
		}
		if got := upload(t, helper, "d@new.example"); got.Status != http.StatusForbidden || accounts() != before+3 {
			t.Errorf("the help desk is answered %v", got)
		}
		if got := c.Post("/console/invite", "email", "e@new.example", "name", "E", "role", "owner"); got.Status != http.StatusForbidden || accounts() != before+3 {
			t.Errorf("an administrator who invites an owner is answered %v", got)
		}
		c.Bend = func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data") }
		if got := c.Post("/console/invite/list", "list", "f@new.example"); got.Err != nil || got.Status >= http.StatusInternalServerError {
			t.Errorf("a form without a boundary is answered %v", got)
		}
	})
}

// TestConsoleElsewhere asks the console of one workspace about the people of another: they
// are not there, whatever the address says.
func TestConsoleElsewhere(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		acme, globex := s.Second(t, "Acme", "acme.localhost"), s.Second(t, "Globex", "globex.localhost")
		_, c := manager(t, acme, countersign.Owner, "Olga Owner")
		eve := globex.Guarded(t, "Eve Elsewhere", "eve@globex.example")
		b := openBooks(t, s)
		was := b.about(t, eve)
		for r, at := range doorsOfConsole(t, eve.ID) {
			got := c.Do(r.Verb, at, url.Values{"reason": {"because"}, "role": {"owner"}, "minutes": {"10"}})
			if strings.Contains(r.Path, "{user}") && got.Status != http.StatusNotFound || strings.Contains(got.Body, eve.Email) || strings.Contains(got.Body, eve.Name) {
				t.Errorf("%s, about somebody of another workspace, was answered %v", r, got)
			}
		}
		for _, at := range []string{"/console/people?q=eve", "/console/people?q=globex", "/console/people"} {
			if got := c.Get(at); got.Status != http.StatusOK || strings.Contains(got.Body, "globex") && !strings.Contains(at, "globex") || strings.Contains(got.Body, eve.Name) {
				t.Errorf("%s tells of somebody of another workspace: %v", at, got)
			}
		}
		if got := c.ShownAt(globex).Get("/console/people"); !strings.HasPrefix(got.Location, "/signin") {
			t.Errorf("the session at the other workspace's console is answered %v", got)
		}
		if changed := altered(was, b.about(t, eve)); changed != "" {
			t.Errorf("this was written:\n%s", changed)
		}
	})
}
