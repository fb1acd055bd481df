package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func TestABackupIsRestoredInto(t *testing.T) {
	t.Parallel()
	for fromName, openFrom := range openers() {
		from := openFrom(t)
		fill(t, from)
		file := filepath.Join(t.TempDir(), "backup.db")
		err := store.Backup(t.Context(), from, file)
		if err != nil {
			t.Fatalf("from %s: %v", fromName, err)
		}
		for toName, empty := range databases {
			t.Run(fromName+" to "+toName, func(t *testing.T) {
				database := empty(t)
				err := store.Restore(t.Context(), file, store.Options{Database: database, Now: time.Now})
				if err != nil {
					t.Fatal(err)
				}
				if !store.IsPostgres(database) {
					wantPrivate(t, database)
				}
				to := storetest.Open(t, database)
				same(t, from, to, "sessions", "attempts", "mailed_codes", "links", "messages", "pairings", "requests", "browsers", "texts", "help_codes", "reset_requests", "campaigns")
				wantEnded(t, to)
				write(t, to, func(tx *store.Tx) error { return tx.InsertUser(tx.Ctx, user("grace@example.org")) })
				err = store.Restore(t.Context(), file, store.Options{Database: database, Now: time.Now})
				if err == nil {
					t.Error("a second restore into the same database was not refused")
				}
			})
		}
	}
}

// wantEnded checks that nothing of what may have been ended or used after the
// backup was made is alive in what was restored from it. The rows that remain
// show that the backup held them.
func wantEnded(t *testing.T, s *store.Store) {
	t.Helper()
	for _, row := range []struct {
		name, table string
		want        int
	}{
		{"sessions", "sessions", 0},
		{"sign-ins that could still be finished", "attempts WHERE state IN ('open', 'done')", 0},
		{"mailed codes", "mailed_codes", 0},
		{"pairings", "pairings", 0},
		{"browsers that are trusted", "browsers WHERE trusted_at <> 0 OR trusted_until <> 0", 0},
		{"browsers", "browsers", 1},
		{"sign-in requests that could still be answered or used", "requests WHERE state IN ('pending', 'approved')", 0},
		{"sign-in requests", "requests", 1},
		{"texted codes that could still be used", "texts WHERE expires_at > 0", 0},
		{"texted codes", "texts", 1},
		{"help-desk codes", "help_codes", 0},
		{"resets that a second administrator could confirm", "reset_requests WHERE state = 'waiting'", 0},
		{"resets that were asked for", "reset_requests", 1},
		{"mails to many that would go on", "campaigns WHERE finished_at = 0", 0},
		{"mails to many", "campaigns", 1},
		{"links that could still be used", "links WHERE spent_at = 0", 0},
		{"links that were spent by restoring", "links WHERE spent_at > 0", 1},
		{"mails that would be sent", "messages WHERE state = 'queued'", 0},
		{"mails that are erased", "messages WHERE state = 'failed' AND length(body) = 0", 2},
	} {
		if n := count(t, s, row.table); n != row.want {
			t.Errorf("%s: %d; want %d", row.name, n, row.want)
		}
	}
}

// wantPrivate checks that a file is alone in its folder and its owner's only.
func wantPrivate(t *testing.T, file string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if entry.Name() != filepath.Base(file) || info.Mode().Perm() != 0o600 {
			t.Errorf("in the folder: %s %v; want nothing but %s with 0600", entry.Name(), info.Mode(), filepath.Base(file))
		}
	}
	if len(entries) != 1 {
		t.Errorf("%d files in the folder", len(entries))
	}
}

func TestABackupIsAPrivateNewFileWithoutTheMasterKey(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		keyFile := filepath.Join(t.TempDir(), "master.key")
		ring, err := seal.CreateRing(keyFile)
		if err != nil {
			t.Fatal(err)
		}
		u := addUser(t, s, "ada@example.org")
		c := credential(u, "totp", "phone", "active")
		c.Secret, err = ring.Seal([]byte("the secret in clear"), store.SecretPlace(c.ID))
		if err != nil {
			t.Fatal(err)
		}
		addCredential(t, s, c)
		file := filepath.Join(t.TempDir(), "a folder #1?", "backup.db")
		err = os.Mkdir(filepath.Dir(file), 0o700)
		if err != nil {
			t.Fatal(err)
		}
		err = store.Backup(t.Context(), s, file)
		if err != nil {
			t.Fatal(err)
		}
		wantPrivate(t, file)
		content, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(content, c.Secret) || bytes.Contains(content, []byte("the secret in clear")) {
			t.Error("the backup does not hold the secret as it is sealed")
		}
		keys, err := os.ReadFile(filepath.Clean(keyFile))
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, word := range strings.Fields(string(keys)) {
			raw, err := base64.StdEncoding.DecodeString(word)
			if err != nil || len(raw) != 32 {
				continue
			}
			checked++
			if bytes.Contains(content, raw) || bytes.Contains(content, []byte(word)) {
				t.Error("the backup holds the master key")
			}
		}
		if checked != 1 {
			t.Errorf("%d keys were looked for; want one", checked)
		}
		err = store.Backup(t.Context(), s, file)
		after, rerr := os.ReadFile(filepath.Clean(file))
		if !errors.Is(err, fs.ErrExist) || rerr != nil || !bytes.Equal(content, after) {
			t.Errorf("a second backup to the same file: %v; want that the first stays", err)
		}
		err = store.Backup(t.Context(), s, filepath.Join(t.TempDir(), "no", "folder", "b.db"))
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a backup to a folder that does not exist: %v", err)
		}
	})
}

