package signin_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/store"
)

// retryAfter returns how long a refusal asks to wait.
func retryAfter(err error) time.Duration {
	var e *countersign.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return -1
}

// wrongTimes gives n wrong codes, in one sign-in each as it comes.
func wrongTimes(t *testing.T, b *accounttest.Browser, p *accounttest.Person, n int) error {
	t.Helper()
	at := b.First(t, p)
	var err error
	for range n {
		err = b.Second(at, method.TOTP, p.Wrong())
	}
	return err
}

func TestTenWrongCodesLockForFifteenMinutesAndDouble(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		all := nodes(t, e)
		pause := 15 * time.Minute
		for round := 1; round < 10; round++ {
			// Over nodes, sign-ins and addresses, the count is one.
			b := all[round%2].Browser(fmt.Sprintf("192.0.2.%d", round))
			if got := code(wrongTimes(t, b, ada, 9)); got != "totp_wrong_left" {
				t.Fatalf("round %d: the ninth wrong code says %s", round, got)
			}
			tenth := wrongTimes(t, b, ada, 1)
			if code(tenth) != "locked_second" || retryAfter(tenth) != pause {
				t.Fatalf("round %d: the tenth says %s, wait %v; want locked_second, %v", round, code(tenth), retryAfter(tenth), pause)
			}
			at := b.First(t, ada)
			wrong, right := b.Second(at, method.TOTP, ada.Wrong()), b.Second(at, method.TOTP, ada.Code())
			if code(right) != "locked_second" || right.Error() != wrong.Error() || retryAfter(right) != retryAfter(wrong) {
				t.Fatalf("round %d: during the lock a wrong code says %v, the right one %v", round, wrong, right)
			}
			e.Advance(t, pause-time.Second)
			want(t, "a second before the lock ends", wrongTimes(t, b, ada, 1), "locked_second")
			e.Advance(t, time.Second)
			pause = min(2*pause, 24*time.Hour)
		}
		b := e.Browser("192.0.2.99")
		hundredth := wrongTimes(t, b, ada, 10)
		want(t, "the hundredth in a row", hundredth, "locked_second_lasting")
		e.Advance(t, 30*24*time.Hour)
		at := b.First(t, ada)
		want(t, "the right code, a month later", b.Second(at, method.TOTP, ada.Code()), "locked_second_lasting")
		want(t, "a recovery code", b.Second(at, method.Recovery, ada.Codes[0]), "ok")
		b = e.Browser("192.0.2.99")
		want(t, "the right code, after the recovery", b.Second(b.First(t, ada), method.TOTP, ada.NextCode(t)), "ok")
		if n := len(e.MailsTo(t, message.TooManyTries, ada.Email)); n != 10 {
			t.Errorf("%d mails of a lock, want 10", n)
		}
	})
}

func TestARightCodeBeforeTheTenthGivesItsTryBackAndASignInEndsTheRow(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		for range 3 {
			b := e.Browser("192.0.2.1")
			want(t, "the ninth wrong code", wrongTimes(t, b, ada, 9), "totp_wrong_left")
			b.SignIn(t, ada)
		}
	})
}

// A right code costs no try: as a fresh proof, where no sign-in ends the row after it.
func TestARightCodeCostsNoTry(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "the ninth wrong code", wrongTimes(t, b, ada, 9), "totp_wrong_left")
		want(t, "a right code", b.Prove(t, method.TOTP, ada.NextCode(t)), "ok")
		want(t, "the next right code", b.Prove(t, method.TOTP, ada.NextCode(t)), "ok")
		want(t, "the tenth wrong code", wrongTimes(t, b, ada, 1), "locked_second")
	})
}

// A right code alone, a fresh proof in a session, does not end the row: only a
// complete sign-in does.
func TestARightCodeWithoutASignInDoesNotEndTheRow(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "the ninth wrong code", wrongTimes(t, b, ada, 9), "totp_wrong_left")
		want(t, "the right code", b.Prove(t, method.TOTP, ada.NextCode(t)), "ok")
		want(t, "the tenth wrong code", wrongTimes(t, b, ada, 1), "locked_second")
	})
}

