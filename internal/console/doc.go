// Package console owns what an administrator sees at /console: how a workspace stands,
// its people, and one person. It turns forms into calls of the rules (people, census,
// session) and their answers into the views of this package, which the templates in
// pages show.
//
// It decides nothing about access beyond who is let in: who may do what to whom is a
// rule of policy, and the rules themselves ask for proofs. The table of routes says
// beside each what somebody must be allowed to do. Package server mounts it; no other
// face imports it.
package console
