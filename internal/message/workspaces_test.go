package message_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/mailbox"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/sender"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// twoWorkspaces makes a second workspace with a look of its own.
func (h *house) twoWorkspaces(sender string) countersign.WorkspaceID {
	h.t.Helper()
	const id countersign.WorkspaceID = "wsp_two"
	h.write(func(tx *store.Tx) error {
		err := tx.InsertWorkspace(tx.Ctx, rows.InsertWorkspaceParams{ID: id, Name: "Globex", Host: "globex.example.com", CreatedAt: countersign.Milli(tx.NowMilli())})
		if err != nil {
			return err
		}
		_, err = tx.ChangeWorkspace(tx.Ctx, rows.ChangeWorkspaceParams{Name: "Globex", Host: "globex.example.com", Accent: "#7a0c3e", Sender: sender, ID: id})
		return err
	})
	return id
}

func TestAMailHasTheSenderAndTheColourOfItsWorkspace(t *testing.T) {
	for _, row := range []struct{ what, sender, configured, ofTwo, ofDefault string }{
		{"a name of its own", "Globex sign-in", "Head office", "Globex sign-in <sign-in@example.com>", "Head office <sign-in@example.com>"},
		{"none, and a configured one", "", "Head office", "Globex <sign-in@example.com>", "Head office <sign-in@example.com>"},
		{"none at all", "", "", "Globex <sign-in@example.com>", "Acme <sign-in@example.com>"},
		{"an address of its own", "no-reply@globex.example.com", "Head office", "Globex <no-reply@globex.example.com>", "Head office <sign-in@example.com>"},
		{"a name and an address", "Globex sign-in <no-reply@globex.example.com>", "", "Globex sign-in <no-reply@globex.example.com>", "Acme <sign-in@example.com>"},
		{"a name that looks like one of two", "Globex @ work", "", "Globex @ work <sign-in@example.com>", "Acme <sign-in@example.com>"},
	} {
		t.Run(row.what, func(t *testing.T) {
			h := build(t)
			two := h.twoWorkspaces(row.sender)
			m := &mailer{}
			o := h.from(m, mail.Address{Name: row.configured, Address: "sign-in@example.com"})
			h.postTo(o, two, "Globex")
			h.postTo(o, countersign.DefaultWorkspace, "Acme")
			h.run(o)
			until(t, "both went out", func() bool { return len(m.all()) == 2 })
			for _, letter := range m.all() {
				want, coloured := row.ofDefault, false
				if strings.HasPrefix(letter.To, string(two)) {
					want, coloured = row.ofTwo, true
				}
				got := sender.Format(mail.Address{Name: letter.FromName, Address: letter.From})
				if got != want || strings.Contains(letter.HTML, "#7a0c3e") != coloured {
					t.Errorf("to %s it is from %s, coloured: %v; want %s, %v", letter.To, got, strings.Contains(letter.HTML, "#7a0c3e"), want, coloured)
				}
			}
		})
	}
}

// The default workspace has the configured sender until it is given one of its own, and
// each part of that counts for itself.
func TestTheDefaultWorkspaceHasASenderOfItsOwn(t *testing.T) {
	for set, want := range map[string]string{
		"Acme sign-in":                             "Acme sign-in <sign-in@example.com>",
		"no-reply@acme.example.com":                "Head office <no-reply@acme.example.com>",
		"Acme sign-in <no-reply@acme.example.com>": "Acme sign-in <no-reply@acme.example.com>",
	} {
		h := build(t)
		h.setSender(countersign.DefaultWorkspace, set)
		m := &mailer{}
		o := h.from(m, mail.Address{Name: "Head office", Address: "sign-in@example.com"})
		h.postTo(o, countersign.DefaultWorkspace, "Acme")
		h.run(o)
		until(t, "it went out", func() bool { return len(m.all()) == 1 })
		letter := m.all()[0]
		if got := sender.Format(mail.Address{Name: letter.FromName, Address: letter.From}); got != want {
			t.Errorf("with %q set it is from %s, want %s", set, got, want)
		}
	}
}

// Where it cannot be told whom a workspace's mails come from, they wait: they do not go
// out from the address that the others have.
func TestAWorkspaceWithABrokenSenderSendsFromNoOther(t *testing.T) {
	h := build(t)
	two := h.twoWorkspaces("Globex <no-reply@globex.example.com")
	m := &mailer{}
	o := h.from(m, mail.Address{Address: "sign-in@example.com"})
	h.postTo(o, two, "Globex")
	h.run(o)
	told := func() message.Delivered {
		list, err := o.Told(t.Context(), two, "email", "", "", 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d messages, %v", len(list), err)
		}
		return list[0]
	}
	until(t, "it was tried", func() bool { return told().Problem != "" })
	one := told()
	if one.State != message.StateQueued || m.tries() != 0 || !strings.Contains(one.Problem, "sender of its workspace") || strings.Contains(one.Problem, "globex") {
		t.Errorf("it is %s after %d tries: %q", one.State, m.tries(), one.Problem)
	}
	h.setSender(two, "Globex <no-reply@globex.example.com>")
	h.later(time.Minute)
	h.postTo(o, countersign.DefaultWorkspace, "Acme") // and the worker is awake
	until(t, "both went out", func() bool { return len(m.all()) == 2 })
}

