package web

import (
	"net/http"
	"net/url"
	"time"

	"countersign"
)

// The three cookies that hold a person's choice in this browser. None of them
// is a secret or a proof of anything.
const (
	cookieLanguage = "lang"
	cookieScheme   = "scheme"
	cookieZone     = "tz" // written by script, the name of the browser's zone
)

const keepPreferences = 365 * 24 * time.Hour

// longestCookie bounds what is looked at; the three are all short.
const longestCookie = 64

func cookieValue(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil || len(c.Value) > longestCookie {
		return ""
	}
	value, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return value
}

// schemeOf is "light", "dark", or "auto" for anything else.
func schemeOf(s string) string {
	if s == "light" || s == "dark" {
		return s
	}
	return "auto"
}

// savePreferences keeps language and appearance and goes back to where the
// person was.
func (s *Site) savePreferences(w http.ResponseWriter, r *http.Request) error {
	form, err := ReadForm(r)
	if err != nil {
		return err
	}
	language := form.Value("language")
	for _, l := range s.Catalogue.Languages() {
		if l.Tag == language {
			s.keep(w, cookieLanguage, language)
		}
	}
	if scheme := form.Value("scheme"); scheme != "" {
		s.keep(w, cookieScheme, schemeOf(scheme))
	}
	http.Redirect(w, r, Inside(form.Value("return"), "/"), http.StatusSeeOther)
	return nil
}

func (s *Site) keep(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure follows the public address; plain HTTP is for localhost
		Name: name, Value: value, Path: "/", MaxAge: int(keepPreferences.Seconds()),
		Secure: s.Secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Inside is path where it leads to a page of this installation, else the other
// one: a link with a foreign return address must not send anybody away.
func Inside(path, other string) string {
	inside := countersign.InsidePath(path)
	if inside == "" {
		return other
	}
	return inside
}
