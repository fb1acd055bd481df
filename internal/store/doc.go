// Package store keeps the rows: one SQL text for SQLite and PostgreSQL, the
// migrations, and the one way to write, [Store.Write], which has one exception for the
// sake of speed, [Store.ApproveAtOnce].
//
// It owns no rule, but for repeating in that one's statement what an approval was judged
// by. What a row means, and when it may change, is decided by the
// packages above; they reach the generated queries (package rows) through
// [Store.Read] and through the [Tx] of a write.
package store

//go:generate make -C ../.. generate
