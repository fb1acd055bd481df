// Package passkey is what a passkey or a security key proves (WebAuthn Level 3), as
// values: the options that a page hands to the browser, and the judgement of what the
// browser sends back.
//
// It owns the challenges, which are signed and not stored, the rules by which a new
// passkey is accepted, and what a sign-in with one must show. It has no database, clock,
// network or chance. Package account verifies with it, enrol registers with it. The
// verifying key of a paired phone is none of these: see package push.
package passkey
