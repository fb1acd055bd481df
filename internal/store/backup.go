package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

// Backup writes one moment of the database into a new SQLite file while the
// installation goes on serving. The file is for its owner only (0600), has its
// name only when it is complete and on the disk, and never replaces another
// one: the error then wraps fs.ErrExist.
//
// Sealed values stay sealed. The master key is no part of the database and so
// of no backup: without its file, kept elsewhere, a backup opens nothing.
func Backup(ctx context.Context, s *Store, file string) error {
	err := newFile(ctx, file, func(draft string) error {
		if s.lite {
			return s.vacuumInto(ctx, draft)
		}
		return s.copyInto(ctx, draft)
	})
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// vacuumInto lets SQLite write a copy, from a read transaction of its own.
func (s *Store) vacuumInto(ctx context.Context, draft string) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// A connection that may only read cannot write another file either.
	_, err = conn.ExecContext(ctx, "PRAGMA query_only = 0")
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO $1", draft)
	_, again := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1")
	return errors.Join(err, again)
}

func (s *Store) copyInto(ctx context.Context, draft string) error {
	target, err := Open(ctx, Options{Database: draft, Now: s.now, Log: s.log, Connections: 2})
	if err != nil {
		return err
	}
	_, err = Copy(ctx, s, target)
	return errors.Join(err, target.Close())
}

// Restore puts a backup into a new data file, or into an empty PostgreSQL
// database, and brings its schema up to date. It refuses a file that is
// damaged, is no backup of ours, or was made by a newer version; and a target
// that is there already. When it fails there is no new data file, and the
// PostgreSQL database holds no more than the empty schema.
//
// What was ended or used since the backup was made would live again: so nobody
// is signed in, and no sign-in, link, mailed code or waiting mail of then is
// good for anything. What people enrolled, what they spent and what is counted
// against guessing stay as they were.
func Restore(ctx context.Context, file string, to Options) error {
	var err error
	if IsPostgres(to.Database) {
		err = restorePostgres(ctx, file, to)
	} else {
		err = restoreSQLite(ctx, file, to)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

func restoreSQLite(ctx context.Context, file string, to Options) error {
	err := os.MkdirAll(filepath.Dir(to.Database), 0o700)
	if err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	// SQLite would play a journal that an older data file of this name has left
	// into the restored one.
	for _, left := range []string{"-wal", "-journal"} {
		_, err = os.Lstat(to.Database + left)
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s%s is there: it belongs to another data file, which must be moved away with it: %w", to.Database, left, fs.ErrExist)
		}
	}
	return newFile(ctx, to.Database, func(draft string) error {
		s, err := revive(ctx, file, draft, to)
		if err != nil {
			return err
		}
		return s.Close()
	})
}

func restorePostgres(ctx context.Context, file string, to Options) error {
	folder, err := os.MkdirTemp("", "countersign-restore-")
	if err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	source, err := revive(ctx, file, filepath.Join(folder, "backup.db"), to)
	if err != nil {
		return err
	}
	target, err := Open(ctx, to)
	if err != nil {
		return errors.Join(err, source.Close())
	}
	_, err = Copy(ctx, source, target)
	return errors.Join(err, target.Close(), source.Close())
}

// revive copies a backup to where it may be worked on, checks it, opens it,
// which upgrades it, and ends what must not come back, before anything can be
// served from it or copied out of it.
func revive(ctx context.Context, file, draft string, to Options) (*Store, error) {
	err := copyFile(file, draft)
	if err != nil {
		return nil, err
	}
	err = check(ctx, draft)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s, err := Open(ctx, Options{Database: draft, Now: to.Now, Log: to.Log, Connections: 2})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	err = complete(ctx, s.db, true, s.db, true)
	if err == nil {
		err = s.Write(ctx, endRevoked)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), s.Close())
	}
	return s, nil
}

