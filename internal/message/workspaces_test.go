package message_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/message"
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

func TestAMailHasTheNameAndTheColourOfItsWorkspace(t *testing.T) {
	for _, row := range []struct{ what, sender, configured, ofTwo, ofDefault string }{
		{"a sender of its own", "Globex sign-in", "Head office", "Globex sign-in", "Head office"},
		{"none, and a configured one", "", "Head office", "Globex", "Head office"},
		{"none at all", "", "", "Globex", "Acme"},
	} {
		t.Run(row.what, func(t *testing.T) {
			h := build(t)
			two := h.twoWorkspaces(row.sender)
			m := &mailer{}
			o, err := message.New(message.Options{
				Store: h.store, Ring: h.ring, Words: h.words, Mailer: m, Hosts: h.book("https://signin.example.com"), Now: h.clock.Now,
				From: mail.Address{Name: row.configured, Address: "sign-in@example.com"},
			})
			if err != nil {
				t.Fatal(err)
			}
			for id, name := range map[countersign.WorkspaceID]string{two: "Globex", countersign.DefaultWorkspace: "Acme"} {
				h.write(func(tx *store.Tx) error {
					return o.Post(tx, id, message.Mail{
						Kind: message.PasswordReset, To: string(id) + "@example.com",
						Data: message.Data{Workspace: name, Link: "https://signin.example.com/reset/AAAAAAAAAAAAAAAAAAAAAA"},
					})
				})
			}
			h.run(o)
			for deadline := time.Now().Add(10 * time.Second); len(m.all()) < 2; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d mails went out", len(m.all()))
				}
			}
			for _, letter := range m.all() {
				want, coloured := row.ofDefault, false
				if strings.HasPrefix(letter.To, string(two)) {
					want, coloured = row.ofTwo, true
				}
				if letter.FromName != want || letter.From != "sign-in@example.com" || strings.Contains(letter.HTML, "#7a0c3e") != coloured {
					t.Errorf("to %s it is from %q <%s>, coloured: %v; want %q, %v", letter.To, letter.FromName, letter.From, strings.Contains(letter.HTML, "#7a0c3e"), want, coloured)
				}
			}
		})
	}
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
