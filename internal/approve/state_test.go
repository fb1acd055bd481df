package approve_test

import (
	"errors"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/method/push"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// act is something that happens to a question; its refusal is returned.
type act func(t *testing.T, a asking, row rows.Request) error

func decides(decision push.Decision, number func(rows.Request) string) act {
	return func(_ *testing.T, a asking, row rows.Request) error {
		_, err := a.phone.Say(row, decision, number(row))
		return err
	}
}

func none(rows.Request) string      { return "" }
func right(row rows.Request) string { return row.Number }

func acts() map[string]act {
	return map[string]act{
		"approve": decides(push.Approve, right), "mismatch": decides(push.Approve, other), "deny": decides(push.Deny, none), "report": decides(push.Report, none),
		"redeem": func(_ *testing.T, a asking, row rows.Request) error { return a.redeem(row, row.Requester) },
		"withdraw": func(t *testing.T, a asking, row rows.Request) error {
			a.withdraw(t, row.Requester)
			return nil
		},
		"ask again": func(t *testing.T, a asking, row rows.Request) error {
			_, err := a.ask(t, row.Requester, known)
			return err
		},
		"time": func(t *testing.T, a asking, _ rows.Request) error {
			a.later(t, approve.Life)
			return nil
		},
		"change": func(t *testing.T, a asking, _ rows.Request) error {
			a.e.Write(t, func(tx *store.Tx) error { return a.e.Accounts.Void(tx, a.p.Account(t).User, account.Keep{}) })
			return nil
		},
	}
}

// Every state, what leads to it, and what each thing that can happen makes of it. Only a
// question that waits can be decided, and only an approval used.
func TestEveryStateAndWhatHappensToIt(t *testing.T) {
	type cell struct {
		answer string
		state  approve.State
	}
	final := func(s approve.State) map[string]cell {
		return map[string]cell{
			"approve": {"request_over", s}, "mismatch": {"request_over", s}, "deny": {"request_over", s}, "report": {"request_over", s},
			"redeem": {"request_over", s}, "withdraw": {"ok", s}, "ask again": {"ok", s}, "time": {"ok", s}, "change": {"ok", s},
		}
	}
	approved := final(approve.Approved)
	approved["redeem"] = cell{"ok", approve.Consumed}
	approved["withdraw"] = cell{"ok", approve.Cancelled}
	approved["change"] = cell{"ok", approve.Cancelled}
	approved["ask again"] = cell{"ok", approve.Superseded}
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for _, row := range []struct {
			from  approve.State
			by    []string
			cells map[string]cell
		}{
			{approve.Pending, nil, map[string]cell{
				"approve": {"ok", approve.Approved}, "mismatch": {"ok", approve.Mismatch}, "deny": {"ok", approve.Denied},
				"report": {"ok", approve.Reported}, "redeem": {"request_over", approve.Pending}, "withdraw": {"ok", approve.Cancelled},
				"ask again": {"ok", approve.Superseded}, "time": {"ok", approve.Expired}, "change": {"ok", approve.Cancelled},
			}},
			{approve.Approved, []string{"approve"}, approved},
			{approve.Denied, []string{"deny"}, final(approve.Denied)},
			{approve.Reported, []string{"report"}, final(approve.Reported)},
			{approve.Mismatch, []string{"mismatch"}, final(approve.Mismatch)},
			{approve.Expired, []string{"time"}, final(approve.Expired)},
			{approve.Superseded, []string{"ask again"}, final(approve.Superseded)},
			{approve.Cancelled, []string{"withdraw"}, final(approve.Cancelled)},
			{approve.Consumed, []string{"approve", "redeem"}, final(approve.Consumed)},
		} {
			a := asks(t, e, string(row.from)+"@example.com")
			for name, happens := range acts() {
				a.leaveAlone(t)
				q := a.asked(t, "att_"+string(row.from)+"_"+name, known)
				for _, by := range row.by {
					must(t, acts()[by](t, a, q))
				}
				if got := a.state(t, q); got != row.from {
					t.Fatalf("%v leads to %s, want %s", row.by, got, row.from)
				}
				a.peace(t)
				err := happens(t, a, q)
				want(t, string(row.from)+", "+name, err, row.cells[name].answer)
				if got := a.state(t, q); got != row.cells[name].state {
					t.Errorf("%s, %s: it is %s, want %s", row.from, name, got, row.cells[name].state)
				}
				said(t, err, row.from)
			}
		}
	})
}

// said expects that a refused decision names how the question ended, and does not tell
// that an approval was used.
func said(t *testing.T, err error, from approve.State) {
	t.Helper()
	var refused *countersign.Error
	if !errors.As(err, &refused) || refused.Args == nil {
		return
	}
	if got := refused.Args["State"]; got != string(from.Said()) || got == string(approve.Consumed) {
		t.Errorf("%s: the phone hears %v", from, got)
	}
}

// leaveAlone lets so much time go by that no limit of before counts.
func (a asking) leaveAlone(t *testing.T) {
	t.Helper()
	a.later(t, approve.Life+restless)
	a.peace(t)
}

// restless is longer than the decisions of one device, and two denials, matter.
const restless = 15 * time.Minute

// peace ends the locks of what was reported or mistyped.
func (a asking) peace(t *testing.T) {
	t.Helper()
	a.e.Write(t, func(tx *store.Tx) error { return a.e.Accounts.EndPeace(tx, a.p.Account(t).User) })
}
