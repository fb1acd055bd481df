// Package signin is the state machine of a sign-in: an attempt is a row that
// says who, what is done, until when, and which browser it belongs to.
//
//	Start ─► first ─► Password ─┬─► second ─► Second ─┬─► countersign.Proof
//	                            ├─► done ───► Finish ─┘
//	StartFromLink ──────────────┘ (set-up, invitation, rescue: the first factor is done)
//
// [Service.Load] is the one dispatcher: it computes the step from what is
// stored, so a step that is empty, forged, repeated or out of order never
// advances anything. Pages return to it and never call each other. Proofs are
// judged by package account; the session is made by package session.
package signin
