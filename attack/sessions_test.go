package attack_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// change is something after which nobody else may still be signed in.
type change struct {
	is string
	// settings of the workspace, meanwhile.
	settings policy.Document
	// alone: the person has no second factor before.
	alone bool
	// keeps: the session in which it is done lives on, under a new token.
	keeps bool
	// ready does all but the last step, and returns the last one.
	ready func(h *hand) func() site.Answer
}

const otherPassword = "eleven plums beside a kettle" // #nosec G101 -- nobody's

// changes are all that end sessions.
func changes() []change {
	return []change{
		{is: "a change of the password", keeps: true, ready: func(h *hand) func() site.Answer {
			h.reach("/account/password")
			return func() site.Answer { return h.post("/account/password", "password", otherPassword) }
		}},
		{is: "the first app", alone: true, keeps: true, ready: func(h *hand) func() site.Answer {
			code := h.beginApp("").Code()
			return func() site.Answer { return h.post("/account/two-factor/app", "name", "Phone", "code", code) }
		}},
		{is: "a second app", keeps: true, ready: func(h *hand) func() site.Answer {
			code := h.beginApp("").Code()
			return func() site.Answer { return h.post("/account/two-factor/app", "name", "Tablet", "code", code) }
		}},
		{is: "another app in the place of the first", keeps: true, ready: func(h *hand) func() site.Answer {
			code := h.beginApp(string(h.p.Device)).Code()
			return func() site.Answer { return h.post("/account/two-factor/app", "name", "Tablet", "code", code) }
		}},
		{is: "one of two apps removed", keeps: true, ready: func(h *hand) func() site.Answer {
			app, first := h.p.App, h.p.Device
			h.p.AddApp(h.t, "Tablet")
			h.p.App, h.p.Device = app, first
			h.reach("/account/two-factor/" + string(first) + "/remove")
			return func() site.Answer { return h.post("/account/two-factor/" + string(first) + "/remove") }
		}},
		{is: "turning off", keeps: true, ready: func(h *hand) func() site.Answer {
			h.reach("/account/two-factor/off")
			return func() site.Answer { return h.post("/account/two-factor/off") }
		}},
		{is: "removing the last app", keeps: true, ready: func(h *hand) func() site.Answer {
			h.reach("/account/two-factor/" + string(h.p.Device) + "/remove")
			return func() site.Answer { return h.post("/account/two-factor/" + string(h.p.Device) + "/remove") }
		}},
		{
			is: "turning off by mail", settings: policy.Document{"turn_off": "email"}, keeps: true,
			ready: func(h *hand) func() site.Answer {
				h.reach("/account/two-factor/off")
				h.post("/account/two-factor/off")
				link := h.s.Link(h.t, h.s.Mail(h.t, h.p.Email, "turned off"))
				return func() site.Answer { return h.post(link) }
			},
		},
		{is: "a new address", keeps: true, ready: func(h *hand) func() site.Answer {
			h.reach("/account/email")
			h.post("/account/email", "email", "new."+h.p.Email)
			link := h.s.Link(h.t, h.s.Mail(h.t, "new."+h.p.Email, "Confirm your new address"))
			return func() site.Answer { return h.post(link) }
		}},
		{is: "signing out all others", keeps: true, ready: func(h *hand) func() site.Answer {
			return func() site.Answer { return h.post("/account/sessions/end-others") }
		}},
		{is: "a password reset by mail", ready: func(h *hand) func() site.Answer {
			h.post("/forgot", "email", h.p.Email)
			link := h.s.Link(h.t, h.s.Mail(h.t, h.p.Email, "new password"))
			other := newHand(h.t, h.s, h.p, h.Node)
			return func() site.Answer { return other.post(link, "password", otherPassword) }
		}},
		{is: "a printed rescue link", ready: func(h *hand) func() site.Answer {
			address, err := h.s.Engine.People.RescueLink(h.t.Context(), h.account(), people.Shell())
			must(h.t, err)
			other := newHand(h.t, h.s, h.p, h.Node)
			return func() site.Answer { return other.post(address[len(h.s.URL):], "password", otherPassword) }
		}},
		{
			is: "a recovery code that resets", settings: policy.Document{"recovery.effect": "reset"},
			ready: func(h *hand) func() site.Answer {
				other := newHand(h.t, h.s, h.p, h.Node)
				code := other.First(h.p).Location
				return func() site.Answer {
					return other.post(code[:len(code)-len("code")]+"recovery", "recovery", h.p.Codes[0])
				}
			},
		},
		{is: "an administrator's reset", ready: func(h *hand) func() site.Answer {
			return h.shell(func(ctx context.Context, a account.Account, by people.By) error {
				_, err := h.s.Engine.People.ResetSecondFactor(ctx, a, by)
				return err
			})
		}},
		{is: "an administrator who disables", ready: func(h *hand) func() site.Answer {
			return h.shell(h.s.Engine.People.Disable)
		}},
		{is: "an administrator who deletes", ready: func(h *hand) func() site.Answer {
			return h.shell(h.s.Engine.People.Delete)
		}},
	}
}

