package message_test

import (
	"context"
	"testing"
	"time"

	"countersign/internal/notify"
	"countersign/internal/store/storetest"
)

// The database goes away while a mail is being handed over and comes back: the
// mail is marked as sent then, and nobody gets it a second time.
func TestAnOutageDoublesNoMail(t *testing.T) {
	h, m := buildOn(t, storetest.Migrated(t)), &mailer{}
	o := h.outbox(m)
	underway, goOn := make(chan struct{}), make(chan struct{})
	m.set(func(context.Context, notify.Mail) error {
		close(underway)
		<-goOn
		return nil
	})
	h.run(o)
	h.post(o, reset())
	<-underway
	m.set(nil)
	storetest.StopPostgres(t)
	close(goOn)
	until(t, "the mail was taken", func() bool { return len(m.all()) == 1 })
	time.Sleep(300 * time.Millisecond) // the outcome cannot be written meanwhile
	storetest.StartPostgres(t)
	until(t, "nothing is due", func() bool { return h.due() == 0 })
	h.later(2 * time.Minute) // any lease is over
	h.post(o, reset())       // and the worker is awake
	until(t, "the next mail is sent", func() bool { return len(m.all()) == 2 && h.due() == 0 })
	if n := m.tries(); n != 2 {
		t.Errorf("two mails were handed over %d times", n)
	}
}
