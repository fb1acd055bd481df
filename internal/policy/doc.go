// Package policy holds the settings and the pure rules over them: what is
// required, what is offered, what completes a sign-in, how far a session
// reaches, and why. It reads no database and no clock; account, signin, enrol
// and session ask it.
package policy
