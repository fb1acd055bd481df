package attack_test

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// TestOnce offers each thing that works once to a hundred requests at the same
// moment (at length to a thousand), over all nodes. Exactly one of them succeeds:
// judged by who is in afterwards and whose password works, and by what the rows
// say.
func TestOnce(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		for _, row := range []struct {
			thing string
			offer func(t *testing.T, s *site.Site, n int)
		}{
			{"a code of an app, at every door", onceAtEveryDoor},
			{"a code of an app, in one sign-in", onceInOneSignIn},
			{"a password, in one sign-in", oncePassword},
			{"a recovery code", onceRecovery},
			{"a recovery code that resets", onceReset},
			{"a link that sets a new password", onceResetLink},
			{"an invitation", onceInvitation},
			{"a rescue link, beside a link that resets", onceRescue},
			{"a link that turns off", onceTurnOff},
			{"a link that changes the address", onceNewAddress},
			{"a mailed code and a confirming code", onceEnrolment},
			{"a set-up address", onceSetup}, // the last: it takes the owner away
		} {
			t.Run(row.thing, func(t *testing.T) { row.offer(t, s, scale(100, 1000)) })
		}
	})
}

// rivals are n clients, each with a cookie jar of its own, in turn on each node.
func rivals(s *site.Site, n int) []*site.Client {
	all := make([]*site.Client, n)
	for i := range all {
		all[i] = s.Client().On(i % len(s.Nodes))
	}
	return all
}

// halfDone begins a sign-in in each client and returns where its second step is.
// Fewer than ten do it at once: the tenth password that is being judged pauses the
// account until it was right.
func halfDone(t *testing.T, clients []*site.Client, p *site.Person) []string {
	t.Helper()
	pages := make([]string, len(clients))
	crew(8, len(clients), func(i int) { pages[i] = clients[i].First(p).Location })
	for _, page := range pages {
		if !strings.HasSuffix(page, "/code") {
			t.Fatalf("a right password led to %q", page)
		}
	}
	return pages
}

// rush sends n requests at once. What a flood may never bring is complained of:
// no answer, or a fault; only "come back later" may be said, with a time.
func rush(t *testing.T, n int, act func(i int) site.Answer) []site.Answer {
	t.Helper()
	answers := together(n, act)
	for _, a := range answers {
		if a.Status == 0 || a.Status >= 500 && (a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "") {
			t.Errorf("in the rush: %v\n%s", a, a.Body)
		}
	}
	return answers
}

// led are the numbers of the answers that lead to a page whose address begins so.
func led(answers []site.Answer, to string) []int {
	var found []int
	for i, a := range answers {
		if a.Status == http.StatusSeeOther && strings.HasPrefix(a.Location, to) {
			found = append(found, i)
		}
	}
	return found
}

// letIn counts the clients that have a session with every right of its person.
func letIn(clients []*site.Client) int {
	n := 0
	for _, c := range clients {
		if slices.ContainsFunc(c.Cookies(), func(k *http.Cookie) bool { return k.Name == "countersign_session" }) && c.SignedIn() {
			n++
		}
	}
	return n
}

// tellings counts the events of a kind about a person; detail is part of their
// details as they are stored.
func tellings(t *testing.T, s *site.Site, user countersign.UserID, kind, detail string) int {
	t.Helper()
	events, err := s.Engine.Store.Read().ListEvents(t.Context(), countersign.DefaultWorkspace, "", math.MaxInt32)
	must(t, err)
	n := 0
	for _, e := range events {
		if e.UserID == user && e.Kind == kind && strings.Contains(e.Detail, detail) {
			n++
		}
	}
	return n
}

const byApp = `"method":"totp"`

// sessionsOf counts a person's sessions.
func sessionsOf(t *testing.T, s *site.Site, user countersign.UserID) int {
	t.Helper()
	now := s.Clock.Now()
	list, err := s.Engine.Store.Read().ListSessions(t.Context(), rows.ListSessionsParams{
		WorkspaceID: countersign.DefaultWorkspace, UserID: user, Now: now.UnixMilli(), Idle: now.Add(-12 * time.Hour).UnixMilli(),
	})
	must(t, err)
	return len(list)
}

// unlock is what an administrator does for somebody who is locked out.
func unlock(t *testing.T, s *site.Site, p *site.Person) {
	t.Helper()
	s.Write(t, func(tx *store.Tx) error {
		user, err := tx.GetUser(tx.Ctx, countersign.DefaultWorkspace, p.ID)
		if err != nil {
			return err
		}
		return s.Engine.Accounts.Unlock(tx, user)
	})
}

