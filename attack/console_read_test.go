package attack_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/policy"
)

const because = "asked for by telephone"

// TestConsoleAuditor reads what waits and the workspaces as somebody who only reads: all of
// it is there, no button is, and a form sent by hand does nothing.
func TestConsoleAuditor(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		s.Policy(t, "", policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins})
		_, owner := manager(t, s, countersign.Owner, "Olga Owner")
		amy, _ := manager(t, s, countersign.Administrator, "Amy Administrator")
		if got := owner.Post("/console/people/"+string(amy.ID)+"/reset", "reason", because); got.Status != http.StatusSeeOther {
			t.Fatalf("asking for a reset is answered %v", got)
		}
		waiting, err := s.Engine.People.WaitingResets(t.Context(), s.Workspace)
		must(t, err)
		at := "/console/resets/" + string(waiting[0].ID)
		_, c := manager(t, s, countersign.Auditor, "Audrey Auditor")
		page := c.Get("/console/resets")
		if page.Status != http.StatusOK || !strings.Contains(page.Body, "Amy Administrator") || !strings.Contains(page.Body, because) || strings.Contains(page.Body, at) {
			t.Errorf("an auditor is answered %v", page)
		}
		for _, act := range []string{"/confirm", "/withdraw"} {
			if got := c.Post(at + act); got.Status != http.StatusForbidden {
				t.Errorf("%s by an auditor is answered %v", act, got)
			}
		}
		if still, err := s.Engine.People.WaitingResets(t.Context(), s.Workspace); err != nil || len(still) != 1 {
			t.Errorf("then %d wait, %v", len(still), err)
		}
		if page := owner.Get("/console/resets"); !strings.Contains(page.Body, at) {
			t.Errorf("the owner is offered nothing: %v", page)
		}
		_, helper := manager(t, s, countersign.HelpDesk, "Hedda Helpdesk")
		if page := helper.Get("/console/resets"); page.Status != http.StatusOK || strings.Contains(page.Body, "Amy Administrator") {
			t.Errorf("the help desk reads of somebody above it: %v", page)
		}
		list := c.Get("/console/workspaces")
		if list.Status != http.StatusOK || strings.Contains(list.Body, "/console/workspaces/") {
			t.Errorf("the workspaces, to an auditor: %v", list)
		}
		if got := c.Get("/console/workspaces/new"); got.Status != http.StatusForbidden {
			t.Errorf("a new workspace, to an auditor: %v", got)
		}
		if list := owner.Get("/console/workspaces"); !strings.Contains(list.Body, "/console/workspaces/new") || !strings.Contains(list.Body, "/console/workspaces/change") {
			t.Errorf("the workspaces, to an owner: %v", list)
		}
	})
}

// tail opens the live stream of the log, and returns what tells when the server ends it.
func tail(t *testing.T, s *site.Site, c *site.Client, node int) <-chan time.Time {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/console/log/events?seen=evt_~", http.NoBody)
	must(t, err)
	r.Header.Set("Accept", "text/event-stream")
	for _, cookie := range c.Cookies() {
		r.AddCookie(cookie)
	}
	answer, err := s.Road(node, "").RoundTrip(r)
	must(t, err)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		_ = answer.Body.Close()
		t.Fatalf("a live list is answered %s", answer.Status)
	}
	ended := make(chan time.Time, 1)
	go func() {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		ended <- time.Now()
	}()
	return ended
}

