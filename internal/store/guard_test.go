package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func TestEveryQueryIsUnderstoodByBothDatabases(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		err := s.Prepare(t.Context())
		if err != nil {
			t.Error(err)
		}
	})
}

func TestOneOfFortyWins(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		u := addUser(t, s, "ada@example.org")
		c := addCredential(t, s, credential(u, "totp", "phone", "active"))
		link := rows.InsertLinkParams{
			WorkspaceID: workspace, ID: "lnk_1", Kind: "reset", TokenHash: seal.Hash("t"), UserID: u, CreatedAt: 1, ExpiresAt: 9_000,
		}
		attempt := rows.InsertAttemptParams{
			WorkspaceID: workspace, ID: "att_1", BrowserHash: seal.Hash("b"), UserID: u, First: "password", FirstAt: 1, CreatedAt: 1, ExpiresAt: 9_000,
		}
		code := rows.InsertMailedCodeParams{
			WorkspaceID: workspace, ID: "mlc_1", UserID: u, SessionID: "ses_1", CodeMac: []byte{1}, CreatedAt: 1, ExpiresAt: 9_000,
		}
		write(t, s, func(tx *store.Tx) error {
			err := tx.InsertLink(tx.Ctx, link)
			if err != nil {
				return err
			}
			err = tx.InsertMailedCode(tx.Ctx, code)
			if err != nil {
				return err
			}
			return tx.InsertAttempt(tx.Ctx, attempt)
		})
		one := func(n int64, err error) (bool, error) { return n == 1, err }
		for _, row := range []struct {
			name string
			act  func(tx *store.Tx, racer int) (bool, error)
		}{
			{"spending one number of a proof", func(tx *store.Tx, _ int) (bool, error) {
				return one(tx.SpendProof(tx.Ctx, rows.SpendProofParams{WorkspaceID: workspace, CredentialID: c, Number: 7, SpentAt: 2}))
			}},
			{"spending a link", func(tx *store.Tx, _ int) (bool, error) {
				return one(tx.SpendLink(tx.Ctx, 2, workspace, "lnk_1"))
			}},
			{"finishing an attempt", func(tx *store.Tx, _ int) (bool, error) {
				return one(tx.FinishAttempt(tx.Ctx, workspace, "att_1", 2))
			}},
			{"spending a mailed code", func(tx *store.Tx, _ int) (bool, error) {
				return one(tx.SpendMailedCode(tx.Ctx, 2, workspace, "mlc_1"))
			}},
			{"storing a credential under the version that was read", func(tx *store.Tx, racer int) (bool, error) {
				return one(tx.StoreCredential(tx.Ctx, rows.StoreCredentialParams{
					Secret: []byte{2}, Counter: int64(racer), UsedAt: 2, WorkspaceID: workspace, ID: c, Version: 1,
				}))
			}},
			{"setting a value of the installation", func(tx *store.Tx, racer int) (bool, error) {
				return one(tx.InsertInstallation(tx.Ctx, "value", []byte(fmt.Sprint(racer))))
			}},
			{"storing the settings under the version that was read", func(tx *store.Tx, racer int) (bool, error) {
				return one(tx.StoreSettings(tx.Ctx, fmt.Sprintf(`{"n":%d}`, racer), workspace, 1))
			}},
			{"storing a password under the version that was read", func(tx *store.Tx, racer int) (bool, error) {
				return one(tx.StorePassword(tx.Ctx, rows.StorePasswordParams{
					PasswordHash: fmt.Sprint(racer), PasswordChangedAt: 2, WorkspaceID: workspace, ID: u, PasswordVersion: 1,
				}))
			}},
		} {
			if won := race(t, s, 40, row.act); won != 1 {
				t.Errorf("%s: %d of 40 won; want one", row.name, won)
			}
		}
	})
}

