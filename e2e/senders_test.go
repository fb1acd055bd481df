package e2e_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/e2e/mailbox"
	"countersign/internal/people"
)

// from is whom a mail comes from, as a mailbox shows it.
func from(t *testing.T, m mailbox.Message) mail.Address {
	t.Helper()
	list, err := m.Header.AddressList("From")
	if err != nil || len(list) != 1 {
		t.Fatalf("the mail is from %q: %v", m.Header.Get("From"), err)
	}
	return *list[0]
}

// TestEachWorkspaceHasASender: the owner gives a company's mails their own address and her
// own ones another name. A mail server that does not take the address is told of at once,
// holds up nobody else's mails, and gets what waited when it does.
func TestEachWorkspaceHasASender(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g, _ := h.globex()
	olga := h.owner()
	page := h.session(olga)
	page.Open("/console/workspaces")
	page.Click("Globex GmbH")
	page.See("The mail server must take mail from that address.")
	page.Type("Sender of its mails", "Globex no-reply@globex.example")
	page.Click("Save")
	page.See("Type a name, an address, or a name with an address")
	page.Screenshot("sender-wrong")
	page.Type("Sender of its mails", `"Globex, Anmeldung" <no-reply@globex.example>`)
	page.Click("Save")
	page.See("The workspace is changed.")
	page.Click("Globex GmbH")
	if got := page.Value("Sender of its mails"); got != "Globex, Anmeldung <no-reply@globex.example>" {
		t.Errorf("it is shown as %q", got)
	}
	page.Open("/console/workspaces")
	page.Click("Acme")
	page.Type("Sender of its mails", "Büro Acme")
	page.Click("Save")
	page.See("The workspace is changed.")

	both := map[*house]string{h: "Büro Acme", g: "Globex, Anmeldung"}
	for house, name := range both {
		_, err := house.Engine.People.Create(t.Context(), house.Workspace, people.NewUser{Email: "bob@acme.example", Name: "Bob Builder", Role: countersign.Member}, people.Shell())
		must(t, err)
		got := house.mail("bob@acme.example", "")
		sender := from(t, got)
		if sender.Name != name || got.From != sender.Address || !strings.HasSuffix(got.Header.Get("Message-Id"), "@"+sender.Address[strings.IndexByte(sender.Address, '@')+1:]+">") {
			t.Errorf("it is from %v, the envelope from %s, the Message-ID %s; want %s", sender, got.From, got.Header.Get("Message-Id"), name)
		}
		if own := strings.HasSuffix(sender.Address, "@globex.example"); own != (house == g) {
			t.Errorf("%s has the address %s", name, sender.Address)
		}
	}

	// Her own workspace gets an address, which the mail server does not take.
	page.Click("Acme")
	page.Type("Sender of its mails", "Acme <sign-in@acme.example>")
	page.Click("Save")
	h.Box.RefuseFrom(mailbox.AtRecipient, "sign-in@acme.example", 553, "5.7.1 <sign-in@acme.example>: Sender address rejected: not owned by user countersign")
	page.Open("/console/messages")
	page.Click("Send a test mail")
	page.See("The mail server has not taken the test mail.", "the mail server does not take mail from sign-in@acme.example: the server answered 553",
		"This is about the sender, not the recipient.", "Waits for another try")
	for name, look := range map[string][]browser.Option{
		"wide-light": {browser.Viewport(1280, 800), browser.Light()}, "wide-dark": {browser.Viewport(1280, 800), browser.Dark()},
		"phone-light": {browser.Viewport(393, 851), browser.Light()}, "phone-dark": {browser.Viewport(393, 851), browser.Dark()},
	} {
		page.Set(look...)
		page.Screenshot("refused-" + name)
	}
	page.Set(browser.Viewport(1280, 800), browser.Light())
	page.Open("/console")
	page.See("1 mail waits: the mail server refuses the sender")
	page.Screenshot("overview")
	_, err := g.Engine.People.Create(t.Context(), g.Workspace, people.NewUser{Email: "cleo@acme.example", Name: "Cleo", Role: countersign.Member}, people.Shell())
	must(t, err)
	if sender := from(t, g.mail("cleo@acme.example", "")); sender.Address != "no-reply@globex.example" {
		t.Errorf("another workspace's mail is from %v", sender)
	}
	h.noMail(olga.Email, "test")
	h.Box.Work()
	h.Clock.Advance(time.Minute)
	if sender := from(t, h.mail(olga.Email, "test")); sender.Address != "sign-in@acme.example" || sender.Name != "Acme" {
		t.Errorf("when the mail server takes it, the test mail is from %v", sender)
	}
	page.Open("/console/messages")
	page.See("Handed over")
	page.NotSee("This is about the sender")
	page.Click("Send a test mail")
	page.See("The test mail is on its way.")
}
