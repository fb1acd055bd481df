package account_test

import (
	"testing"

	"countersign/internal/account/accounttest"
	"countersign/internal/message"
)

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

// Wrong mailed codes count in a row with the second factors, over all the codes
// that were sent.
func TestWrongMailedCodesLock(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		h := b.Holder(t)
		for range 3 {
			want(t, "sending", e.Accounts.SendCode(ctx(), h), "ok")
			right := e.MailedCode(t, ada.Email)
			for range 4 {
				_, _ = e.Accounts.CheckCode(ctx(), h, other(right))
			}
		}
		want(t, "sending once more", e.Accounts.SendCode(ctx(), h), "ok")
		_, err := e.Accounts.CheckCode(ctx(), h, e.MailedCode(t, ada.Email))
		want(t, "the right code during the lock", err, "locked_second")
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
