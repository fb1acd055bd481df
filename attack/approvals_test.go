package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/method/push"
)

// TestApprovalsRace has a person's phones approve and deny one sign-in at the same moment,
// through different nodes: two phones, or one that says both. Exactly one of the two
// counts, the other hears how it ended, and the browser is in when it was the approval.
func TestApprovalsRace(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		const people = 8
		var desks []desk
		var phones [][2]*handset
		for i := range people {
			d := home(t, s, s.Guarded(t, fmt.Sprint("Racer ", i), fmt.Sprintf("racer-%d@acme.example", i)))
			one := (&handsets{s}).new(t).pair(t, d.Client)
			two := one
			if i%2 == 0 {
				two = (&handsets{s}).new(t).pair(t, d.Client)
			}
			desks, phones = append(desks, d), append(phones, [2]*handset{one, two})
		}
		approved := 0
		races := scale(80, 1000)
		for round := range races / people {
			s.Clock.Advance(61 * time.Second) // or a person is asked too often
			results := make([]bool, people)
			crew(4, people, func(i int) { results[i] = race(t, s, round, desks[i].again(s), phones[i]) })
			for _, in := range results {
				if in {
					approved++
				}
			}
		}
		t.Logf("%d races, %d of them won by the approval", races, approved)
		if approved == 0 || approved == races {
			t.Log("one side won them all: it was no race")
		}
	})
}

// race is one of them; it tells whether the approval won.
func race(t *testing.T, s *site.Site, round int, d desk, phones [2]*handset) bool {
	base, number := d.ask(t)
	nodes := len(s.Nodes)
	q := [2]question{}
	for i, phone := range phones {
		waiting := phone.waiting((round + i) % nodes)
		if len(waiting) != 1 {
			t.Errorf("%d questions wait, want one", len(waiting))
			return false
		}
		q[i] = waiting[0]
	}
	said := together(2, func(i int) heard {
		if (i+round)%2 == 0 {
			return phones[0].decide(round%nodes, q[0], push.Approve, number)
		}
		return phones[1].decide((round+1)%nodes, q[1], push.Deny, "")
	})
	yes, no := said[round%2], said[1-round%2]
	row, err := s.Engine.Store.Read().GetRequest(t.Context(), countersign.DefaultWorkspace, countersign.RequestID(q[0].ID))
	if err != nil {
		t.Error(err)
		return false
	}
	switch {
	case yes.came() == "approved" && no.came() == "request_over" && no.text("state") == "approved" && row.State == "approved":
	case no.came() == "denied" && yes.came() == "request_over" && yes.text("state") == "denied" && row.State == "denied":
	default:
		t.Errorf("approve hears %s %q, deny %s %q; it is %s", yes.came(), yes.text("state"), no.came(), no.text("state"), row.State)
	}
	won := yes.came() == "approved"
	d.On(round % nodes).Post(base + "/phone")
	if d.SignedIn() != won {
		t.Errorf("approve hears %s, deny %s, and the browser is in: %v", yes.came(), no.came(), !won)
	}
	return won
}

