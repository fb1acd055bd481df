package attack_test

import (
	"encoding/base32"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"countersign/e2e/site"
	"countersign/internal/method/totp"
)

// errCut is a request whose answer never came. Whether it was done is unknown.
var errCut = errors.New("there was no answer")

// life is somebody who enrols and signs in while servers are killed, and what
// they have been told: only what was answered counts. What was cut off may have
// happened or not, and both must leave a way to go on.
type life struct {
	*site.Person
	s  *site.Site
	c  *site.Client
	up func(node int) int // waits for a server, and names one that lives

	from string // the address that this person comes from

	password []string // the one that works, and before it one that may work instead
	secret   []byte   // of the app that was confirmed
	maybe    []byte   // of an app whose confirmation was cut off
	saved    []string // recovery codes that are good
	shown    []string // those whose saving was cut off

	session  string // "", "alive", or "maybe"
	last     string // the code that was accepted last, and answered so
	step     int64  // of the last code that was handed out
	used     []string
	doubtful string         // a recovery code whose answer was cut off
	dead     []*site.Client // signed out, and told so
	half     *site.Client   // gave the password and nothing else
	useCode  bool           // the next sign-in gives a recovery code
	passages int            // enrolments and sign-ins that were completed
	cuts     map[string]int // what was cut off, and where it was found afterwards
}

func newLife(s *site.Site, p *site.Person, up func(int) int) *life {
	return &life{Person: p, s: s, c: s.Client(), up: up, password: []string{p.Password}, cuts: map[string]int{}}
}

// client is another browser of this person's.
func (l *life) client() *site.Client {
	c := l.s.Client().On(l.c.Node)
	c.From = l.from
	return c
}

// live goes through the whole life; a step that was cut off begins anew, as a
// person would.
func (l *life) live() error {
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"enrol", l.enrol},
		{"save the codes", l.save},
		{"sign out", l.signOut},
		{"sign in", l.arrive},
		{"sign out", l.signOut},
		{"sign in with a recovery code", l.recover},
		{"change the password", l.change},
		{"sign out", l.signOut},
		{"sign in", l.arrive},
	} {
		for n := 0; ; n++ {
			err := step.do()
			if errors.Is(err, errCut) && n < 50 {
				err = l.wake(step.name)
				if err == nil || errors.Is(err, errCut) {
					continue
				}
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", l.Email, step.name, err)
			}
			break
		}
	}
	return nil
}

// wake goes on after a server was killed: on another one or when it is back.
// Whoever was half in is still not in, and whoever was out is still out.
func (l *life) wake(during string) error {
	l.cuts[during]++
	l.c = l.c.On(l.up(l.c.Node))
	for _, out := range append(slices.Clone(l.dead), l.half) {
		if out == nil {
			continue
		}
		in, err := l.in(out.On(l.c.Node))
		if err != nil || in {
			return errors.Join(err, when(in, "a session that was signed out, or never completed, is alive after the kill"))
		}
	}
	if l.session == "alive" {
		in, err := l.in(l.c)
		if err == nil && !in {
			return errors.New("a session that was handed over is gone after the kill")
		}
		return err
	}
	return nil
}

func when(bad bool, complaint string) error {
	if bad {
		return errors.New(complaint)
	}
	return nil
}

// in tells whether a client has a session.
func (l *life) in(c *site.Client) (bool, error) {
	a := c.Get("/account/two-factor/settings")
	if a.Status == 0 {
		return false, errCut
	}
	return a.Status == http.StatusOK, when(a.Status >= http.StatusInternalServerError, a.String())
}

// ask sends a request that must be answered with one of these. What was cut off
// may have turned or ended the session, where turns says so.
func (l *life) ask(turns bool, a site.Answer, allowed ...int) (site.Answer, error) {
	if a.Status == 0 {
		if turns && l.session != "" {
			l.session = "maybe"
		}
		return a, errCut
	}
	if !slices.Contains(allowed, a.Status) {
		return a, fmt.Errorf("answered %s, want one of %v", a, allowed)
	}
	return a, nil
}

// code is a code that was not handed out before, and whether it is still good
// when the answer has come: others' lives move the clock as well.
func (l *life) code(secret []byte) (string, func() bool) {
	now := totp.Step(l.s.Clock.Now())
	l.step = max(l.step+1, now)
	if l.step > now+totp.Drift {
		l.s.Clock.Advance(time.Duration(l.step-now-totp.Drift) * totp.Period)
	}
	step := l.step
	return totp.Code(secret, step), func() bool { return totp.Step(l.s.Clock.Now()) <= step+totp.Drift }
}

