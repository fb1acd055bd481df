package server_test

import (
	"net/mail"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/mailbox"
	"countersign/internal/message"
	"countersign/internal/store"
)

// post puts one mail into the outbox of a server.
func post(t *testing.T, s *store.Store, o *message.Outbox) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		return o.Post(tx, countersign.DefaultWorkspace, message.Mail{
			Kind: message.PasswordReset, To: "ada@example.com", Language: "en",
			Data: message.Data{Name: "Ada", Link: "https://signin.acme.example/reset/x", Address: "https://signin.acme.example"},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The line to the mail server waits for the next mail while the server runs, and
// no longer, whatever the mail server does.
func TestTheLineToTheMailServerEndsWithTheServer(t *testing.T) {
	rows := []struct {
		name    string
		trouble func(*mailbox.Box)
	}{
		{"a mail server that works", func(*mailbox.Box) {}},
		{"one that says nothing more", func(b *mailbox.Box) { b.Hang(mailbox.AtNext) }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			box := mailbox.Start(t)
			c := settings(t)
			c.SMTPURL, c.From = box.URL(), mail.Address{Address: "sign-in@acme.example"}
			s, end := running(t, c)
			row.trouble(box)
			post(t, s.Parts.Store, s.Parts.Outbox)
			box.Wait("ada@example.com", "")
			if box.Open() != 1 {
				t.Errorf("%d lines are open", box.Open())
			}
			begun := time.Now()
			end()
			if took := time.Since(begun); took > 15*time.Second {
				t.Errorf("the end took %v", took)
			}
			box.Work()
			for deadline := time.Now().Add(5 * time.Second); box.Open() > 0; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the line is still open")
				}
			}
		})
	}
}