// TestApprovalsForged sends decisions that no honest phone would: each is refused, and
// the question still waits for the right answer.
func TestApprovalsForged(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		ada, eve := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Guarded(t, "Eve Neighbour", "eve@acme.example")
		at, hers := home(t, s, ada), home(t, s, eve)
		phone, tablet := (&handsets{s}).new(t).pair(t, at.Client), (&handsets{s}).new(t).pair(t, at.Client)
		evil := (&handsets{s}).new(t).pair(t, hers.Client)
		node := 0
		var before push.Answer // that of the question before
		var last question
		for _, row := range []struct {
			sentence string
			forge    func(q question, number string) heard
			want     string
		}{
			{"her phone's answer, in her tablet's name", func(q question, number string) heard {
				return tablet.answer(node, q.ID, phone.Answer(q.Request, push.Approve, number))
			}, "decision_refused"},
			{"her phone's answer, in another account's name", func(q question, number string) heard {
				return evil.answer(node, q.ID, phone.Answer(q.Request, push.Approve, number))
			}, "no_such_request"},
			{"another account's answer in its own name", func(q question, number string) heard {
				r := q.Request
				r.Device = evil.id
				return evil.answer(node, q.ID, evil.Answer(r, push.Approve, number))
			}, "no_such_request"},
			{"another account's phone, in her phone's name", func(q question, number string) heard {
				thief := *evil
				thief.id = phone.id
				return thief.decide(node, q, push.Approve, number)
			}, "device_signature"},
			{"the answer to the question before", func(q question, _ string) heard { return phone.answer(node, q.ID, before) }, "decision_refused"},
			{"the answer to the question before, where it belongs", func(question, string) heard { return phone.answer(node, last.ID, before) }, "request_over"},
			{"another number than was signed", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Approve, another(number))
				a.Number = number
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"a denial, sent as an approval", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Deny, "")
				a.Decision, a.Number, a.Assertion = push.Approve, number, phone.Answer(q.Request, push.Approve, number).Assertion
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"an approval, sent as a denial", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Approve, number)
				a.Decision, a.Number, a.Assertion = push.Deny, "", nil
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"an approval, sent as a report, with all that is in it", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Approve, number)
				a.Decision = push.Report
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"a decision that there is not", func(q question, _ string) heard {
				return phone.answer(node, q.ID, phone.Answer(q.Request, "approved", ""))
			}, "decision_refused"},
			{"another text than was shown", func(q question, number string) heard {
				r := q.Request
				r.Display = []byte(strings.Replace(string(r.Display), "Acme", "Akme", 1))
				return phone.answer(node, q.ID, phone.Answer(r, push.Approve, number))
			}, "decision_refused"},
			{"a longer life", func(q question, number string) heard {
				r := q.Request
				r.Expires = r.Expires.Add(time.Second)
				return phone.answer(node, q.ID, phone.Answer(r, push.Approve, number))
			}, "decision_refused"},
			{"another server's name", func(q question, number string) heard {
				r := q.Request
				r.Issuer = "https://evil.example"
				return phone.answer(node, q.ID, phone.Answer(r, push.Approve, number))
			}, "decision_refused"},
			{"half a signature", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Approve, number)
				a.Signature = a.Signature[:32]
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"half an assertion", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Approve, number)
				a.Assertion = []byte(`{"id":"x","rawId":"x","type":"public-key"}`)
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"no assertion", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Approve, number)
				a.Assertion = nil
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"no signature of the device", func(q question, number string) heard {
				a := phone.Answer(q.Request, push.Approve, number)
				a.Signature = nil
				return phone.answer(node, q.ID, a)
			}, "decision_refused"},
			{"a body that ends early", func(q question, _ string) heard {
				return phone.call(node, http.MethodPost, "/device/v1/requests/"+q.ID, "{")
			}, "bad_json"},
			{"nothing", func(q question, _ string) heard {
				return phone.call(node, http.MethodPost, "/device/v1/requests/"+q.ID, map[string]any{})
			}, "decision_refused"},
			{"a call that was signed for another question", func(q question, number string) heard {
				r, err := phone.request(http.MethodPost, "/device/v1/requests/"+last.ID, decisionOf(phone.Answer(q.Request, push.Approve, number)), nil)
				must(t, err)
				r.URL.Path = "/device/v1/requests/" + q.ID
				return phone.send(node, r)
			}, "device_signature"},
			{"a call that nobody signed", func(q question, number string) heard {
				nobody := *phone
				nobody.id = ""
				return nobody.call(node, http.MethodPost, "/device/v1/requests/"+q.ID, decisionOf(phone.Answer(q.Request, push.Approve, number)))
			}, "device_signature"},
		} {
			s.Clock.Advance(time.Minute)
			node = (node + 1) % len(s.Nodes)
			d := at.again(s)
			base, number := d.ask(t)
			waiting := phone.waiting(node)
			if len(waiting) != 1 {
				t.Fatalf("%d questions wait", len(waiting))
			}
			if got := row.forge(waiting[0], number); got.came() != row.want {
				t.Errorf("%s: %s %s, want %s\n%s", row.sentence, got.Answer, got.came(), row.want, got.Body)
			}
			d.Post(base + "/phone")
			if d.SignedIn() {
				t.Errorf("%s lets in", row.sentence)
			}
			last = waiting[0]
			before = phone.Answer(last.Request, push.Approve, number)
			if got := phone.answer(node, last.ID, before); got.came() != "approved" {
				t.Errorf("after %s the right answer is refused: %s", row.sentence, got.Body)
			}
			d.Post(base + "/phone")
			if !d.SignedIn() {
				t.Errorf("after %s the right answer does not let in", row.sentence)
			}
		}
	})
}

// another is a number that is not shown.
func another(number string) string {
	if number == "00" {
		return "11"
	}
	return "00"
}

