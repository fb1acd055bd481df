package approve_test

import (
	"sync"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/store"
)

// until lets another transaction come so far that it waits for this one, if it does.
const until = 300 * time.Millisecond

// rounds runs an act in a transaction of its own and counts how often it ran: more than
// once when PostgreSQL found that it and another waited for each other.
func rounds(t *testing.T, e *accounttest.Engine, act func(tx *store.Tx) error) int {
	t.Helper()
	n := 0
	err := e.Store.Write(ctx(), func(tx *store.Tx) error {
		n++
		return act(tx)
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

// A report ends the person's other questions while the sweep writes down that one of them
// was not answered, and both count against one network.
func TestAReportAndTheSweepDoNotWaitForEachOther(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		if e.Store.SQLite() {
			return // one writes at a time
		}
		a := asks(t, e, "ada@example.com")
		a.asked(t, "att_late")
		e.Advance(t, time.Minute)
		row := a.asked(t, "att_reported")
		e.Advance(t, time.Minute+time.Second)

		var all sync.WaitGroup
		held, let := make(chan struct{}), make(chan struct{})
		var once sync.Once
		// Somebody makes the report wait in its middle: for what is counted of its person.
		all.Go(func() {
			rounds(t, e, func(tx *store.Tx) error {
				err := e.Accounts.NoteReport(tx, a.p.Account(t).User, row.IP)
				once.Do(func() { close(held) })
				<-let
				return err
			})
		})
		<-held
		all.Go(func() {
			n := rounds(t, e, func(tx *store.Tx) error { return e.Approvals.Report(tx, a.p.Account(t), row) })
			if n != 1 {
				t.Errorf("the report ran %d times", n)
			}
		})
		time.Sleep(until)
		all.Go(func() {
			if n := rounds(t, e, e.Approvals.Sweep); n != 1 {
				t.Errorf("the sweep ran %d times", n)
			}
		})
		time.Sleep(until)
		close(let)
		all.Wait()
	})
}

// The sweep takes networks in one order, whatever order the questions are in.
func TestTheSweepTakesNetworksInOrder(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		if e.Store.SQLite() {
			return
		}
		const lower, higher = "203.0.113.1", "203.0.113.9"
		for _, at := range []struct{ email, ip string }{
			{"ada@example.com", higher}, {"grace@example.com", lower}, {"joan@example.com", higher},
		} {
			asks(t, e, at.email).asked(t, "att_"+at.email, from(at.ip))
		}
		e.Advance(t, approve.Life)

		var all sync.WaitGroup
		held := make(chan struct{})
		var once sync.Once
		all.Go(func() {
			// As another node's sweep does, of other questions.
			n := rounds(t, e, func(tx *store.Tx) error {
				err := e.Accounts.NoteSource(tx, accounttest.Workspace, lower)
				if err != nil {
					return err
				}
				once.Do(func() { close(held) })
				time.Sleep(until)
				return e.Accounts.NoteSource(tx, accounttest.Workspace, higher)
			})
			if n != 1 {
				t.Errorf("the other node's ran %d times", n)
			}
		})
		<-held
		if n := rounds(t, e, e.Approvals.Sweep); n != 1 {
			t.Errorf("the sweep ran %d times", n)
		}
		all.Wait()
	})
}
