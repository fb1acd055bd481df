package notify_test

import (
	"mime"
	"strings"
	"testing"

	"countersign/e2e/mailbox"
	"countersign/internal/notify"
)

// A mail says whom it comes from in three places, and all three are of the sender's
// domain: the envelope, by which SPF is judged, From, by which DMARC is (RFC 7489), and
// the Message-ID.
func TestAMailComesFromItsSenderInEachPlace(t *testing.T) {
	for _, row := range []struct {
		what, name, from   string
		envelope, messages string
	}{
		{"an address and a name", "Acme sign-in", "no-reply@acme.example", "no-reply@acme.example", "<msg_01@acme.example>"},
		{"a name in letters of any kind", "Büro „Acme“, 東京 <x@y.example>", "no-reply@acme.example", "no-reply@acme.example", "<msg_01@acme.example>"},
		{"letters of another alphabet in the domain", "Bücher", "info@bücher.example", "info@xn--bcher-kva.example", "<msg_01@xn--bcher-kva.example>"},
	} {
		box := mailbox.Start(t)
		m := letter()
		m.FromName, m.From = row.name, row.from
		err := sender(t, box).Send(t.Context(), m)
		if err != nil {
			t.Errorf("%s: %v", row.what, err)
			continue
		}
		got := box.Wait("ada@example.com", "")
		from, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("From"))
		list, listErr := got.Header.AddressList("From")
		if err != nil || listErr != nil || len(list) != 1 || list[0].Name != row.name || list[0].Address != row.envelope {
			t.Errorf("%s: From is %q, %v, %v", row.what, from, err, listErr)
		}
		if got.From != row.envelope || got.Header.Get("Message-Id") != row.messages {
			t.Errorf("%s: the envelope is from %s, the Message-ID %s", row.what, got.From, got.Header.Get("Message-Id"))
		}
	}
}

// Whoever runs the installation can mend that a server does not take the sender, while
// the mail waits; whoever a mail is for cannot.
func TestARefusedSenderIsNotTheRecipientsFault(t *testing.T) {
	const from = "sign-in@acme.example"
	for _, row := range []struct {
		what   string
		at     mailbox.Stage
		code   int
		words  string
		sender bool
		again  bool
	}{
		{"where it is named", mailbox.AtMail, 550, "no", true, true},
		{"where it is named, by its status", mailbox.AtMail, 553, "5.7.1 not owned by user countersign", true, true},
		{"an address that the server cannot read", mailbox.AtMail, 501, "5.1.7 bad sender address syntax", true, true},
		{"a permission that is missing is about the line", mailbox.AtMail, 530, "5.7.0 authentication required", false, true},
		{"a sender that is put off", mailbox.AtMail, 451, "4.7.1 later", false, true},
		{"Postfix, which says it at the recipient", mailbox.AtRecipient, 553, "5.7.1 <Sign-in@acme.example>: Sender address rejected: not owned by user countersign", true, true},
		{"a domain that is not found, for now", mailbox.AtRecipient, 450, "4.1.8 <sign-in@acme.example>: Sender address rejected: Domain not found", true, true},
		{"a domain that is not found", mailbox.AtRecipient, 550, "5.1.8 sender domain not found", true, true},
		{"Exchange, which says it of the mail", mailbox.AtData, 550, "5.7.1 Client does not have permissions to send as this sender", true, true},
		{"a server that looks who may send, of the mail", mailbox.AtData, 554, "Message rejected: Email address is not verified: sign-in@acme.example", true, true},
		{"a recipient who is unknown", mailbox.AtRecipient, 550, "5.1.1 <ada@example.com>: Recipient address rejected: User unknown", false, false},
		{"a recipient who takes nothing from the sender", mailbox.AtRecipient, 550, "5.7.1 ada@example.com does not take mail from sign-in@acme.example", false, false},
		{"a mail that is not wanted", mailbox.AtData, 554, "5.7.1 this looks like spam", false, false},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			box := mailbox.Start(t)
			box.RefuseFrom(row.at, from, row.code, row.words)
			s := sender(t, box)
			err := s.Send(t.Context(), letter())
			if err == nil || notify.Temporary(err) != row.again {
				t.Fatalf("tried again: %v; %v", notify.Temporary(err), err)
			}
			if told := strings.HasPrefix(err.Error(), notify.SenderRefused+from+": the server answered "); told != row.sender {
				t.Errorf("it is told as the sender's: %v; %v", told, err)
			}
			if row.at == mailbox.AtData && strings.Contains(err.Error(), "this sender") {
				t.Errorf("an answer that may quote the mail is passed on: %v", err)
			}
			other := letter()
			other.From = "no-reply@globex.example"
			err = s.Send(t.Context(), other)
			if err != nil || box.Wait("ada@example.com", "").From != other.From {
				t.Errorf("another sender's mail: %v", err)
			}
		})
	}
}
