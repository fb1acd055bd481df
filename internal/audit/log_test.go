package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// numbered writes events whose targets are their numbers: every second is about ada, every
// third refused, every fifth by ben upon her.
func numbered(t *testing.T, s *store.Store, n int) {
	t.Helper()
	for i := range n {
		e := audit.Event{Kind: "signin.completed", User: "usr_ben", Actor: countersign.Actor{Kind: countersign.ByUser, User: "usr_ben"}, Target: fmt.Sprintf("t%02d", i)}
		e.Place = countersign.Place{IP: fmt.Sprintf("203.0.113.%d", i%4), RequestID: fmt.Sprintf("r%d", i)}
		if i%2 == 0 {
			e.User, e.Actor.User, e.Kind = "usr_ada", "usr_ada", "proof.accepted"
		}
		if i%3 == 0 {
			e.Outcome = audit.Refused
		}
		if i%5 == 0 {
			e.User, e.Actor.User, e.Kind = "usr_ada", "usr_ben", "role.changed"
		}
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			row, err := audit.Row(countersign.DefaultWorkspace, e, began.Add(time.Duration(i)*time.Hour), 0)
			if err != nil {
				return err
			}
			return tx.InsertEvent(tx.Ctx, row)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

var began = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// targets say events by their numbers.
func targets(events []rows.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, e.Target)
	}
	return strings.Join(all, " ")
}

// Every filter finds what a look at each event finds, in parts, there and back.
func TestEveryFilterOfTheLog(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		numbered(t, s, 40)
		g := &audit.Log{Store: s}
		ada, ben := []countersign.UserID{"usr_ada"}, []countersign.UserID{"usr_ben"}
		all, err := s.Read().ListEvents(t.Context(), countersign.DefaultWorkspace, "", 100)
		if err != nil || len(all) != 40 {
			t.Fatalf("%d events, %v", len(all), err)
		}
		by := func(e rows.Event, who string) bool { return e.ActorID == who }
		for name, row := range map[string]struct {
			filter audit.Filter
			holds  func(rows.Event) bool
		}{
			"nothing":        {audit.Filter{}, func(rows.Event) bool { return true }},
			"a person":       {audit.Filter{Users: ada}, func(e rows.Event) bool { return e.UserID == "usr_ada" }},
			"an actor":       {audit.Filter{Actors: ben}, func(e rows.Event) bool { return by(e, "usr_ben") }},
			"both":           {audit.Filter{Users: ada, Actors: ben}, func(e rows.Event) bool { return e.UserID == "usr_ada" && by(e, "usr_ben") }},
			"kinds":          {audit.Filter{Kinds: []string{"role.changed", "proof.accepted"}}, func(e rows.Event) bool { return e.Kind != "signin.completed" }},
			"refused":        {audit.Filter{Outcome: audit.Refused}, func(e rows.Event) bool { return e.Outcome == "refused" }},
			"an address":     {audit.Filter{IP: "203.0.113.2"}, func(e rows.Event) bool { return e.IP == "203.0.113.2" }},
			"days":           {audit.Filter{Since: began.Add(5 * time.Hour), Until: began.Add(9 * time.Hour)}, func(e rows.Event) bool { return e.Target >= "t05" && e.Target < "t09" }},
			"an identifier":  {audit.Filter{Terms: &store.EventTerms{IDs: []string{"r7"}}}, func(e rows.Event) bool { return e.RequestID == "r7" }},
			"an event":       {audit.Filter{Terms: &store.EventTerms{IDs: []string{string(all[3].ID)}}}, func(e rows.Event) bool { return e.ID == all[3].ID }},
			"an unknown one": {audit.Filter{Terms: &store.EventTerms{IDs: []string{"%"}}}, func(rows.Event) bool { return false }},
			"a search": {audit.Filter{Terms: &store.EventTerms{IDs: []string{"t01"}, People: ben, Kinds: []string{"proof.accepted"}}}, func(e rows.Event) bool {
				return e.UserID == "usr_ben" || by(e, "usr_ben") || e.Kind == "proof.accepted"
			}},
			"a search refused": {audit.Filter{Outcome: audit.Refused, Terms: &store.EventTerms{People: ada}}, func(e rows.Event) bool { return e.Outcome == "refused" && (e.UserID == "usr_ada" || by(e, "usr_ada")) }},
			"all at once":      {audit.Filter{Users: ada, Actors: ben, Kinds: []string{"role.changed"}, IP: "203.0.113.0", Since: began, Terms: &store.EventTerms{IDs: []string{"usr_ada"}}}, func(e rows.Event) bool { return e.Kind == "role.changed" && e.IP == "203.0.113.0" }},
		} {
			var want []rows.Event
			for _, e := range slices.Backward(all) {
				if row.holds(e) {
					want = append(want, e)
				}
			}
			var each, there []rows.Event
			err := g.Each(t.Context(), countersign.DefaultWorkspace, row.filter, func(e rows.Event) error {
				each = append(each, e)
				return nil
			})
			if err != nil || targets(each) != targets(want) {
				t.Errorf("%s: each is %s, want %s; %v", name, targets(each), targets(want), err)
			}
			last := walkLog(t, g, row.filter, "", func(p audit.Part) countersign.EventID {
				there = append(there, p.Events...)
				return p.Older
			}, false)
			if targets(there) != targets(want) {
				t.Errorf("%s: there is %s, want %s", name, targets(there), targets(want))
			}
			if len(want) < 8 {
				continue
			}
			back := last.Events
			walkLog(t, g, row.filter, last.Newer, func(p audit.Part) countersign.EventID {
				back = append(slices.Clone(p.Events), back...)
				return p.Newer
			}, true)
			if targets(back) != targets(want) {
				t.Errorf("%s: back is %s, want %s", name, targets(back), targets(want))
			}
		}
	})
}