func exactly(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

// onceAtEveryDoor offers one code to many sign-ins, and at the same moment as the
// fresh proof of a session that is open already.
func onceAtEveryDoor(t *testing.T, s *site.Site, n int) {
	ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
	home := s.Client()
	home.SignIn(ada)
	s.Clock.Advance(11 * time.Minute) // until home's proof is stale
	clients := rivals(s, n)
	pages := halfDone(t, clients, ada)
	code := ada.Code()
	rush(t, n, func(i int) site.Answer {
		if i%10 == 3 {
			return home.On(i%len(s.Nodes)).Post("/proof?act=password", "with", "totp", "code", code, "return", "/account/password")
		}
		return clients[i].Post(pages[i], "code", code)
	})
	in, proven := letIn(clients), 0
	if home.Get("/account/password").Status == http.StatusOK {
		proven = 1
	}
	exactly(t, "browsers that are in and proofs that are fresh", in+proven, 1)
	exactly(t, "sessions besides the one at home", sessionsOf(t, s, ada.ID)-1, in)
	exactly(t, "codes accepted besides the one at home", tellings(t, s, ada.ID, "proof.accepted", byApp)-1, 1)
	// Nor does it work where nobody remembers the rush, and no lock is in the way.
	s.Nodes[0].Kill9()
	s.Nodes[0].Restart()
	s.WaitReady(0)
	unlock(t, s, ada)
	late := s.Client()
	late.Post(late.First(ada).Location, "code", code)
	exactly(t, "browsers let in by the used code", letIn([]*site.Client{late}), 0)
}

// onceInOneSignIn presses the last button of one sign-in many times. The browser
// is in, and once.
func onceInOneSignIn(t *testing.T, s *site.Site, n int) {
	ada := s.Guarded(t, "Ada Byron", "byron@acme.example")
	c := s.Client()
	page, code := c.First(ada).Location, ada.Code()
	rush(t, n, func(i int) site.Answer { return c.On(i%len(s.Nodes)).Post(page, "code", code) })
	exactly(t, "the browser is in", letIn([]*site.Client{c}), 1)
	exactly(t, "sessions", sessionsOf(t, s, ada.ID), 1)
	exactly(t, "codes accepted", tellings(t, s, ada.ID, "proof.accepted", byApp), 1)
	exactly(t, "sign-ins completed", tellings(t, s, ada.ID, "signin.completed", ""), 1)
}

func oncePassword(t *testing.T, s *site.Site, n int) {
	bob := s.Person(t, "Bob Boole", "boole@acme.example", countersign.Member)
	c := s.Client()
	page := c.Post("/signin", "identifier", bob.Email).Location
	rush(t, n, func(i int) site.Answer { return c.On(i%len(s.Nodes)).Post(page, "password", bob.Password) })
	exactly(t, "the browser is in", letIn([]*site.Client{c}), 1)
	exactly(t, "sessions", sessionsOf(t, s, bob.ID), 1)
	exactly(t, "passwords accepted", tellings(t, s, bob.ID, "proof.accepted", `"method":"password"`), 1)
	exactly(t, "sign-ins completed", tellings(t, s, bob.ID, "signin.completed", ""), 1)
}

func onceRecovery(t *testing.T, s *site.Site, n int) {
	eve := s.Guarded(t, "Eve Curie", "curie@acme.example")
	home := s.Client()
	home.SignIn(eve)
	s.Clock.Advance(11 * time.Minute)
	clients := rivals(s, n)
	pages := halfDone(t, clients, eve)
	code := eve.Codes[4]
	rush(t, n, func(i int) site.Answer {
		if i%10 == 3 {
			return home.Post("/proof?act=password", "with", "recovery", "recovery", code, "return", "/account/password")
		}
		return clients[i].Post(strings.TrimSuffix(pages[i], "code")+"recovery", "recovery", code)
	})
	in, proven := letIn(clients), 0
	if home.Get("/account/password").Status == http.StatusOK {
		proven = 1
	}
	exactly(t, "browsers that are in and proofs that are fresh", in+proven, 1)
	exactly(t, "sessions besides the one at home", sessionsOf(t, s, eve.ID)-1, in)
	exactly(t, "codes accepted", tellings(t, s, eve.ID, "proof.accepted", `"method":"recovery"`), 1)
	_, left := standing(t, s, eve)
	exactly(t, "codes left", left, len(eve.Codes)-1)
	s.Clock.Advance(time.Hour) // until the lock of the rush is over
	late := s.Client()
	late.Post(strings.TrimSuffix(late.First(eve).Location, "code")+"recovery", "recovery", code)
	exactly(t, "browsers let in by the used code", letIn([]*site.Client{late}), 0)
}

// standing is how many second factors a person has, and recovery codes.
func standing(t *testing.T, s *site.Site, p *site.Person) (int, int) {
	t.Helper()
	list, err := s.Engine.Store.Read().ListCredentials(t.Context(), countersign.DefaultWorkspace, p.ID)
	must(t, err)
	factors, codes := 0, 0
	for _, c := range list {
		switch {
		case c.State != "active":
		case c.Kind == "recovery":
			codes += int(c.Counter)
		default:
			factors++
		}
	}
	return factors, codes
}

// onceReset uses a recovery code where it voids everything: also the sign-ins that
// were offered it at the same moment.
func onceReset(t *testing.T, s *site.Site, n int) {
	s.Policy(t, "", policy.Document{"recovery.effect": policy.EffectReset})
	defer s.Policy(t, "", nil)
	joe := s.Guarded(t, "Joe Gauss", "gauss@acme.example")
	clients := rivals(s, n)
	pages := halfDone(t, clients, joe)
	answers := rush(t, n, func(i int) site.Answer {
		return clients[i].Post(strings.TrimSuffix(pages[i], "code")+"recovery", "recovery", joe.Codes[i%2])
	})
	exactly(t, "answers that lead in", len(led(answers, "/account/security?done=was_reset")), 1)
	exactly(t, "browsers that are in", letIn(clients), 1)
	exactly(t, "sessions", sessionsOf(t, s, joe.ID), 1)
	exactly(t, "resets", tellings(t, s, joe.ID, "two_factor.reset", ""), 1)
	factors, codes := standing(t, s, joe)
	exactly(t, "what is left of the second factor", factors+codes, 0)
}

// accountOf reads a person's account as the administrator's commands do.
func accountOf(t *testing.T, s *site.Site, p *site.Person) account.Account {
	t.Helper()
	a, err := s.Engine.Accounts.Load(t.Context(), countersign.DefaultWorkspace, p.ID)
	must(t, err)
	return a
}
