package store_test

import (
	"context"
	"sync"
	"testing"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const workspace = countersign.DefaultWorkspace

// write runs one transaction that has to succeed.
func write(t testing.TB, s *store.Store, act func(tx *store.Tx) error) {
	t.Helper()
	err := s.Write(context.Background(), act)
	if err != nil {
		t.Fatalf("write: %v", err)
	}
}

// race runs act n times at once, each in a transaction of its own, and returns
// how many said that they won. Any error fails the test.
func race(t testing.TB, s *store.Store, n int, act func(tx *store.Tx, racer int) (bool, error)) int {
	t.Helper()
	won := make([]bool, n)
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = s.Write(context.Background(), func(tx *store.Tx) error {
				var err error
				won[i], err = act(tx, i)
				return err
			})
		})
	}
	close(start)
	wg.Wait()
	winners := 0
	for i := range n {
		if errs[i] != nil {
			t.Errorf("racer %d: %v", i, errs[i])
		} else if won[i] {
			winners++
		}
	}
	return winners
}

func user(email string) rows.InsertUserParams {
	return rows.InsertUserParams{
		WorkspaceID: workspace, ID: countersign.UserID(seal.ID("usr")), PoolID: countersign.DefaultPool,
		Email: email, EmailKey: email, Name: "Ada Lovelace", Role: countersign.Owner, State: countersign.Active,
		PasswordHash: "$argon2id$", CreatedAt: 1_000,
	}
}

func addUser(t testing.TB, s *store.Store, email string) countersign.UserID {
	t.Helper()
	u := user(email)
	write(t, s, func(tx *store.Tx) error { return tx.InsertUser(tx.Ctx, u) })
	return u.ID
}

func credential(user countersign.UserID, kind, name, state string) rows.InsertCredentialParams {
	return rows.InsertCredentialParams{
		WorkspaceID: workspace, ID: countersign.CredentialID(seal.ID("crd")), UserID: user, Kind: kind,
		Name: name, NameKey: name, State: state, Secret: []byte{1, 0, 255}, CreatedAt: 1_000, ExpiresAt: 9_000,
	}
}

func addCredential(t testing.TB, s *store.Store, c rows.InsertCredentialParams) countersign.CredentialID {
	t.Helper()
	write(t, s, func(tx *store.Tx) error { return tx.InsertCredential(tx.Ctx, c) })
	return c.ID
}

func session(user countersign.UserID) rows.InsertSessionParams {
	return rows.InsertSessionParams{
		WorkspaceID: workspace, ID: countersign.SessionID(seal.ID("ses")), TokenHash: seal.Hash(seal.NewToken()),
		UserID: user, First: "password", FirstAt: 1_000, CreatedAt: 1_000, ExpiresAt: 9_000,
	}
}

func device(user countersign.UserID, subscription []byte) rows.InsertDeviceParams {
	return rows.InsertDeviceParams{
		WorkspaceID: workspace, ID: countersign.DeviceID(seal.ID("dev")), UserID: user, Kind: "app", Name: "Pixel",
		DeviceKey: []byte{4, 0, 255}, VerifyID: []byte{1}, VerifyKey: []byte{2}, VerifyUser: []byte{3}, Subscription: subscription, CreatedAt: 1_000,
	}
}

func message(body []byte) rows.InsertMessageParams {
	return rows.InsertMessageParams{
		WorkspaceID: workspace, ID: countersign.MessageID(seal.ID("msg")), Kind: "test", Channel: "email",
		Recipient: "ada@example.org", Body: body, CreatedAt: 1_000, ExpiresAt: 9_000,
	}
}

// count counts the rows of a table, past all queries.
func count(t testing.TB, s *store.Store, table string) int {
	t.Helper()
	var n int
	err := s.DB().QueryRowContext(context.Background(), "SELECT COUNT(*) FROM "+table).Scan(&n)
	if err != nil {
		t.Fatalf("count %s: %v", table, err)
	}
	return n
}
