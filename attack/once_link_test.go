package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// wish is the password that the i-th of a rush wants.
func wish(i int) string { return fmt.Sprintf("seven lanterns by canal %d", i) }

// whoWon tries the passwords that were wished for, from where nobody was before,
// and wants the winner's to work and no other.
func whoWon(t *testing.T, s *site.Site, email string, winner, n int) {
	t.Helper()
	for _, i := range []int{0, 1, n / 2, n - 1, winner} {
		c := s.Client()
		c.From = fmt.Sprintf("127.0.9.%d", 1+i%200)
		step := c.Post("/signin", "identifier", email)
		answer := c.Post(step.Location, "password", wish(i))
		if works := answer.Status == http.StatusSeeOther; works != (i == winner) {
			t.Errorf("the password of number %d works: %v; number %d was told that it won", i, works, winner)
		}
	}
}

// winnerOf is the one answer that leads there.
func winnerOf(t *testing.T, answers []site.Answer, to string) int {
	t.Helper()
	winners := led(answers, to)
	if len(winners) != 1 {
		t.Fatalf("%d answers lead to %s, want 1", len(winners), to)
	}
	return winners[0]
}

func onceResetLink(t *testing.T, s *site.Site, n int) {
	ada := s.Guarded(t, "Ada King", "king@acme.example")
	home := s.Client()
	home.SignIn(ada)
	home.Post("/forgot", "email", ada.Email)
	link := s.Link(t, s.Mail(t, ada.Email, "Choose a new password"))
	clients := rivals(s, n)
	winner := winnerOf(t, rush(t, n, func(i int) site.Answer { return clients[i].Post(link, "password", wish(i)) }),
		"/signin?done=password_reset")
	whoWon(t, s, ada.Email, winner, n)
	exactly(t, "resets", tellings(t, s, ada.ID, "password.reset", ""), 1)
	exactly(t, "sessions after it", sessionsOf(t, s, ada.ID), 0)
	exactly(t, "passwords stored", int(accountOf(t, s, ada).User.PasswordVersion), 2)
}

func onceInvitation(t *testing.T, s *site.Site, n int) {
	const email = "noether@acme.example"
	user, err := s.Engine.People.Create(t.Context(), countersign.DefaultWorkspace,
		people.NewUser{Email: email, Name: "Emmy Noether", Role: countersign.Member}, people.Shell())
	must(t, err)
	link := s.Link(t, s.Mail(t, email, "Your invitation"))
	clients := rivals(s, n)
	answers := rush(t, n, func(i int) site.Answer { return clients[i].Post(link, "name", "Emmy Noether", "password", wish(i)) })
	winner := winnerOf(t, answers, "/account/security")
	exactly(t, "browsers that are in", letIn(clients), 1)
	exactly(t, "the winner is in", letIn(clients[winner:winner+1]), 1)
	exactly(t, "sessions", sessionsOf(t, s, user.ID), 1)
	exactly(t, "invitations accepted", tellings(t, s, user.ID, "invitation.accepted", ""), 1)
	exactly(t, "sign-ins completed", tellings(t, s, user.ID, "signin.completed", ""), 1)
	whoWon(t, s, email, winner, n)
}

// onceRescue offers a printed rescue link, and at the same moment a mailed one
// that resets: whichever is first is the end of the other.
func onceRescue(t *testing.T, s *site.Site, n int) {
	mary := s.Guarded(t, "Mary Somerville", "mary@acme.example")
	address, err := s.Engine.People.RescueLink(t.Context(), accountOf(t, s, mary), people.Shell())
	must(t, err)
	clients := rivals(s, n)
	clients[0].Post("/forgot", "email", mary.Email)
	links := []string{strings.TrimPrefix(address, s.URL), s.Link(t, s.Mail(t, mary.Email, "Choose a new password"))}
	answers := rush(t, n, func(i int) site.Answer { return clients[i].Post(links[i%3/2], "password", wish(i)) })
	winner := winnerOf(t, answers, "/signin")
	exactly(t, "browsers that are in with the password alone", letIn(clients), 0)
	exactly(t, "rescues and resets", tellings(t, s, mary.ID, "password.rescued", "")+tellings(t, s, mary.ID, "password.reset", ""), 1)
	whoWon(t, s, mary.Email, winner, n)
	if !strings.HasSuffix(answers[winner].Location, "/code") {
		return // the reset was first, and gives nothing but the password
	}
	clients[winner].Post(answers[winner].Location, "code", mary.Code())
	exactly(t, "browsers that are in with the code", letIn(clients), 1)
}

