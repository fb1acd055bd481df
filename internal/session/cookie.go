package session

import (
	"net/http"
	"time"

	"countersign"
)

// Cookies names and sets the cookies. Over HTTPS they carry the __Host- prefix
// (RFC 6265bis section 4.1.3.2): no other host and no plain connection can set
// them, so nobody plants a session.
type Cookies struct {
	// Secure is set when the public address is https.
	Secure bool
}

func (c Cookies) name(plain string) string {
	if c.Secure {
		return "__Host-" + plain
	}
	return plain
}

const (
	sessionCookie = "countersign_session"
	browserCookie = "countersign_browser"
	bindCookie    = "countersign_signin"
	nextCookie    = "countersign_next"
	moveCookie    = "countersign_move"
)

// nextLife is how long a mailed link waits for its person to sign in: no longer
// than the link works.
const nextLife = 30 * time.Minute

// browserLife is as long as browsers keep a cookie at most.
const browserLife = 400 * 24 * time.Hour

// Session returns the session token of a request.
func (c Cookies) Session(r *http.Request) (string, bool) { return c.get(r, sessionCookie) }

// Browser returns the token of a browser that signed in before, or "".
func (c Cookies) Browser(r *http.Request) string {
	token, _ := c.get(r, browserCookie)
	return token
}

// Bind returns the token that ties sign-ins under way to this browser, or "".
func (c Cookies) Bind(r *http.Request) string {
	token, _ := c.get(r, bindCookie)
	return token
}

// SetSession sets the session cookie.
func (c Cookies) SetSession(w http.ResponseWriter, token string) { c.set(w, sessionCookie, token, 0) }

// SetBrowser sets the browser's long-lived cookie.
func (c Cookies) SetBrowser(w http.ResponseWriter, token string) {
	c.set(w, browserCookie, token, browserLife)
}

// SetBind sets the sign-in cookie.
func (c Cookies) SetBind(w http.ResponseWriter, token string) { c.set(w, bindCookie, token, 0) }

// Next returns the path of a mailed link that waits for its person to sign in,
// or "". Only paths of this site come back out.
func (c Cookies) Next(r *http.Request) string {
	path, _ := c.get(r, nextCookie)
	return countersign.InsidePath(path)
}

// SetNext keeps the path of a mailed link while its person signs in.
func (c Cookies) SetNext(w http.ResponseWriter, path string) { c.set(w, nextCookie, path, nextLife) }

// DropNext forgets it.
func (c Cookies) DropNext(w http.ResponseWriter) { c.set(w, nextCookie, "", -time.Second) }

// MoveLife is how long a browser keeps in mind that its person has a new phone.
const MoveLife = 24 * time.Hour

// Move returns what SetMove kept, or "". Anybody could have set it.
func (c Cookies) Move(r *http.Request) string {
	kept, _ := c.get(r, moveCookie)
	return kept
}

// SetMove keeps in mind that the person has a new phone, and since when.
func (c Cookies) SetMove(w http.ResponseWriter, kept string) { c.set(w, moveCookie, kept, MoveLife) }

// DropMove forgets it.
func (c Cookies) DropMove(w http.ResponseWriter) { c.set(w, moveCookie, "", -time.Second) }

// DropSession removes the session cookie.
func (c Cookies) DropSession(w http.ResponseWriter) { c.set(w, sessionCookie, "", -time.Second) }

// DropBind removes the sign-in cookie.
func (c Cookies) DropBind(w http.ResponseWriter) { c.set(w, bindCookie, "", -time.Second) }

func (c Cookies) get(r *http.Request, plain string) (string, bool) {
	cookie, err := r.Cookie(c.name(plain))
	if err != nil || cookie.Value == "" || len(cookie.Value) > 100 {
		return "", false
	}
	return cookie.Value, true
}

func (c Cookies) set(w http.ResponseWriter, plain, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure follows the public address; plain HTTP is for localhost
		Name: c.name(plain), Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
