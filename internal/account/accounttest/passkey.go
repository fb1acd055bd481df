package accounttest

import (
	"context"
	"testing"

	"countersign"
	"countersign/internal/enrol"
	"countersign/internal/method"
	"countersign/internal/method/passkey/passkeytest"
	"countersign/internal/signin"
)

// SecurityKey is a new one that belongs to nobody.
func (e *Engine) SecurityKey(tb testing.TB) *passkeytest.Key {
	tb.Helper()
	party := e.Accounts.Party(Workspace)
	return passkeytest.New(tb, party.RPID, party.Origin)
}

// AddPasskey makes a passkey on k in this browser's session, as the page does. It keeps
// the new token.
func (b *Browser) AddPasskey(tb testing.TB, k *passkeytest.Key, name string) (enrol.Confirmed, error) {
	tb.Helper()
	asked, err := b.e.Enrol.AskPasskey(context.Background(), b.Holder(tb))
	if err != nil {
		return enrol.Confirmed{}, err
	}
	done, err := b.e.Enrol.AddPasskey(context.Background(), b.Holder(tb), name, k.Create(asked))
	if err == nil {
		b.SetToken(done.Token)
	}
	return done, err
}

// SecondByPasskey answers the second step with k.
func (b *Browser) SecondByPasskey(at signin.Attempt, k *passkeytest.Key) error {
	return b.Second(at, method.Passkey, k.Sign(b.e.SignIn.AskPasskey(at)))
}

// AskPasskeyFirst is what the page that asks for the address hands to this browser.
func (b *Browser) AskPasskeyFirst() map[string]any {
	return b.e.SignIn.AskPasskeyFirst(Workspace, b.Visitor())
}

// FirstByPasskey signs in with an answer to AskPasskeyFirst alone.
func (b *Browser) FirstByPasskey(answer string) (countersign.Proof, error) {
	opening := b.e.Sessions.Open(b.Request(), b.Place())
	proof, err := b.e.SignIn.PasskeyFirst(context.Background(), Workspace, answer, "", b.Visitor(), opening.Redeem)
	if err == nil {
		b.hand(opening)
	}
	return proof, err
}

// ProveByPasskey gives k as a fresh proof. It keeps the new token.
func (b *Browser) ProveByPasskey(tb testing.TB, k *passkeytest.Key) error {
	tb.Helper()
	asked, err := b.e.Sessions.AskPasskey(context.Background(), b.Session(tb))
	must(tb, err)
	return b.Prove(tb, method.Passkey, k.Sign(asked))
}
