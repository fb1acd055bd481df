// Package terminal is a device of the device protocol (doc/device-protocol.md) without a
// screen of its own: it is paired, asked and answers as a phone does, and speaks nothing
// but the public protocol. The command line is such a device, and so are the phones of
// the tests that run a whole installation.
//
// It owns the client's side of every call, both keys of a device, and the files in which
// they lie. It asks nobody anything and prints nothing: who uses it hands in what the
// person answers. It has no clock and no chance of its own.
package terminal
