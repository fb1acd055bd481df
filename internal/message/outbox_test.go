package message_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// due reads when the next message is to be tried, 0 for none.
func (h *house) due() int64 {
	h.t.Helper()
	next, err := h.store.Read().NextDue(h.t.Context(), "email")
	if err != nil {
		h.t.Fatal(err)
	}
	return next
}

// row reads the state, the length of the body and the problem of the only
// message, past the store: the product has no use for such a question.
func (h *house) row() (string, int, string) {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.file)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var state, problem string
	var body []byte
	err = db.QueryRowContext(h.t.Context(), "SELECT state, body, problem FROM messages").Scan(&state, &body, &problem)
	if err != nil {
		h.t.Fatal(err)
	}
	return state, len(body), problem
}

// count counts the messages of which something is true.
func (h *house) count(what string) int {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.file)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	n := 0
	err = db.QueryRowContext(h.t.Context(), "SELECT COUNT(*) FROM messages WHERE "+what).Scan(&n) // #nosec G202 -- the test's own words
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// later moves the clock, and wakes the worker as its own ticking would.
func (h *house) later(d time.Duration) {
	h.clock.add(d)
	h.store.Ring("outbox:email")
}

// inFile tells whether the database's files contain the text.
func (h *house) inFile(text string) bool {
	h.t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(h.file + suffix) //nolint:gosec // the test's own file
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			h.t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(text)) {
			return true
		}
	}
	return false
}