// TestConsoleTailEnds has the log's live list open on every node while its reader is signed
// out everywhere, and while another loses the role: each ends by itself, and others go on.
func TestConsoleTailEnds(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		_, owner := manager(t, s, countersign.Owner, "Olga Owner")
		node := len(s.Nodes) - 1
		staying := tail(t, s, owner, node)
		for name, act := range map[string][]string{
			"Audrey Auditor": {"sign_out", "reason", because},
			"Rollo Roleless": {"role", "role", "user", "reason", because},
		} {
			reader, c := manager(t, s, countersign.Auditor, name)
			ended := tail(t, s, c, node)
			select {
			case <-ended:
				t.Fatalf("%s: the list ended by itself", act[0])
			case <-time.After(3 * time.Second):
			}
			began := time.Now()
			if got := owner.Post("/console/people/"+string(reader.ID)+"/"+act[0], act[1:]...); got.Status != http.StatusSeeOther {
				t.Fatalf("%s is answered %v", act[0], got)
			}
			select {
			case at := <-ended:
				t.Logf("%s: the list ended after %s", act[0], at.Sub(began))
			case <-time.After(20 * time.Second):
				t.Errorf("%s: the list is still open after 20 seconds", act[0])
			}
		}
		select {
		case <-staying:
			t.Error("the owner's list ended with the others'")
		default:
		}
	})
}

// TestConsoleBentMoment bends the moment of an event in the database: no page of the log is
// a fault, and verifying finds it.
func TestConsoleBentMoment(t *testing.T) {
	alongside(t)
	s := site.Start(t, site.Options{Database: site.SQLite}) // PostgreSQL keeps no such thing
	who, c := manager(t, s, countersign.Owner, "Olga Owner")
	hand := &chain{t: t, s: s, hand: byHand(t, s)}
	hand.sealed()
	id := column(t, hand.hand, "SELECT id FROM events WHERE kind = 'signin.completed' AND seal_id IS NOT NULL ORDER BY id")[0]
	hand.do("UPDATE events SET at = 'abc' WHERE id = '" + id + "'")
	for at, has := range map[string]string{
		"/console/log": "/console/log/" + id, "/console/log/live": "/console/log/" + id, "/console/log/" + id: id,
		"/console/log?from=2000-01-01": "", "/console/people/" + string(who.ID): "", "/console/people/" + string(who.ID) + "/activity": "", "/account/security": "",
	} {
		if got := c.Get(at); got.Status != http.StatusOK || !strings.Contains(got.Body, has) {
			t.Errorf("%s is answered %v", at, got)
		}
	}
	for _, format := range []string{"csv", "jsonl"} {
		if got := c.Post("/console/log/export", "format", format); got.Status != http.StatusOK || !strings.Contains(got.Body, id) {
			t.Errorf("%s is answered %v", format, got)
		}
	}
	if got := c.Post("/console/log/verify"); got.Status != http.StatusOK || !strings.Contains(got.Body, id) || strings.Contains(got.Body, "as it was sealed.</") {
		t.Errorf("verifying is answered %v", got)
	}
}

// TestConsoleShorterLog has the log kept for fewer days: an administrator is refused with
// words, an owner accepts it with the box.
func TestConsoleShorterLog(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		form := []string{"tab", "records", "was.audit.retention_days", "", "set.audit.retention_days", "100"}
		accepted := append(slices.Clone(form), "accept", "audit.retention_days=100")
		kept := func() string {
			doc, _, err := s.Engine.People.Document(t.Context(), s.Workspace)
			must(t, err)
			return policy.Spell(doc[policy.RetentionKey])
		}
		const at = "/console/authentication/settings"
		_, owner := manager(t, s, countersign.Owner, "Olga Owner")
		_, c := manager(t, s, countersign.Administrator, "Amy Administrator")
		if got := c.Get(at + "?tab=records"); !strings.Contains(got.Body, "Only owners can") {
			t.Errorf("the page says nothing of owners: %v", got)
		}
		if got := c.Post(at, accepted...); got.Status != http.StatusForbidden || !strings.Contains(got.Body, "Only owners can have the audit log kept for a shorter time") || kept() != policy.Spell(nil) {
			t.Errorf("an administrator is answered %v, and it is %s", got, kept())
		}
		asked := owner.Post(at, form...)
		if asked.Status != http.StatusUnprocessableEntity || !strings.Contains(asked.Body, `value="audit.retention_days=100"`) || kept() != policy.Spell(nil) {
			t.Errorf("an owner without the box is answered %v, and it is %s", asked, kept())
		}
		if got := owner.Post(at, accepted...); got.Status != http.StatusSeeOther || kept() != "100" {
			t.Errorf("an owner is answered %v, and it is %s", got, kept())
		}
	})
}