// TestApprovalsLate answers when the question's life is over, and uses an approval when
// it is.
func TestApprovalsLate(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		at := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone := (&handsets{s}).new(t).pair(t, at.Client)
		d := at.again(s)
		base, number := d.ask(t)
		q := phone.waiting(0)[0]
		s.Clock.Advance(2 * time.Minute)
		if got := phone.decide(len(s.Nodes)-1, q, push.Approve, number); got.came() != "request_over" || got.text("state") != "expired" {
			t.Errorf("after its life an approval is answered %s", got.Body)
		}
		d.Post(base + "/phone")
		d.Post(base + "/phone/ask")
		number = site.ShownNumber(d.Get(base + "/phone"))
		if got := phone.decide(0, phone.waiting(0)[0], push.Approve, number); got.came() != "approved" {
			t.Fatalf("asked again: %s", got.Body)
		}
		s.Clock.Advance(2 * time.Minute)
		d.Post(base + "/phone")
		if d.SignedIn() {
			t.Error("an approval that was not used in time lets in")
		}
	})
}

// TestApprovalsAreTheAskers has others use an approval: another browser, another sign-in
// of the same person, and of the same browser.
func TestApprovalsAreTheAskers(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		at := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone := (&handsets{s}).new(t).pair(t, at.Client)
		hers, thief, stranger := at.again(s), desk{s.Client(), at.who}, desk{s.Client(), at.who}
		base, number := hers.ask(t)
		q := phone.waiting(0)[0]
		theirs, other := thief.ask(t)
		// The page shows the server's address, and the thief's own number, too: either may
		// end in hers by chance.
		shows := func(got site.Answer) bool {
			return strings.Contains(strings.ReplaceAll(got.Body, strings.TrimPrefix(s.URL, "http://"), ""), number+"<") && number != other
		}
		if got := phone.decide(len(s.Nodes)-1, q, push.Approve, number); got.came() != "approved" {
			t.Fatal(got.Body)
		}
		for i := range 4 {
			node := i % len(s.Nodes)
			for name, try := range map[string]func() site.Answer{
				"another sign-in":                       func() site.Answer { return thief.On(node).Post(theirs + "/phone") },
				"another browser, at her address":       func() site.Answer { return thief.On(node).Post(base + "/phone") },
				"nobody's browser, at her address":      func() site.Answer { return stranger.On(node).Post(base + "/phone") },
				"another browser, waiting for her":      func() site.Answer { return thief.On(node).Get(base + "/phone/events?wait=1&seen=pending") },
				"her sign-in's page, in another's name": func() site.Answer { return thief.On(node).Get(base + "/phone") },
			} {
				got := try()
				if thief.SignedIn() || stranger.SignedIn() || shows(got) || strings.Contains(got.Body, "approved") {
					t.Fatalf("%s uses, or sees, her approval: %s\n%s", name, got, got.Body)
				}
			}
		}
		answers := rush(t, scale(20, 100), func(i int) site.Answer { return hers.On(i % len(s.Nodes)).Post(base + "/phone") })
		exactly(t, "browsers that are in", letIn([]*site.Client{hers.Client}), 1)
		exactly(t, "sign-ins completed by phone", tellings(t, s, at.who.ID, "signin.completed", `"second":"push"`), 1)
		_ = answers
	})
}

// TestApprovalsWakeOtherNodes decides on one node while the page waits on another, and
// tells how long the page was not told.
func TestApprovalsWakeOtherNodes(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		at := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone := (&handsets{s}).new(t).pair(t, at.Client)
		var took []string
		const patience = 5 * time.Second
		for i := range scale(5, 50) {
			s.Clock.Advance(time.Minute)
			d := at.again(s)
			base, number := d.ask(t)
			q := phone.waiting(0)[0]
			told := make(chan site.Answer, 1)
			go func() { told <- d.On(i % len(s.Nodes)).Get(base + "/phone/events?seen=pending&wait=20") }()
			time.Sleep(150 * time.Millisecond) // until it waits
			began := time.Now()
			if got := phone.decide((i+1)%len(s.Nodes), q, push.Approve, number); got.came() != "approved" {
				t.Fatal(got.Body)
			}
			answer := <-told
			passed := time.Since(began)
			took = append(took, fmt.Sprint(passed.Round(time.Millisecond)))
			if !strings.Contains(answer.Body, "approved") || passed > patience {
				t.Errorf("after %v the page hears %s", passed, answer.Body)
			}
			d.Post(base + "/phone")
		}
		t.Logf("from the decision, its answer included, until the page on the other node knew: %v", took)
	})
}