// onceTurnOff presses the final button in several sessions of the person.
func onceTurnOff(t *testing.T, s *site.Site, n int) {
	s.Policy(t, "", policy.Document{"turn_off": policy.ByEmail})
	defer s.Policy(t, "", nil)
	planck := s.Guarded(t, "Max Planck", "planck@acme.example")
	clients := rivals(s, 4)
	for _, c := range clients {
		c.SignIn(planck)
	}
	clients[0].Post("/account/two-factor/off")
	link := s.Link(t, s.Mail(t, planck.Email, "is to be turned off"))
	answers := rush(t, n, func(i int) site.Answer { return clients[i%len(clients)].On(i % len(s.Nodes)).Post(link) })
	winnerOf(t, answers, "/account/security?done=off")
	exactly(t, "sessions left", sessionsOf(t, s, planck.ID), 1)
	exactly(t, "browsers that are in", letIn(clients), 1)
	exactly(t, "times turned off", tellings(t, s, planck.ID, "two_factor.off", ""), 1)
	factors, codes := standing(t, s, planck)
	exactly(t, "what is left of the second factor", factors+codes, 0)
}

func onceNewAddress(t *testing.T, s *site.Site, n int) {
	lise := s.Guarded(t, "Lise Meitner", "lise@acme.example")
	clients := rivals(s, 4)
	for _, c := range clients {
		c.SignIn(lise)
	}
	const next = "meitner@acme.example"
	clients[0].Post("/account/email", "email", next)
	link := s.Link(t, s.Mail(t, next, "Confirm your new address"))
	answers := rush(t, n, func(i int) site.Answer { return clients[i%len(clients)].On(i % len(s.Nodes)).Post(link) })
	winnerOf(t, answers, "/account/security?done=email")
	exactly(t, "changes", tellings(t, s, lise.ID, "email.changed", ""), 1)
	for _, to := range []string{lise.Email, next} {
		s.Mail(t, to, "Your e-mail address")
		_, again := s.Arrived(to, "Your e-mail address")
		if again {
			t.Errorf("%s was told twice", to)
		}
	}
	if got := accountOf(t, s, lise).User.Email; got != next {
		t.Errorf("the address is %s, want %s", got, next)
	}
}

// owners are who may do everything.
func owners(t *testing.T, s *site.Site) []people.Person {
	t.Helper()
	var found []people.Person
	must(t, s.Engine.People.List(t.Context(), countersign.DefaultWorkspace, func(p people.Person) error {
		if p.Role == countersign.Owner {
			found = append(found, p)
		}
		return nil
	}))
	return found
}

// onceSetup claims an installation that has no owner (any more).
func onceSetup(t *testing.T, s *site.Site, n int) {
	first := owners(t, s)[0]
	s.Write(t, func(tx *store.Tx) error {
		_, err := tx.DeleteUser(tx.Ctx, countersign.DefaultWorkspace, first.ID)
		return err
	})
	address, err := s.Engine.People.SetupLink(t.Context(), countersign.DefaultWorkspace)
	must(t, err)
	clients := rivals(s, n)
	name := func(i int) string { return fmt.Sprintf("owner-%d@acme.example", i) }
	claim := func(i int) site.Answer {
		return clients[i].Post(strings.TrimPrefix(address, s.URL), "workspace", fmt.Sprintf("Acme %d", i), "name", "Olga Owner",
			"email", name(i), "password", wish(i))
	}
	answers := rush(t, n, claim)
	winner := winnerOf(t, answers, "/account/two-factor")
	exactly(t, "browsers that are in", letIn(clients), 1)
	all := owners(t, s)
	if len(all) != 1 || all[0].Email != name(winner) {
		t.Fatalf("the owners are %v, and %s was told to be the one", all, name(winner))
	}
	whoWon(t, s, name(winner), winner, n)
	workspace, err := s.Engine.Store.Read().GetWorkspace(t.Context(), countersign.DefaultWorkspace)
	must(t, err)
	if want := fmt.Sprintf("Acme %d", winner); workspace.Name != want {
		t.Errorf("the workspace is called %q, want %q", workspace.Name, want)
	}
	if again := claim((winner + 1) % n); again.Status == http.StatusSeeOther {
		t.Errorf("the address claimed the installation again: %v", again)
	}
	_, err = s.Engine.People.SetupLink(t.Context(), countersign.DefaultWorkspace)
	if countersign.CodeOf(err) != "already_set_up" {
		t.Errorf("another address can be made: %v", err)
	}
}
