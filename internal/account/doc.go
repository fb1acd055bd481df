// Package account owns one user's proofs: THE transaction that judges an
// answer (answer.go), the check of a password (password.go), and what every
// change to an account does to everything that was started before it
// (void.go, tell.go). Mailed codes and one-time links are here too, because
// they prove something about an account.
//
// It does not know how a sign-in goes on, nor what a page shows: signin, enrol,
// session and people call it and hand it the closure that a right answer runs.
package account
