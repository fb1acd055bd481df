package account_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/password"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Whoever is refused anyway writes nothing: the row of a count is no place at which
// a flood makes others wait.
func TestRefusalsWriteNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		at := b.Attempt(t, b.Start(t, ada.Email))
		for range 11 { // the last one is refused, and told
			_ = b.Password(at, "wrong "+ada.Password)
		}
		eve, thief := e.Guarded(t, "eve@example.com"), e.Browser("192.0.2.2")
		half := thief.First(t, eve)
		for range 11 {
			_ = thief.Second(half, method.TOTP, eve.Wrong())
		}
		e.Write(t, func(tx *store.Tx) error {
			// As many as the network may have at once.
			for rate, all := range map[string]time.Duration{"start:192.0.2.1": 5 * time.Second, "forgot-from:192.0.2.1": 20 * time.Minute} {
				_, err := tx.SpendRate(tx.Ctx, rows.SpendRateParams{
					WorkspaceID: accounttest.Workspace, Subject: rate, Now: tx.NowMilli(),
					Interval: all.Milliseconds(), Burst: 2 * all.Milliseconds(),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		answered := make(chan struct{})
		e.Write(t, func(tx *store.Tx) error {
			// This holds every row of a count: whoever wanted to write one would wait.
			far := tx.Now.Add(365 * 24 * time.Hour).UnixMilli()
			_, err := tx.DeleteOldRates(tx.Ctx, far)
			if err != nil {
				return err
			}
			_, err = tx.DeleteOldGuesses(tx.Ctx, far, far)
			if err != nil {
				return err
			}
			go func() {
				defer close(answered)
				want(t, "a try during the pause", b.Password(at, ada.Password), "locked_password")
				want(t, "a code during the pause", thief.Second(half, method.TOTP, eve.Code()), "locked_second")
				_, err := e.SignIn.Start(ctx(), accounttest.Workspace, ada.Email, "", b.Visitor())
				want(t, "a sign-in too many", err, "too_many_starts")
				want(t, "a mail too many", e.Accounts.Forgot(ctx(), accounttest.Workspace, ada.Email, b.Place()), "too_many_mails")
			}()
			select {
			case <-answered:
			case <-time.After(8 * time.Second): // a transaction on PostgreSQL has ten
				t.Error("a refusal waits for the writer")
			}
			return nil
		})
		<-answered
	})
}

// What is remembered of a lock is a hint where to look: when the lock is over, or was
// lifted, on this node or another, the right code works at once.
func TestALockThatIsOverIsForgotten(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, all := e.Guarded(t, "ada@example.com"), nodes(t, e)
		for round := range 4 {
			b := e.Browser("192.0.2.2")
			half := b.First(t, ada)
			for range 12 {
				_ = b.Second(half, method.TOTP, ada.Wrong())
			}
			want(t, "the right code during the lock", b.Second(half, method.TOTP, ada.Code()), "locked_second")
			if round%2 == 0 {
				e.Advance(t, 6*time.Hour)
				half = b.First(t, ada)
			} else {
				other := all[1]
				other.Write(t, func(tx *store.Tx) error { return other.Accounts.Unlock(tx, ada.Account(t).User) })
			}
			want(t, "the right code after it", b.Second(half, method.TOTP, ada.NextCode(t)), "ok")
		}
	})
}

// Refusals during a lock are told once a minute: a flood must fill neither the
// log nor the person's own activity.
func TestRefusalsDuringALockAreToldOnceAMinute(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		for range 60 {
			_ = b.TryPassword(t, ada.Email, "wrong "+ada.Password)
		}
		if got := e.Count(t, "proof.refused", "locked"); got != 1 {
			t.Errorf("%d refusals by the lock in the log, want 1", got)
		}
	})
}

// Guesses of neighbours do not stop a browser that signed in before, whatever
// network they share.
func TestNeighboursWhoGuessDoNotStopAKnownBrowser(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		for i := range 110 {
			_ = e.Browser("192.0.2.1").TryPassword(t, string(rune('a'+i%26))+string(rune('a'+i/26))+"@example.com", "a wrong password")
		}
		want(t, "a stranger of the same network", e.Browser("192.0.2.1").TryPassword(t, "zz@example.com", "a wrong password"), "locked_address")
		want(t, "the known browser", b.TryPassword(t, ada.Email, ada.Password), "ok")
	})
}

