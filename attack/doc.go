// Package attack holds the tests that try to break a running installation from
// the outside: over HTTP, against server processes of their own, one on SQLite
// (with the engine open beside it, as `countersign admin` has it) and two on
// PostgreSQL. Each file is one kind of attack, named as doc/security.md names it.
//
// `make test` runs the short forms. `make attack` runs the long ones; chance comes
// from one seed, which is printed, so that SEED=n repeats a run:
//
//	make attack SEED=42 ONLY=TestGuessing
package attack