// steal is another worker that claims everything that is due.
func (h *house) steal() []rows.Message {
	h.t.Helper()
	var out []rows.Message
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		out = nil
		for _, urgency := range message.Urgencies() {
			some, err := tx.ClaimMessages(tx.Ctx, rows.ClaimMessagesParams{
				LeaseUntil: tx.Now.Add(time.Minute).UnixMilli(), Now: tx.NowMilli(), Channel: "email", Urgency: int64(urgency),
				WorkspaceID: countersign.DefaultWorkspace, Most: 100,
			})
			if err != nil {
				return err
			}
			out = append(out, some...)
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestPostedMailGoesOutAtOnce(t *testing.T) {
	h, m := build(t), &mailer{}
	o := h.outbox(m)
	h.run(o)
	h.post(o, reset())
	until(t, "the mail is sent", func() bool { return len(m.all()) == 1 })
	got := m.all()[0]
	if got.To != "ada@example.com" || got.From != "sign-in@acme.example" || got.FromName != "Acme" || got.Language != "en" || !strings.HasPrefix(got.ID, "msg_") {
		t.Errorf("got %+v", got)
	}
	until(t, "nothing is due", func() bool { return h.due() == 0 })
	if state, body, problem := h.row(); state != "sent" || body != 0 || problem != "" {
		t.Errorf("the row says %s, %d bytes, %q", state, body, problem)
	}
	if log := h.log.String(); strings.Contains(log, "ada@example.com") || strings.Contains(log, "tok3n") || !strings.Contains(log, "outcome=sent") {
		t.Errorf("log: %s", log)
	}
}

func TestRolledBackMailDoesNotGoOut(t *testing.T) {
	h, m := build(t), &mailer{}
	o := h.outbox(m)
	no := errors.New("no")
	err := h.store.Write(t.Context(), func(tx *store.Tx) error {
		err := o.Post(tx, countersign.DefaultWorkspace, reset())
		if err != nil {
			t.Error(err)
		}
		return no
	})
	if !errors.Is(err, no) || h.due() != 0 {
		t.Errorf("err is %v, due %d", err, h.due())
	}
}

func TestBodiesAreSealed(t *testing.T) {
	h := build(t)
	h.post(h.outbox(nil), reset())
	for _, secret := range []string{"tok3n", "493817", "7q0w2", "Lovelace"} {
		if h.inFile(secret) {
			t.Errorf("%q lies in the clear", secret)
		}
	}
	claimed := h.steal()
	if len(claimed) != 1 || len(claimed[0].Body) == 0 {
		t.Fatalf("claimed %+v", claimed)
	}
}

func TestUselessMailIsRefused(t *testing.T) {
	h := build(t)
	o := h.outbox(nil)
	rows := map[string]message.Mail{
		"a kind that does not exist":   {Kind: "spam", To: "ada@example.com"},
		"nobody to send it to":         {Kind: message.TwoFactorOn},
		"a reset without its link":     {Kind: message.PasswordReset, To: "ada@example.com"},
		"a link that is a script":      {Kind: message.PasswordReset, To: "ada@example.com", Data: message.Data{Link: "javascript:alert(1)"}},
		"a link without a place":       {Kind: message.PasswordReset, To: "ada@example.com", Data: message.Data{Link: "/reset/x"}},
		"a code that is not there":     {Kind: message.EmailCode, To: "ada@example.com"},
		"codes of which there is none": {Kind: message.RecoveryCodes, To: "ada@example.com"},
	}
	for name, m := range rows {
		err := h.store.Write(t.Context(), func(tx *store.Tx) error { return o.Post(tx, countersign.DefaultWorkspace, m) })
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestTemporaryFailureIsTriedWithGrowingPauses(t *testing.T) {
	h, m := build(t), &mailer{}
	m.set(func(context.Context, notify.Mail) error { return errLater })
	o := h.outbox(m)
	invitation := reset()
	invitation.Kind = message.Invitation
	h.post(o, invitation)
	begin := h.clock.Now()
	h.run(o)
	for i, pause := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, time.Hour} {
		next := begin.Add(pause)
		until(t, "it waits", func() bool { return h.due() == next.UnixMilli() })
		if m.tries() != i+1 {
			t.Fatalf("%d tries, want %d", m.tries(), i+1)
		}
		h.later(pause)
		begin = next
	}
	m.set(nil)
	until(t, "it is sent", func() bool { return len(m.all()) == 1 })
	if log := h.log.String(); strings.Contains(log, "tok3n") || strings.Contains(log, "493817") || strings.Contains(log, "ada@example.com") {
		t.Errorf("a secret or an address is in the log: %s", log)
	}
}

func TestMailExpires(t *testing.T) {
	t.Run("while it waits for the server", func(t *testing.T) {
		h, m := build(t), &mailer{}
		m.set(func(context.Context, notify.Mail) error { return errLater })
		o := h.outbox(m)
		h.post(o, reset())
		h.run(o)
		for range 4 {
			until(t, "it waits or is given up", func() bool { return h.due() == 0 || h.due() > h.clock.Now().UnixMilli() })
			h.later(10 * time.Minute)
		}
		until(t, "it is given up", func() bool { return h.due() == 0 })
		if state, body, problem := h.row(); state != "failed" || body != 0 || strings.Contains(problem, "tok3n") || problem == "" {
			t.Errorf("the row says %s, %d bytes, %q", state, body, problem)
		}
		if len(m.all()) != 0 {
			t.Errorf("log: %s", h.log)
		}
	})
	t.Run("while no server runs", func(t *testing.T) {
		h, m := build(t), &mailer{}
		o := h.outbox(m)
		h.post(o, reset())
		h.later(time.Hour)
		h.run(o)
		until(t, "it is given up", func() bool { return h.due() == 0 })
		if m.tries() != 0 {
			t.Error("an expired mail was sent")
		}
	})
}

// Whoever asks for many addresses that nobody has must not hold up the mail of
// somebody else, nor fill the log with errors.
func TestMailForNobodyHoldsNothingUp(t *testing.T) {
	h, m := build(t), &mailer{}
	o := h.outbox(m)
	nobody := reset()
	nobody.Expires = h.clock.Now().Add(-time.Second)
	for range 20 {
		h.post(o, nobody)
	}
	if h.due() != 0 || h.count("state = 'failed' AND length(body) = 0") != 20 {
		t.Error("mails for nobody wait for a worker")
	}
	h.post(o, reset())
	h.run(o)
	until(t, "the one real mail is sent", func() bool { return len(m.all()) == 1 })
	until(t, "nothing is due", func() bool { return h.due() == 0 })
	if log := h.log.String(); m.tries() != 1 || strings.Contains(log, "level=ERROR") {
		t.Errorf("%d tries, log: %s", m.tries(), log)
	}
}

func TestPermanentFailureIsGivenUp(t *testing.T) {
	h, m := build(t), &mailer{}
	// A real refusal: this mail has an address that no server can be given.
	wire, err := notify.NewSMTP(notify.Options{Server: "smtp://127.0.0.1:1", Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	m.set(wire.Send)
	o := h.outbox(m)
	bad := reset()
	bad.To = "ada@example.com, eve@example.com"
	h.post(o, bad)
	h.run(o)
	until(t, "it is given up", func() bool { return h.due() == 0 })
	if state, body, problem := h.row(); state != "failed" || body == 0 || !strings.Contains(problem, "bare address") {
		t.Errorf("the row says %s, %d bytes, %q", state, body, problem)
	}
	until(t, "the log says so", func() bool { return strings.Contains(h.log.String(), "not one bare address") })
	if m.tries() != 1 {
		t.Errorf("%d tries, log: %s", m.tries(), h.log)
	}
}

func TestDamagedBodyIsGivenUp(t *testing.T) {
	h, m := build(t), &mailer{}
	err := h.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: "msg_x", Kind: "password_reset", Channel: "email",
			Recipient: "ada@example.com", Body: []byte("not sealed by us, and longer than the overhead of a seal"),
			CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(time.Hour).UnixMilli(),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	h.run(h.outbox(m))
	until(t, "it is given up or waits", func() bool { return h.due() == 0 || h.due() > h.clock.Now().UnixMilli() })
	if m.tries() != 0 {
		t.Error("it was sent")
	}
	if state, _, problem := h.row(); state == "sent" || problem == "" {
		t.Errorf("the row says %s, %q", state, problem)
	}
}

func TestMailOfADeadWorkerIsTakenOver(t *testing.T) {
	h, m := build(t), &mailer{}
	o := h.outbox(m)
	h.post(o, reset())
	if claimed := h.steal(); len(claimed) != 1 {
		t.Fatalf("claimed %d", len(claimed))
	}
	h.run(o)
	time.Sleep(100 * time.Millisecond)
	if m.tries() != 0 {
		t.Fatal("a leased message was sent by another worker")
	}
	h.later(61 * time.Second)
	until(t, "the next worker sends it", func() bool { return len(m.all()) == 1 })
}

func TestTwoWorkersSendEachMailOnce(t *testing.T) {
	test := func(t *testing.T, h *house) {
		t.Helper()
		m := &mailer{}
		one, two := h.outbox(m), h.outbox(m)
		for range 50 {
			h.post(one, reset())
		}
		h.run(one)
		h.run(two)
		until(t, "all are sent", func() bool { return h.due() == 0 })
		if len(m.all()) != 50 {
			t.Errorf("%d mails for 50 messages", len(m.all()))
		}
	}
	t.Run("sqlite", func(t *testing.T) { test(t, build(t)) })
	t.Run("postgres", func(t *testing.T) {
		h := build(t)
		s, err := store.Open(t.Context(), store.Options{Database: storetest.Migrated(t), Now: h.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		h.store = s
		test(t, h)
	})
}

func TestOneHangingServerDoesNotBlockTheRest(t *testing.T) {
	h, m := build(t), &mailer{}
	m.set(func(ctx context.Context, letter notify.Mail) error {
		if letter.To == "slow@example.com" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	o := h.outbox(m)
	slow := reset()
	slow.To = "slow@example.com"
	for range 3 {
		h.post(o, slow)
	}
	for range 20 {
		h.post(o, reset())
	}
	stop := h.run(o)
	until(t, "the others are sent", func() bool { return len(m.all()) == 20 })
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if h.due() == 0 {
		t.Error("what was cut off is lost")
	}
}

func TestKeptMessagesAreListedNewestFirst(t *testing.T) {
	h := build(t)
	o := h.outbox(nil)
	h.run(o)
	h.post(o, reset())
	h.later(time.Second)
	code := reset()
	code.Kind = message.EmailCode
	h.post(o, code)
	var shown []message.Shown
	until(t, "both are kept", func() bool {
		var err error
		shown, err = o.Kept(t.Context(), countersign.DefaultWorkspace, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(shown) == 2
	})
	if shown[0].Kind != message.EmailCode || shown[1].Kind != message.PasswordReset || shown[0].To != "ada@example.com" || !shown[0].CreatedAt.Equal(h.clock.Now()) {
		t.Errorf("got %+v", shown)
	}
	one, err := o.Kept(t.Context(), countersign.DefaultWorkspace, 1)
	if err != nil || len(one) != 1 {
		t.Errorf("one: %d, %v", len(one), err)
	}
	other, err := o.Kept(t.Context(), "wsp_other", 10)
	if err != nil || len(other) != 0 {
		t.Errorf("another workspace: %d, %v", len(other), err)
	}
}

func TestKeptMessagesGoWhenAServerIsConfigured(t *testing.T) {
	h, m := build(t), &mailer{}
	o := h.outbox(nil)
	stop := h.run(o)
	h.post(o, reset())
	kept := func() int {
		shown, err := o.Kept(t.Context(), countersign.DefaultWorkspace, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(shown)
	}
	until(t, "it is kept", func() bool { return kept() == 1 })
	stop()
	h.run(h.outbox(m))
	until(t, "it is gone", func() bool { return kept() == 0 })
	if m.tries() != 0 {
		t.Error("a kept message was sent")
	}
}