// A right password holds one of its network's hundred tries while it is judged. A
// large office that signs in at the same moment is not sent away for an hour.
func TestAnOfficeSignsInAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		all, people := nodes(t, e), make([]*accounttest.Person, 130)
		browsers, attempts := make([]*accounttest.Browser, len(people)), make([]signin.Attempt, len(people))
		for i := range people {
			people[i] = e.Person(t, "p"+strconv.Itoa(i)+"@example.com")
			browsers[i] = all[i%2].Browser("192.0.2.1")
			attempts[i] = browsers[i].Attempt(t, browsers[i].Start(t, people[i].Email))
		}
		for _, n := range all { // a hash that takes longer than taking a try
			n.Accounts.Hasher = password.NewHasher(password.Params{Memory: 4096, Time: 1, Lanes: 1}, 1, time.Now, seal.Bytes)
			t.Cleanup(n.Accounts.Hasher.Close)
		}
		counts := race(len(people), func(i int) error { return browsers[i].Password(attempts[i], people[i].Password) })
		if counts["ok"] != len(people) {
			t.Errorf("%v, want all of them", counts)
		}
		guesses := race(130, func(i int) error {
			err := all[i%2].Browser("192.0.2.1").TryPassword(t, people[i].Email, "a wrong password")
			var refusal *countersign.Error
			if accounttest.Answer(err) == "busy" && (!errors.As(err, &refusal) || refusal.RetryAfter < time.Second) {
				t.Errorf("told to come back, and not when: %v", err)
			}
			return err
		})
		// While the last of the hundred are judged, it is not known yet whether the
		// count is full: they may be right. Until then the rest are told to come
		// back; the hour's pause is for who does.
		if guesses["wrong_credentials"] != 100 || guesses["locked_address"]+guesses["busy"] != 30 {
			t.Errorf("%v, want a hundred guesses evaluated", guesses)
		}
		want(t, "who comes back", all[1].Browser("192.0.2.1").TryPassword(t, people[0].Email, "a wrong password"), "locked_address")
	})
}

// Wrong mailed codes count in a row over all the codes that were sent. Whoever
// stole the password signs in between them, and gains nothing by it.
func TestWrongMailedCodesLock(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		thief := e.Browser("192.0.2.1")
		mailed := func() (account.Holder, string) {
			e.Advance(t, 5*time.Minute) // until another may be mailed
			thief.SignIn(t, ada)
			h := thief.Holder(t)
			want(t, "sending", e.Accounts.SendCode(ctx(), h), "ok")
			return h, e.MailedCode(t, ada.Email)
		}
		var h account.Holder
		var right string
		check := func(code string) error {
			_, err := e.Accounts.CheckCode(ctx(), h, code)
			return err
		}
		for _, pause := range []time.Duration{15 * time.Minute, 30 * time.Minute} {
			for i := range 10 {
				if i%5 == 0 {
					h, right = mailed()
				}
				want(t, "a wrong code", check(other(right)), "email_code_wrong")
			}
			want(t, "the right code during the lock", check(right), "locked_mailed")
			e.Advance(t, pause-6*time.Minute)
			h, right = mailed()
			want(t, "the right code a minute before its end", check(right), "locked_mailed")
			e.Advance(t, time.Minute)
		}
		h, right = mailed()
		for range 4 {
			want(t, "a wrong code once more", check(other(right)), "email_code_wrong")
		}
		// Who reads the mailbox needs no guesses.
		ada.ResetByMail(t, newPassword)
		for range 2 {
			h, right = mailed()
			for range 4 {
				want(t, "a wrong code after the reset, or after a right one", check(other(right)), "email_code_wrong")
			}
			h, right = mailed()
			want(t, "a right one", check(right), "ok")
		}
	})
}

// Nobody can make us fill a mailbox: of one kind, ten mails at once.
func TestWarningsOfOneKindAreLimited(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		for range 15 {
			e.Browser("192.0.2.1").SignIn(t, ada)
		}
		if got := len(e.MailsTo(t, message.NewSignIn, ada.Email)); got != 10 {
			t.Errorf("%d mails of fifteen new browsers, want 10", got)
		}
	})
}

// One address sends as many passwords as may be under way, and hangs up on all of
// them. What is given back for them wants one row, and waits for it in turn: the
// connections are left to people elsewhere.
func TestHangingUpTakesNoConnections(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		if e.Store.SQLite() {
			return // there whoever holds a row holds the one writer
		}
		stop := make(chan struct{})
		var once sync.Once
		e.Accounts.Hasher = password.NewHasher(password.Params{Memory: 8, Time: 1, Lanes: 1}, 1, time.Now, func(n int) []byte {
			once.Do(func() { <-stop }) // the first hash takes until the end of the test
			return make([]byte, n)
		})
		var all sync.WaitGroup
		all.Go(func() {
			_, _ = e.Accounts.Hasher.Hash(ctx(), "something long", password.Caller{Known: true, Network: "203.0.113.1"})
		})
		flood := e.Browser("192.0.2.1")
		impatient, hangUp := context.WithCancel(ctx())
		const many = 25
		for i := range many {
			at := flood.Attempt(t, flood.Start(t, fmt.Sprintf("nobody%d@example.com", i)))
			all.Go(func() { _, _ = e.SignIn.Password(impatient, at, "a wrong password", flood.Visitor()) })
		}
		for e.Accounts.Hasher.Load().Waiting < many {
			time.Sleep(time.Millisecond)
		}
		e.Write(t, func(tx *store.Tx) error {
			_, err := tx.LockGuesses(tx.Ctx, rows.LockGuessesParams{
				WorkspaceID: accounttest.Workspace, Subject: "192.0.2.1", Sort: string(limit.Address),
			})
			hangUp()
			for i := range 20 {
				time.Sleep(20 * time.Millisecond)
				elsewhere := e.Browser(fmt.Sprintf("198.51.100.%d", i))
				soon, cancel := context.WithTimeout(ctx(), 5*time.Second)
				_, err := e.SignIn.Start(soon, accounttest.Workspace, "ada@example.com", "", elsewhere.Visitor())
				cancel()
				if err != nil {
					t.Errorf("a sign-in from elsewhere, while the row of a network is held: %v", err)
					break
				}
			}
			return err
		})
		close(stop)
		all.Wait()
	})
}
