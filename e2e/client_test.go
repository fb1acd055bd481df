package e2e_test

import (
	"net/http"

	"countersign/e2e/site"
)

// client is a program that speaks HTTP with the house. It fails its test when
// there is no answer at all.
type client struct {
	*site.Client
	h *house
}

func (h *house) client() *client { return &client{h.Client(), h} }

// get asks for a page as a browser does.
func (c *client) get(path string) site.Answer {
	c.h.t.Helper()
	return c.do(http.MethodGet, path)
}

// data asks for a page as a program does, which wants no HTML.
func (c *client) data(path string) site.Answer {
	c.h.t.Helper()
	return c.with("Accept", "application/json").get(path)
}

// post sends a form: names and values in turn.
func (c *client) post(path string, fields ...string) site.Answer {
	c.h.t.Helper()
	a := c.Post(path, fields...)
	must(c.h.t, a.Err)
	return a
}

// do sends a request without a form, by any method.
func (c *client) do(verb, path string) site.Answer {
	c.h.t.Helper()
	a := c.Do(verb, path, nil)
	must(c.h.t, a.Err)
	return a
}

// knock sends a request as this client, to an address of the route that has the
// client's own things in it, and returns the answer.
func (c *client) knock(r site.Route, values map[string]string) site.Answer {
	c.h.t.Helper()
	if r.Verb == http.MethodPost {
		return c.post(r.At(values))
	}
	return c.get(r.At(values))
}

// with is the same client, whose requests carry these headers: names and values
// in turn.
func (c *client) with(headers ...string) *client {
	other := *c.Client
	other.Header = c.Header.Clone()
	for i := 0; i+1 < len(headers); i += 2 {
		other.Header.Set(headers[i], headers[i+1])
	}
	return &client{&other, c.h}
}

// first gives address and password, and returns the path of the next page.
func (c *client) first(p *person) string {
	c.h.t.Helper()
	return c.leads(c.First(p.Person), "address and password of "+p.Email)
}

// signIn signs the person in, with a code where the person has an app.
func (c *client) signIn(p *person) {
	c.h.t.Helper()
	c.leads(c.SignIn(p.Person), "the sign-in of "+p.Email)
}

// leads is where an answer leads to; it has to.
func (c *client) leads(a site.Answer, what string) string {
	c.h.t.Helper()
	if a.Status != http.StatusSeeOther {
		c.h.t.Fatalf("%s: the answer was %v:\n%s", what, a, a.Body)
	}
	return a.Location
}
