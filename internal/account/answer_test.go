package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/limit"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// broken is a method that cannot do its work.
type broken struct {
	totp.Method
	how func() error
}

func (b broken) Verify(method.Credential, string, time.Time) (method.Accepted, error) {
	return method.Accepted{}, b.how()
}

// Wrong is not broken: a fault lets nobody in, is told as a fault, and is
// counted against nobody.
func TestAFaultLetsNobodyInAndCountsNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		n := e.Node(t)
		b := e.Browser("192.0.2.1")
		at := b.First(t, ada)
		before := len(e.Events(t))
		for sentence, how := range map[string]func() error{
			"an error":                  func() error { return errors.New("the disk is gone") },
			"a panic":                   func() error { panic("index out of range") },
			"no error and nothing done": nil,
		} {
			n.Accounts.Methods[method.TOTP] = broken{how: how}
			if how == nil {
				delete(n.Accounts.Methods, method.TOTP)
			}
			for range 12 {
				err := b.On(n).Second(at, method.TOTP, ada.Code())
				if countersign.KindOf(err) != countersign.Internal || err == nil {
					t.Fatalf("%s: %v, want a fault", sentence, err)
				}
			}
		}
		if got := b.Attempt(t, at.ID); got.Step != policy.StepSecond {
			t.Errorf("the step is %s", got.Step)
		}
		if got := len(e.Events(t)); got != before {
			t.Errorf("%d events of what never happened", got-before)
		}
		for _, counter := range []string{"known", "other"} {
			counted, err := e.Store.Read().GetGuesses(ctx(), rows.GetGuessesParams{
				WorkspaceID: accounttest.Workspace, Subject: string(ada.ID), Sort: string(limit.SecondFactor), Counter: counter,
			})
			if err == nil && counted.Tries != 0 || err != nil && !store.NotFound(err) {
				t.Errorf("counted %+v, %v", counted, err)
			}
		}
		want(t, "where it works", b.Second(at, method.TOTP, ada.Code()), "ok")
	})
}

// A right answer whose consequence fails is taken back whole: the code is not
// spent, and the try is not counted.
func TestAnAnswerIsTakenBackWhenItsConsequenceFails(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		for kind, proof := range map[method.Kind]string{method.TOTP: ada.Code(), method.Recovery: ada.Codes[0]} {
			answer := account.Answer{Account: ada.Account(t), Kind: kind, Proof: proof}
			answer.Accept = func(*store.Tx, account.Proven) error { return errors.New("the disk is full") }
			_, err := e.Accounts.Answer(ctx(), answer)
			if countersign.KindOf(err) != countersign.Internal || err == nil {
				t.Fatalf("%v, want a fault", err)
			}
			answer.Accept = func(*store.Tx, account.Proven) error { return nil }
			_, err = e.Accounts.Answer(ctx(), answer)
			want(t, string(kind)+" again", err, "ok")
			_, err = e.Accounts.Answer(ctx(), answer)
			want(t, string(kind)+" a third time", err, string(kind)+"_used")
		}
	})
}

// secrets reads the sealed secret of a credential.
func secret(t *testing.T, p *accounttest.Person, id countersign.CredentialID) []byte {
	t.Helper()
	for _, c := range p.Credentials(t) {
		if c.ID == id {
			return c.Secret
		}
	}
	t.Fatalf("no credential %s", id)
	return nil
}

// put writes a sealed secret over that of another row, as somebody does who
// can write the database and has no key.
func put(t *testing.T, e *accounttest.Engine, p *accounttest.Person, id countersign.CredentialID, sealed []byte) {
	t.Helper()
	for _, c := range p.Credentials(t) {
		if c.ID != id {
			continue
		}
		e.Write(t, func(tx *store.Tx) error {
			_, err := tx.StoreCredential(tx.Ctx, rows.StoreCredentialParams{
				Secret: sealed, Counter: c.Counter, WorkspaceID: accounttest.Workspace, ID: id, Version: c.Version,
			})
			return err
		})
	}
}

// A secret that was sealed for one row does not open in another (security.md
// 37): whoever writes the database cannot make his phone the owner's.
func TestSwappedSecretsDoNotOpen(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		hers := secret(t, ada, ada.App)
		for kind, move := range map[method.Kind][2]countersign.CredentialID{
			method.TOTP: {ada.App, eve.App}, method.Recovery: {ada.CodesID, eve.CodesID},
		} {
			put(t, e, ada, move[0], secret(t, eve, move[1]))
			b := e.Browser("192.0.2.1")
			proof := map[method.Kind]string{method.TOTP: eve.Code(), method.Recovery: eve.Codes[0]}[kind]
			err := b.Second(b.First(t, ada), kind, proof)
			if countersign.KindOf(err) != countersign.Internal || err == nil {
				t.Errorf("eve's %s as ada: %v, want a fault", kind, err)
			}
		}
		put(t, e, ada, ada.App, hers)
		b := e.Browser("192.0.2.1")
		want(t, "ada's own, put back", b.Second(b.First(t, ada), method.TOTP, ada.Code()), "ok")
	})
}

