package e2e_test

import (
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/method/totp"
	"countersign/internal/password"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// goodPassword is what everybody begins with.
const goodPassword = "nine walnuts under a lamp"

// app is an authenticator app on somebody's phone: it knows a secret and the
// time, and nothing else.
type app struct {
	h      *house
	secret []byte
	last   int64 // the step of the code that was handed out last
}

// shown is the code that the app shows now.
func (a *app) shown() string {
	a.last = max(a.last, totp.Step(a.h.clock.Now()))
	return totp.Code(a.secret, totp.Step(a.h.clock.Now()))
}

// code is a code that was not handed out before: where it must, it waits for
// the next one by moving the house's clock.
func (a *app) code() string {
	if totp.Step(a.h.clock.Now()) <= a.last {
		a.h.clock.Advance(time.Duration(a.last+1-totp.Step(a.h.clock.Now())) * totp.Period)
	}
	return a.shown()
}

// wrong is a code that the app does not show, whatever the drift.
func (a *app) wrong() string {
	step := totp.Step(a.h.clock.Now())
	for n := 0; ; n++ {
		code, right := fmt.Sprintf("%06d", n), false
		for drift := int64(-3); drift <= 3; drift++ {
			right = right || totp.Code(a.secret, step+drift) == code
		}
		if !right {
			return code
		}
	}
}

// person is somebody with an account, and what they know and hold.
type person struct {
	*app  // the authenticator app; nil secret until withApp
	h     *house
	id    countersign.UserID
	name  string
	email string
	// password and codes are what the person wrote down.
	password string
	codes    []string
	// device is the credential of the app.
	device countersign.CredentialID
}

// person creates an account with a password and nothing else. The address comes
// from the first name and the test, so a first name is good once in a test.
func (h *house) person(name string) *person {
	h.t.Helper()
	return h.somebody(name, countersign.Member)
}

// administrator creates an administrator with a password and nothing else.
func (h *house) administrator(name string) *person {
	h.t.Helper()
	return h.somebody(name, countersign.Administrator)
}

func (h *house) somebody(name string, role countersign.Role) *person {
	h.t.Helper()
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	number := strings.Split(h.t.Name()+"//", "/")[1]
	p := &person{
		h: h, app: &app{h: h}, id: countersign.UserID(seal.ID("usr")), name: name,
		email: strings.Trim(first+"."+strings.ToLower(number), ".") + "@acme.example", password: goodPassword,
	}
	hash, err := h.engine.Hasher.Hash(h.t.Context(), p.password, password.Caller{})
	must(h.t, err)
	h.write(func(tx *store.Tx) error {
		return tx.InsertUser(tx.Ctx, rows.InsertUserParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: p.id, PoolID: countersign.DefaultPool,
			Email: p.email, EmailKey: account.EmailKey(p.email), Name: name, Role: role, State: countersign.Active,
			PasswordHash: hash, PasswordChangedAt: tx.NowMilli(), CreatedAt: tx.NowMilli(),
		})
	})
	return p
}

// guarded creates an account with a password, an authenticator app on "Phone"
// and ten saved recovery codes.
func (h *house) guarded(name string) *person {
	h.t.Helper()
	return h.person(name).withApp("Phone").withCodes(10)
}

// withApp gives the person an authenticator app on a device.
func (p *person) withApp(device string) *person {
	p.h.t.Helper()
	p.device, p.secret = countersign.CredentialID(seal.ID("crd")), seal.Bytes(20)
	sealed, err := p.h.engine.Ring.Seal(p.secret, store.SecretPlace(p.device))
	must(p.h.t, err)
	p.insert(rows.InsertCredentialParams{
		ID: p.device, Kind: string(method.TOTP), Name: device, NameKey: account.NameKey(device), Secret: sealed,
	})
	return p
}

// withCodes gives the person a saved set of recovery codes.
func (p *person) withCodes(n int) *person {
	p.h.t.Helper()
	id := countersign.CredentialID(seal.ID("crd"))
	p.codes = recovery.Generate(n, seal.Bytes)
	packed, err := recovery.Pack(p.codes, p.h.engine.Accounts.MAC, string(id))
	must(p.h.t, err)
	sealed, err := p.h.engine.Ring.Seal(packed, store.SecretPlace(id))
	must(p.h.t, err)
	p.insert(rows.InsertCredentialParams{
		ID: id, Kind: string(method.Recovery), NameKey: string(id), Secret: sealed, Counter: int64(n),
	})
	return p
}

func (p *person) insert(row rows.InsertCredentialParams) {
	p.h.t.Helper()
	row.WorkspaceID, row.UserID, row.State = countersign.DefaultWorkspace, p.id, "active"
	p.h.write(func(tx *store.Tx) error {
		row.CreatedAt, row.ConfirmedAt = tx.NowMilli(), tx.NowMilli()
		return tx.InsertCredential(tx.Ctx, row)
	})
}

func (h *house) write(act func(tx *store.Tx) error) {
	h.t.Helper()
	must(h.t, h.engine.Store.Write(h.t.Context(), act))
}

// has counts the person's active credentials of a kind.
func (p *person) has(kind method.Kind) int {
	p.h.t.Helper()
	list, err := p.h.engine.Store.Read().ListCredentials(p.h.t.Context(), countersign.DefaultWorkspace, p.id)
	must(p.h.t, err)
	n := 0
	for _, one := range list {
		if one.Kind == string(kind) && one.State == "active" {
			n++
		}
	}
	return n
}

// browser opens a browser that has never been at this house.
func (h *house) browser(options ...browser.Option) *browser.Page {
	h.t.Helper()
	return browser.New(h.t, h.url, options...)
}

// session opens a browser in which the person has just signed in: with the
// password, and a code of the app where the person has one. The sign-in itself
// goes over plain HTTP, which is quicker than a browser.
func (h *house) session(p *person) *browser.Page {
	h.t.Helper()
	c := h.client()
	c.signIn(p)
	var options []browser.Option
	for _, cookie := range c.cookies() {
		options = append(options, browser.Cookie(cookie.Name, cookie.Value))
	}
	page := h.browser(options...)
	page.Open("/")
	return page
}

// first gives address and password in the browser, from the sign-in page on.
func (p *person) first(page *browser.Page) {
	p.h.t.Helper()
	page.Open("/signin")
	page.Type("E-mail address", p.email)
	page.Click("Continue")
	page.Type("Password", p.password)
	page.Click("Sign in")
}

// second gives a code of the app in the browser.
func (p *person) second(page *browser.Page) {
	p.h.t.Helper()
	page.Type("6-digit code", p.code())
	page.Click("Verify code")
}

// signIn signs the person in in the browser.
func (p *person) signIn(page *browser.Page) {
	p.h.t.Helper()
	p.first(page)
	if len(p.secret) > 0 {
		p.second(page)
	}
	page.See("Security")
}
