package e2e_test

import (
	"strings"

	"countersign"
	"countersign/e2e/browser"
	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/people"
)

// person is somebody with an account, in front of a browser.
type person struct {
	*site.Person
	h *house
}

// person creates an account with a password and nothing else. The address comes
// from the first name and the test, so a first name is good once in a test.
func (h *house) person(name string) *person {
	h.t.Helper()
	return &person{h.Person(h.t, name, h.address(name), countersign.Member), h}
}

// administrator creates an administrator with a password and nothing else.
func (h *house) administrator(name string) *person {
	h.t.Helper()
	return &person{h.Person(h.t, name, h.address(name), countersign.Administrator), h}
}

// guarded creates an account with a password, an authenticator app on "Phone"
// and ten saved recovery codes.
func (h *house) guarded(name string) *person {
	h.t.Helper()
	return &person{h.Guarded(h.t, name, h.address(name)), h}
}

func (h *house) address(name string) string {
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	number := strings.Split(h.t.Name()+"//", "/")[1]
	return strings.Trim(first+"."+strings.ToLower(number), ".") + "@acme.example"
}

// invite invites a new colleague, as the administrator's command does.
func (h *house) invite(email string) {
	h.t.Helper()
	_, err := h.Engine.People.Create(h.t.Context(), countersign.DefaultWorkspace, people.NewUser{
		Email: email, Name: "Bob Builder", Role: countersign.Member,
	}, people.Shell())
	must(h.t, err)
}

// withApp gives the person an authenticator app on a device.
func (p *person) withApp(device string) *person {
	p.h.t.Helper()
	p.AddApp(p.h.t, device)
	return p
}

// withCodes gives the person a saved set of recovery codes.
func (p *person) withCodes(n int) *person {
	p.h.t.Helper()
	p.AddCodes(p.h.t, n)
	return p
}

// has counts the person's active credentials of a kind.
func (p *person) has(kind method.Kind) int {
	p.h.t.Helper()
	return p.Has(p.h.t, kind)
}

// first gives address and password in the browser, from the sign-in page on.
func (p *person) first(page *browser.Page) {
	p.h.t.Helper()
	page.Open("/signin")
	page.Type("E-mail address", p.Email)
	page.Click("Continue")
	page.Type("Password", p.Password)
	page.Click("Sign in")
}

// second gives a code of the app in the browser.
func (p *person) second(page *browser.Page) {
	p.h.t.Helper()
	page.Type("6-digit code", p.Code())
	page.Click("Verify code")
}

// signIn signs the person in in the browser.
func (p *person) signIn(page *browser.Page) {
	p.h.t.Helper()
	p.first(page)
	if len(p.Secret) > 0 {
		p.second(page)
	}
	page.See("Security")
}