// One of two apps is damaged: the other one's codes work, and wrong ones are
// counted, or whoever can damage a row could guess at the other without a limit.
func TestADamagedSecretTakesNothingFromTheOthers(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range []struct {
			sentence, secret string
		}{
			{"the older one is no seal", "no seal of ours, and longer than one is at least"},
			{"the newer one is no seal", "no seal of ours, and longer than one is at least"},
			{"the key of the older one is lost", "\x01lost, of a seal that is longer than one is at least"},
			{"the key of the newer one is lost", "\x01lost, of a seal that is longer than one is at least"},
		} {
			sentence := row.sentence
			ada := e.Guarded(t, fmt.Sprintf("p%d@example.com", i))
			first, damaged := ada.Secret, ada.App
			e.Advance(t, time.Minute)
			ada.WithApp(t, "Tablet")
			works := ada.Secret
			if i%2 == 1 {
				works, damaged = first, ada.App
			}
			put(t, e, ada, damaged, []byte(row.secret))
			b := e.Browser("192.0.2.1")
			want(t, sentence+", and a code of the other", b.Second(b.First(t, ada), method.TOTP, accounttest.Code(e, works)), "ok")
			at := b.First(t, ada)
			for range 9 {
				err := b.Second(at, method.TOTP, ada.Wrong())
				if countersign.KindOf(err) != countersign.Invalid {
					t.Fatalf("%s, and a wrong code: %v", sentence, err)
				}
			}
			want(t, sentence+", and the tenth wrong code", b.Second(at, method.TOTP, ada.Wrong()), "locked_second")
		}
	})
}

// A pending credential, another kind's code, and codes of a time when the
// workspace had them count for nothing.
func TestWhatIsNotEnrolledIsWrong(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "beginning", e.Enrol.BeginApp(ctx(), b.Holder(t), ""), "ok")
		pending, err := e.Enrol.PendingApp(ctx(), b.Holder(t))
		want(t, "the pending app", err, "ok")
		other := e.Browser("192.0.2.2")
		at := other.First(t, ada)
		want(t, "a code of an app that is not confirmed", other.Second(at, method.TOTP, accounttest.Code(e, pending.Secret)), "totp_wrong")
		want(t, "a recovery code in the field for codes", other.Second(at, method.TOTP, ada.Codes[0]), "totp_non_digits")
		want(t, "a code in the field for recovery codes", other.Second(at, method.Recovery, ada.Code()), "recovery_too_few")
		e.Set(t, policy.Document{"methods": []string{"totp"}})
		at = other.First(t, ada)
		want(t, "a recovery code where there are none any more", other.Second(at, method.Recovery, ada.Codes[0]), "recovery_wrong")
		e.Set(t, policy.Document{"methods": []string{"totp", "recovery"}})
		at = other.First(t, ada)
		want(t, "the same where there are some again", other.Second(at, method.Recovery, ada.Codes[0]), "ok")
	})
}

// Several apps: each one's code is good, and each app's codes are used up apart.
func TestSeveralAppsOfOnePerson(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		first := ada.Secret
		ada.WithApp(t, "Tablet")
		b := e.Browser("192.0.2.1")
		want(t, "the first app's code", b.Second(b.First(t, ada), method.TOTP, accounttest.Code(e, first)), "ok")
		want(t, "the second app's code of the same moment", b.Second(b.First(t, ada), method.TOTP, ada.Code()), "ok")
		want(t, "the first app's again", b.Second(b.First(t, ada), method.TOTP, accounttest.Code(e, first)), "totp_used")
	})
}

// Each act and each refusal is an event, and each event says who, where, and
// in which sign-in.
func TestEventsOfASignIn(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		id := b.Start(t, ada.Email)
		want(t, "a wrong password", b.Password(b.Attempt(t, id), "wrong"), "wrong_credentials")
		want(t, "the password", b.Password(b.Attempt(t, id), ada.Password), "ok")
		at := b.Attempt(t, id)
		want(t, "a wrong code", b.Second(at, method.TOTP, ada.Wrong()), "totp_wrong")
		want(t, "the code", b.Second(at, method.TOTP, ada.Code()), "ok")
		want(t, "nobody's password", b.TryPassword(t, "nobody@example.com", "wrong"), "wrong_credentials")
		got := []string{}
		for _, event := range e.Events(t) {
			got = append(got, event.Kind+" "+event.Outcome+" "+string(event.ActorKind)+" "+event.Detail)
			if event.IP != "192.0.2.1" || event.UserAgent == "" || event.RequestID != "rid_1" || event.AttemptID == "" {
				t.Errorf("%s has no place: %+v", event.Kind, event)
			}
			if known := !strings.HasPrefix(string(event.AttemptID), string(id)); (event.UserID != ada.ID) != known {
				t.Errorf("%s is about %q", event.Kind, event.UserID)
			}
		}
		for _, line := range []string{
			`proof.refused refused anonymous {"method":"password","why":"wrong"}`,
			`proof.accepted ok user {"method":"password"}`,
			`proof.refused refused anonymous {"method":"totp","why":"wrong"}`,
			`proof.accepted ok user {"method":"totp","name":"Phone"}`,
			`signin.completed ok user {"browser":"new","first":"password","second":"totp"}`,
		} {
			found := false
			for _, g := range got {
				found = found || g == line
			}
			if !found {
				t.Errorf("no event %s in\n%s", line, strings.Join(got, "\n"))
			}
		}
		if len(got) != 6 {
			t.Errorf("%d events, want 6:\n%s", len(got), strings.Join(got, "\n"))
		}
	})
}
