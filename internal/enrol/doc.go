// Package enrol begins, confirms, renames, replaces and removes credentials,
// and makes the recovery codes. What is not confirmed counts for nothing, and
// the old works until the new is confirmed (security.md 9).
//
// It does not verify a proof at sign-in (account does) nor turn two-factor
// authentication off (account does: removing the last one is the same act).
package enrol