// arrive signs in, unless there is a session.
func (l *life) arrive() error {
	if l.session == "maybe" {
		in, err := l.in(l.c)
		if err != nil {
			return err
		}
		l.session = map[bool]string{true: "alive"}[in]
	}
	if l.session == "alive" {
		return nil
	}
	a, err := l.ask(false, l.c.Post("/signin", "identifier", l.Email), http.StatusSeeOther)
	if err != nil {
		return err
	}
	a, err = l.first(a.Location)
	if err != nil {
		return err
	}
	second := strings.HasSuffix(a.Location, "/code")
	switch {
	case second && l.secret == nil && l.maybe == nil:
		return errors.New("a code is asked though no app was confirmed")
	case second && l.secret == nil:
		l.secret, l.maybe = l.maybe, nil
		l.cuts["enrol: done"]++
	case !second && l.secret != nil:
		return errors.New("the app that was confirmed is not asked for")
	case !second:
		l.maybe, l.session = nil, "alive"
		l.passages++
		return nil
	}
	if l.half == nil {
		l.half = l.client()
		half, err := l.ask(false, l.half.Post("/signin", "identifier", l.Email), http.StatusSeeOther)
		if err == nil {
			_, err = l.ask(false, l.half.Post(half.Location, "password", l.password[0]), http.StatusSeeOther)
		}
		if err != nil {
			return err
		}
	}
	if l.useCode {
		return l.withRecovery(strings.TrimSuffix(a.Location, "/code") + "/recovery")
	}
	return l.withApp(a.Location)
}

// first gives the password; where a change was cut off, the one or the other is
// right.
func (l *life) first(page string) (site.Answer, error) {
	var a site.Answer
	for n, password := range l.password {
		var err error
		a, err = l.ask(false, l.c.Post(page, "password", password), http.StatusSeeOther, http.StatusUnprocessableEntity)
		if err != nil {
			return a, err
		}
		if a.Status == http.StatusSeeOther {
			if len(l.password) > 1 {
				l.cuts[fmt.Sprintf("change the password: %s", map[int]string{0: "done", 1: "not done"}[n])]++
			}
			l.password = []string{password}
			return a, nil
		}
	}
	return a, errors.New("no password works that was answered to be set")
}

// withApp gives a code of the app. After a cut the same form is sent again, as a
// browser does: either it still counts, or the sign-in is over.
func (l *life) withApp(page string) error {
	code, good := l.code(l.secret)
	a := l.c.Post(page, "code", code)
	if a.Status == 0 {
		l.c = l.c.On(l.up(l.c.Node))
		l.cuts["sign in, code"]++
		a = l.c.Post(page, "code", code)
		over, err := l.over(a)
		if err != nil {
			return err
		}
		if over {
			l.cuts["sign in, code: done"]++
			return errCut // begun anew
		}
	}
	if a.Status == http.StatusUnprocessableEntity && !good() {
		return errCut // typed too slowly
	}
	_, err := l.ask(false, a, http.StatusSeeOther)
	if err != nil {
		return err
	}
	l.session, l.last = "alive", code
	l.passages++
	return nil
}

// over tells that a sign-in was finished by the form whose answer was cut off, and
// that its session was handed to nobody.
func (l *life) over(a site.Answer) (bool, error) {
	if a.Status != http.StatusSeeOther {
		return a.Status == http.StatusGone, nil
	}
	in, err := l.in(l.c)
	return !in, err
}

// withRecovery gives a recovery code, likewise.
func (l *life) withRecovery(page string) error {
	code := l.saved[0]
	a := l.c.Post(page, "recovery", code)
	if a.Status == 0 {
		l.doubtful = code
		l.c = l.c.On(l.up(l.c.Node))
		l.cuts["sign in, recovery code"]++
		a = l.c.Post(page, "recovery", code)
	}
	over, err := l.over(a)
	if err != nil {
		l.doubtful = code // it was answered, and whether it led in was cut off
		return err
	}
	if (over || a.Status == http.StatusUnprocessableEntity) && code == l.doubtful {
		l.cuts["sign in, recovery code: done"]++
		l.saved, l.used = l.saved[1:], append(l.used, code)
		return errCut // with the next one
	}
	_, err = l.ask(false, a, http.StatusSeeOther)
	if err != nil {
		return err
	}
	l.saved, l.used, l.session, l.useCode = l.saved[1:], append(l.used, code), "alive", false
	l.passages++
	return nil
}

