package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func TestUniqueIndexesJudge(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		u := addUser(t, s, "ada@example.org")
		other := addUser(t, s, "grace@example.org")
		phone := addCredential(t, s, credential(u, "totp", "phone", "active"))
		pending := addCredential(t, s, credential(u, "totp", "", "pending"))
		token := session(u)
		write(t, s, func(tx *store.Tx) error { return tx.InsertSession(tx.Ctx, token) })
		again := session(u)
		again.TokenHash = token.TokenHash
		same := user("second@example.org")
		same.ID = u
		for _, row := range []struct {
			name  string
			act   func(tx *store.Tx) error
			taken bool
		}{
			{"a second account with the same address", func(tx *store.Tx) error { return tx.InsertUser(tx.Ctx, user("ada@example.org")) }, true},
			{"a second account with the same id", func(tx *store.Tx) error { return tx.InsertUser(tx.Ctx, same) }, true},
			{"a change to an address that another one has", func(tx *store.Tx) error {
				_, err := tx.ChangeEmail(tx.Ctx, rows.ChangeEmailParams{Email: "x", EmailKey: "grace@example.org", WorkspaceID: workspace, ID: u})
				return err
			}, true},
			{"a second active device of the same name", func(tx *store.Tx) error {
				return tx.InsertCredential(tx.Ctx, credential(u, "totp", "phone", "active"))
			}, true},
			{"confirming a device under a name that is taken", func(tx *store.Tx) error {
				_, err := tx.ConfirmCredential(tx.Ctx, rows.ConfirmCredentialParams{
					Name: "phone", NameKey: "phone", Secret: []byte{1}, ConfirmedAt: 2_000, WorkspaceID: workspace, UserID: u, ID: pending, Version: 1,
				})
				return err
			}, true},
			{"a second session with the same token", func(tx *store.Tx) error { return tx.InsertSession(tx.Ctx, again) }, true},
			{"a pending device of the same name", func(tx *store.Tx) error {
				return tx.InsertCredential(tx.Ctx, credential(u, "totp", "phone", "pending"))
			}, false},
			{"the same name for another method", func(tx *store.Tx) error {
				return tx.InsertCredential(tx.Ctx, credential(u, "sms", "phone", "active"))
			}, false},
			{"the same name for another person", func(tx *store.Tx) error {
				return tx.InsertCredential(tx.Ctx, credential(other, "totp", "phone", "active"))
			}, false},
			{"the name of a device that was removed", func(tx *store.Tx) error {
				_, err := tx.DeleteCredential(tx.Ctx, workspace, u, phone)
				if err != nil {
					return err
				}
				return tx.InsertCredential(tx.Ctx, credential(u, "totp", "phone", "active"))
			}, false},
		} {
			err := s.Write(t.Context(), row.act)
			if store.Taken(err) != row.taken || (err != nil) != row.taken {
				t.Errorf("%s: %v; want taken: %v", row.name, err, row.taken)
			}
		}
	})
}

func TestDeletingAUserTakesWhatIsTheirs(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		u, other := addUser(t, s, "ada@example.org"), addUser(t, s, "grace@example.org")
		for _, owner := range []countersign.UserID{u, other} {
			addCredential(t, s, credential(owner, "totp", "phone", "active"))
			write(t, s, func(tx *store.Tx) error {
				err := tx.InsertSession(tx.Ctx, session(owner))
				if err != nil {
					return err
				}
				_, err = tx.KeepBrowser(tx.Ctx, rows.KeepBrowserParams{
					WorkspaceID: workspace, ID: countersign.BrowserID(seal.ID("brw")), UserID: owner, TokenHash: seal.Hash("browser"), Now: 1,
				})
				if err != nil {
					return err
				}
				return tx.InsertMailedCode(tx.Ctx, rows.InsertMailedCodeParams{
					WorkspaceID: workspace, ID: countersign.MailedCodeID(seal.ID("mlc")), UserID: owner, CodeMac: []byte{1},
				})
			})
		}
		write(t, s, func(tx *store.Tx) error {
			n, err := tx.DeleteUser(tx.Ctx, workspace, u)
			if err == nil && n != 1 {
				return fmt.Errorf("%d users were deleted", n)
			}
			return err
		})
		for _, table := range []string{"users", "credentials", "sessions", "browsers", "mailed_codes"} {
			if n := count(t, s, table); n != 1 {
				t.Errorf("%s holds %d rows; want the other person's one", table, n)
			}
		}
	})
}

