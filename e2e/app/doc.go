// Package app drives the authenticator app, in a real browser on a phone that gets
// real pushes, against a small double of the device protocol that checks every
// signature. What the product's own server answers is for the scenarios in e2e; here
// the double can also be wrong, late, busy and strict, as no server of ours is at a
// test's wish.
package app
