package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"countersign"
	"countersign/internal/store"
)

// What an operator can bring about is no fault of ours: it is answered with "come
// back", whatever the database calls it.
func TestWhatIsUnavailable(t *testing.T) {
	for _, row := range []struct {
		sentence string
		err      error
		want     countersign.Kind
	}{
		{"the server shuts down", &pgconn.PgError{Code: "57P01"}, countersign.Unavailable},
		{"the server is still starting", &pgconn.PgError{Code: "57P03"}, countersign.Unavailable},
		{"a statement took longer than the server allows", &pgconn.PgError{Code: "57014"}, countersign.Unavailable},
		{"a row was locked for longer than the server allows", &pgconn.PgError{Code: "55P03"}, countersign.Unavailable},
		{"a transaction rested longer than the server allows", &pgconn.PgError{Code: "25P03"}, countersign.Unavailable},
		{"a transaction took longer than the server allows", &pgconn.PgError{Code: "25P04"}, countersign.Unavailable},
		{"all connections are used", &pgconn.PgError{Code: "53300"}, countersign.Unavailable},
		{"the server's disk is full", &pgconn.PgError{Code: "53100"}, countersign.Unavailable},
		{"the server's disk fails", &pgconn.PgError{Code: "58030"}, countersign.Unavailable},
		{"the server became a standby", &pgconn.PgError{Code: "25006"}, countersign.Unavailable},
		{"a deadlock, five times in a row", &pgconn.PgError{Code: "40P01"}, countersign.Unavailable},
		{"the connection broke", driver.ErrBadConn, countersign.Unavailable},
		{"nothing came in time", context.DeadlineExceeded, countersign.Unavailable},
		{"a statement that does not exist", &pgconn.PgError{Code: "42601"}, countersign.Internal},
		{"a transaction that an error had spoiled", &pgconn.PgError{Code: "25P02"}, countersign.Internal},
		{"a code that no server sends", &pgconn.PgError{}, countersign.Internal},
		{"a fault of ours", errors.New("index out of range"), countersign.Internal},
	} {
		err := store.Classify(fmt.Errorf("load somebody: %w", row.err))
		if got := countersign.KindOf(err); got != row.want {
			t.Errorf("%s: kind %v, want %v", row.sentence, got, row.want)
		}
	}
}
