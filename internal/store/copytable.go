package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"countersign/internal/store/rows"
)

// columnKind is how the values of a column are read, the same for the types'
// names in both databases.
func columnKind(database string) (string, error) {
	kinds := map[string]string{"TEXT": "text", "BIGINT": "number", "INT8": "number", "BYTEA": "bytes"}
	kind, ok := kinds[strings.ToUpper(database)]
	if !ok {
		return "", fmt.Errorf("the type %q is unknown", database)
	}
	return kind, nil
}

// columns returns the columns of a table with their kinds.
func columns(ctx context.Context, db rows.DBTX, table string) (map[string]string, error) {
	found, err := db.QueryContext(ctx, "SELECT * FROM "+table+" WHERE 1 = 0") // #nosec G202 -- a name of tables()
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	types, err := found.ColumnTypes()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, column := range types {
		out[column.Name()], err = columnKind(column.DatabaseTypeName())
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", column.Name(), err)
		}
	}
	return out, found.Err()
}

// copyTable copies the rows of one table and compares the counts.
func copyTable(ctx context.Context, source, target rows.DBTX, table string) (int64, error) {
	kinds, err := columns(ctx, source, table)
	if err != nil {
		return 0, err
	}
	theirs, err := columns(ctx, target, table)
	if err != nil {
		return 0, err
	}
	if !maps.Equal(kinds, theirs) {
		return 0, errors.New("the two databases have different columns; bring both up to date with the same program")
	}
	names := slices.Sorted(maps.Keys(kinds))
	in := inserter{target: target, table: table, names: names}
	err = read(ctx, source, table, names, kinds, func(values []any) error { return in.add(ctx, values) })
	if err != nil {
		return 0, err
	}
	err = in.flush(ctx)
	if err != nil {
		return 0, err
	}
	was, err := countRows(ctx, source, table)
	if err != nil {
		return 0, err
	}
	is, err := countRows(ctx, target, table)
	if err != nil {
		return 0, err
	}
	if was != is || is != in.total {
		return 0, fmt.Errorf("%d rows were there, %d were read, %d arrived", was, in.total, is)
	}
	return is, nil
}

// read hands each row of the table to do, its values in the order of names.
func read(ctx context.Context, source rows.DBTX, table string, names []string, kinds map[string]string, do func([]any) error) error {
	// The driver of SQLite gives nil for an empty BYTEA as well as for NULL.
	var nulls []string
	for _, name := range names {
		nulls = append(nulls, name+" IS NULL")
	}
	// #nosec G202 -- names of tables() and of their columns
	found, err := source.QueryContext(ctx, "SELECT "+strings.Join(append(slices.Clone(names), nulls...), ", ")+" FROM "+table)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	texts, numbers, bytes := make([]sql.NullString, len(names)), make([]sql.NullInt64, len(names)), make([][]byte, len(names))
	null := make([]bool, len(names))
	into := make([]any, 2*len(names))
	for i, name := range names {
		switch kinds[name] {
		case "text":
			into[i] = &texts[i]
		case "number":
			into[i] = &numbers[i]
		default:
			into[i] = &bytes[i]
		}
		into[len(names)+i] = &null[i]
	}
	for found.Next() {
		err = found.Scan(into...)
		if err != nil {
			return err
		}
		values := make([]any, len(names))
		for i, name := range names {
			switch {
			case null[i]:
				values[i] = nil
			case kinds[name] == "text":
				values[i] = texts[i].String
			case kinds[name] == "number":
				values[i] = numbers[i].Int64
			default:
				values[i] = append([]byte{}, bytes[i]...)
			}
		}
		err = do(values)
		if err != nil {
			return err
		}
	}
	return found.Err()
}

// inserter collects rows and inserts many with one statement.
type inserter struct {
	target  rows.DBTX
	table   string
	names   []string
	pending []any
	total   int64
}

// maxValues is how many values one statement inserts. The driver of SQLite looks
// for each among all of them: 8,000 took fifty times as long as 200.
const maxValues = 200

func (in *inserter) add(ctx context.Context, values []any) error {
	in.pending = append(in.pending, values...)
	in.total++
	if len(in.pending)+len(in.names) <= maxValues {
		return nil
	}
	return in.flush(ctx)
}

func (in *inserter) flush(ctx context.Context) error {
	if len(in.pending) == 0 {
		return nil
	}
	var statement strings.Builder
	statement.WriteString("INSERT INTO " + in.table + " (" + strings.Join(in.names, ", ") + ") VALUES ")
	for i := range in.pending {
		switch {
		case i == 0:
			statement.WriteString("(")
		case i%len(in.names) == 0:
			statement.WriteString("), (")
		default:
			statement.WriteString(", ")
		}
		fmt.Fprintf(&statement, "$%d", i+1)
	}
	statement.WriteString(")")
	_, err := in.target.ExecContext(ctx, statement.String(), in.pending...)
	in.pending = in.pending[:0]
	return err
}

func countRows(ctx context.Context, db rows.DBTX, from string) (int64, error) {
	var n int64
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+from).Scan(&n) // #nosec G202 -- a name of tables()
	return n, err
}