// A mail server that does not take a workspace's sender holds up no other workspace; the
// mail waits until that is mended, and the log names the sender.
func TestAMailWhoseSenderIsRefusedWaits(t *testing.T) {
	h := build(t)
	two := h.twoWorkspaces("no-reply@globex.example.com")
	box := mailbox.Start(t)
	box.RefuseFrom(mailbox.AtRecipient, "no-reply@globex.example.com", 553, "5.7.1 <no-reply@globex.example.com>: Sender address rejected: not owned by user countersign")
	smtp, err := notify.NewSMTP(notify.Options{Server: box.URL(), Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer smtp.Close()
	o := h.from(smtp, mail.Address{Address: "sign-in@example.com"})
	h.postTo(o, two, "Globex")
	h.postTo(o, countersign.DefaultWorkspace, "Acme")
	h.run(o)
	if other := box.Wait(string(countersign.DefaultWorkspace)+"@example.com", ""); other.From != "sign-in@example.com" {
		t.Errorf("the other workspace's mail is from %s", other.From)
	}
	var list []message.Delivered
	until(t, "it was tried", func() bool {
		list, err = o.Told(t.Context(), two, "email", "", "", 10)
		return err == nil && len(list) == 1 && list[0].Problem != ""
	})
	if one := list[0]; one.State != message.StateQueued || !one.SenderRefused ||
		!strings.HasPrefix(one.Problem, "the mail server does not take mail from no-reply@globex.example.com: the server answered 553: ") || strings.Contains(one.Problem, one.Recipient) {
		t.Errorf("it is %s, the sender's: %v: %q", one.State, one.SenderRefused, one.Problem)
	}
	box.Work()
	h.later(time.Minute)
	h.postTo(o, countersign.DefaultWorkspace, "Acme")
	mailed := box.Wait(string(two)+"@example.com", "")
	from, err := mailed.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Globex" || from[0].Address != "no-reply@globex.example.com" || mailed.From != from[0].Address ||
		!strings.HasSuffix(mailed.Header.Get("Message-Id"), "@globex.example.com>") {
		t.Errorf("mended, it is from %v, %v; the envelope from %s, the Message-ID %s", from, err, mailed.From, mailed.Header.Get("Message-Id"))
	}
}

// setSender gives a workspace a sender, whatever it is.
func (h *house) setSender(id countersign.WorkspaceID, text string) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		w, err := tx.GetWorkspace(tx.Ctx, id)
		if err != nil {
			return err
		}
		_, err = tx.ChangeWorkspace(tx.Ctx, rows.ChangeWorkspaceParams{Name: w.Name, Host: w.Host, Accent: w.Accent, Sender: text, ID: id})
		return err
	})
	if h.homes == nil {
		return
	}
	err := h.homes.Reload(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
}

// from is an outbox of an installation with this sender.
func (h *house) from(m notify.Mailer, from mail.Address) *message.Outbox {
	h.t.Helper()
	h.homes = h.book("https://signin.example.com")
	o, err := message.New(message.Options{Store: h.store, Ring: h.ring, Words: h.words, Mailer: m, Hosts: h.homes, Now: h.clock.Now, From: from})
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

// postTo posts a mail of a workspace, to an address with its identifier.
func (h *house) postTo(o *message.Outbox, id countersign.WorkspaceID, name string) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		return o.Post(tx, id, message.Mail{
			Kind: message.PasswordReset, To: string(id) + "@example.com",
			Data: message.Data{Workspace: name, Link: "https://signin.example.com/reset/AAAAAAAAAAAAAAAAAAAAAA"},
		})
	})
}

func TestATextEndsWithTheHostOfItsWorkspace(t *testing.T) {
	h := build(t)
	two := h.twoWorkspaces("")
	o, err := message.New(message.Options{Store: h.store, Ring: h.ring, Words: h.words, Hosts: h.book("https://signin.example.com:8443"), Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for id, host := range map[countersign.WorkspaceID]string{two: "globex.example.com", countersign.DefaultWorkspace: "signin.example.com"} {
		h.write(func(tx *store.Tx) error {
			return o.PostText(tx, id, message.Text{
				Kind: message.TextCode, Number: phone, Language: "en", Workspace: "Acme", Code: "123456", Expires: tx.Now.Add(time.Hour),
			})
		})
		h.run(o)
		var shown []message.Shown
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && len(shown) == 0; time.Sleep(5 * time.Millisecond) {
			shown, err = o.Kept(t.Context(), id, 10)
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(shown) != 1 || !strings.HasSuffix(shown[0].Text, "\n\n@"+host+" #123456") {
			t.Errorf("at %s: %+v", host, shown)
		}
	}
}
