// Package census owns the numbers of a workspace: how many people are protected, by
// pool and over time, what they have, what became of requests and messages lately, and
// what of all that wants somebody's attention. It names nobody.
//
// The server runs its worker on every node; the console shows the numbers.
package census
