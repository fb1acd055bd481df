package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func newRing(t *testing.T) *seal.Ring {
	t.Helper()
	ring, err := seal.CreateRing(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func sealed(t *testing.T, ring *seal.Ring, plain string, at seal.Place) []byte {
	t.Helper()
	out, err := ring.Seal([]byte(plain), at)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sealedRows writes what has to be sealed again, more than a page of it, and
// returns the person it belongs to.
func sealedRows(t *testing.T, s *store.Store, ring *seal.Ring) countersign.UserID {
	t.Helper()
	u := addUser(t, s, "ada@example.org")
	write(t, s, func(tx *store.Tx) error {
		for i := range 130 {
			c := credential(u, "totp", fmt.Sprint("phone ", i), "active")
			c.Secret = sealed(t, ring, string(c.ID), store.SecretPlace(c.ID))
			d := device(u, nil)
			d.Subscription = sealed(t, ring, string(d.ID), store.SubscriptionPlace(d.ID))
			m := message(nil)
			m.Body = sealed(t, ring, string(m.ID), store.BodyPlace(m.ID))
			err := firstError(
				func() error { return tx.InsertCredential(tx.Ctx, c) },
				func() error { return tx.InsertMessage(tx.Ctx, m) },
				func() error { return tx.InsertDevice(tx.Ctx, d) },
				func() error { return tx.InsertDevice(tx.Ctx, device(u, []byte{})) },
				func() error { return tx.InsertMessage(tx.Ctx, message([]byte{})) },
			)
			if err != nil {
				return err
			}
		}
		for _, name := range []string{store.MACKey, store.PushKey} {
			_, err := tx.InsertInstallation(tx.Ctx, name, sealed(t, ring, name, store.KeyPlace(name)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return u
}

// wantOpen checks that all that is sealed opens, and under the newest key.
func wantOpen(t *testing.T, s *store.Store, ring *seal.Ring, u countersign.UserID) {
	t.Helper()
	open := func(value []byte, at seal.Place, want string) {
		plain, err := ring.Open(value, at)
		if err != nil || string(plain) != want || ring.Stale(value) {
			t.Errorf("%s %s: %q, %v, stale: %v; want %q", at.Table, at.Row, plain, err, ring.Stale(value), want)
		}
	}
	credentials, err := s.Read().ListCredentials(t.Context(), workspace, u)
	if err != nil || len(credentials) != 130 {
		t.Fatalf("%d credentials, %v", len(credentials), err)
	}
	for _, c := range credentials {
		open(c.Secret, store.SecretPlace(c.ID), string(c.ID))
	}
	messages, err := s.Read().ListBodies(t.Context(), "", "", 1_000)
	if err != nil || len(messages) != 260 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	for _, m := range messages {
		if len(m.Body) > 0 {
			open(m.Body, store.BodyPlace(m.ID), string(m.ID))
		}
	}
	devices, err := s.Read().ListDevices(t.Context(), workspace, u)
	if err != nil || len(devices) != 260 {
		t.Fatalf("%d devices, %v", len(devices), err)
	}
	for _, d := range devices {
		if len(d.Subscription) > 0 {
			open(d.Subscription, store.SubscriptionPlace(d.ID), string(d.ID))
		}
	}
	for _, name := range []string{store.MACKey, store.PushKey} {
		value, err := s.Read().GetInstallation(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		open(value, store.KeyPlace(name), name)
	}
}

func TestEverythingIsSealedAgainUnderTheNewestKey(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		ring := newRing(t)
		u := sealedRows(t, s, ring)
		for _, row := range []struct {
			name   string
			rotate bool
			want   int
		}{
			{"nothing, under the key that it was sealed with", false, 0},
			{"all, after a rotation", true, 3*130 + 2},
			{"nothing, once more", false, 0},
			{"all, after the next rotation", true, 3*130 + 2},
		} {
			if row.rotate {
				err := ring.Rotate()
				if err != nil {
					t.Fatal(err)
				}
			}
			n, err := store.Reseal(t.Context(), s, ring)
			if err != nil || n != row.want {
				t.Errorf("%s: %d, %v; want %d", row.name, n, err, row.want)
			}
		}
		err := ring.Drop()
		if err != nil {
			t.Fatal(err)
		}
		wantOpen(t, s, ring, u)
	})
}

func TestAValueThatDoesNotOpenStaysAndIsNamed(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		ring := newRing(t)
		u := addUser(t, s, "ada@example.org")
		good, bad := credential(u, "totp", "good", "active"), credential(u, "totp", "bad", "active")
		good.Secret = sealed(t, ring, "good", store.SecretPlace(good.ID))
		bad.Secret = sealed(t, ring, "bad", store.SecretPlace(good.ID)) // moved here from another row
		addCredential(t, s, good)
		addCredential(t, s, bad)
		err := ring.Rotate()
		if err != nil {
			t.Fatal(err)
		}
		n, err := store.Reseal(t.Context(), s, ring)
		if n != 1 || !errors.Is(err, seal.ErrOpen) || !strings.Contains(err.Error(), string(bad.ID)) {
			t.Errorf("%d, %v; want the good one, and an error that names the bad one", n, err)
		}
		c, err := s.Read().GetCredential(t.Context(), workspace, u, bad.ID)
		if err != nil || !bytes.Equal(c.Secret, bad.Secret) {
			t.Errorf("the bad one was changed (%v)", err)
		}
	})
}

// A process that serves goes on changing credentials and erasing bodies.
func TestSealingAgainGivesWayToWhoServes(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		ring := newRing(t)
		u := sealedRows(t, s, ring)
		credentials, err := s.Read().ListCredentials(t.Context(), workspace, u)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		uses := map[countersign.CredentialID]int64{}
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := credentials[i%len(credentials)].ID
				c, err := s.Read().GetCredential(context.Background(), workspace, u, id)
				if err != nil {
					t.Errorf("load: %v", err)
					return
				}
				var n int64
				err = s.Write(context.Background(), func(tx *store.Tx) error {
					var err error
					n, err = tx.StoreCredential(tx.Ctx, rows.StoreCredentialParams{
						Secret: c.Secret, Counter: c.Counter + 1, WorkspaceID: workspace, ID: id, Version: c.Version,
					})
					return err
				})
				if err != nil {
					t.Errorf("store: %v", err)
					return
				}
				uses[id] += n
			}
		})
		total := 0
		for range 3 {
			err = ring.Rotate()
			if err != nil {
				t.Fatal(err)
			}
			n, err := store.Reseal(t.Context(), s, ring)
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
		cancel()
		wg.Wait()
		if total != 3*(3*130+2) {
			t.Errorf("%d values were sealed again; want %d", total, 3*(3*130+2))
		}
		err = ring.Drop()
		if err != nil {
			t.Fatal(err)
		}
		wantOpen(t, s, ring, u)
		after, err := s.Read().ListCredentials(t.Context(), workspace, u)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range after {
			if c.Counter != uses[c.ID] {
				t.Errorf("%s counts %d uses; want %d", c.ID, c.Counter, uses[c.ID])
			}
		}
	})
}

// A new column of bytes has to be either sealed again or one of those that hold
// no secret that could be opened.
func TestEverySealedColumnIsKnown(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, "")
	found, err := s.DB().QueryContext(t.Context(), `SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.type = 'BYTEA' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	var columns []string
	for found.Next() {
		var column string
		err = found.Scan(&column)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, column)
	}
	err = found.Err()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"attempts.browser_hash", "browsers.token_hash", // digests
		"credentials.secret",                                             // sealed
		"devices.device_key",                                             // public
		"devices.subscription",                                           // sealed
		"devices.verify_id", "devices.verify_key", "devices.verify_user", // public
		"help_codes.code_mac",                                     // digest
		"installation.value",                                      // sealed
		"links.token_hash", "logos.body", "mailed_codes.code_mac", // digests, and pictures that everybody sees
		"messages.body",                                                                                            // sealed
		"pairings.challenge", "pairings.code_hash", "pairings.confirm_mac", "pairings.mailed_mac", "pairings.salt", // public, or digests
		"pairings.secret",                                                   // sealed, for minutes
		"pairings.short_mac", "pairings.token_hash", "pairings.verify_user", // digests, and what the phone knows
		"passkeys.digest", "seal_heads.mac", "seals.digest", "seals.mac", "seals.marks", "seals.retired_mac", // digests
		"sessions.token_hash", "texts.code_mac", // digests
	}
	if !slices.Equal(columns, want) {
		t.Errorf("columns of bytes: %q; want %q; is the new one sealed?", columns, want)
	}
}