// A stranger cannot lock the owner out (security.md 13): the browsers that
// signed in before have a counter of their own.
func TestALockOfStrangersDoesNotStopAKnownBrowser(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		home, stranger := e.Browser("192.0.2.1"), e.Browser("198.51.100.9")
		home.SignIn(t, ada)
		e.Advance(t, time.Minute)
		want(t, "the stranger's tenth wrong code", wrongTimes(t, stranger, ada, 10), "locked_second")
		for range 10 {
			want(t, "the stranger's wrong password", stranger.TryPassword(t, ada.Email, "wrong"), "wrong_credentials")
		}
		want(t, "the stranger, locked", stranger.TryPassword(t, ada.Email, ada.Password), "locked_password")
		home.SignIn(t, ada)
		want(t, "the stranger, after the owner signed in", stranger.TryPassword(t, ada.Email, ada.Password), "locked_password")
		e.Advance(t, time.Minute)
		want(t, "the stranger's code, after the owner signed in", wrongTimes(t, stranger, ada, 1), "locked_second")

		want(t, "the tenth wrong code at home", wrongTimes(t, home, ada, 10), "locked_second")
		e.Advance(t, 14*time.Minute)
		want(t, "the stranger's eleventh", wrongTimes(t, stranger, ada, 1), "totp_wrong")
	})
}

// A cookie that somebody planted, or that another person's sign-in left, is no
// known browser.
func TestAForgedBrowserCookieIsNotKnown(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, eve)
		if at := b.Attempt(t, b.Start(t, ada.Email)); at.Known {
			t.Error("eve's browser counts as ada's")
		}
		if at := b.Attempt(t, b.Start(t, eve.Email)); !at.Known {
			t.Error("eve's browser is not known to eve")
		}
	})
}

func TestRecoveryWorksDuringALockAndUnlocks(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		want(t, "the tenth wrong code", wrongTimes(t, b, ada, 10), "locked_second")
		b.SignInBy(t, ada, ada.Codes[3])
		other := e.Browser("192.0.2.2")
		want(t, "a code after it", other.Second(other.First(t, ada), method.TOTP, ada.NextCode(t)), "ok")
		mail := e.MailsTo(t, message.RecoveryUsed, ada.Email)
		if len(mail) != 1 {
			t.Errorf("%d mails of a used recovery code, want 1", len(mail))
		}
	})
}

func TestRecoveryHasTenTriesAnHourAndNoLastingLock(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		at := b.First(t, ada)
		for hour := range 12 {
			for i := range 10 {
				if got := code(b.Second(at, method.Recovery, accounttest.WrongRecovery)); got != "recovery_wrong" && got != "recovery_wrong_left" {
					t.Fatalf("hour %d, try %d: %s", hour, i, got)
				}
			}
			wrong, right := b.Second(at, method.Recovery, accounttest.WrongRecovery), b.Second(at, method.Recovery, ada.Codes[0])
			if code(right) != "locked_recovery" || right.Error() != wrong.Error() {
				t.Fatalf("hour %d, the eleventh: wrong %v, right %v", hour, wrong, right)
			}
			if got := retryAfter(right); got != time.Hour {
				t.Errorf("wait %v, want an hour", got)
			}
			want(t, "the app's code meanwhile", b.Second(b.First(t, ada), method.TOTP, ada.NextCode(t)), "ok")
			e.Advance(t, time.Hour)
			at = b.First(t, ada)
		}
		want(t, "the right one in the next hour", b.Second(at, method.Recovery, ada.Codes[0]), "ok")
	})
}

// counting counts how often codes are really verified.
type counting struct {
	totp.Method
	verified atomic.Int64
}

func (c *counting) Verify(credential method.Credential, proof string, now time.Time) (method.Accepted, error) {
	c.verified.Add(1)
	return c.Method.Verify(credential, proof, now)
}

