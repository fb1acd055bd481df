package approve_test

import (
	"context"
	"os"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/method/push"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// both runs a test on both databases.
func both(t *testing.T, test func(t *testing.T, e *accounttest.Engine)) {
	t.Helper()
	accounttest.Both(t, test)
}

// want fails the test when err is not the refusal named by a code.
func want(t *testing.T, sentence string, err error, refusal string) {
	t.Helper()
	accounttest.Want(t, sentence, err, refusal)
}

func ctx() context.Context { return context.Background() }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// asking is somebody whose phone can be asked.
type asking struct {
	e     *accounttest.Engine
	p     *accounttest.Person
	phone *accounttest.Phone
}

// asks is a person with an app, codes and a phone. A minute has gone by since they paired
// it.
func asks(t *testing.T, e *accounttest.Engine, email string) asking {
	t.Helper()
	p := e.Guarded(t, email)
	a := asking{e, p, p.WithPhone(t, "Pixel 9")}
	e.Advance(t, time.Minute)
	return a
}

// ask asks the person's phones for somebody at an unknown browser.
func (a asking) ask(t *testing.T, requester string, change ...func(*approve.Ask)) (rows.Request, error) {
	t.Helper()
	q := approve.Ask{Account: a.p.Account(t), Kind: approve.SignIn, Requester: requester, FirstAt: a.e.Clock.Now()}
	q.Place.IP = "203.0.113.7"
	for _, c := range change {
		c(&q)
	}
	var row rows.Request
	err := a.e.Accounts.WriteFor(ctx(), a.p.ID, func(tx *store.Tx) error {
		_, err := tx.LockUser(tx.Ctx, accounttest.Workspace, a.p.ID)
		if err != nil {
			return err
		}
		row, err = a.e.Approvals.Make(tx, q)
		return err
	})
	return row, err
}

// known is a browser that signed in to the account before.
func known(q *approve.Ask) { q.Known = true }

// from is somebody at an address.
func from(ip string) func(*approve.Ask) { return func(q *approve.Ask) { q.Place.IP = ip } }

// asked is ask where nothing stands in the way.
func (a asking) asked(t *testing.T, requester string, change ...func(*approve.Ask)) rows.Request {
	t.Helper()
	row, err := a.ask(t, requester, change...)
	must(t, err)
	return row
}

// state is how far a question has come.
func (a asking) state(t *testing.T, row rows.Request) approve.State {
	t.Helper()
	now, err := a.e.Store.Read().GetRequest(ctx(), accounttest.Workspace, row.ID)
	must(t, err)
	return approve.StateOf(now, a.e.Clock.Now())
}

// say answers a question and expects what it comes to.
func (a asking) say(t *testing.T, row rows.Request, decision push.Decision, number string, state approve.State) {
	t.Helper()
	got, err := a.phone.Say(row, decision, number)
	if err != nil || got != state {
		t.Fatalf("%s with %q comes to %s, %v; want %s", decision, number, got, err, state)
	}
}

func (a asking) approve(t *testing.T, row rows.Request) {
	t.Helper()
	a.say(t, row, push.Approve, row.Number, approve.Approved)
}

func (a asking) deny(t *testing.T, row rows.Request) {
	t.Helper()
	a.say(t, row, push.Deny, "", approve.Denied)
}

// other is a number that was not shown.
func other(row rows.Request) string {
	if row.Number == "00" {
		return "11"
	}
	return "00"
}

func (a asking) redeem(row rows.Request, requester string) error {
	return a.e.Store.Write(ctx(), func(tx *store.Tx) error {
		_, err := a.e.Approvals.Redeem(tx, accounttest.Workspace, row.ID, requester, countersign.Place{})
		return err
	})
}

func (a asking) withdraw(t *testing.T, requester string) {
	t.Helper()
	a.e.Write(t, func(tx *store.Tx) error {
		return a.e.Approvals.Withdraw(tx, rows.User{WorkspaceID: accounttest.Workspace, ID: a.p.ID}, requester)
	})
}

func (a asking) spare(t *testing.T, requester string) {
	t.Helper()
	a.e.Write(t, func(tx *store.Tx) error {
		return a.e.Approvals.Spare(tx, rows.User{WorkspaceID: accounttest.Workspace, ID: a.p.ID}, requester)
	})
}

// usable tells whether a sign-in would ask the phone first.
func (a asking) usable(t *testing.T) bool {
	t.Helper()
	var usable bool
	a.e.Write(t, func(tx *store.Tx) error {
		devices, err := tx.ListDevices(tx.Ctx, accounttest.Workspace, a.p.ID)
		if err != nil {
			return err
		}
		usable, err = a.e.Approvals.Usable(tx, approve.Ask{Account: a.p.Account(t), Kind: approve.SignIn}, devices)
		return err
	})
	return usable
}

// later lets time go by, and what was not answered meanwhile end.
func (a asking) later(t *testing.T, d time.Duration) {
	t.Helper()
	a.e.Advance(t, d)
	must(t, a.e.Approvals.Expire(ctx()))
}
