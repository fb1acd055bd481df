// Package house keeps the rules of this house: which package may import which,
// and what may stand only in one place. It has tests and nothing else; nobody
// imports it. doc/design.md says why the rules are what they are.
package house
