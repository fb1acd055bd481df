// Package seal is the one place that encrypts our rows, hashes our tokens and
// draws random numbers.
//
// It owns the key ring (a file outside the database that holds the master
// keys), the form of a sealed value, identifiers, tokens and one-time codes,
// and the keyed digests under which short secrets are stored. It does not own
// passwords (package password), nor the algorithms that a protocol names
// itself, such as the HMAC-SHA-1 of RFC 6238 (package totp).
//
// Whoever stores a secret calls it: store, account, enrol, message; server and
// the command line open and rotate the ring. Nothing but this package and
// server may read crypto/rand.
package seal