// TestConsoleMoveAccepted moves people into pools that have an effect on them: without the
// box, or with that of another effect, nothing is done, nor from the shell.
func TestConsoleMoveAccepted(t *testing.T) {
	alongside(t)
	shell := build(t)
	both(t, func(t *testing.T, s *site.Site) {
		was, err := s.Engine.People.Rules(t.Context(), s.Workspace)
		must(t, err)
		next := was.With(policy.Rules{
			Workspace: policy.Document{policy.MethodsKey: []string{"totp", "passkey"}, policy.FirstFactorsKey: []string{"password"}, policy.SecondFactorsKey: []string{"totp", "passkey"}},
			Pools:     map[string]policy.Document{"Apps": {policy.SecondFactorsKey: []string{"totp"}}, "Strict": {"require_second_factor": "required"}},
		}, false)
		must(t, s.Engine.People.StoreRules(t.Context(), s.Workspace, next, was.Version, people.Shell()))
		is, err := s.Engine.People.Rules(t.Context(), s.Workspace)
		must(t, err)
		_, c := manager(t, s, countersign.Owner, "Olga Owner")
		bare := s.Person(t, "Bob Bare", "bob@acme.example", countersign.Member)
		keyed := func(name, email string) *site.Person {
			p := s.Person(t, name, email, countersign.Member)
			p.AddApp(t, "Key")
			_, err := byHand(t, s).ExecContext(t.Context(), "UPDATE credentials SET kind = 'passkey' WHERE user_id = '"+string(p.ID)+"'")
			must(t, err)
			return p
		}
		pool := func(p *site.Person) countersign.PoolID {
			u, err := s.Engine.Store.Read().GetUser(t.Context(), s.Workspace, p.ID)
			must(t, err)
			return u.PoolID
		}
		for _, row := range []struct {
			who    *site.Person
			to     countersign.PoolID
			effect policy.Effect
		}{
			{bare, is.PoolNamed("Strict"), policy.MustSetUp},
			{keyed("Kay Key", "kay@acme.example"), is.PoolNamed("Apps"), policy.LockedOut},
		} {
			at := "/console/people/" + string(row.who.ID) + "/move"
			form := []string{"pool", string(row.to), "reason", because}
			for _, accept := range []string{"", "yes", string(policy.CodesOnly)} {
				got := c.Post(at, append(slices.Clone(form), "accept", accept)...)
				if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, `name="accept" value="`+string(row.effect)+`"`) || pool(row.who) != countersign.DefaultPool {
					t.Errorf("%s with the box %q is answered %v", row.effect, accept, got)
				}
			}
			if got := c.Post(at, append(slices.Clone(form), "accept", string(row.effect))...); got.Status != http.StatusSeeOther || pool(row.who) != row.to {
				t.Errorf("%s, accepted, is answered %v", row.effect, got)
			}
		}
		kim := keyed("Kim Key", "kim@acme.example")
		move := func(accept ...string) (int, string) {
			env := []string{"COUNTERSIGN_DATA=" + s.Data, "COUNTERSIGN_DATABASE_URL=" + s.DSN}
			program := *shell
			program.t = t
			return program.says("", env, append([]string{"admin", "pool", "move", kim.Email, "Apps"}, accept...)...)
		}
		if code, said := move(); code == 0 || !strings.Contains(said, "--accept locked-out") || pool(kim) != countersign.DefaultPool {
			t.Errorf("the shell without --accept: %d\n%s", code, said)
		}
		if code, said := move("--accept", "locked-out"); code != 0 || pool(kim) != is.PoolNamed("Apps") {
			t.Errorf("the shell with --accept: %d\n%s", code, said)
		}
	})
}
