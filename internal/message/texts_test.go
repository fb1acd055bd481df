package message_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/notify/text"
	"countersign/internal/notify/text/texttest"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const phone = "+4915123456789"

// texting is an outbox whose texts go through providers.
func (h *house) texting(entries ...string) *message.Outbox {
	h.t.Helper()
	providers, err := text.Parse([]byte(strings.Join(entries, "")), text.Options{Public: "https://signin.example.com", Now: h.clock.Now, Patience: 200 * time.Millisecond})
	if err != nil {
		h.t.Fatal(err)
	}
	o, err := message.New(message.Options{
		Store: h.store, Ring: h.ring, Words: h.words, Mailer: &mailer{}, Texter: providers, Hosts: h.book("https://signin.example.com"), Now: h.clock.Now,
		Log: slog.New(slog.NewTextHandler(h.log, nil)),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

// waiting is the code of the tests.
const waiting countersign.TextID = "txt_1"

// holder is the sign-in that the codes are for, number the credential they go to.
const (
	holder countersign.AttemptID    = "att_1"
	number countersign.CredentialID = "crd_1"
)

// text posts that code for a person who has it waiting.
func (h *house) text(o *message.Outbox) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error { return post(tx, o, waiting, "123456") })
}

// write does something in a transaction.
func (h *house) write(do func(tx *store.Tx) error) {
	h.t.Helper()
	err := h.store.Write(h.t.Context(), do)
	if err != nil {
		h.t.Fatal(err)
	}
}

// post posts a code as SendText does.
func post(tx *store.Tx, o *message.Outbox, id countersign.TextID, code string) error {
	err := tx.InsertText(tx.Ctx, rows.InsertTextParams{
		WorkspaceID: countersign.DefaultWorkspace, ID: id, UserID: "usr_ada", CredentialID: number, Holder: string(holder), CodeMac: []byte{1}, Country: "DE",
		CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(3 * time.Minute).UnixMilli(),
	})
	if err != nil {
		return err
	}
	return o.PostText(tx, countersign.DefaultWorkspace, message.Text{
		Kind: message.TextCode, Row: id, User: "usr_ada", Number: phone, Language: "de", Workspace: "Acme", Code: code, Expires: tx.Now.Add(3 * time.Minute),
	})
}

func (h *house) texted() rows.Text {
	h.t.Helper()
	row, err := h.store.Read().GetText(h.t.Context(), countersign.DefaultWorkspace, string(holder), "usr_ada")
	if err != nil {
		h.t.Fatal(err)
	}
	return row
}

// ada has a number, and waits at the second step of a sign-in.
func (h *house) ada() {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		err := tx.InsertUser(tx.Ctx, rows.InsertUserParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: "usr_ada", PoolID: countersign.DefaultPool, Email: "ada@example.com", EmailKey: "ada@example.com",
			Role: countersign.Member, State: countersign.Active,
		})
		if err != nil {
			return err
		}
		err = tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: number, UserID: "usr_ada", Kind: "sms", Name: "+49 … 89", State: "active", Secret: []byte{1},
		})
		if err != nil {
			return err
		}
		return tx.InsertAttempt(tx.Ctx, rows.InsertAttemptParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: holder, BrowserHash: []byte{1}, UserID: "usr_ada", First: "password",
			CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(time.Hour).UnixMilli(),
		})
	})
}

// The first provider that takes a text is noted with what it costs. The body is erased.
func TestATextGoesToTheFirstWhoTakesIt(t *testing.T) {
	h := build(t)
	h.ada()
	down, well := texttest.NewGateway(t), texttest.NewTwilio(t)
	down.Be(texttest.Down)
	o := h.texting(down.Entry("down"), well.Entry("well"))
	h.text(o)
	h.run(o)
	until(t, "it is sent", func() bool { return h.texted().State == "sent" })
	row, sent := h.texted(), well.Texts()
	if row.Provider != "well" || row.Reference != sent[0].Reference || row.Parts != 1 || row.Cost != 7_900 || row.Currency != "USD" {
		t.Errorf("%+v", row)
	}
	if want := "123456 ist Ihr Code für Acme. Er gilt 3 Minuten. Geben Sie ihn nie weiter.\n\n@signin.example.com #123456"; sent[0].Body != want || sent[0].To != phone {
		t.Errorf("%+v, want %q", sent, want)
	}
	totals, err := h.store.Read().ListTextTotals(t.Context(), countersign.DefaultWorkspace, 0)
	if err != nil || len(totals) != 1 || totals[0].Texts != 1 || totals[0].Cost != 7_900 || totals[0].Country != "DE" || totals[0].Provider != "well" {
		t.Errorf("%+v, %v", totals, err)
	}
	until(t, "the body is erased", func() bool { state, body, _ := h.row(); return state == "sent" && body == 0 })
	for _, secret := range []string{phone[3:], "123456"} {
		if strings.Contains(h.log.String(), secret) || h.inFile(secret) {
			t.Errorf("%s stands in the log or the database", secret)
		}
	}
}

// Where nobody takes it, the whole list is asked three times; then the page is told.
func TestATextThatNobodyTakes(t *testing.T) {
	h := build(t)
	h.ada()
	liar := texttest.NewGateway(t)
	liar.Be(texttest.Lying)
	o := h.texting(liar.Entry("liar"))
	h.text(o)
	h.run(o)
	for asked := 1; asked <= 3; asked++ {
		until(t, "it is asked", func() bool { return liar.Asked() == asked })
		if asked < 3 {
			until(t, "it waits", func() bool {
				return h.count(fmt.Sprint("lease_until = 0 AND next_at > ", h.clock.Now().UnixMilli())) == 1
			})
			if h.texted().State != "queued" {
				t.Fatal("it is given up too soon")
			}
			h.clock.add(15 * time.Second)
			h.store.Ring("outbox:text")
		}
	}
	until(t, "it is given up", func() bool { return h.texted().State == "failed" })
	until(t, "and kept as long as it lives", func() bool { state, body, _ := h.row(); return state == "failed" && body > 0 })
	totals, err := h.store.Read().ListTextTotals(t.Context(), countersign.DefaultWorkspace, 0)
	if err != nil || len(totals) != 0 {
		t.Errorf("a text that was not sent costs %+v, %v", totals, err)
	}
}

// A code that is over is not sent: it would cost, and confuse.
func TestATextThatIsOverIsNotSent(t *testing.T) {
	h := build(t)
	h.ada()
	gateway := texttest.NewGateway(t)
	o := h.texting(gateway.Entry("p"))
	h.text(o)
	h.clock.add(3 * time.Minute)
	h.run(o)
	until(t, "it is given up", func() bool { return h.texted().State == "failed" })
	if gateway.Asked() != 0 {
		t.Error("it was sent")
	}
}

// A production server without providers keeps no codes for anybody to look at.
func TestWithoutProvidersNothingIsKept(t *testing.T) {
	h := build(t)
	h.ada()
	o := h.outbox(&mailer{})
	h.text(o)
	h.run(o)
	until(t, "it is given up", func() bool { return h.texted().State == "failed" })
	shown, err := o.Kept(t.Context(), countersign.DefaultWorkspace, 10)
	if err != nil || len(shown) != 0 {
		t.Errorf("%+v, %v", shown, err)
	}
}