// The limit cannot be overrun in parallel (security.md 11): of 500 wrong codes
// at once, on two nodes, ten are evaluated.
func TestTheLimitIsNotOverrunInParallel(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		all := nodes(t, e)
		judge := &counting{}
		for _, n := range all {
			n.Accounts.Methods[method.TOTP] = judge
		}
		browsers, waiting := attempts(t, all, ada, 4)
		wrong := ada.Wrong()
		counts := race(500, func(i int) error { return browsers[i%4].Second(waiting[i%4], method.TOTP, wrong) })
		if n := judge.verified.Load(); n != 10 {
			t.Errorf("%d codes were evaluated, want 10 (%v)", n, counts)
		}
		if counts["locked_second"] != 491 {
			t.Errorf("%v, want 491 times locked", counts)
		}
		// Ten wrong answers, and the lock told once: a flood does not fill the log.
		if refused := e.Count(t, "proof.refused", `"method":"totp"`); refused != 11 {
			t.Errorf("%d events of refusal, want 11", refused)
		}
		// What was counted is a row: a new node, after a crash of the others,
		// finds the lock.
		b := e.Node(t).Browser("192.0.2.1")
		want(t, "on a node that has just started", b.Second(b.First(t, ada), method.TOTP, ada.Code()), "locked_second")
	})
}

func TestTenWrongPasswordsWaitAMinuteForKnownAndUnknownAccountsAlike(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		all := nodes(t, e)
		for _, email := range []string{ada.Email, "nobody@example.com"} {
			pause := time.Minute
			for round := range 8 {
				for i := range 10 {
					// Another spelling of the address is the same account.
					spelling := []string{email, " " + email, "A" + email[1:]}[i%3]
					if email[0] != 'a' {
						spelling = []string{email, email + " ", "N" + email[1:]}[i%3]
					}
					b := all[i%2].Browser(fmt.Sprintf("198.51.100.%d", 10*round+i))
					want(t, email, b.TryPassword(t, spelling, "not this one"), "wrong_credentials")
				}
				err := e.Browser("192.0.2.200").TryPassword(t, email, accounttest.Password)
				if code(err) != "locked_password" || retryAfter(err) != pause {
					t.Fatalf("%s, round %d: %s, wait %v; want locked_password, %v", email, round, code(err), retryAfter(err), pause)
				}
				e.Advance(t, pause)
				pause = min(2*pause, time.Hour)
			}
		}
		want(t, "the right password after the wait", e.Browser("192.0.2.1").TryPassword(t, ada.Email, ada.Password), "ok")
	})
}

func TestResetByMailStaysOpenDuringTheWaitAndEndsIt(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		for range 10 {
			want(t, "a wrong password", e.Browser("192.0.2.1").TryPassword(t, ada.Email, "wrong"), "wrong_credentials")
		}
		want(t, "the eleventh", e.Browser("192.0.2.1").TryPassword(t, ada.Email, ada.Password), "locked_password")
		ada.ResetByMail(t, "fourteen pears in the attic")
		want(t, "the new password at once", e.Browser("192.0.2.1").TryPassword(t, ada.Email, ada.Password), "ok")
	})
}

func TestAHundredWrongPasswordsAnHourFromOneNetwork(t *testing.T) {
	for _, row := range []struct{ sentence, from, same, other string }{
		{"an IPv4 address", "192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"an IPv4 address, written as IPv6", "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"an IPv6 network of /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"},
	} {
		both(t, func(t *testing.T, e *accounttest.Engine) {
			ada := e.Person(t, "ada@example.com")
			counts := race(150, func(i int) error {
				b := e.Browser(row.from)
				if i%2 == 0 {
					b.IP = row.same
				}
				id, err := e.SignIn.Start(ctx(), accounttest.Workspace, fmt.Sprintf("p%d@example.com", i), "", e.Browser("203.0.113."+fmt.Sprint(i)).Visitor())
				if err != nil {
					return err
				}
				at, err := e.Store.Read().GetAttempt(ctx(), accounttest.Workspace, id)
				if err != nil {
					return err
				}
				return e.Accounts.Password(ctx(), account.PasswordAnswer{
					Workspace: accounttest.Workspace, Email: at.Identifier, Password: "wrong", Place: b.Place(),
				})
			})
			if counts["wrong_password"] != 100 || counts["locked_address"] != 50 {
				t.Errorf("%s: %v, want 100 evaluated", row.sentence, counts)
			}
			want(t, row.sentence+": the right password from it", e.Browser(row.same).TryPassword(t, ada.Email, ada.Password), "locked_address")
			want(t, row.sentence+": from another", e.Browser(row.other).TryPassword(t, ada.Email, ada.Password), "ok")
			e.Advance(t, time.Hour)
			want(t, row.sentence+": an hour later", e.Browser(row.same).TryPassword(t, ada.Email, ada.Password), "ok")
		})
	}
}