func (l *life) recover() error {
	if l.session != "alive" {
		l.useCode = true
	}
	return l.arrive()
}

func (l *life) signOut() error {
	if l.session == "" {
		return nil
	}
	left := l.client() // the same cookies, kept by somebody else
	for _, cookie := range l.c.Cookies() {
		left.SetCookie(cookie.Name, cookie.Value)
	}
	_, err := l.ask(true, l.c.Post("/signout"), http.StatusSeeOther)
	if err != nil {
		return err
	}
	l.session, l.dead = "", append(l.dead, left)
	return nil
}

// prove gives the fresh proof that a page asks for, and tells whether it did.
func (l *life) prove(a site.Answer) (bool, error) {
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/proof") {
		return false, nil
	}
	to, err := url.Parse(a.Location)
	if err != nil {
		return false, err
	}
	back := to.Query().Get("return")
	if l.secret == nil {
		page, err := l.ask(false, l.c.Get(a.Location), http.StatusOK)
		if err != nil {
			return false, err
		}
		if strings.Contains(page.Body, `name="password"`) { // the one of the sign-in was long ago
			_, err = l.ask(true, l.c.Post(a.Location, "password", l.password[0], "return", back), http.StatusSeeOther)
			return true, err
		}
		return true, l.byMail(a.Location, back)
	}
	code, good := l.code(l.secret)
	a, err = l.ask(true, l.c.Post(a.Location, "code", code, "return", back), http.StatusSeeOther, http.StatusUnprocessableEntity)
	if err == nil && a.Status == http.StatusUnprocessableEntity {
		if good() {
			return false, errors.New("a fresh code is refused as a proof")
		}
		return true, nil
	}
	if err == nil {
		l.last = code
	}
	return true, err
}

// byMail asks for a code by mail until one comes: that of a server which was
// killed comes only when its time to deliver is over.
func (l *life) byMail(page, back string) error {
	before := len(l.mailed())
	_, err := l.ask(false, l.c.Post(page, "send", "yes", "return", back), http.StatusSeeOther, http.StatusTooManyRequests)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(2 * time.Second); len(l.mailed()) <= before; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.s.Clock.Advance(5 * time.Minute) // one more mail is allowed, and the older one is free to leave
			return nil
		}
	}
	codes := l.mailed()
	_, err = l.ask(true, l.c.Post(page, "code", codes[len(codes)-1], "return", back),
		http.StatusSeeOther, http.StatusUnprocessableEntity, http.StatusGone) // an older mail was the last to come
	return err
}

func (l *life) mailed() []string {
	var codes []string
	for _, m := range l.s.Box.All() {
		if !strings.EqualFold(m.To[0], l.Email) || !strings.Contains(m.Subject, "Your code for") {
			continue
		}
		if found := sixDigits.FindStringSubmatch(m.Text); found != nil {
			codes = append(codes, found[1]+found[2])
		}
	}
	return codes
}

var keyOnPage = regexp.MustCompile(`otpauth://totp/[^"]*`)

// enrol turns the app on, from wherever the person stands.
func (l *life) enrol() error {
	for range 20 {
		err := l.arrive()
		if err != nil || l.secret != nil {
			return err
		}
		a, err := l.ask(false, l.c.Get("/account/two-factor"), http.StatusOK, http.StatusSeeOther)
		if err != nil {
			return err
		}
		proved, err := l.prove(a)
		if err != nil {
			return err
		}
		if proved {
			continue
		}
		_, err = l.ask(false, l.c.Post("/account/two-factor", "method", "totp"), http.StatusSeeOther)
		if err != nil {
			return err
		}
		return l.confirm()
	}
	return errors.New("no way leads to the app's key")
}

func (l *life) confirm() error {
	a, err := l.ask(false, l.c.Get("/account/two-factor/app"), http.StatusOK)
	if err != nil {
		return err
	}
	key, err := url.Parse(html.UnescapeString(keyOnPage.FindString(a.Body)))
	if err != nil {
		return err
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Query().Get("secret"))
	if err != nil || len(secret) == 0 {
		return fmt.Errorf("the page has no key: %w", err)
	}
	code, good := l.code(secret)
	a, err = l.ask(true, l.c.Post("/account/two-factor/app", "name", "Phone", "code", code), http.StatusSeeOther, http.StatusUnprocessableEntity)
	switch {
	case errors.Is(err, errCut):
		l.maybe = secret
		return err
	case err != nil:
		return err
	case a.Status == http.StatusUnprocessableEntity && good():
		return errors.New("a fresh code does not confirm the app")
	case a.Status == http.StatusUnprocessableEntity:
		return errCut
	}
	l.secret, l.last = secret, code
	l.passages++
	return nil
}

