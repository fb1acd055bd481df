package message_test

import (
	"context"
	"database/sql"
	"strings"
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

// While the database does not say what is due, the log is told once by each channel and not
// with every look, and when that is over.
func TestAnOutageIsLoggedSeldom(t *testing.T) {
	h := build(t)
	o := h.outbox(&mailer{})
	h.exec("ALTER TABLE messages RENAME TO messages_away")
	h.run(o)
	said := func(what string) int { return strings.Count(h.log.String(), what) }
	until(t, "each channel has said so", func() bool { return said(`msg="it fails, is tried again" channel=`) == 3 })
	for range 20 { // as many looks
		h.store.Ring("outbox:email")
		time.Sleep(10 * time.Millisecond)
	}
	if n := said(`msg="it fails, is tried again" channel=`); n != 3 {
		t.Errorf("the log says so %d times", n)
	}
	h.exec("ALTER TABLE messages_away RENAME TO messages")
	until(t, "each channel says that it is over", func() bool { h.store.Ring("outbox:email"); return said(`msg="it works again" channel=`) == 3 })
}

// exec changes the file past the store.
func (h *house) exec(statement string) {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.file)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(h.t.Context(), "PRAGMA busy_timeout = 5000; "+statement)
	if err != nil {
		h.t.Fatal(err)
	}
}
