package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver, "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the SQLite driver, "sqlite"

	"countersign/internal/store/rows"
	"countersign/internal/turn"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options say which database to open and what it is handed.
type Options struct {
	// Database is a file's path for SQLite, or a postgres:// URL.
	Database string
	// Now is the clock that Tx.Now reads.
	Now func() time.Time
	// Log receives faults that nobody else would see.
	Log *slog.Logger
	// Connections bounds the connections of one process; 0 means a default.
	Connections int
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	now    func() time.Time
	log    *slog.Logger
	db     *sql.DB
	read   *rows.Queries
	writer writer
	lite   bool
	// versions is nil on PostgreSQL.
	versions *versions
	bells    bells
	nodes    *nodes // nil on SQLite, which serves one node
	turns    turn.Lines
}

// writer runs a transaction; the two databases differ in how.
type writer interface {
	write(ctx context.Context, act func(*Tx) error) error
	close() error
}

// Open opens the database, brings its schema up to date, and readies it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		return nil, errors.New("open the database: no clock was handed in")
	}
	s := &Store{now: o.Now, log: o.Log, lite: !IsPostgres(o.Database)}
	if o.Log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.lite {
		err = s.openSQLite(ctx, o)
	} else {
		err = s.openPostgres(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// IsPostgres tells whether a database is named by a PostgreSQL URL.
func IsPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// SQLite tells which of the two databases this is.
func (s *Store) SQLite() bool { return s.lite }

// Read returns the queries outside any transaction, for reading.
func (s *Store) Read() *rows.Queries { return s.read }

// Brief is ctx for reading a row or a few. On SQLite that takes microseconds, and being
// able to end it sooner, two goroutines, would be a good part of them; so there it
// is ctx without its end. Not while every connection is at work: on a disk that says
// nothing, whoever waits for one of them is sent away in time.
func (s *Store) Brief(ctx context.Context) context.Context {
	if s.lite && s.idle() {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// idle tells whether a reading connection is to be had at once.
func (s *Store) idle() bool {
	pool := s.db.Stats()
	return pool.InUse < pool.MaxOpenConnections
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return classify(s.db.PingContext(ctx)) }

// Close waits for the writes under way and closes the database.
func (s *Store) Close() error {
	var err error
	if s.versions != nil {
		err = s.versions.close()
	}
	if s.nodes != nil {
		s.nodes.close()
	}
	return errors.Join(err, s.writer.close(), s.db.Close())
}

func (s *Store) openSQLite(ctx context.Context, o Options) error {
	err := os.MkdirAll(filepath.Dir(o.Database), 0o700)
	if err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	// The file is made by us first, so that it is never readable by others.
	f, err := os.OpenFile(o.Database, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	err = f.Close()
	if err != nil {
		return err
	}
	write, err := sql.Open("sqlite", sqliteDSN(o.Database, "_txlock=immediate"))
	if err != nil {
		return err
	}
	write.SetMaxOpenConns(1)
	err = migrate(ctx, write, goose.DialectSQLite3)
	if err != nil {
		_ = write.Close()
		return err
	}
	err = s.readySQLite(ctx, o, write)
	if err != nil {
		_ = write.Close()
		return err
	}
	return nil
}

// readySQLite opens the reading connections and starts the writer.
func (s *Store) readySQLite(ctx context.Context, o Options, write *sql.DB) error {
	var err error
	s.db, err = sql.Open("sqlite", sqliteDSN(o.Database, "_pragma=query_only(1)"))
	if err != nil {
		return err
	}
	connections := o.Connections
	if connections == 0 {
		connections = 8
	}
	s.db.SetMaxOpenConns(connections + 1) // one of them is that of versions
	s.db.SetMaxIdleConns(connections)
	s.read, err = rows.Prepare(ctx, s.db)
	if err != nil {
		_ = s.db.Close()
		return fmt.Errorf("prepare the queries: %w", err)
	}
	s.versions, err = newVersions(ctx, s.db)
	if err != nil {
		_ = s.db.Close()
		return err
	}
	s.writer, err = newGroupWriter(ctx, write, s)
	if err != nil {
		return errors.Join(err, s.versions.close(), s.db.Close())
	}
	return nil
}

// sqliteDSN sets the pragmas of every connection. synchronous=FULL: a commit
// that was answered survives a power cut. What wal_autocheckpoint bounds is told at
// checkpointer.
func sqliteDSN(file, extra string) string {
	return "file:" + escapePath(file) +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=wal_autocheckpoint(16000)&" + extra
}

// escapePath keeps a path with "?", "#" or "%" from being read as a query.
func escapePath(file string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file)
}

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	db, err := sql.Open("pgx", o.Database)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	connections := o.Connections
	if connections == 0 {
		connections = 16
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	err = migrate(ctx, db, goose.DialectPostgres)
	if err != nil {
		_ = db.Close()
		return err
	}
	s.db, s.read = db, rows.New(db)
	s.writer = &plainWriter{store: s, db: db}
	s.nodes = newNodes(s, o.Database)
	return nil
}

// migrate applies what is missing, when several nodes or commands start at once
// too. On PostgreSQL a session lock lets one do it while the others wait; on
// SQLite each tries, in a transaction, and whoever loses finds it done.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	provider, err := newProvider(db, dialect)
	if err != nil {
		return err
	}
	for round := 0; ; round++ {
		before, err := provider.GetDBVersion(ctx)
		if err == nil {
			_, err = provider.Up(ctx)
		}
		if err == nil {
			return nil
		}
		// While another one turns the new file to WAL, SQLite answers "locked"
		// whatever its busy_timeout is.
		if locked(err) && round < 200 {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		// Without progress by anybody the migration itself is at fault.
		now, verr := provider.GetDBVersion(ctx)
		if verr != nil || now == before {
			return fmt.Errorf("bring the schema up to date: %w", err)
		}
	}
}

// newProvider reads the migrations for a database.
func newProvider(db *sql.DB, dialect goose.Dialect) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithLogger(goose.NopLogger())}
	if dialect == goose.DialectPostgres {
		// Asked for each second, for five minutes: a migration may take long.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, db, folder, options...)
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}