func TestABackupOfAServingInstallationIsOneMoment(t *testing.T) {
	t.Parallel()
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				time.Sleep(time.Millisecond) // the backup has to keep up under the race detector
				err := s.Write(context.Background(), func(tx *store.Tx) error {
					// Both or neither: a session and its event.
					_, err := tx.InsertInstallation(tx.Ctx, fmt.Sprint("one ", i), []byte{1})
					if err != nil {
						return err
					}
					return tx.InsertEvent(tx.Ctx, rows.InsertEventParams{WorkspaceID: workspace, ID: countersign.EventID(fmt.Sprint("evt_", i))})
				})
				if err != nil {
					t.Errorf("a write beside the backup: %v", err)
				}
			}
		})
		for i := range 5 {
			file := filepath.Join(t.TempDir(), fmt.Sprint(i, ".db"))
			err := store.Backup(t.Context(), s, file)
			if err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite", file)
			if err != nil {
				t.Fatal(err)
			}
			var one, two int
			err = db.QueryRowContext(t.Context(), "SELECT (SELECT COUNT(*) FROM installation), (SELECT COUNT(*) FROM events)").Scan(&one, &two)
			if err != nil || one != two {
				t.Errorf("the backup holds %d and %d of what is written together (%v)", one, two, err)
			}
			_ = db.Close()
		}
		cancel()
		wg.Wait()
	})
}

func TestAnOldBackupIsUpgraded(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "old.db")
	first(t, file)
	for name, empty := range databases {
		t.Run(name, func(t *testing.T) {
			database, fresh := empty(t), empty(t)
			err := store.Restore(t.Context(), file, store.Options{Database: database, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			storetest.Open(t, fresh)
			was, is := strings.Join(schema(t, fresh), "\n"), strings.Join(schema(t, database), "\n")
			if was != is {
				t.Errorf("the restored schema is not the newest:\n%s", is)
			}
		})
	}
}

func TestWhatIsNoBackupIsNotRestored(t *testing.T) {
	t.Parallel()
	good := storetest.Open(t, "")
	fill(t, good)
	backup := filepath.Join(t.TempDir(), "good.db")
	err := store.Backup(t.Context(), good, backup)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Clean(backup))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(statement string) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			err := os.WriteFile(file, content, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			db := raw(t, file)
			_, err = db.ExecContext(t.Context(), statement)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	bytesOf := func(b []byte) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			err := os.WriteFile(file, b, 0o600)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	damaged := bytes.Clone(content)
	for i := len(damaged) / 2; i < len(damaged)/2+8192; i++ {
		damaged[i] ^= 0x55
	}
	for _, row := range []struct {
		name    string
		make    func(t *testing.T, file string)
		problem string
	}{
		{"a file that is not there", func(*testing.T, string) {}, "no such file"},
		{"an empty file", bytesOf(nil), "no backup of Countersign"},
		{"a text", bytesOf([]byte("this is a letter, not a database, and a long one")), "no backup of Countersign"},
		{"a database of another program", func(t *testing.T, file string) {
			_, err := raw(t, file).ExecContext(t.Context(), "CREATE TABLE users (id TEXT)")
			if err != nil {
				t.Fatal(err)
			}
		}, "no backup of Countersign"},
		{"half a backup", bytesOf(content[:len(content)/2]), "damaged"},
		{"a backup with bytes that were changed", bytesOf(damaged), "damaged"},
		{"a backup with a row of nobody", changed("DELETE FROM users"), "refer to rows that are missing"},
		{"a backup with a trigger in it", changed("CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET role = 'owner'; END"), "no backup of Countersign"},
		{"a backup of a newer version", changed("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"), "newer version"},
		{"a data file whose journal is still there", func(t *testing.T, file string) {
			bytesOf(content)(t, file)
			bytesOf([]byte("journal"))(t, file+"-wal")
		}, "make a backup of it instead"},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file.db")
			row.make(t, file)
			folder := filepath.Join(t.TempDir(), "data")
			err := store.Restore(t.Context(), file, store.Options{Database: filepath.Join(folder, "countersign.db"), Now: time.Now})
			if err == nil || !strings.Contains(err.Error(), row.problem) {
				t.Errorf("restore: %v; want a refusal with %q", err, row.problem)
			}
			left, err := os.ReadDir(folder)
			if err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
	t.Run("beside the journal of a data file that is gone", func(t *testing.T) {
		database := filepath.Join(t.TempDir(), "countersign.db")
		bytesOf([]byte("journal"))(t, database+"-wal")
		err := store.Restore(t.Context(), backup, store.Options{Database: database, Now: time.Now})
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("restore: %v; want a refusal", err)
		}
	})
}
