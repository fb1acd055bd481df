package attack_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/mailbox"
	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// sealed is what lies in the database for a person: the credential of a kind.
func sealed(t *testing.T, s *site.Site, p *site.Person, kind method.Kind) rows.Credential {
	t.Helper()
	all, err := s.Engine.Store.Read().ListCredentials(t.Context(), countersign.DefaultWorkspace, p.ID)
	must(t, err)
	for _, c := range all {
		if c.Kind == string(kind) {
			return c
		}
	}
	t.Fatalf("%s has no credential of the kind %s", p.Name, kind)
	return rows.Credential{}
}

// overwrite puts a sealed value into a credential's row, as somebody does who can
// write the database and has no key.
func overwrite(t *testing.T, s *site.Site, c rows.Credential, secret []byte) {
	t.Helper()
	s.Write(t, func(tx *store.Tx) error {
		now, err := tx.GetCredential(tx.Ctx, c.WorkspaceID, c.UserID, c.ID)
		if err != nil {
			return err
		}
		n, err := tx.ResealSecret(tx.Ctx, rows.ResealSecretParams{Secret: secret, WorkspaceID: c.WorkspaceID, ID: c.ID, Version: now.Version})
		if err == nil && n != 1 {
			err = fmt.Errorf("%d rows were written", n)
		}
		return err
	})
}

// TestSecretsSwapped writes the sealed values of other people, columns, kinds and
// times over those of a person whose password is known, and tries to get in with
// what belongs to them. Nobody gets in, and what is put back works.
func TestSecretsSwapped(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		ada, eve := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Guarded(t, "Eve Hill", "eve@acme.example")
		app, codes := sealed(t, s, ada, method.TOTP), sealed(t, s, ada, method.Recovery)
		hisApp, hisCodes := sealed(t, s, eve, method.TOTP), sealed(t, s, eve, method.Recovery)
		changed := func(at int, by byte) []byte {
			out := bytes.Clone(app.Secret)
			out[(at+len(out))%len(out)] ^= by
			return out
		}
		body := heldBack(t, s, eve)[eve.Email].Body
		s.Box.Work()
		for i, row := range []struct {
			is   string
			into rows.Credential
			what []byte
		}{
			{"another person's app", app, hisApp.Secret},
			{"another person's recovery codes", codes, hisCodes.Secret},
			{"another person's recovery codes in the place of an app", app, hisCodes.Secret},
			{"another person's app in the place of recovery codes", codes, hisApp.Secret},
			{"the person's own recovery codes in the place of the app", app, codes.Secret},
			{"the person's own app in the place of the recovery codes", codes, app.Secret},
			{"the body of a message", app, body},
			{"the key of the installation", app, installationKey(t, s)},
			{"nothing", app, []byte{}},
			{"a part of it", app, app.Secret[:len(app.Secret)-1]},
			{"less than a seal", app, app.Secret[:20]},
			{"more than it", app, append(bytes.Clone(app.Secret), 0)},
			{"another version", app, changed(0, 2)},
			{"another key", app, changed(1, 1)},
			{"another nonce", app, changed(5, 1)},
			{"another secret", app, changed(20, 1)},
			{"another tag", app, changed(-1, 1)},
			{"the secret in clear", app, eve.Secret},
		} {
			overwrite(t, s, row.into, row.what)
			for name, try := range map[string]func(c *site.Client, code string) site.Answer{
				"code": func(c *site.Client, code string) site.Answer { return c.Post(code, "code", eve.Code()) },
				"recovery": func(c *site.Client, code string) site.Answer {
					return c.Post(strings.TrimSuffix(code, "code")+"recovery", "recovery", eve.Codes[0])
				},
			} {
				c := s.Client().On(i % len(s.Nodes))
				a := try(c, c.First(ada).Location)
				if a.Err != nil || a.Status < http.StatusBadRequest || a.Status == http.StatusServiceUnavailable || token(c, "session") != "" {
					t.Errorf("%s, with what belongs to it as the %s, was answered %s", row.is, name, a)
				}
				if strings.Contains(a.Body, string(app.ID)) || strings.Contains(a.Body, "sealed value") || strings.Contains(a.Body, "credentials.secret") {
					t.Errorf("%s: the page tells what is wrong inside:\n%s", row.is, a.Body)
				}
			}
			overwrite(t, s, app, app.Secret)
			overwrite(t, s, codes, codes.Secret)
			if c := s.Client(); c.SignIn(ada).Status != http.StatusSeeOther || !c.SignedIn() {
				t.Fatalf("%s: the person's own does not work when it is put back", row.is)
			}
		}
	})
}

func installationKey(t *testing.T, s *site.Site) []byte {
	t.Helper()
	value, err := s.Engine.Store.Read().GetInstallation(t.Context(), store.MACKey)
	must(t, err)
	return value
}

// heldBack are the mails that wait for a mail server, by whom they are for.
func heldBack(t *testing.T, s *site.Site, people ...*site.Person) map[string]rows.ListBodiesRow {
	t.Helper()
	s.Box.Refuse(mailbox.AtMail, 451)
	found := map[string]rows.ListBodiesRow{}
	for _, p := range people {
		before := lastMessage(t, s)
		s.Client().Post("/forgot", "email", p.Email)
		list, err := s.Engine.Store.Read().ListBodies(t.Context(), countersign.DefaultWorkspace, before, 100)
		must(t, err)
		if len(list) != 1 || len(list[0].Body) == 0 {
			t.Fatalf("%d mails wait for %s, want one", len(list), p.Name)
		}
		found[p.Email] = list[0]
	}
	return found
}

