package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"countersign"
)

// Bent are rows of the audit log that hold something that their columns cannot: text where a
// number belongs, a number with a fraction, octets in place of a text. SQLite keeps that where
// a hand puts it there. Some of it reads as what it was before, and is not found by any more:
// the kind of an event as octets is in no list of that kind.
type Bent struct {
	Events []BentEvent
	// Seals are the numbers of seals, 0 where that is what was bent.
	Seals []int64
	// Head is the note of the chain's end, Workspace the row of the workspace itself.
	Head, Workspace bool
}

// BentEvent is an event, and the seal that it belongs to, 0 for none that can be told.
type BentEvent struct {
	ID   countersign.EventID
	Seal int64
}

// classes are what SQLite calls values of the kinds of columns.
func classes() map[string]string {
	return map[string]string{"text": "text", "number": "integer", "bytes": "blob"}
}

// ListBent finds such rows of a workspace, at most so many of each table. PostgreSQL keeps
// none.
func (s *Store) ListBent(ctx context.Context, workspace countersign.WorkspaceID, most int) (Bent, error) {
	var out Bent
	if !s.lite {
		return out, nil
	}
	for _, one := range []struct {
		table, key, columns string
		row                 func(*sql.Rows) error
	}{
		{"events", "workspace_id", "CAST(id AS TEXT), CASE typeof(seal_id) WHEN 'integer' THEN seal_id ELSE 0 END", func(found *sql.Rows) error {
			var e BentEvent
			err := found.Scan(&e.ID, &e.Seal)
			out.Events = append(out.Events, e)
			return err
		}},
		{"seals", "workspace_id", "0, CASE typeof(id) WHEN 'integer' THEN id ELSE 0 END", func(found *sql.Rows) error {
			var nothing, id int64
			err := found.Scan(&nothing, &id)
			out.Seals = append(out.Seals, id)
			return err
		}},
		{"seal_heads", "workspace_id", "0, 0", func(*sql.Rows) error { out.Head = true; return nil }},
		{"workspaces", "id", "0, 0", func(*sql.Rows) error { out.Workspace = true; return nil }},
	} {
		kinds, err := columns(ctx, s.db, one.table)
		if err != nil {
			return out, fmt.Errorf("read the columns of %s: %w", one.table, err)
		}
		var bent []string
		for _, name := range slices.Sorted(maps.Keys(kinds)) {
			bent = append(bent, "typeof("+name+") NOT IN ('"+classes()[kinds[name]]+"', 'null')")
		}
		asked := &question{}
		// The workspace as octets is another one for every other question.
		asked.add("SELECT "+one.columns+" FROM "+one.table+" WHERE "+one.key+" IN (?, CAST(? AS BLOB))", workspace, workspace)
		asked.add(" AND ("+strings.Join(bent, " OR ")+") ORDER BY 2, 1 LIMIT ?", most)
		err = s.each(ctx, asked, one.row)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}
