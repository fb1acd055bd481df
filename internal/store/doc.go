// Package store keeps the rows: one SQL text for SQLite and PostgreSQL, the
// migrations, and the one way to write, [Store.Write].
//
// It owns no rule. What a row means, and when it may change, is decided by the
// packages above; they reach the generated queries (package rows) through
// [Store.Read] and through the [Tx] of a write.
package store

//go:generate make -C ../.. generate