var codeOnPage = regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}\b`)

// save saves the recovery codes. Codes that a lost session was shown are made
// anew.
func (l *life) save() error {
	for range 20 {
		err := l.arrive()
		if err != nil {
			return err
		}
		a, err := l.ask(false, l.c.Get("/account/security"), http.StatusOK, http.StatusSeeOther)
		if err != nil {
			return err
		}
		if a.Status == http.StatusOK {
			if l.shown == nil {
				return errors.New("recovery codes count as saved that nobody saved")
			}
			l.saved, l.shown = l.shown, nil
			l.cuts["save the codes: done"]++
			return nil
		}
		a, err = l.ask(false, l.c.Get("/account/two-factor/codes"), http.StatusOK, http.StatusSeeOther)
		if err != nil {
			return err
		}
		if a.Status == http.StatusSeeOther { // none wait in this session
			a, err = l.ask(false, l.c.Post("/account/recovery"), http.StatusSeeOther)
			if err != nil {
				return err
			}
			_, err = l.prove(a)
			if err != nil {
				return err
			}
			continue
		}
		l.shown = codeOnPage.FindAllString(a.Body[strings.Index(a.Body, `id="codes"`):], 10)
		_, err = l.ask(false, l.c.Post("/account/two-factor/codes", "saved", "yes"), http.StatusSeeOther)
		if err != nil {
			return err
		}
		l.saved, l.shown = l.shown, nil
		return nil
	}
	return errors.New("no way leads to saved recovery codes")
}

// change sets another password.
func (l *life) change() error {
	for range 20 {
		err := l.arrive()
		if err != nil {
			return err
		}
		next := "eleven lamps under a walnut"
		if slices.Equal(l.password, []string{next}) {
			return nil // what was cut off had been done
		}
		a, err := l.ask(false, l.c.Get("/account/password"), http.StatusOK, http.StatusSeeOther)
		if err != nil {
			return err
		}
		proved, err := l.prove(a)
		if err != nil {
			return err
		}
		if proved {
			continue
		}
		_, err = l.ask(true, l.c.Post("/account/password", "password", next), http.StatusSeeOther)
		if errors.Is(err, errCut) {
			l.password = []string{next, site.GoodPassword}
			return err
		}
		if err != nil {
			return err
		}
		l.password = []string{next}
		return nil
	}
	return errors.New("no way leads to another password")
}

// review looks at a life that is over, with nothing broken any more: what was
// spent is spent, what was ended is ended, and what is good works.
func (l *life) review() error {
	err := l.wake("review")
	if err != nil {
		return err
	}
	page := func() (*site.Client, string) {
		c := l.client()
		step := c.Post("/signin", "identifier", l.Email)
		return c, c.Post(step.Location, "password", l.password[0]).Location
	}
	c := l.client()
	step := c.Post("/signin", "identifier", l.Email)
	if a := c.Post(step.Location, "password", site.GoodPassword); a.Status != http.StatusUnprocessableEntity {
		return fmt.Errorf("the password of before the change is answered %s", a)
	}
	c, code := page()
	if a := c.Post(code, "code", l.last); a.Status != http.StatusUnprocessableEntity || inside(c) {
		return fmt.Errorf("the code that was accepted last is answered %s when given again", a)
	}
	for _, used := range l.used {
		c, code := page()
		a := c.Post(strings.TrimSuffix(code, "/code")+"/recovery", "recovery", used)
		if a.Status != http.StatusUnprocessableEntity || inside(c) {
			return fmt.Errorf("a recovery code that was accepted is answered %s when given again", a)
		}
	}
	c, code = page()
	if a := c.Post(strings.TrimSuffix(code, "/code")+"/recovery", "recovery", l.saved[len(l.saved)-1]); a.Status != http.StatusSeeOther || !c.SignedIn() {
		return fmt.Errorf("a recovery code that was saved is answered %s", a)
	}
	return nil
}
