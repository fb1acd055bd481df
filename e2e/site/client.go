package site

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Client is a program that speaks HTTP with the installation, cookies and all,
// and follows no redirect. It says the public address in every request and is
// led to one node, as a load balancer would. One goroutine uses it.
type Client struct {
	// Header is sent with every request, over what the client says itself.
	Header http.Header
	// Node answers the requests.
	Node int
	// From is the address of this machine that requests come from: any in
	// 127.0.0.0/8; "" is 127.0.0.1.
	From string
	// Patience is how long an answer may take; 0 is a minute.
	Patience time.Duration
	// Bend makes each request worse on its way, when it has its cookies; nil
	// leaves it as it is.
	Bend func(*http.Request)

	site *Site
	jar  http.CookieJar
}

// Answer is what the installation said.
type Answer struct {
	Status   int    // 0: there was no answer, and Err says why
	Location string // without the public address
	Body     string
	Header   http.Header
	Err      error
}

// String is a short account of the answer for a test's complaint.
func (a Answer) String() string {
	if a.Err != nil {
		return "no answer: " + a.Err.Error()
	}
	return fmt.Sprintf("%d to %q", a.Status, a.Location)
}

// door is where a connection begins and ends.
type door struct {
	node int
	from string
}

// Client is a program with an empty cookie jar that speaks to the first node.
func (s *Site) Client() *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic("an empty cookie jar: " + err.Error()) // only its options can be wrong
	}
	return &Client{site: s, jar: jar, Header: http.Header{}}
}

// On is the same client, led to another node.
func (c *Client) On(node int) *Client {
	other := *c
	other.Node = node
	return &other
}

// Get asks for a page as a browser does.
func (c *Client) Get(path string) Answer { return c.Do(http.MethodGet, path, nil) }

// Post sends a form: names and values in turn.
func (c *Client) Post(path string, fields ...string) Answer {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return c.Do(http.MethodPost, path, form)
}

// Do sends a request; a form is sent as its body.
func (c *Client) Do(verb, path string, form url.Values) Answer {
	patience := c.Patience
	if patience == 0 {
		patience = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, verb, c.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{Err: err}
	}
	request.Header.Set("Accept", "text/html,*/*;q=0.8")
	if verb == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", c.site.URL)
	}
	for name, values := range c.Header {
		request.Header[name] = values
		if name == "Host" {
			request.Host = values[0]
		}
	}
	return c.Send(request)
}

// Send sends a request that was made by hand, and only adds the cookies.
func (c *Client) Send(request *http.Request) Answer {
	response, err := (&http.Client{
		Jar: c.jar, Transport: bent{c.site.transport(door{c.Node, c.From}), c.Bend},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(request)
	if err != nil {
		return Answer{Err: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{Err: err}
	}
	return Answer{
		Status: response.StatusCode, Location: strings.TrimPrefix(response.Header.Get("Location"), c.site.URL),
		Body: string(body), Header: response.Header,
	}
}

// bent sends requests that are made worse on their way.
type bent struct {
	http.RoundTripper
	bend func(*http.Request)
}

// RoundTrip sends the request.
func (b bent) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.bend != nil {
		r = r.Clone(r.Context())
		b.bend(r)
	}
	return b.RoundTripper.RoundTrip(r)
}

// transport keeps the connections through one door open.
func (s *Site) transport(through door) *http.Transport {
	known, found := s.transports.Load(through)
	if !found {
		dialer := &net.Dialer{Timeout: 10 * time.Second}
		if through.from != "" {
			dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(through.from)}
		}
		known, _ = s.transports.LoadOrStore(through, &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, s.addresses[through.node])
			},
			MaxIdleConnsPerHost: 1024, DisableCompression: true,
		})
	}
	transport, ok := known.(*http.Transport)
	if !ok {
		panic("a transport of another kind")
	}
	return transport
}

// Cookies are those that the client would send.
func (c *Client) Cookies() []*http.Cookie { return c.jar.Cookies(c.site.host()) }

// SetCookie puts a cookie into the jar.
func (c *Client) SetCookie(name, value string) {
	c.jar.SetCookies(c.site.host(), []*http.Cookie{{Name: name, Value: value, Path: "/"}}) // #nosec G124 -- as a browser sends it
}

// First gives address and password. The answer leads to the next page.
func (c *Client) First(p *Person) Answer {
	step := c.Post("/signin", "identifier", p.Email)
	if step.Status != http.StatusSeeOther {
		return step
	}
	return c.Post(step.Location, "password", p.Password)
}

// SignIn signs the person in, with a code where the person has an app.
func (c *Client) SignIn(p *Person) Answer {
	step := c.First(p)
	if step.Status != http.StatusSeeOther || len(p.Secret) == 0 {
		return step
	}
	// Where a phone or a passkey is asked first, the code is one click away.
	return c.Post(strings.NewReplacer("/phone", "/code", "/passkey", "/code").Replace(step.Location), "code", p.Code())
}

// SignedIn tells whether the client has a session with every right of its person.
func (c *Client) SignedIn() bool { return c.Get("/account/security").Status == http.StatusOK }
