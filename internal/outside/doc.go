// Package outside talks to servers whose addresses somebody else chose: a browser's
// push service, later an application's web hook. It owns the rule that such an address
// never leads inside, to this machine or its network, whatever its name resolves to
// and whenever (server-side request forgery).
//
// It does not know what is sent, nor which names are allowed at all.
package outside