func TestARowOfNobodyIsRefused(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertCredential(tx.Ctx, credential("usr_nobody", "totp", "phone", "active"))
		})
		if err == nil || store.Taken(err) || countersign.KindOf(err) != countersign.Internal {
			t.Errorf("a credential of nobody: %v; want a fault", err)
		}
	})
}

// PostgreSQL keeps no text that is not UTF-8 or that holds a zero byte; SQLite
// keeps both. So whatever comes from outside is checked before it gets here.
// BYTEA takes anything on both, and an empty value stays apart from none.
func TestWhatTextMayHold(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		for i, row := range []struct {
			name     string
			text     string
			postgres bool
		}{
			{"any script", "Ada Λ 爱达 \U0001f511 e\u0301", true},
			{"quotes, a backslash, a percent sign, a line end", "'\"\\%\n", true},
			{"a zero byte", "a\x00b", false},
			{"bytes that are not UTF-8", "a\xffb", false},
		} {
			u := user(fmt.Sprintf("user%d@example.org", i))
			u.Name = row.text
			err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertUser(tx.Ctx, u) })
			if !s.SQLite() && !row.postgres {
				if err == nil || countersign.KindOf(err) != countersign.Internal {
					t.Errorf("%s: %v; want that PostgreSQL refuses it", row.name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
				continue
			}
			got, err := s.Read().GetUser(t.Context(), workspace, u.ID)
			if err != nil || got.Name != row.text {
				t.Errorf("%s: %q, %v; want %q", row.name, got.Name, err, row.text)
			}
		}
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		for i, secret := range [][]byte{every, []byte("123"), {}} {
			name := fmt.Sprint("value ", i)
			write(t, s, func(tx *store.Tx) error {
				_, err := tx.InsertInstallation(tx.Ctx, name, secret)
				return err
			})
			got, err := s.Read().GetInstallation(t.Context(), name)
			if err != nil || !slices.Equal(got, secret) {
				t.Errorf("%v: %v, %v", secret, got, err)
			}
		}
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertInstallation(tx.Ctx, "none", nil)
			return err
		})
		if err == nil {
			t.Error("a nil value was stored; want that it is refused")
		}
	})
}

func TestNoRowIsNotFound(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		_, err := s.Read().GetUser(t.Context(), workspace, "usr_nobody")
		if !store.NotFound(err) || store.Taken(err) {
			t.Errorf("a user that does not exist: %v; want not found", err)
		}
		err = s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.LockWorkspace(tx.Ctx, "wsp_nobody")
			return err
		})
		if !store.NotFound(err) {
			t.Errorf("a workspace that does not exist: %v; want not found", err)
		}
		if store.NotFound(errors.New("other")) || store.NotFound(nil) || store.Taken(nil) {
			t.Error("another error, or none, counts as not found or taken")
		}
	})
}

func TestASessionIsLoadedWithWhatDecidesItsLevel(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		u, other := addUser(t, s, "ada@example.org"), addUser(t, s, "grace@example.org")
		mine := session(u)
		write(t, s, func(tx *store.Tx) error { return tx.InsertSession(tx.Ctx, mine) })
		load := func(now int64) (rows.LoadSessionRow, error) {
			return s.Read().LoadSession(t.Context(), workspace, mine.TokenHash, now)
		}
		row, err := load(2_000)
		if err != nil || row.SecondFactors != 0 || row.RecoveryLeft != 0 {
			t.Fatalf("without a second factor: %+v, %v", row, err)
		}
		recovery := credential(u, "recovery", "", "active")
		recovery.Counter = 7
		for _, c := range []rows.InsertCredentialParams{
			credential(u, "totp", "phone", "active"), credential(u, "totp", "tablet", "active"),
			credential(u, "totp", "", "pending"), recovery, credential(other, "totp", "phone", "active"),
		} {
			addCredential(t, s, c)
		}
		row, err = load(2_000)
		if err != nil || row.SecondFactors != 2 || row.RecoveryLeft != 7 || row.User.ID != u || row.WorkspaceName != "Countersign" || row.SettingsVersion != 1 {
			t.Errorf("with two devices and seven codes: %+v, %v", row, err)
		}
		_, err = load(9_000)
		if !store.NotFound(err) {
			t.Errorf("at its end: %v; want not found", err)
		}
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.SetUserState(tx.Ctx, countersign.Disabled, workspace, u)
			return err
		})
		_, err = load(2_000)
		if !store.NotFound(err) {
			t.Errorf("of a disabled person: %v; want not found", err)
		}
	})
}
