package site

import (
	"strconv"
	"sync"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/password"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// GoodPassword is what everybody begins with.
const GoodPassword = "nine walnuts under a lamp" // #nosec G101 -- nobody's

// Person is somebody with an account, and what they know and hold.
type Person struct {
	*App // the authenticator app; without a secret until AddApp

	ID    countersign.UserID
	Name  string
	Email string
	// Password and Codes are what the person wrote down.
	Password string
	Codes    []string
	// Device is the credential of the app.
	Device countersign.CredentialID

	site *Site
}

// Person creates an active account with [GoodPassword] and nothing else.
func (s *Site) Person(tb testing.TB, name, email string, role countersign.Role) *Person {
	tb.Helper()
	hash, err := s.Engine.Hasher.Hash(tb.Context(), GoodPassword, password.Caller{})
	must(tb, err)
	p := s.somebody(name, email)
	s.Write(tb, func(tx *store.Tx) error { return p.insert(tx, role, hash) })
	return p
}

// Guarded creates an account with a password, an authenticator app on "Phone"
// and ten saved recovery codes.
func (s *Site) Guarded(tb testing.TB, name, email string) *Person {
	tb.Helper()
	p := s.Person(tb, name, email, countersign.Member)
	p.AddApp(tb, "Phone")
	p.AddCodes(tb, 10)
	return p
}

// Crowd creates many accounts, each with [GoodPassword] and an authenticator app
// of its own, quickly: the password is hashed once. The address of the first is
// prefix-0@acme.example.
func (s *Site) Crowd(tb testing.TB, prefix string, n int) []*Person {
	tb.Helper()
	hash, err := s.Engine.Hasher.Hash(tb.Context(), GoodPassword, password.Caller{})
	must(tb, err)
	const together = 200
	crowd := make([]*Person, n)
	for from := 0; from < n; from += together {
		s.Write(tb, func(tx *store.Tx) error {
			for i := from; i < min(from+together, n); i++ {
				number := strconv.Itoa(i)
				p := s.somebody("Person "+number, prefix+"-"+number+"@acme.example")
				err := p.insert(tx, countersign.Member, hash)
				if err != nil {
					return err
				}
				err = p.insertApp(tx, "Phone")
				if err != nil {
					return err
				}
				crowd[i] = p
			}
			return nil
		})
	}
	return crowd
}

func (s *Site) somebody(name, email string) *Person {
	return &Person{
		site: s, App: &App{clock: s.Clock, mu: &sync.Mutex{}}, ID: countersign.UserID(seal.ID("usr")), Name: name, Email: email,
		Password: GoodPassword,
	}
}

func (p *Person) insert(tx *store.Tx, role countersign.Role, hash string) error {
	return tx.InsertUser(tx.Ctx, rows.InsertUserParams{
		WorkspaceID: p.site.Workspace, ID: p.ID, PoolID: countersign.DefaultPool,
		Email: p.Email, EmailKey: account.EmailKey(p.Email), Name: p.Name, Role: role, State: countersign.Active,
		PasswordHash: hash, PasswordChangedAt: tx.NowMilli(), CreatedAt: tx.NowMilli(),
	})
}

// AddApp gives the person an authenticator app on a device.
func (p *Person) AddApp(tb testing.TB, device string) {
	tb.Helper()
	p.site.Write(tb, func(tx *store.Tx) error { return p.insertApp(tx, device) })
}

func (p *Person) insertApp(tx *store.Tx, device string) error {
	p.Device, p.Secret = countersign.CredentialID(seal.ID("crd")), seal.Bytes(20)
	sealed, err := p.site.Engine.Ring.Seal(p.Secret, store.SecretPlace(p.Device))
	if err != nil {
		return err
	}
	return p.insertCredential(tx, rows.InsertCredentialParams{
		ID: p.Device, Kind: string(method.TOTP), Name: device, NameKey: account.NameKey(device), Secret: sealed,
	})
}

// AddCodes gives the person a saved set of recovery codes.
func (p *Person) AddCodes(tb testing.TB, n int) {
	tb.Helper()
	id := countersign.CredentialID(seal.ID("crd"))
	p.Codes = recovery.Generate(n, seal.Bytes)
	packed, err := recovery.Pack(p.Codes, p.site.Engine.Accounts.MAC, string(id))
	must(tb, err)
	sealed, err := p.site.Engine.Ring.Seal(packed, store.SecretPlace(id))
	must(tb, err)
	p.site.Write(tb, func(tx *store.Tx) error {
		return p.insertCredential(tx, rows.InsertCredentialParams{
			ID: id, Kind: string(method.Recovery), NameKey: string(id), Secret: sealed, Counter: int64(n),
		})
	})
}

func (p *Person) insertCredential(tx *store.Tx, row rows.InsertCredentialParams) error {
	row.WorkspaceID, row.UserID, row.State = p.site.Workspace, p.ID, "active"
	row.CreatedAt, row.ConfirmedAt = tx.NowMilli(), tx.NowMilli()
	return tx.InsertCredential(tx.Ctx, row)
}

// Has counts the person's active credentials of a kind.
func (p *Person) Has(tb testing.TB, kind method.Kind) int {
	tb.Helper()
	list, err := p.site.Engine.Store.Read().ListCredentials(tb.Context(), p.site.Workspace, p.ID)
	must(tb, err)
	n := 0
	for _, one := range list {
		if one.Kind == string(kind) && one.State == "active" {
			n++
		}
	}
	return n
}