// Whoever is refused for the network has not used up a try of the account.
func TestALockedNetworkTakesNoTryOfTheAccount(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		for i := range 100 {
			want(t, "a wrong password", e.Browser("192.0.2.1").TryPassword(t, fmt.Sprintf("p%d@example.com", i), "wrong"), "wrong_credentials")
			e.Advance(t, time.Second)
		}
		for range 20 {
			want(t, "from there, for ada", e.Browser("192.0.2.1").TryPassword(t, ada.Email, "wrong"), "locked_address")
		}
		want(t, "ada elsewhere", e.Browser("192.0.2.2").TryPassword(t, ada.Email, ada.Password), "ok")
	})
}

func TestParallelPasswordsAreEvaluatedTenTimes(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		all := nodes(t, e)
		for _, email := range []string{ada.Email, "nobody@example.com"} {
			ids := make([]countersign.AttemptID, 40)
			browsers := make([]*accounttest.Browser, len(ids))
			for i := range ids {
				browsers[i] = all[i%2].Browser(fmt.Sprintf("198.51.100.%d", i))
				ids[i] = browsers[i].Start(t, email)
			}
			counts := race(200, func(i int) error {
				at, err := browsers[i%len(ids)].Load(ids[i%len(ids)])
				if err != nil {
					return err
				}
				return browsers[i%len(ids)].Password(at, "wrong")
			})
			if counts["wrong_credentials"] != 10 || counts["locked_password"] != 190 {
				t.Errorf("%s: %v, want ten evaluated", email, counts)
			}
		}
	})
}

// A password that is not checked because the queue is full, or because the
// caller has gone, is no wrong password.
func TestAPasswordThatWasNotCheckedIsNotCounted(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		n := e.Node(t)
		n.Hasher.Close()
		for range 15 {
			err := b.On(n).TryPassword(t, ada.Email, ada.Password)
			if code(err) != "busy" || countersign.KindOf(err) != countersign.Unavailable {
				t.Fatalf("got %v, want busy", err)
			}
		}
		want(t, "where the queue works", b.TryPassword(t, ada.Email, ada.Password), "ok")
	})
}

func TestStartsAreLimitedPerNetwork(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		counts := race(1040, func(i int) error {
			b := e.Browser(fmt.Sprintf("2001:db8:1:2::%x", i))
			_, err := e.SignIn.Start(ctx(), accounttest.Workspace, "ada@example.com", "", b.Visitor())
			return err
		})
		if counts["ok"] != 1000 || counts["too_many_starts"] != 40 {
			t.Errorf("%v, want 1000 from one /64", counts)
		}
	})
}

// A lock also holds for what was begun before it (security.md 12).
func TestALockHoldsForSignInsBegunBefore(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		early := b.First(t, ada)
		want(t, "the tenth wrong code", wrongTimes(t, e.Browser("192.0.2.2"), ada, 10), "locked_second")
		want(t, "the right code in the earlier sign-in", b.Second(early, method.TOTP, ada.Code()), "locked_second")
		e.Write(t, func(tx *store.Tx) error { return e.Accounts.Unlock(tx, ada.Account(t).User) })
		want(t, "after an administrator's reset", b.Second(early, method.TOTP, ada.Code()), "ok")
	})
}
