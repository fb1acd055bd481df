// Package bench measures the product and prints each figure as a ratio to a limit
// that is measured in the same run, on the same cores: what argon2id alone reaches,
// what one connection commits, what an empty handler answers. It is a test package
// because it drives real server processes as the tests do; nothing in it fails on a
// slow machine.
//
//	make bench
//
// runs every measurement five times, takes medians, and writes the table of
// doc/performance.md. `make test` runs each once and small, to see that it still
// measures.
package bench
