package signin_test

import (
	"fmt"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/store"
)

// Whoever gives the password and not the second step makes the person a mail after three
// minutes, once, whichever node looks; nobody else does.
func TestASignInThatIsNotFinished(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range []struct {
			what  string
			begin func(t *testing.T, p *accounttest.Person, b *accounttest.Browser)
			told  int
		}{
			{"left at the second step", func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) { b.First(t, p) }, 1},
			{"cancelled there", func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) {
				at := b.First(t, p)
				want(t, "cancelling", e.SignIn.Cancel(ctx(), accounttest.Workspace, at.ID, b.Visitor()), "ok")
			}, 1},
			{"begun three times", func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) {
				for range 3 {
					b.First(t, p)
				}
			}, 3},
			{"finished", func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) { b.SignIn(t, p) }, 0},
			{"left, and begun again and finished", func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) {
				b.First(t, p)
				b.SignIn(t, p)
			}, 0},
			{"left, while another browser signs in", func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) {
				b.First(t, p)
				e.Browser("192.0.2.99").SignIn(t, p)
			}, 1},
			{"by somebody who was disabled since", func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) {
				b.First(t, p)
				e.Write(t, func(tx *store.Tx) error {
					_, err := tx.SetUserState(tx.Ctx, countersign.Disabled, accounttest.Workspace, p.ID)
					return err
				})
			}, 0},
		} {
			t.Run(row.what, func(t *testing.T) {
				p := e.Guarded(t, fmt.Sprintf("ada%d@example.com", i))
				row.begin(t, p, e.Browser("192.0.2.1"))
				look := func() (int, int) {
					for _, node := range nodes(t, e) {
						want(t, "looking", node.SignIn.TellUnfinished(ctx()), "ok")
					}
					return told(t, e, p), len(e.MailsTo(t, message.SignInUnfinished, p.Email))
				}
				e.Advance(t, 2*time.Minute) // and what signing in took, a code later
				if events, mails := look(); events != 0 || mails != 0 {
					t.Errorf("too soon: %d events, %d mails", events, mails)
				}
				e.Advance(t, time.Minute)
				for range 2 {
					if events, mails := look(); events != row.told || mails != min(row.told, 1) {
						t.Errorf("%d events and %d mails, want %d", events, mails, row.told)
					}
				}
			})
		}
	})
}

// told counts the events of one person.
func told(t *testing.T, e *accounttest.Engine, p *accounttest.Person) int {
	t.Helper()
	n := 0
	for _, event := range e.Events(t) {
		if event.Kind == "signin.unfinished" && event.UserID == p.ID {
			n++
		}
	}
	return n
}

// Who has nothing but a password has nothing to finish.
func TestASignInWithoutASecondStepIsFinished(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Person(t, "ada@example.com")
		e.Browser("192.0.2.1").First(t, p)
		e.Advance(t, 4*time.Minute)
		want(t, "looking", e.SignIn.TellUnfinished(ctx()), "ok")
		if n := told(t, e, p); n != 0 {
			t.Errorf("%d events", n)
		}
	})
}