func TestLimitsAreNeverOverrun(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		got := func(_ int64, err error) (bool, error) {
			if store.NotFound(err) {
				return false, nil
			}
			return err == nil, err
		}
		try := rows.TakeTryParams{WorkspaceID: workspace, Subject: "usr_1", Sort: "totp", Counter: "known", Now: 1_000, Most: 5}
		window := rows.TakeWindowTryParams{WorkspaceID: workspace, Subject: "10.0.0.1", Sort: "address", Counter: "", Now: 1_000, Opened: 500, Most: 5}
		later := window
		later.Now, later.Opened = 2_000, 1_500
		rate := rows.SpendRateParams{WorkspaceID: workspace, Subject: "mail usr_1", Now: 1_000, Interval: 60, Burst: 5 * 60}
		refilled := rate
		refilled.Now = 1_000 + 2*60
		for _, row := range []struct {
			name string
			act  func(tx *store.Tx) (int64, error)
			want int
		}{
			{"tries", func(tx *store.Tx) (int64, error) { return tx.TakeTry(tx.Ctx, try) }, 5},
			{"tries, when none is left", func(tx *store.Tx) (int64, error) { return tx.TakeTry(tx.Ctx, try) }, 0},
			{"tries in a window", func(tx *store.Tx) (int64, error) { return tx.TakeWindowTry(tx.Ctx, window) }, 5},
			{"tries in a window, when none is left", func(tx *store.Tx) (int64, error) { return tx.TakeWindowTry(tx.Ctx, window) }, 0},
			{"tries in the next window", func(tx *store.Tx) (int64, error) { return tx.TakeWindowTry(tx.Ctx, later) }, 5},
			{"a rate", func(tx *store.Tx) (int64, error) { return tx.SpendRate(tx.Ctx, rate) }, 5},
			{"a rate, at once again", func(tx *store.Tx) (int64, error) { return tx.SpendRate(tx.Ctx, rate) }, 0},
			{"a rate, two intervals later", func(tx *store.Tx) (int64, error) { return tx.SpendRate(tx.Ctx, refilled) }, 2},
		} {
			won := race(t, s, 40, func(tx *store.Tx, _ int) (bool, error) { return got(row.act(tx)) })
			if won != row.want {
				t.Errorf("%s: %d of 40 passed; want %d", row.name, won, row.want)
			}
		}
	})
}

func TestALockedCountTakesNoTry(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		try := rows.TakeTryParams{WorkspaceID: workspace, Subject: "usr_1", Sort: "totp", Now: 1_000, Most: 5}
		key := rows.GetGuessesParams{WorkspaceID: workspace, Subject: "usr_1", Sort: "totp"}
		take := func(now int64) (int64, error) {
			var tries int64
			try.Now = now
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				var err error
				tries, err = tx.TakeTry(tx.Ctx, try)
				return err
			})
			return tries, err
		}
		tries, err := take(1_000)
		if err != nil || tries != 1 {
			t.Fatalf("the first try: %d, %v", tries, err)
		}
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.LockGuesses(tx.Ctx, rows.LockGuessesParams{LockedUntil: 5_000, WorkspaceID: workspace, Subject: "usr_1", Sort: "totp"})
			return err
		})
		_, err = take(4_999)
		if !store.NotFound(err) {
			t.Errorf("a try while locked: %v; want no row", err)
		}
		tries, err = take(5_000)
		if err != nil || tries != 2 {
			t.Errorf("a try when the lock is over: %d, %v; want the second", tries, err)
		}
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.GiveBack(tx.Ctx, rows.GiveBackParams(key))
			return err
		})
		g, err := s.Read().GetGuesses(t.Context(), key)
		if err != nil || g.Tries != 1 || g.LockedUntil != 0 {
			t.Errorf("after giving one back: %+v, %v; want one try and no lock", g, err)
		}
	})
}

