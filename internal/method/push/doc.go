// Package push is what an approval on a paired phone proves, as values: the octets that
// a phone signs when it decides and when it is paired, and the judgement of what it
// sent.
//
// A phone has two keys. Its device key (P-256, ES256) never leaves the installation and
// signs every decision. Its verifying key is a WebAuthn credential that signs only
// after the person's biometric or PIN; an approval needs both. Both sign over the same
// challenge, into which goes all that the person saw and chose: no signature can be
// used for another request, phone, text, number or decision.
//
// The package has no database, clock, network or chance. Package approve owns the
// requests, their states and their limits.
package push
