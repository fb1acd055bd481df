// Package sms is a code that comes as a text message, as values: which numbers may have
// one, what the message says, how long the code is good and for what.
//
// A text is the weakest of the second factors: whoever takes over the number, or listens
// to the network, has the code (NIST SP 800-63B, section 3.2.9, restricts it). So a code
// lives three minutes, belongs to one sign-in, has few tries, and the newest alone counts.
// The package has no database, clock, network or chance. Package account sends and
// verifies with it, enrol sets up with it, package message writes with it.
package sms
