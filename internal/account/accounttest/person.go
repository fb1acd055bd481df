package accounttest

import (
	"context"
	"fmt"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/method/totp"
	"countersign/internal/password"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Password is what every [Person] begins with.
const Password = "nine walnuts under a lamp" //nolint:gosec // made up for tests

// Person is somebody with an account, and what they know and hold.
type Person struct {
	e        *Engine
	ID       countersign.UserID
	Email    string
	Password string
	// App is the authenticator app, Secret what it holds.
	App    countersign.CredentialID
	Secret []byte
	// Codes are the recovery codes of the set CodesID.
	CodesID countersign.CredentialID
	Codes   []string
}

// Person creates an account with a password and nothing else.
func (e *Engine) Person(tb testing.TB, email string) *Person {
	tb.Helper()
	hash, err := e.Hasher.Hash(context.Background(), Password, password.Caller{})
	must(tb, err)
	p := &Person{e: e, ID: countersign.UserID(seal.ID("usr")), Email: email, Password: Password}
	e.Write(tb, func(tx *store.Tx) error {
		return tx.InsertUser(tx.Ctx, rows.InsertUserParams{
			WorkspaceID: Workspace, ID: p.ID, PoolID: countersign.DefaultPool, Email: email, EmailKey: account.EmailKey(email),
			Name: "Ada Lovelace", Role: countersign.Member, State: countersign.Active, PasswordHash: hash,
			PasswordChangedAt: tx.NowMilli(), CreatedAt: tx.NowMilli(),
		})
	})
	return p
}

// Guarded creates an account with a password, an authenticator app and ten
// saved recovery codes.
func (e *Engine) Guarded(tb testing.TB, email string) *Person {
	tb.Helper()
	return e.Person(tb, email).WithApp(tb, "Phone").WithCodes(tb, 10)
}

// WithApp gives the person one more authenticator app; Secret and App are its.
func (p *Person) WithApp(tb testing.TB, name string) *Person {
	tb.Helper()
	p.App, p.Secret = countersign.CredentialID(seal.ID("crd")), seal.Bytes(20)
	sealed, err := p.e.Ring.Seal(p.Secret, store.SecretPlace(p.App))
	must(tb, err)
	p.insert(tb, rows.InsertCredentialParams{ID: p.App, Kind: string(method.TOTP), Name: name, NameKey: account.NameKey(name), Secret: sealed})
	return p
}

// WithCodes gives the person a saved set of recovery codes.
func (p *Person) WithCodes(tb testing.TB, n int) *Person {
	tb.Helper()
	p.CodesID, p.Codes = countersign.CredentialID(seal.ID("crd")), recovery.Generate(n, seal.Bytes)
	packed, err := recovery.Pack(p.Codes, p.e.MAC, string(p.CodesID))
	must(tb, err)
	sealed, err := p.e.Ring.Seal(packed, store.SecretPlace(p.CodesID))
	must(tb, err)
	p.insert(tb, rows.InsertCredentialParams{
		ID: p.CodesID, Kind: string(method.Recovery), NameKey: string(p.CodesID), Secret: sealed, Counter: int64(n),
	})
	return p
}

func (p *Person) insert(tb testing.TB, row rows.InsertCredentialParams) {
	tb.Helper()
	row.WorkspaceID, row.UserID, row.State = Workspace, p.ID, "active"
	p.e.Write(tb, func(tx *store.Tx) error {
		row.CreatedAt, row.ConfirmedAt = tx.NowMilli(), tx.NowMilli()
		return tx.InsertCredential(tx.Ctx, row)
	})
}

// Code is what the authenticator app shows now.
func (p *Person) Code() string { return Code(p.e, p.Secret) }

// Code is what an app with this secret shows now.
func Code(e *Engine, secret []byte) string { return totp.Code(secret, totp.Step(e.Clock.Now())) }

// NextCode waits for the app's next code, which nobody has used yet.
func (p *Person) NextCode(tb testing.TB) string {
	tb.Helper()
	p.e.Advance(tb, totp.Period)
	return p.Code()
}

// Wrong is a code that the app does not show, whatever the drift.
func (p *Person) Wrong() string {
	step := totp.Step(p.e.Clock.Now())
	for n := 0; ; n++ {
		code, right := fmt.Sprintf("%06d", n), false
		for drift := int64(-3); drift <= 3; drift++ {
			right = right || totp.Code(p.Secret, step+drift) == code
		}
		if !right {
			return code
		}
	}
}

// WrongRecovery has the form of a recovery code and is none of the person's.
const WrongRecovery = "00000-00000"

// Account loads the person's account.
func (p *Person) Account(tb testing.TB) account.Account {
	tb.Helper()
	a, err := p.e.Accounts.Load(context.Background(), Workspace, p.ID)
	must(tb, err)
	return a
}

// Credentials lists everything the person has enrolled, pending rows too.
func (p *Person) Credentials(tb testing.TB) []rows.Credential {
	tb.Helper()
	list, err := p.e.Store.Read().ListCredentials(context.Background(), Workspace, p.ID)
	must(tb, err)
	return list
}

// Has counts the person's active credentials of a kind.
func (p *Person) Has(tb testing.TB, kind method.Kind) int {
	tb.Helper()
	n := 0
	for _, c := range p.Credentials(tb) {
		if c.Kind == string(kind) && c.State == "active" {
			n++
		}
	}
	return n
}

// Set changes the state of the person's account.
func (p *Person) Set(tb testing.TB, state countersign.UserState) {
	tb.Helper()
	p.e.Write(tb, func(tx *store.Tx) error {
		_, err := tx.SetUserState(tx.Ctx, state, Workspace, p.ID)
		return err
	})
}

// ResetByMail sets a new password by a mailed link, as the person does who has
// the mailbox.
func (p *Person) ResetByMail(tb testing.TB, newPassword string) {
	tb.Helper()
	place := countersign.Place{IP: "192.0.2.77"}
	must(tb, p.e.Accounts.Forgot(context.Background(), Workspace, p.Email, place))
	link := p.e.Link(tb, "password_reset", p.Email, account.LinkReset)
	must(tb, p.e.Accounts.ResetPassword(context.Background(), link, newPassword, place))
	p.Password = newPassword
}

// CodeAfter is what an app with this secret shows next; drift lets it pass.
func CodeAfter(e *Engine, secret []byte) string {
	return totp.Code(secret, totp.Step(e.Clock.Now())+1)
}
