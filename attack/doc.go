// Package attack holds the tests that try to break a running installation from
// the outside: over HTTP, against server processes of their own, one on SQLite
// (with the engine open beside it, as `countersign admin` has it) and two on
// PostgreSQL. Each file is one kind of attack, named as doc/security.md names it.
//
// `make test` runs the short forms, always with the same seed: what it finds was broken
// by the change at hand. `make attack` runs the long ones and draws another seed each
// time, which is printed, so that SEED=n repeats a run:
//
//	make attack SEED=42 ONLY=TestGuessing
package attack