func (h *hand) account() account.Account {
	h.t.Helper()
	a, err := h.s.Engine.Accounts.Load(h.t.Context(), countersign.DefaultWorkspace, h.p.ID)
	must(h.t, err)
	return a
}

// shell is an act of `countersign admin`, beside the servers.
func (h *hand) shell(act func(ctx context.Context, a account.Account, by people.By) error) func() site.Answer {
	h.t.Helper()
	a := h.account()
	return func() site.Answer {
		err := act(h.t.Context(), a, people.Shell())
		if err != nil {
			return site.Answer{Err: err}
		}
		return site.Answer{Status: http.StatusSeeOther}
	}
}

// TestSessionsEndWithAChange signs a person in from many browsers on all nodes,
// lets them all ask at once without pause, and makes a change elsewhere: no
// request that begins after its answer finds a session.
func TestSessionsEndWithAChange(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		for i, c := range changes() {
			n := scale(4, 100)
			if i == 0 {
				n = 100
			}
			t.Run(c.is, func(t *testing.T) {
				s.Policy(t, "", c.settings)
				p := s.Person(t, "Ada Lovelace", fmt.Sprintf("ada%d@acme.example", i), countersign.Member)
				if !c.alone {
					p.AddApp(t, "Phone")
					p.AddCodes(t, 10)
				}
				c.attack(t, s, p, n)
			})
		}
	})
}

func (c change) attack(t *testing.T, s *site.Site, p *site.Person, n int) {
	t.Helper()
	others := make([]*hand, n)
	for i := range others {
		others[i] = newHand(t, s, p, i%len(s.Nodes))
		others[i].From = fmt.Sprintf("127.0.1.%d", 1+i%200)
		others[i].signIn()
	}
	mine := newHand(t, s, p, len(s.Nodes)-1)
	mine.signIn()
	last := c.ready(mine)
	for i, o := range others {
		if !o.On((i + 1) % len(s.Nodes)).SignedIn() {
			t.Fatalf("browser %d is not signed in before the change", i)
		}
	}
	before := token(mine.Client, "session")

	storm := besiege(s, others)
	answer := last()
	answered := time.Now()
	time.Sleep(time.Duration(scale(40, 1000)) * time.Millisecond)
	asked, late := storm(answered)
	if answer.Status != http.StatusSeeOther {
		t.Fatalf("the change was answered %s:\n%s", answer, answer.Body)
	}
	if asked < n || len(late) > 0 {
		t.Errorf("%d requests; these began after the change was answered, and got in: %v", asked, late)
	}
	for i, o := range others {
		if on := alive(s, token(o.Client, "session")); len(on) > 0 {
			t.Errorf("browser %d is still signed in, on the nodes %v", i, on)
		}
	}
	if on := alive(s, before); len(on) > 0 {
		t.Errorf("the token of before the change still opens the session in which it was made, on the nodes %v", on)
	}
	after := token(mine.Client, "session")
	if on := alive(s, after); c.keeps != (len(on) == len(s.Nodes)) || !c.keeps && len(on) > 0 {
		t.Errorf("the session in which it was made lives on the nodes %v; it should live on: %v", on, c.keeps)
	}
}

// besiege lets every browser read a page and change the profile over and over,
// on all nodes. The returned function ends that, and tells how many requests
// there were and which of those that began after a moment were served.
func besiege(s *site.Site, browsers []*hand) func(moment time.Time) (int, []string) {
	type served struct {
		began time.Time
		what  string
	}
	var mu sync.Mutex
	var in []served
	var asked atomic.Int64
	var stop atomic.Bool
	var all sync.WaitGroup
	const workers = 4
	for w := range workers {
		all.Go(func() {
			for i := w; !stop.Load(); i += workers {
				c := thief(s, "session", token(browsers[i%len(browsers)].Client, "session")).On(i / workers % len(s.Nodes))
				began := time.Now()
				what := ""
				switch {
				case i/workers%2 == 0 && c.SignedIn():
					what = "a page"
				case i/workers%2 == 1 && c.Post("/account/profile", "name", "Eve", "language", "en").Location == "/account/profile?done=profile":
					what = "a change of the profile"
				}
				asked.Add(1)
				if what != "" {
					mu.Lock()
					in = append(in, served{began, what})
					mu.Unlock()
				}
			}
		})
	}
	for asked.Load() < int64(len(browsers)) {
		time.Sleep(time.Millisecond)
	}
	return func(moment time.Time) (int, []string) {
		stop.Store(true)
		all.Wait()
		var late []string
		for _, one := range in {
			if one.began.After(moment) {
				late = append(late, one.what+" after "+one.began.Sub(moment).String())
			}
		}
		return int(asked.Load()), late
	}
}
