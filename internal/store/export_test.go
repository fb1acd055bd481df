package store

import (
	"context"
	"database/sql"
	"time"

	"countersign/internal/store/rows"
)

// DB is the pool that reads; on SQLite its connections may only read.
func (s *Store) DB() *sql.DB { return s.db }

// Prepare prepares every query once.
func (s *Store) Prepare(ctx context.Context) error {
	queries, err := rows.Prepare(ctx, s.db)
	if err != nil {
		return err
	}
	return queries.Close()
}

// Writer runs a statement of the test's own on the writing connection of
// SQLite, inside whatever transaction is open there. Only for the body of a
// Write.
func (s *Store) Writer(ctx context.Context, statement string, args ...any) error {
	w, ok := s.writer.(*groupWriter)
	if !ok {
		panic("not SQLite")
	}
	_, err := w.conn.ExecContext(ctx, statement, args...)
	return err
}

// Queued is how many writes wait for the writer of SQLite.
func (s *Store) Queued() int {
	w, ok := s.writer.(*groupWriter)
	if !ok {
		panic("not SQLite")
	}
	return len(w.jobs)
}

// InLine is how many rows somebody wants in turn.
func (s *Store) InLine() int { return s.turns.Len() }

// Tables is the list that Copy goes through.
func Tables() []string { return tables() }

// ListTables names what is really there.
func ListTables(ctx context.Context, s *Store) ([]string, error) {
	return listTables(ctx, s.db, s.lite)
}

// BreakWriter makes the writing connection of SQLite unusable.
func (s *Store) BreakWriter() error {
	w, ok := s.writer.(*groupWriter)
	if !ok {
		panic("not SQLite")
	}
	return w.conn.Close()
}

// MostAsking is how many wait for a Version at most.
const MostAsking = mostAsking

// Silence lets nobody learn the version until the function it returns is called, as
// a disk that says nothing does.
func (s *Store) Silence() func() {
	s.versions.mu.Lock()
	return s.versions.mu.Unlock
}

// TryEvery has the connection to other nodes tried after so long without a ring. It
// comes before the first Listen.
func (s *Store) TryEvery(d time.Duration) { s.nodes.idle = d }

// Listeners is how many topics somebody listens to.
func (s *Store) Listeners() int {
	s.bells.mu.Lock()
	defer s.bells.mu.Unlock()
	return len(s.bells.waiting)
}

// Question is the SQL text of a list, and its values.
func (l Listing) Question() (string, []any) {
	asked := l.people()
	return asked.text.String(), asked.values
}

// Question is an SQL text with its values.
type Question struct {
	Text   string
	Values []any
}

// LogQuestions are what a listing asks SQLite by each of its ways.
func LogQuestions(l EventListing) []Question {
	var out []Question
	ways, _ := l.ways()
	for _, b := range ways {
		q := &question{lite: true}
		q.add("SELECT " + eventColumns)
		l.within(q, b)
		q.add(" ORDER BY id "+l.order()+" LIMIT ?", l.Most)
		out = append(out, Question{q.text.String(), q.values})
	}
	return out
}
