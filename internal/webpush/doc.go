// Package webpush is what Web Push asks of a sender, as values: it seals a message so
// that one browser alone can open it (RFC 8291, over RFC 8188), and signs who sends it
// (RFC 8292).
//
// It knows no network, no clock and no source of random numbers; package notify has
// them and is the caller. Nor does it know what a message says.
package webpush