// endRevoked ends whatever may have been ended or used after the backup was
// made: a session that somebody ended because it was stolen must not live again.
func endRevoked(tx *Tx) error {
	for _, step := range []struct {
		what string
		do   func() (int64, error)
	}{
		{"sessions", func() (int64, error) { return tx.DropSessions(tx.Ctx) }},
		{"sign-ins under way", func() (int64, error) { return tx.DropAttempts(tx.Ctx) }},
		{"mailed codes", func() (int64, error) { return tx.DropMailedCodes(tx.Ctx) }},
		{"pairings", func() (int64, error) { return tx.DropPairings(tx.Ctx) }},
		{"trusted browsers", func() (int64, error) { return tx.DropTrust(tx.Ctx) }},
		{"texted codes", func() (int64, error) { return tx.DropTexts(tx.Ctx) }},
		{"help-desk codes", func() (int64, error) { return tx.DropHelpCodes(tx.Ctx) }},
		{"resets that wait for a second administrator", func() (int64, error) { return tx.WithdrawAllResets(tx.Ctx, tx.NowMilli()) }},
		{"mails to everybody without a second factor", func() (int64, error) { return tx.FinishAllCampaigns(tx.Ctx, tx.NowMilli()) }},
		{"sign-in requests", func() (int64, error) { return tx.CancelAllRequests(tx.Ctx, tx.NowMilli()) }},
		{"links", func() (int64, error) { return tx.VoidAllLinks(tx.Ctx, tx.NowMilli()) }},
		{"waiting mails", func() (int64, error) { return tx.FailQueued(tx.Ctx, []byte{}, "the installation was restored") }},
		{"messages that were given up", func() (int64, error) { return tx.EraseFailed(tx.Ctx, []byte{}) }},
	} {
		_, err := step.do()
		if err != nil {
			return fmt.Errorf("end %s: %w", step.what, err)
		}
	}
	return nil
}

// copyFile copies a backup into a new file.
func copyFile(file, draft string) error {
	info, err := os.Stat(file + "-wal")
	if err == nil && info.Size() > 0 {
		return fmt.Errorf("%s has a journal beside it: it is the data file of an installation that runs or was not closed; make a backup of it instead", file)
	}
	in, err := os.Open(filepath.Clean(file))
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(filepath.Clean(draft), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// check tells whether a file is a whole backup that this program understands.
// Triggers and views would run inside our own statements; we make none.
func check(ctx context.Context, draft string) error {
	db, err := sql.Open("sqlite", sqliteDSN(draft, "_pragma=trusted_schema(0)"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var ours, foreign int
	err = db.QueryRowContext(ctx, `SELECT
		(SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('workspaces', 'users', 'credentials', 'installation', 'goose_db_version')),
		(SELECT COUNT(*) FROM sqlite_schema WHERE type IN ('trigger', 'view'))`).Scan(&ours, &foreign)
	if err != nil {
		return fmt.Errorf("this is no backup of Countersign, or it is damaged: %w", err)
	}
	if ours != 5 || foreign != 0 {
		return errors.New("this is no backup of Countersign")
	}
	var state string
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&state)
	if err != nil {
		return fmt.Errorf("the backup is damaged: %w", err)
	}
	if state != "ok" {
		return fmt.Errorf("the backup is damaged: %s", state)
	}
	var orphans int
	err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM pragma_foreign_key_check").Scan(&orphans)
	if err != nil {
		return fmt.Errorf("the backup is damaged: %w", err)
	}
	if orphans > 0 {
		return fmt.Errorf("the backup is damaged: %d rows refer to rows that are missing", orphans)
	}
	return notNewer(ctx, db)
}

// notNewer refuses a schema that this program has no migration for.
func notNewer(ctx context.Context, db *sql.DB) error {
	provider, err := newProvider(db, goose.DialectSQLite3)
	if err != nil {
		return err
	}
	is, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the backup: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	if is > newest {
		return fmt.Errorf("the backup was made by a newer version of the program (schema %d, this one knows %d)", is, newest)
	}
	return nil
}
