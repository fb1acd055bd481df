package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/mailbox"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// smtp is a real mail server that has DATA stand open as long as the test wants, and the
// sender to it.
type smtp struct {
	*mailbox.Box
	*notify.SMTP
}

func (h *house) smtp() smtp {
	h.t.Helper()
	box := mailbox.Start(h.t)
	sender, err := notify.NewSMTP(notify.Options{Server: box.URL(), Now: h.clock.Now, Keep: message.Parallel, Whole: time.Minute})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(sender.Close)
	return smtp{box, sender}
}

// slow is one that has let nothing pass yet.
func (h *house) slow() smtp {
	h.t.Helper()
	s := h.smtp()
	s.Gate()
	return s
}

// to counts the mails that were handed over to addresses with this beginning.
func (s smtp) to(beginning string) int { return len(s.Come(beginning)) }

// many posts mails of one kind in one transaction, as a campaign does.
func (h *house) many(o *message.Outbox, workspace countersign.WorkspaceID, kind message.Kind, to string, n int) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		for i := range n {
			m := message.Mail{Kind: kind, To: fmt.Sprintf("%s%d@example.com", to, i), Language: "en", Data: data()}
			m.Listed = kind == message.Invitation
			err := o.Post(tx, workspace, m)
			if err != nil {
				return err
			}
		}
		return nil
	})
	h.store.Ring("outbox:email") // as the worker's own look would
}

func eachDatabase(t *testing.T, test func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { test(t, build(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, buildOn(t, storetest.Migrated(t))) })
}

// A campaign fills the outbox of one workspace, and the mail server has not taken one mail
// of it when somebody of another asks for a link.
func TestACampaignHoldsUpNothingUrgent(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *house) {
		two, s := h.twoWorkspaces(""), h.slow()
		o := h.outbox(s.SMTP)
		h.run(o)
		h.many(o, countersign.DefaultWorkspace, message.SetUp, "many", 300)
		until(t, "the campaign has its workers", func() bool { return s.to("many") == message.Parallel-1 })
		h.many(o, two, message.PasswordReset, "grace", 1)
		until(t, "the link goes out", func() bool { return s.to("grace") == 1 })
		if n := s.to("many"); n != message.Parallel-1 {
			t.Errorf("%d mails of the campaign are under way", n)
		}
		// Codes without end leave it one worker.
		h.many(o, two, message.EmailCode, "code", 40)
		for range 16 {
			s.Let()
		}
		until(t, "the campaign goes on", func() bool { return s.to("many") > message.Parallel-1 })
		s.Work()
		until(t, "everything is sent", func() bool { return h.due() == 0 })
		if s.to("many") != 300 || s.to("code") != 40 || s.to("grace") != 1 || len(s.All()) != 341 {
			t.Errorf("mails were handed over twice or never: %d, %d, %d, of which %d were taken", s.to("many"), s.to("code"), s.to("grace"), len(s.All()))
		}
	})
}

// What another workspace sends takes turns with a campaign, and what is no campaign comes
// before it.
func TestWorkspacesTakeTurns(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *house) {
		two, s := h.twoWorkspaces(""), h.slow()
		o := h.outbox(s.SMTP)
		h.run(o)
		h.many(o, countersign.DefaultWorkspace, message.SetUp, "many", 100)
		until(t, "the campaign has its workers", func() bool { return s.to("many") == message.Parallel-1 })
		h.many(o, two, message.Invitation, "listed", 5)
		h.many(o, two, message.AccountLocked, "locked", 1)
		begun := message.Parallel - 1
		for done := 1; done <= 11; done++ {
			s.Let()
			begun++
			until(t, "the next one is begun", func() bool { return s.to("") == begun })
		}
		order := strings.Join(s.Come("")[message.Parallel-1:], " ")
		if s.to("locked") != 1 || s.to("listed") != 5 || s.to("many") != message.Parallel-1+5 || !strings.HasPrefix(order, "locked") {
			t.Errorf("they went out as %s", order)
		}
		s.Work()
		until(t, "everything is sent", func() bool { return h.due() == 0 })
	})
}

// Two nodes on one database: each leaves a worker to what is urgent, and nothing goes twice.
func TestTwoNodesKeepTheOrder(t *testing.T) {
	database := storetest.Migrated(t)
	h := buildOn(t, database)
	two, s := h.twoWorkspaces(""), h.slow()
	other := *h
	var err error
	other.store, err = store.Open(t.Context(), store.Options{Database: database, Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.store.Close() })
	o := h.outbox(s.SMTP)
	for _, node := range []*house{h, &other} {
		node.run(node.outbox(s.SMTP))
	}
	h.many(o, countersign.DefaultWorkspace, message.SetUp, "many", 100)
	until(t, "the campaign has its workers", func() bool { return s.to("many") == 2*(message.Parallel-1) })
	h.many(o, two, message.PasswordReset, "grace", 2)
	until(t, "the links go out", func() bool { return s.to("grace") == 2 })
	s.Work()
	until(t, "everything is sent", func() bool { return h.due() == 0 })
	if s.to("many") != 100 || s.to("") != 102 || len(s.All()) != 102 {
		t.Errorf("%d mails were handed over, %d taken", s.to(""), len(s.All()))
	}
}

// What fails waits, and is still before what is less urgent when its time has come.
func TestARetryKeepsItsPlace(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *house) {
		s := h.smtp()
		s.Refuse(mailbox.AtRecipient, 451)
		o := h.outbox(s.SMTP)
		h.run(o)
		h.many(o, countersign.DefaultWorkspace, message.PasswordReset, "grace", 1)
		until(t, "it waits", func() bool { return h.due() > h.clock.Now().UnixMilli() })
		s.Work()
		s.Gate()
		h.many(o, countersign.DefaultWorkspace, message.SetUp, "many", 50)
		until(t, "the campaign has its workers", func() bool { return s.to("many") == message.Parallel-1 })
		h.later(5 * time.Second)
		until(t, "it goes out", func() bool { return s.to("grace") == 1 })
		s.Work()
		until(t, "everything is sent", func() bool { return h.due() == 0 })
	})
}
