// Package accounttest builds the whole engine for tests: account, signin, enrol
// and session on one database, with a clock that the test sets, cheap password
// hashes, and an outbox whose mails can be read. It also plays the two sides of
// a sign-in: a [Person] who knows a password and holds codes, and a [Browser]
// that keeps cookies.
//
// Only tests import it.
package accounttest
