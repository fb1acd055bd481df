package e2e_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/mailbox"
	"countersign/e2e/proc"
	"countersign/e2e/site"
	"countersign/internal/policy"
	"countersign/internal/store/storetest"
)

var database = flag.String("database", "", "run the scenarios on this database only: sqlite or postgres")

func TestMain(m *testing.M) {
	os.Exit(proc.Main(m, proc.Programs{site.Program: site.Serve}, browser.Close, storetest.Close, product.remove))
}

// house is an installation in the hands of one test: what the scenarios are told
// with. Many of them may have one installation, each with people of its own.
type house struct {
	*site.Site
	t *testing.T
}

// newHouse starts an installation on SQLite for one test alone: one that restarts
// it, moves its clock against others, or wants settings ("NAME=value") of its own.
func newHouse(t *testing.T, env ...string) *house {
	t.Helper()
	return &house{site.Start(t, site.Options{Env: env}), t}
}

// untouched starts a server with nothing configured, and returns the address that
// it prints.
func untouched(t *testing.T, folder string, env ...string) (*house, string) {
	t.Helper()
	s, address := site.Untouched(t, proc.NewClock(t), folder, env...)
	return &house{s, t}, address
}

// policy gives the workspace the settings of a preset ("" is none: the
// defaults) with these over it, and nothing of what was set before.
func (h *house) policy(preset string, settings policy.Document) {
	h.t.Helper()
	h.Policy(h.t, preset, settings)
}

// mail waits for a message to this address with the text in its subject, and
// returns the oldest that was not returned before.
func (h *house) mail(to, subject string) mailbox.Message {
	h.t.Helper()
	return h.Mail(h.t, to, subject)
}

// noMail fails when such a message is there, or comes within a moment.
func (h *house) noMail(to, subject string) {
	h.t.Helper()
	for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		message, found := h.Arrived(to, subject)
		if found {
			h.t.Fatalf("there should be no mail to %s with %q in its subject, and there is %q", to, subject, message.Subject)
		}
	}
}

// link is the path of the one page that a mail leads to, besides the site's own
// pages of the account and of help.
func (h *house) link(message mailbox.Message) string {
	h.t.Helper()
	return h.Link(h.t, message)
}

// browser opens a browser that has never been at this house.
func (h *house) browser(options ...browser.Option) *browser.Page {
	h.t.Helper()
	return browser.New(h.t, h.URL, options...)
}

// session opens a browser in which the person has just signed in: with the
// password, and a code of the app where the person has one. The sign-in itself
// goes over plain HTTP, which is quicker than a browser.
func (h *house) session(p *person, options ...browser.Option) *browser.Page {
	h.t.Helper()
	c := h.client()
	c.signIn(p)
	for _, cookie := range c.Cookies() {
		options = append(options, browser.Cookie(cookie.Name, cookie.Value))
	}
	page := h.browser(options...)
	page.Open("/")
	return page
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
