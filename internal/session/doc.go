// Package session owns the browser session: its cookie and row, its level, its
// fresh proof. The row is read anew at each request, and the level is computed
// from what is stored, so a revoked session, a disabled person or a changed
// factor counts at once on every node.
//
// It does not know how somebody signed in: it redeems a countersign.Proof.
package session