// lastMessage is the id of the newest one.
func lastMessage(t *testing.T, s *site.Site) countersign.MessageID {
	t.Helper()
	var last countersign.MessageID
	for {
		list, err := s.Engine.Store.Read().ListBodies(t.Context(), countersign.DefaultWorkspace, last, 100)
		must(t, err)
		if len(list) == 0 {
			return last
		}
		last = list[len(list)-1].ID
	}
}

// TestSecretsOfMessages exchanges the bodies of two mails that wait, so that one
// person would get the other's link, and puts a person's secret into a third.
// None of them goes out.
func TestSecretsOfMessages(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		ada, eve, bob := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Guarded(t, "Eve Hill", "eve@acme.example"), s.Guarded(t, "Bob Hill", "bob@acme.example")
		bodies := heldBack(t, s, ada, eve, bob)
		for to, from := range map[string][]byte{
			ada.Email: bodies[eve.Email].Body, eve.Email: bodies[ada.Email].Body, bob.Email: sealed(t, s, ada, method.TOTP).Secret,
		} {
			s.Write(t, func(tx *store.Tx) error {
				n, err := tx.ResealBody(tx.Ctx, rows.ResealBodyParams{Body: from, WorkspaceID: countersign.DefaultWorkspace, ID: bodies[to].ID, Sealed: bodies[to].Body})
				if err == nil && n != 1 {
					err = fmt.Errorf("%d rows were written", n)
				}
				return err
			})
		}
		s.Box.Work()
		s.Clock.Advance(time.Minute)
		control := s.Person(t, "Carol Hill", "carol@acme.example", countersign.Member)
		s.Client().Post("/forgot", "email", control.Email)
		s.Mail(t, control.Email, "new password")
		for _, p := range []*site.Person{ada, eve, bob} {
			for deadline := time.Now().Add(20 * time.Second); len(bodyOf(t, s, bodies[p.Email].ID)) > 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the mail to %s is neither sent nor given up", p.Name)
				}
			}
			if m, arrived := s.Arrived(p.Email, ""); arrived {
				t.Errorf("the mail to %s, with another's body, went out:\n%s", p.Name, m.Text)
			}
		}
	})
}

// bodyOf is what a message still carries.
func bodyOf(t *testing.T, s *site.Site, id countersign.MessageID) []byte {
	t.Helper()
	list, err := s.Engine.Store.Read().ListBodies(t.Context(), countersign.DefaultWorkspace, "", 1000)
	must(t, err)
	for _, row := range list {
		if row.ID == id {
			return row.Body
		}
	}
	return nil
}

// TestSecretsOfYesterday puts an older version of a row back after a code was
// used: that is the same place, so it opens, and still the code is used up.
func TestSecretsOfYesterday(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		for kind, give := range map[method.Kind]func(c *site.Client, step, code string) site.Answer{
			method.TOTP: func(c *site.Client, step, code string) site.Answer { return c.Post(step, "code", code) },
			method.Recovery: func(c *site.Client, step, code string) site.Answer {
				return c.Post(strings.TrimSuffix(step, "code")+"recovery", "recovery", code)
			},
		} {
			before, code := sealed(t, s, ada, kind), ada.Codes[0]
			if kind == method.TOTP {
				code = ada.Code()
			}
			c := s.Client()
			if a := give(c, c.First(ada).Location, code); a.Status != http.StatusSeeOther || !c.SignedIn() {
				t.Fatalf("the %s code was answered %s", kind, a)
			}
			s.Write(t, func(tx *store.Tx) error {
				now, err := tx.GetCredential(tx.Ctx, before.WorkspaceID, ada.ID, before.ID)
				if err != nil {
					return err
				}
				_, err = tx.StoreCredential(tx.Ctx, rows.StoreCredentialParams{
					Secret: before.Secret, Counter: before.Counter, WorkspaceID: before.WorkspaceID, ID: before.ID, Version: now.Version,
				})
				return err
			})
			for n := range s.Nodes {
				again := s.Client().On(n)
				if a := give(again, again.First(ada).Location, code); a.Status != http.StatusUnprocessableEntity || token(again, "session") != "" {
					t.Errorf("the used %s code, with the row of before, was answered %s on node %d", kind, a, n)
				}
			}
		}
	})
}

// TestSecretsOfOneOfSeveral destroys the row of one of two apps: the other one
// works, and wrong codes are counted as ever.
func TestSecretsOfOneOfSeveral(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		for i, broken := range []string{"the older", "the newer"} {
			p := s.Guarded(t, "Ada Lovelace", fmt.Sprintf("ada%d@acme.example", i))
			works, destroyed := s.NewApp(bytes.Clone(p.Secret)), p.Device
			s.Clock.Advance(time.Second) // rows are read in the order of their age
			p.AddApp(t, "Tablet")
			if i == 0 {
				works = p.App
			} else {
				destroyed = p.Device
			}
			row, err := s.Engine.Store.Read().GetCredential(t.Context(), countersign.DefaultWorkspace, p.ID, destroyed)
			must(t, err)
			overwrite(t, s, row, []byte("no seal of ours, and longer than one is at least"))
			client := s.Client()
			if a := client.Post(client.First(p).Location, "code", works.Code()); a.Status != http.StatusSeeOther || token(client, "session") == "" {
				t.Errorf("with %s app's row destroyed, a code of the other one was answered %s", broken, a)
			}
			guess := s.Client()
			step := guess.First(p).Location
			var last site.Answer
			for range 12 {
				last = guess.Post(step, "code", works.Wrong())
			}
			if last.Status != http.StatusTooManyRequests {
				t.Errorf("with %s app's row destroyed, the twelfth wrong code was answered %s", broken, last)
			}
		}
	})
}