// walkLog reads parts of seven until there is none, and returns the last.
func walkLog(t *testing.T, g *audit.Log, f audit.Filter, from countersign.EventID, next func(audit.Part) countersign.EventID, newer bool) audit.Part {
	t.Helper()
	for range 20 {
		older, back := from, countersign.EventID("")
		if newer {
			older, back = "", from
		}
		part, err := g.Page(t.Context(), countersign.DefaultWorkspace, f, older, back, 7)
		if err != nil {
			t.Fatal(err)
		}
		from = next(part)
		if from == "" {
			return part
		}
	}
	t.Error("the parts do not end")
	return audit.Part{}
}

// A part looks at so many events and no more, and says from where to go on.
func TestALookAtTheLogIsBounded(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		numbered(t, s, 40)
		l := store.EventListing{Workspace: countersign.DefaultWorkspace, Kinds: []string{"signin.completed"}, IP: "203.0.113.1", Outcome: "refused", Most: 5, Reach: 3}
		var seen []string
		rounds := 0
		for ; rounds < 30; rounds++ {
			found, err := s.ListLog(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range found.Events {
				seen = append(seen, e.Target)
			}
			if found.Horizon == "" {
				break
			}
			l.From = found.Horizon
		}
		if got := strings.Join(seen, " "); got != "t33 t21 t09" || rounds < 2 {
			t.Errorf("found %s in %d rounds", got, rounds)
		}
	})
}

// Whoever waits is told of what comes, and what a list never wrote is its beginning.
func TestTheLatestEvent(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		g := &audit.Log{Store: s}
		last, err := g.Latest(t.Context(), countersign.DefaultWorkspace)
		if err != nil || last != "" {
			t.Errorf("an empty log ends with %q, %v", last, err)
		}
		numbered(t, s, 3)
		state, err := g.Await(t.Context(), countersign.DefaultWorkspace, "", func(context.Context) error { return nil })
		last, _ = g.Latest(t.Context(), countersign.DefaultWorkspace)
		if err != nil || state != string(last) || last == "" {
			t.Errorf("told of %q, %v, where the latest is %q", state, err, last)
		}
		looks := 0
		_, err = g.Await(t.Context(), countersign.DefaultWorkspace, state, func(context.Context) error {
			looks++
			if looks < 3 {
				return nil
			}
			return countersign.Refuse(countersign.Forbidden, "beyond_role")
		})
		if countersign.CodeOf(err) != "beyond_role" || looks != 3 {
			t.Errorf("whoever may not wait any more is told %v at the look %d", err, looks)
		}
		for _, cursor := range []countersign.EventID{"nonsense", "evt_\x00", "usr_1", countersign.EventID("evt_" + strings.Repeat("z", 100))} {
			part, err := g.Page(t.Context(), countersign.DefaultWorkspace, audit.Filter{}, cursor, "", 2)
			if err != nil || targets(part.Events) != "t02 t01" {
				t.Errorf("after %q: %s, %v", cursor, targets(part.Events), err)
			}
			_, err = g.Get(t.Context(), countersign.DefaultWorkspace, cursor)
			if countersign.CodeOf(err) != "no_such_event" {
				t.Errorf("the event %q: %v", cursor, err)
			}
		}
	})
}