// What was counted while the clock was ahead must not shut people out for as long
// as it was; nodes whose clocks differ a little share what is counted.
func TestACountOfAWrongTimeCountsForNothing(t *testing.T) {
	const now, minute, day = 1_000_000_000_000, 60_000, 24 * 60 * 60_000
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		passes := func(act func(tx *store.Tx) (int64, error)) bool {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				_, err := act(tx)
				return err
			})
			if err != nil && !store.NotFound(err) {
				t.Fatal(err)
			}
			return err == nil
		}
		for i, row := range []struct {
			ahead int64
			want  bool
		}{{0, false}, {minute, false}, {2 * day, true}, {365 * day, true}} {
			subject := fmt.Sprint("somebody ", i)
			lock := rows.TakeTryParams{WorkspaceID: workspace, Subject: subject, Sort: "second", Now: now, Most: 5}
			window := rows.TakeWindowTryParams{WorkspaceID: workspace, Subject: subject, Sort: "address", Now: now + row.ahead, Opened: now + row.ahead - 1, Most: 1}
			rate := rows.SpendRateParams{WorkspaceID: workspace, Subject: subject, Now: now + row.ahead, Interval: minute, Burst: minute}
			write(t, s, func(tx *store.Tx) error {
				_, err := tx.TakeTry(tx.Ctx, lock)
				if err != nil {
					return err
				}
				_, err = tx.LockGuesses(tx.Ctx, rows.LockGuessesParams{WorkspaceID: workspace, Subject: subject, Sort: "second", LockedUntil: now + row.ahead + minute})
				if err != nil {
					return err
				}
				_, err = tx.TakeWindowTry(tx.Ctx, window)
				if err != nil {
					return err
				}
				_, err = tx.SpendRate(tx.Ctx, rate)
				return err
			})
			window.Now, window.Opened, rate.Now = now, now-1, now
			for what, act := range map[string]func(tx *store.Tx) (int64, error){
				"a lock":   func(tx *store.Tx) (int64, error) { return tx.TakeTry(tx.Ctx, lock) },
				"a window": func(tx *store.Tx) (int64, error) { return tx.TakeWindowTry(tx.Ctx, window) },
				"a rate":   func(tx *store.Tx) (int64, error) { return tx.SpendRate(tx.Ctx, rate) },
			} {
				if passes(act) != row.want {
					t.Errorf("%s that was counted %d ms ahead: it passes is %v, want %v", what, row.ahead, !row.want, row.want)
				}
				if passes(act) && what != "a lock" {
					t.Errorf("%s that began anew lets more pass than one", what)
				}
			}
		}
	})
}

func TestEachMessageGoesToOneWorker(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		const messages, workers = 100, 8
		write(t, s, func(tx *store.Tx) error {
			for range messages {
				err := tx.InsertMessage(tx.Ctx, message([]byte("sealed")))
				if err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		seen := map[countersign.MessageID]int{}
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
					var claimed []rows.Message
					err := s.Write(context.Background(), func(tx *store.Tx) error {
						var err error
						claimed, err = tx.ClaimMessages(tx.Ctx, rows.ClaimMessagesParams{LeaseUntil: 60_000, Now: 2_000, Channel: "email", WorkspaceID: workspace, Most: 3})
						return err
					})
					if err != nil {
						t.Errorf("claim: %v", err)
						return
					}
					mu.Lock()
					for _, m := range claimed {
						seen[m.ID]++
					}
					all := len(seen)
					mu.Unlock()
					if all == messages {
						return
					}
				}
			})
		}
		wg.Wait()
		if len(seen) != messages {
			t.Errorf("%d messages were claimed; want %d", len(seen), messages)
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%s was claimed %d times", id, times)
			}
		}
	})
}

func TestOwnersWhoDemoteEachOtherLeaveOne(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		var owners []countersign.UserID
		for i := range 8 {
			owners = append(owners, addUser(t, s, fmt.Sprintf("owner%d@example.org", i)))
		}
		won := race(t, s, len(owners), func(tx *store.Tx, racer int) (bool, error) {
			_, err := tx.LockWorkspace(tx.Ctx, workspace)
			if err != nil {
				return false, err
			}
			others, err := tx.CountOtherOwners(tx.Ctx, workspace, owners[racer])
			if err != nil || others == 0 {
				return false, err
			}
			_, err = tx.SetUserState(tx.Ctx, countersign.Disabled, workspace, owners[racer])
			return true, err
		})
		left, err := s.Read().CountOtherOwners(t.Context(), workspace, "")
		if err != nil || left != 1 || won != len(owners)-1 {
			t.Errorf("%d disabled themselves and %d are left (%v); want one left", won, left, err)
		}
	})
}
