// Package web owns what every page and every answer over HTTP has in common:
// handlers that return errors, the page or problem document an error becomes,
// the security headers, the client's address, one log line a request, the
// language and appearance a person chose, the renderer with its components,
// and the static files.
//
// It knows no rule of signing in and no session; the faces (portal and, later,
// console, api, …) call it, and server puts it around them.
//
// Order around a request, from the outside: log line and panics, security
// headers, request id, workspace and client address, the cross-site check, the limit on
// the body, the check of what was typed, the mux, the handler. A page is
// rendered into memory before its status is written, so a fault never leaves
// half a page.
//
// The threats it answers: framing and script injection (content security
// policy without exceptions), cross-site requests (Origin and Sec-Fetch-Site,
// checked for every method that changes something), forged forwarding headers
// (only named proxies count), open redirects (return paths stay inside), mailed
// links in logs (the route pattern is logged, never the path) and text that a
// database refuses (NUL and broken UTF-8 are turned away at the door).
package web
