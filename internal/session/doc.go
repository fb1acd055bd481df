// Package session owns the browser session: its cookie and row, its level, its
// fresh proof. At each request the level is computed from what is stored, so a
// revoked session, a disabled person or a changed factor counts at once on every
// node. The row is read anew unless the database says that nothing at all was
// committed since (doc/decisions/0037).
//
// It does not know how somebody signed in: it redeems a countersign.Proof.
package session
