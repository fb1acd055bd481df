package approve_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// change is something that makes another thing of an approval that was judged before it.
type change struct {
	name    string
	act     func(tx *store.Tx, a asking, row rows.Request) error
	refusal string
}

// changes are those that are made with the person's row in hand.
func changes() []change {
	device := func(tx *store.Tx, a asking, with func(p *rows.ReportDeviceParams)) error {
		p := rows.ReportDeviceParams{
			Version: "1.0.0", Biometrics: 1, Notifications: "none", Subscription: []byte{}, SeenAt: tx.NowMilli(), WorkspaceID: accounttest.Workspace, ID: a.phone.ID,
		}
		with(&p)
		_, err := tx.ReportDevice(tx.Ctx, p)
		return err
	}
	return []change{
		{"nothing", func(*store.Tx, asking, rows.Request) error { return nil }, "ok"},
		{"the person is disabled", func(tx *store.Tx, a asking, _ rows.Request) error {
			_, err := tx.SetUserState(tx.Ctx, countersign.Disabled, accounttest.Workspace, a.p.ID)
			return err
		}, "device_signed_out"},
		{"the device signs out", func(tx *store.Tx, a asking, _ rows.Request) error {
			_, err := tx.SetDeviceState(tx.Ctx, "signed_out", accounttest.Workspace, a.phone.ID)
			return err
		}, "device_signed_out"},
		{"the device is removed", func(tx *store.Tx, a asking, _ rows.Request) error {
			_, err := tx.RevokeDevice(tx.Ctx, rows.RevokeDeviceParams{Nothing: []byte{}, EndedAt: tx.NowMilli(), WorkspaceID: accounttest.Workspace, UserID: a.p.ID, ID: a.phone.ID})
			return err
		}, "device_unknown"},
		{"the biometrics are gone", func(tx *store.Tx, a asking, _ rows.Request) error {
			return device(tx, a, func(p *rows.ReportDeviceParams) { p.Biometrics = 0 })
		}, "device_biometrics"},
		{"the device goes back to an old version", func(tx *store.Tx, a asking, _ rows.Request) error {
			return device(tx, a, func(p *rows.ReportDeviceParams) { p.Version = "0.0.9" })
		}, "device_version"},
		{"the counter has gone on", func(tx *store.Tx, a asking, _ rows.Request) error {
			_, err := tx.CountDevice(tx.Ctx, rows.CountDeviceParams{Counter: 1 << 30, SeenAt: tx.NowMilli(), WorkspaceID: accounttest.Workspace, ID: a.phone.ID})
			return err
		}, "decision_refused"},
		{"the question is superseded", func(tx *store.Tx, _ asking, row rows.Request) error {
			_, err := tx.EndRequest(tx.Ctx, rows.EndRequestParams{State: "superseded", Now: tx.NowMilli(), WorkspaceID: accounttest.Workspace, ID: row.ID})
			return err
		}, "request_over"},
		{"another phone denies", func(tx *store.Tx, _ asking, row rows.Request) error {
			_, err := tx.DecideRequest(tx.Ctx, rows.DecideRequestParams{State: "denied", DeviceID: "dev_other", Now: tx.NowMilli(), WorkspaceID: accounttest.Workspace, ID: row.ID})
			return err
		}, "request_over"},
	}
}

// late is an approval whose call came in, and was judged, before something changed.
func (a asking) late(t *testing.T, row rows.Request) func() (approve.State, error) {
	t.Helper()
	a.phone.Counter = 7
	q, err := a.e.Approvals.Question(ctx(), accounttest.Workspace, a.phone.ID, row.ID)
	must(t, err)
	answer := a.phone.Answer(a.e.Approvals.Signed(row, a.phone.ID), push.Approve, row.Number)
	return func() (approve.State, error) {
		return a.e.Approvals.Decide(ctx(), q, row.ID, answer, accounttest.PhonePlace())
	}
}

// told tells what is wrong with the outcome of an approval: each is told by one event, and
// raises the device's counter, and what is refused does neither.
func (a asking) told(t *testing.T, row rows.Request, state approve.State, err error, refusal string, counter int64) {
	t.Helper()
	want(t, "the approval", err, refusal)
	n := 0
	for _, e := range a.e.Events(t) {
		if e.Kind == "request.approved" && e.Target == string(row.ID) {
			n++
			if e.Outcome != string(audit.OK) || e.ActorID != string(a.p.ID) || e.AttemptID != countersign.AttemptID(row.Requester) || e.IP != accounttest.PhonePlace().IP {
				t.Errorf("its event is %+v", e)
			}
		}
	}
	now := a.phone.Row(t).Counter
	switch {
	case err == nil && (n != 1 || state != approve.Approved || a.state(t, row) != approve.Approved || now != 8):
		t.Errorf("it is %s, stored as %s, told %d times, and the counter went from %d to %d", state, a.state(t, row), n, counter, now)
	case err != nil && (n != 0 || a.state(t, row) == approve.Approved || now != counter && now != 1<<30):
		t.Errorf("it is refused, stored as %s, told %d times, and the counter went from %d to %d", a.state(t, row), n, counter, now)
	}
}

