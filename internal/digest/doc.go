// Package digest owns the weekly mail to those who manage: when one is due, what it
// counts, and that a workspace gets it once. How the numbers are said is in message.
//
// The server runs it on every node.
package digest
