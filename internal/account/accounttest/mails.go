package accounttest

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/store/rows"
)

// deliver runs the outbox until nothing waits.
func (e *Engine) deliver(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if e.waiting(tb) == 0 {
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- e.Outbox.Run(ctx) }()
	for deadline := time.Now().Add(20 * time.Second); e.waiting(tb) != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatal("mails still wait after 20 s")
		}
	}
	cancel()
	must(tb, <-ended)
}

func (e *Engine) waiting(tb testing.TB) int64 {
	tb.Helper()
	for _, channel := range []string{"email", "text"} {
		next, err := e.Store.Read().NextDue(context.Background(), channel)
		must(tb, err)
		if next != 0 {
			return next
		}
	}
	return 0
}

// Mails returns every mail that was delivered, the newest first.
func (e *Engine) Mails(tb testing.TB) []message.Shown {
	tb.Helper()
	e.deliver(tb)
	list, err := e.Outbox.Kept(context.Background(), Workspace, 1000)
	must(tb, err)
	return list
}

// MailsTo returns the mails of a kind to an address, the newest first.
func (e *Engine) MailsTo(tb testing.TB, kind message.Kind, to string) []message.Shown {
	tb.Helper()
	var found []message.Shown
	for _, mail := range e.Mails(tb) {
		if mail.Kind == kind && mail.To == to {
			found = append(found, mail)
		}
	}
	return found
}

// Mail returns the newest mail of a kind to an address; there has to be one.
func (e *Engine) Mail(tb testing.TB, kind message.Kind, to string) message.Shown {
	tb.Helper()
	found := e.MailsTo(tb, kind, to)
	if len(found) == 0 {
		tb.Fatalf("no mail %s to %s", kind, to)
	}
	return found[0]
}

// Token returns the token of the link of a kind in the newest mail.
func (e *Engine) Token(tb testing.TB, kind message.Kind, to string) string {
	tb.Helper()
	text := e.Mail(tb, kind, to).Text
	found := regexp.MustCompile(regexp.QuoteMeta(URL) + `/[a-z-]+/[A-Za-z0-9_-]{43}`).FindString(text)
	address, err := url.Parse(found)
	if err != nil || found == "" {
		tb.Fatalf("no link in the mail:\n%s", text)
	}
	return address.Path[strings.LastIndexByte(address.Path, '/')+1:]
}

// Link finds the link in the newest mail of a kind.
func (e *Engine) Link(tb testing.TB, mail message.Kind, to string, kind account.LinkKind) rows.Link {
	tb.Helper()
	link, err := e.Accounts.FindLink(context.Background(), Workspace, kind, e.Token(tb, mail, to))
	must(tb, err)
	return link
}

// MailedCode returns the six digits in the newest mail with a code.
func (e *Engine) MailedCode(tb testing.TB, to string) string {
	tb.Helper()
	text := e.Mail(tb, message.EmailCode, to).Text
	found := regexp.MustCompile(`\b\d{3}[ \x{a0}]?\d{3}\b`).FindString(text)
	if found == "" {
		tb.Fatalf("no code in the mail:\n%s", text)
	}
	return found
}

// MailedCodes returns the recovery codes in the newest mail with some.
func (e *Engine) MailedCodes(tb testing.TB, to string) []string {
	tb.Helper()
	return regexp.MustCompile(`\b[0-9a-z]{5}-[0-9a-z]{5}\b`).FindAllString(e.Mail(tb, message.RecoveryCodes, to).Text, -1)
}
