package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"countersign"
)

// NotFound tells that a query for one row found none.
func NotFound(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Taken tells that a unique index refused a row.
func Taken(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		code := lite.Code()
		return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// classify gives a database that is gone, full or overloaded the kind
// Unavailable; the person is asked to come back, not told of a fault.
func classify(err error) error {
	if err == nil || countersign.KindOf(err) != countersign.Internal {
		return err
	}
	if unavailable(err) {
		return busy(err)
	}
	return err
}

// Classify is classify for the faults of queries outside a transaction.
func Classify(err error) error { return classify(err) }

func unavailable(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return unavailableCode(pg.Code)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
			sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT:
			return true
		}
	}
	return strings.Contains(err.Error(), "unexpected EOF")
}

// unavailableCode tells of a SQLSTATE of PostgreSQL that says nothing about what was
// asked: the same may succeed in a moment, or when the operator has mended it.
func unavailableCode(code string) bool {
	switch code {
	case "25006", // a standby, which is read-only
		"25P03", "25P04", // the server's own limits of a transaction's time
		"55P03": // the server's own limit of the wait for a row
		return true
	}
	switch code[:min(2, len(code))] {
	case "08", // connection
		"40", // rolled back for others' sake, more often than we tried again
		"53", // disk, memory or connections are used up
		"57", // shut down, or cancelled by a limit or by the operator
		"58": // the disk or the system below the server
		return true
	}
	return false
}

// locked tells that SQLite waits for another connection.
func locked(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}
