// Package server is the only place where packages are joined: it opens the
// store, makes the engine and the faces from it, listens, and ends in order.
//
// It owns the listener and its certificates, the workers' lives and the real
// clock. It decides nothing about people: what a sign-in requires belongs to
// policy, what a page shows to the faces. The program in cmd/countersign calls
// it, for serving and for the administrator's commands on the machine.
package server
