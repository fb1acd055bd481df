package message_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// refuses is a server that takes none of these tests' mails: they have two addresses.
func refuses(t *testing.T, h *house) func(context.Context, notify.Mail) error {
	t.Helper()
	wire, err := notify.NewSMTP(notify.Options{Server: "smtp://127.0.0.1:1", Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return wire.Send
}

// again tries the newest message of the log once more.
func (h *house) again(o *message.Outbox) string {
	h.t.Helper()
	list, err := o.Told(h.t.Context(), countersign.DefaultWorkspace, "", "", "", 10)
	if err != nil || len(list) == 0 {
		h.t.Fatalf("the log has %d lines, %v", len(list), err)
	}
	err = h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		_, err := o.TryAgain(tx, countersign.DefaultWorkspace, list[0].ID)
		return err
	})
	return countersign.CodeOf(err)
}

// link writes the link of a mail that is posted at this moment, as its transaction does.
func (h *house) link(id countersign.LinkID) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		return tx.InsertLink(tx.Ctx, rows.InsertLinkParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: id, Kind: "reset", TokenHash: []byte(id), UserID: "usr_ada",
			CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(30 * time.Minute).UnixMilli(),
		})
	})
}

// What failed goes out once more, once, while its link lives; then its body is erased.
func TestAMessageIsTriedAgain(t *testing.T) {
	h, m := build(t), &mailer{}
	h.ada()
	m.set(refuses(t, h))
	o := h.outbox(m)
	asked := reset()
	asked.User, asked.To = "usr_ada", "ada@example.com, eve@example.com"
	h.link("lnk_1")
	h.post(o, asked)
	h.run(o)
	until(t, "it is given up", func() bool { return h.count("state = 'failed'") == 1 })
	list, err := o.Told(t.Context(), countersign.DefaultWorkspace, "email", message.StateFailed, "", 10)
	if err != nil || len(list) != 1 || !list[0].Again || list[0].Problem == "" || list[0].Recipient != asked.To {
		t.Fatalf("the log says %+v, %v", list, err)
	}
	m.set(nil)
	if code := h.again(o); code != "" {
		t.Fatalf("trying again: %s", code)
	}
	if code := h.again(o); code != "message_over" {
		t.Errorf("twice at once: %q", code)
	}
	until(t, "it is sent", func() bool { return h.count("state = 'sent' AND length(body) = 0") == 1 })
	if code := h.again(o); code != "message_over" || len(m.all()) != 1 {
		t.Errorf("after it was sent: %q, %d mails", code, len(m.all()))
	}
}

// A link that a newer one has replaced is not sent again, nor one that is over, whose body
// is erased.
func TestWhatIsNotTriedAgain(t *testing.T) {
	h, m := build(t), &mailer{}
	h.ada()
	m.set(refuses(t, h))
	o := h.outbox(m)
	asked := reset()
	asked.User, asked.To = "usr_ada", "ada@example.com, eve@example.com"
	h.link("lnk_1")
	h.post(o, asked)
	h.clock.add(time.Second)
	h.link("lnk_2")
	h.post(o, asked)
	h.run(o)
	until(t, "both are given up", func() bool { return h.count("state = 'failed'") == 2 })
	list, err := o.Told(t.Context(), countersign.DefaultWorkspace, "", "", "", 10)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	older, err := o.Told(t.Context(), countersign.DefaultWorkspace, "email", "", list[0].ID, 10)
	if err != nil || len(older) != 1 || older[0].ID != list[1].ID {
		t.Fatalf("behind the newest: %+v, %v", older, err)
	}
	err = h.store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := o.TryAgain(tx, countersign.DefaultWorkspace, older[0].ID)
		return err
	})
	if countersign.CodeOf(err) != "message_over" {
		t.Errorf("the older one: %v", err)
	}
	h.later(2 * time.Hour)
	if code := h.again(o); code != "message_over" {
		t.Errorf("one that is over: %q", code)
	}
	until(t, "the bodies are erased", func() bool { return h.count("length(body) = 0") == 2 })
}

// What was written for nobody is in no list.
func TestTheLogHasNothingForNobody(t *testing.T) {
	h, m := build(t), &mailer{}
	o := h.outbox(m)
	nobody := reset()
	nobody.Expires = h.clock.Now().Add(-time.Second)
	h.post(o, nobody)
	for _, state := range append(message.States(), "") {
		list, err := o.Told(t.Context(), countersign.DefaultWorkspace, "", state, "", 10)
		if err != nil || len(list) != 0 {
			t.Errorf("%q: %+v, %v", state, list, err)
		}
	}
}

// The log has a number's end alone.
func TestTheLogMasksNumbers(t *testing.T) {
	h := build(t)
	h.ada()
	o := h.outbox(nil)
	h.text(o)
	list, err := o.Told(t.Context(), countersign.DefaultWorkspace, "text", "", "", 10)
	if err != nil || len(list) != 1 || list[0].Recipient == "" || strings.Contains(list[0].Recipient, phone[:6]) {
		t.Errorf("the log says %+v, %v", list, err)
	}
}

// Whoever has just sent a message learns what became of its first try, and waits no longer
// than they want to for a mail server that says nothing.
func TestTheFirstTryIsWaitedFor(t *testing.T) {
	h, m := build(t), &mailer{}
	o := h.outbox(m)
	h.run(o)
	tried := func(within time.Duration) string {
		t.Helper()
		problem, err := o.Tried(t.Context(), countersign.DefaultWorkspace, "usr_ada", message.PasswordReset, within)
		if err != nil {
			t.Fatal(err)
		}
		return problem
	}
	h.post(o, reset())
	if problem := tried(10 * time.Second); problem != "" || len(m.all()) != 1 {
		t.Errorf("of one that went out it says %q, and %d went out", problem, len(m.all()))
	}
	m.set(func(context.Context, notify.Mail) error { return errLater })
	h.later(time.Second) // the newest is the one of the latest moment
	h.post(o, reset())
	if problem := tried(10 * time.Second); !strings.HasPrefix(problem, "421 later") {
		t.Errorf("of one that is put off it says %q", problem)
	}
	hold := make(chan struct{})
	defer close(hold)
	m.set(func(context.Context, notify.Mail) error {
		<-hold
		return nil
	})
	h.later(time.Second)
	h.post(o, reset())
	begun := time.Now()
	if problem := tried(200 * time.Millisecond); problem != "" || time.Since(begun) < 200*time.Millisecond || time.Since(begun) > 5*time.Second {
		t.Errorf("of one that nobody answers it says %q after %v", problem, time.Since(begun))
	}
}