// What an approval was judged by counts as it is when the approval is written, whether it
// changed before that or while that waited for the person.
func TestAnApprovalCountsByWhatIsStored(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"push.min_app_version": "0.1.0"})
		for i, c := range changes() {
			for j, when := range []string{"before", "while it waits"} {
				a := asks(t, e, c.name[:7]+string(rune('a'+i))+when[:1]+"@example.com")
				row := a.asked(t, "att_"+when, from(fmt.Sprintf("192.0.%d.%d", i, j)))
				decide, counter := a.late(t, row), a.phone.Row(t).Counter
				t.Run(c.name+", "+when, func(t *testing.T) {
					type outcome struct {
						state approve.State
						err   error
					}
					came := make(chan outcome, 1)
					e.Write(t, func(tx *store.Tx) error {
						_, err := tx.LockUser(tx.Ctx, accounttest.Workspace, a.p.ID)
						if err != nil {
							return err
						}
						if when != "before" {
							go func() {
								state, err := decide()
								came <- outcome{state, err}
							}()
							time.Sleep(until)
						}
						return c.act(tx, a, row)
					})
					if when == "before" {
						state, err := decide()
						came <- outcome{state, err}
					}
					got := <-came
					a.told(t, row, got.state, got.err, c.refusal, counter)
				})
			}
		}
	})
}

// hold has somebody take the person's row until what it returns is called.
func (a asking) hold(t *testing.T, all *sync.WaitGroup) func() {
	t.Helper()
	held, end := make(chan struct{}), make(chan struct{})
	all.Go(func() {
		err := a.e.Store.Write(ctx(), func(tx *store.Tx) error {
			_, err := tx.LockUser(tx.Ctx, accounttest.Workspace, a.p.ID)
			close(held)
			<-end
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	return func() { close(end) }
}

// Where nobody is in the way, PostgreSQL is asked once; and it waits for nobody.
func TestAnApprovalAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		row := a.asked(t, "att_1")
		q, err := e.Approvals.Question(ctx(), accounttest.Workspace, a.phone.ID, row.ID)
		must(t, err)
		answer := a.phone.Answer(e.Approvals.Signed(row, a.phone.ID), push.Approve, row.Number)
		if !e.Store.SQLite() {
			var all sync.WaitGroup
			let := a.hold(t, &all)
			done, err := e.Approvals.AtOnce(ctx(), q, answer)
			if done || err != nil {
				t.Errorf("while somebody has the person's row: %v, %v", done, err)
			}
			let()
			all.Wait()
		}
		one, unheard := e.Store.Listen(account.RequestTopic(row.ID))
		defer unheard()
		list, unheardOf := e.Approvals.Listen(a.p.ID)
		defer unheardOf()
		done, err := e.Approvals.AtOnce(ctx(), q, answer)
		must(t, err)
		if done == e.Store.SQLite() {
			t.Errorf("it is written at once: %v", done)
		}
		if !done {
			return
		}
		for what, bell := range map[string]<-chan struct{}{"the page": one, "the phones": list} {
			select {
			case <-bell:
			default:
				t.Errorf("%s is not told", what)
			}
		}
		other := asks(t, e, "grace@example.com").asked(t, "att_2")
		q.Request = other
		done, err = e.Store.ApproveAtOnce(ctx(), q, 9, func(now time.Time) (rows.InsertEventParams, error) {
			return audit.Row(accounttest.Workspace, audit.Event{Kind: "request.approved"}, now, 0)
		})
		if done || err != nil {
			t.Errorf("somebody else's question: %v, %v", done, err)
		}
	})
}

// A rush of one device's answers, while somebody has its person's row, leaves connections
// for everybody else.
func TestARushOfAnswersLeavesConnections(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		if e.Store.SQLite() {
			return // who waits there has no connection
		}
		a, other := asks(t, e, "ada@example.com"), asks(t, e, "grace@example.com")
		row := a.asked(t, "att_1")
		decide := a.late(t, row)
		var all sync.WaitGroup
		let := asking{e: e.Node(t), p: a.p}.hold(t, &all)
		for range 40 {
			all.Go(func() { _, _ = decide() }) // one of them approves; the others come too late, or too often
		}
		time.Sleep(until)
		brief, cancel := context.WithTimeout(ctx(), 5*time.Second)
		defer cancel()
		_, err := e.Store.Read().GetUser(brief, accounttest.Workspace, other.p.ID)
		if err != nil {
			t.Errorf("somebody else meanwhile: %v", err)
		}
		let()
		all.Wait()
		if got := a.state(t, row); got != approve.Approved {
			t.Errorf("it is %s", got)
		}
	})
}

// Settings count as they are when the approval is written, too.
func TestAnApprovalCountsByTheSettings(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		if !e.Store.SQLite() {
			a := asks(t, e, "joan@example.com")
			row := a.asked(t, "att_0")
			decide, counter := a.late(t, row), a.phone.Row(t).Counter
			var all sync.WaitGroup
			let := a.hold(t, &all)
			all.Go(func() {
				state, err := decide()
				a.told(t, row, state, err, "device_version", counter)
			})
			time.Sleep(until)
			e.Set(t, policy.Document{"push.min_app_version": "2.0.0"})
			let()
			all.Wait()
			e.Set(t, policy.Document{"push.min_app_version": "none"})
		}
		a := asks(t, e, "ada@example.com")
		row := a.asked(t, "att_1")
		decide, counter := a.late(t, row), a.phone.Row(t).Counter
		e.Set(t, policy.Document{"push.min_app_version": "2.0.0"})
		state, err := decide()
		a.told(t, row, state, err, "device_version", counter)

		e.Set(t, policy.Document{"push.min_app_version": "none"})
		a = asks(t, e, "grace@example.com")
		row = a.asked(t, "att_2")
		decide, counter = a.late(t, row), a.phone.Row(t).Counter
		e.Advance(t, approve.Life)
		state, err = decide()
		a.told(t, row, state, err, "request_over", counter)
	})
}
