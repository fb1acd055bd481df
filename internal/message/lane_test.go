package message_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// slow is a mail server that takes as long for each mail as the test wants.
type slow struct {
	mu    sync.Mutex
	begun []string // to whom, in order
	next  chan struct{}
}

func (s *slow) Send(ctx context.Context, letter notify.Mail) error {
	s.mu.Lock()
	s.begun = append(s.begun, letter.To)
	s.mu.Unlock()
	select {
	case <-s.next:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// to counts the mails that were begun to addresses with this beginning.
func (s *slow) to(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, to := range s.begun {
		if strings.HasPrefix(to, prefix) {
			n++
		}
	}
	return n
}

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
		two, s := h.twoWorkspaces(""), &slow{next: make(chan struct{})}
		o := h.outbox(s)
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
			s.next <- struct{}{}
		}
		until(t, "the campaign goes on", func() bool { return s.to("many") > message.Parallel-1 })
		close(s.next)
		until(t, "everything is sent", func() bool { return h.due() == 0 })
		if s.to("many") != 300 || s.to("code") != 40 || s.to("grace") != 1 {
			t.Errorf("mails were begun twice or never: %d, %d, %d", s.to("many"), s.to("code"), s.to("grace"))
		}
	})
}

// What another workspace sends takes turns with a campaign, and what is no campaign comes
// before it.
func TestWorkspacesTakeTurns(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *house) {
		two, s := h.twoWorkspaces(""), &slow{next: make(chan struct{})}
		o := h.outbox(s)
		h.run(o)
		h.many(o, countersign.DefaultWorkspace, message.SetUp, "many", 100)
		until(t, "the campaign has its workers", func() bool { return s.to("many") == message.Parallel-1 })
		h.many(o, two, message.Invitation, "listed", 5)
		h.many(o, two, message.AccountLocked, "locked", 1)
		begun := message.Parallel - 1
		for done := 1; done <= 11; done++ {
			s.next <- struct{}{}
			begun++
			until(t, "the next one is begun", func() bool { return s.to("") == begun })
		}
		s.mu.Lock()
		order := strings.Join(s.begun[message.Parallel-1:], " ")
		s.mu.Unlock()
		if s.to("locked") != 1 || s.to("listed") != 5 || s.to("many") != message.Parallel-1+5 || !strings.HasPrefix(order, "locked") {
			t.Errorf("they went out as %s", order)
		}
		close(s.next)
		until(t, "everything is sent", func() bool { return h.due() == 0 })
	})
}

// Two nodes on one database: each leaves a worker to what is urgent, and nothing goes twice.
func TestTwoNodesKeepTheOrder(t *testing.T) {
	database := storetest.Migrated(t)
	h := buildOn(t, database)
	two, s := h.twoWorkspaces(""), &slow{next: make(chan struct{})}
	other := *h
	var err error
	other.store, err = store.Open(t.Context(), store.Options{Database: database, Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.store.Close() })
	o := h.outbox(s)
	for _, node := range []*house{h, &other} {
		node.run(node.outbox(s))
	}
	h.many(o, countersign.DefaultWorkspace, message.SetUp, "many", 100)
	until(t, "the campaign has its workers", func() bool { return s.to("many") == 2*(message.Parallel-1) })
	h.many(o, two, message.PasswordReset, "grace", 2)
	until(t, "the links go out", func() bool { return s.to("grace") == 2 })
	close(s.next)
	until(t, "everything is sent", func() bool { return h.due() == 0 })
	if s.to("many") != 100 || s.to("") != 102 {
		t.Errorf("%d mails were begun", s.to(""))
	}
}

// What fails waits, and is still before what is less urgent when its time has come.
func TestARetryKeepsItsPlace(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *house) {
		m := &mailer{}
		o := h.outbox(m)
		m.set(func(context.Context, notify.Mail) error { return errLater })
		h.run(o)
		h.many(o, countersign.DefaultWorkspace, message.PasswordReset, "grace", 1)
		until(t, "it waits", func() bool { return h.due() > h.clock.Now().UnixMilli() })
		s := &slow{next: make(chan struct{})}
		m.set(s.Send)
		h.many(o, countersign.DefaultWorkspace, message.SetUp, "many", 50)
		until(t, "the campaign has its workers", func() bool { return s.to("many") == message.Parallel-1 })
		h.later(5 * time.Second)
		until(t, "it goes out", func() bool { return s.to("grace") == 1 })
		close(s.next)
		until(t, "everything is sent", func() bool { return h.due() == 0 })
	})
}
