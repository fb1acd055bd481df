package notify_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/e2e/mailbox"
	"countersign/internal/notify"
)

// numbered is a letter that can be told from others at the mail server.
func numbered(n int) notify.Mail {
	m := letter()
	m.ID = fmt.Sprint("msg_", n)
	return m
}

// sendAll sends n letters, one after the other.
func sendAll(t *testing.T, s *notify.SMTP, n int) {
	t.Helper()
	for i := range n {
		err := s.Send(t.Context(), numbered(i))
		if err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
}

// until waits for what the mail server does by itself.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func TestMailsShareALine(t *testing.T) {
	rows := []struct {
		name    string
		options []mailbox.Option
		user    string
	}{
		{"in the clear on this machine", nil, ""},
		{"over STARTTLS with a password", []mailbox.Option{mailbox.STARTTLS("countersign", password)}, "countersign"},
		{"over TLS from the first byte with a password", []mailbox.Option{mailbox.ImplicitTLS("countersign", password)}, "countersign"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			box := mailbox.Start(t, row.options...)
			s := sender(t, box)
			sendAll(t, s, 20)
			if len(box.All()) != 20 || box.Lines() != 1 {
				t.Errorf("%d mails over %d lines", len(box.All()), box.Lines())
			}
			for _, m := range box.All() {
				if m.User != row.user || m.TLS != (row.user != "") || len(m.To) != 1 {
					t.Errorf("to %q as %q, TLS %v", m.To, m.User, m.TLS)
				}
			}
			s.Close()
			until(t, "the line ends", func() bool { return box.Open() == 0 })
		})
	}
}

func TestALineIsNotKeptForEver(t *testing.T) {
	t.Run("a hundred mails wear it out", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		s := sender(t, box)
		sendAll(t, s, 101)
		if box.Lines() != 2 {
			t.Errorf("101 mails went over %d lines", box.Lines())
		}
		until(t, "the worn one ends", func() bool { return box.Open() == 1 })
	})
	t.Run("five minutes do", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		var passed atomic.Int64
		s := sender(t, box, func(o *notify.Options) {
			o.Now = func() time.Time { return now.Add(time.Duration(passed.Load())) }
		})
		for i, minutes := range []int{0, 4, 6, 10, 12} {
			passed.Store(int64(time.Duration(minutes) * time.Minute))
			sendAll(t, s, 1)
			if want := []int{1, 1, 2, 2, 3}[i]; box.Lines() != want {
				t.Errorf("after %d minutes there were %d lines, want %d", minutes, box.Lines(), want)
			}
		}
	})
	t.Run("it waits for a short time", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		s := sender(t, box, func(o *notify.Options) { o.Idle = 50 * time.Millisecond })
		sendAll(t, s, 1)
		until(t, "it ends by itself", func() bool { return box.Open() == 0 })
		sendAll(t, s, 1)
		if box.Lines() != 2 {
			t.Errorf("%d lines", box.Lines())
		}
	})
	t.Run("a refused mail ends it", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		s := sender(t, box)
		box.Refuse(mailbox.AtRecipient, 550)
		err := s.Send(t.Context(), letter())
		if err == nil || notify.Temporary(err) {
			t.Errorf("err is %v", err)
		}
		until(t, "it ends", func() bool { return box.Open() == 0 })
	})
}

// Whatever became of a line since the last mail, the next one goes.
func TestALineThatEndedIsReplaced(t *testing.T) {
	rows := []struct {
		name   string
		before func(*mailbox.Box) // the first mail
		then   func(*mailbox.Box)
	}{
		{"the server ended it with a word", nil, func(b *mailbox.Box) { b.HangUp("421 4.4.2 idle for too long") }},
		{"the server ended it without a word", nil, func(b *mailbox.Box) { b.HangUp("") }},
		{"the server was started again", nil, func(b *mailbox.Box) { b.Stop(); b.Start() }},
		{"the server takes one mail on a line", func(b *mailbox.Box) { b.Most(1) }, nil},
		{"the server cuts after a mail", func(b *mailbox.Box) { b.Cut(mailbox.AtNext) }, nil},
		{"the server says nothing after a mail", func(b *mailbox.Box) { b.Hang(mailbox.AtNext) }, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			box := mailbox.Start(t, mailbox.STARTTLS("countersign", password))
			s := sender(t, box, func(o *notify.Options) { o.Connect, o.Whole = 300*time.Millisecond, 5*time.Second })
			if row.before != nil {
				row.before(box)
			}
			for n := range 3 {
				begun := time.Now()
				err := s.Send(t.Context(), numbered(n))
				if err != nil {
					t.Fatalf("mail %d: %v", n, err)
				}
				if took := time.Since(begun); took > 4*time.Second {
					t.Errorf("mail %d took %v", n, took)
				}
				if row.then != nil {
					row.then(box)
				}
			}
			if len(box.All()) != 3 || box.Lines() != 3 {
				t.Errorf("%d mails over %d lines, want 3 over 3", len(box.All()), box.Lines())
			}
		})
	}
}

// A mail is tried on a second line only where nothing of it can have been taken,
// and not where the answer would be the same.
func TestWhatIsTriedOnAnotherLine(t *testing.T) {
	rows := []struct {
		name      string
		trouble   func(*mailbox.Box)
		lines     int // with the one of the first mail
		mails     int // with the first
		temporary bool
	}{
		{"a refused sender, as it may be about the line", func(b *mailbox.Box) { b.Refuse(mailbox.AtMail, 550) }, 2, 1, true},
		{"a line cut at the sender", func(b *mailbox.Box) { b.Cut(mailbox.AtMail) }, 2, 1, true},
		{"a line cut at the recipient", func(b *mailbox.Box) { b.Cut(mailbox.AtRecipient) }, 2, 1, true},
		{"a server that goes away at the recipient", func(b *mailbox.Box) { b.Refuse(mailbox.AtRecipient, 421) }, 2, 1, true},
		{"not a refused recipient", func(b *mailbox.Box) { b.Refuse(mailbox.AtRecipient, 550) }, 1, 1, false},
		{"not a recipient put off", func(b *mailbox.Box) { b.Refuse(mailbox.AtRecipient, 450) }, 1, 1, true},
		{"not a refused mail", func(b *mailbox.Box) { b.Refuse(mailbox.AtData, 554) }, 1, 1, false},
		{"not a server that goes away with the mail in its hands", func(b *mailbox.Box) { b.Refuse(mailbox.AtData, 421) }, 1, 1, true},
		{"not a line cut with the mail in the server's hands", func(b *mailbox.Box) { b.Cut(mailbox.AtData) }, 1, 1, true},
		{"not a mail that was taken without a word", func(b *mailbox.Box) { b.Cut(mailbox.AtTaken) }, 1, 2, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			box := mailbox.Start(t, mailbox.STARTTLS("countersign", password))
			s := sender(t, box)
			sendAll(t, s, 1)
			row.trouble(box)
			err := s.Send(t.Context(), letter())
			if err == nil || notify.Temporary(err) != row.temporary {
				t.Errorf("temporary is %v for %v", notify.Temporary(err), err)
			}
			if box.Lines() != row.lines || len(box.All()) != row.mails {
				t.Errorf("%d mails over %d lines, want %d over %d", len(box.All()), box.Lines(), row.mails, row.lines)
			}
			box.Work()
			sendAll(t, s, 1)
			until(t, "one line is left", func() bool { return box.Open() == 1 })
		})
	}
}

func TestAKeptLineHoldsNoMailForLonger(t *testing.T) {
	for name, at := range map[string]mailbox.Stage{"at the sender": mailbox.AtMail, "with the mail": mailbox.AtData} {
		t.Run("a server that hangs "+name, func(t *testing.T) {
			t.Parallel()
			box := mailbox.Start(t)
			s := sender(t, box, func(o *notify.Options) { o.Connect, o.Whole = time.Second, time.Second })
			sendAll(t, s, 1)
			box.Hang(at)
			begun := time.Now()
			err := s.Send(t.Context(), letter())
			if took := time.Since(begun); took < 900*time.Millisecond || took > 1800*time.Millisecond {
				t.Errorf("took %v for a limit of 1s", took)
			}
			if !notify.Temporary(err) || !strings.Contains(err.Error(), "did not answer in time") {
				t.Errorf("err is %v", err)
			}
		})
	}
	t.Run("a line that hangs before a mail, and a new one too", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
		var dialled atomic.Int64
		s := sender(t, box, func(o *notify.Options) {
			o.Connect, o.Whole = 600*time.Millisecond, time.Second
			o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				if dialled.Add(1) > 1 {
					return new(net.Dialer).DialContext(ctx, network, silent.Addr().String())
				}
				return new(net.Dialer).DialContext(ctx, network, box.Addr())
			}
		})
		box.Hang(mailbox.AtNext)
		sendAll(t, s, 1)
		begun := time.Now()
		err = s.Send(t.Context(), letter())
		if took := time.Since(begun); took < 900*time.Millisecond || took > 1800*time.Millisecond {
			t.Errorf("took %v for a limit of 1s", took)
		}
		if !notify.Temporary(err) || dialled.Load() != 2 {
			t.Errorf("err is %v after %d connections", err, dialled.Load())
		}
	})
	t.Run("each mail has its own time", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t, mailbox.STARTTLS("countersign", password))
		s := sender(t, box, func(o *notify.Options) { o.Connect, o.Whole = 300*time.Millisecond, 300*time.Millisecond })
		for range 4 {
			sendAll(t, s, 1)
			time.Sleep(200 * time.Millisecond)
		}
		if box.Lines() != 1 {
			t.Errorf("%d lines", box.Lines())
		}
	})
	t.Run("a stopped mail ends its line", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		s := sender(t, box)
		sendAll(t, s, 1)
		box.Hang(mailbox.AtMail)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		err := s.Send(ctx, letter())
		if !notify.Temporary(err) || !strings.Contains(err.Error(), "stopped") {
			t.Errorf("err is %v", err)
		}
		box.Work()
		sendAll(t, s, 1)
		if len(box.All()) != 2 {
			t.Errorf("%d mails", len(box.All()))
		}
	})
}

// The line that takes the place of another is checked like the first.
func TestTheCertificateIsCheckedOnEveryLine(t *testing.T) {
	for name, option := range map[string]mailbox.Option{
		"STARTTLS": mailbox.STARTTLS("countersign", password), "TLS": mailbox.ImplicitTLS("countersign", password),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right, wrong := mailbox.Start(t, option), mailbox.Start(t, option)
			var way atomic.Pointer[mailbox.Box]
			way.Store(right)
			s := sender(t, right, func(o *notify.Options) {
				o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, way.Load().Addr())
				}
			})
			sendAll(t, s, 1)
			way.Store(wrong)
			sendAll(t, s, 1)
			right.HangUp("")
			err := s.Send(t.Context(), letter())
			if err == nil || !strings.Contains(err.Error(), "certificate") || len(wrong.All()) != 0 {
				t.Errorf("err is %v, %d mails at the wrong server", err, len(wrong.All()))
			}
			if wrong.Lines() != 1 || len(right.All()) != 2 {
				t.Errorf("%d lines to the wrong server, %d mails at the right one", wrong.Lines(), len(right.All()))
			}
		})
	}
}

func TestManySendAtOnce(t *testing.T) {
	const workers, each = 4, 20
	send := func(t *testing.T, s *notify.SMTP) map[string]bool {
		t.Helper()
		var mu sync.Mutex
		sent := map[string]bool{}
		var done sync.WaitGroup
		for w := range workers {
			done.Go(func() {
				for i := range each {
					m := numbered(w*each + i)
					err := s.Send(t.Context(), m)
					mu.Lock()
					sent["<"+m.ID+"@acme.example>"] = err == nil
					mu.Unlock()
				}
			})
		}
		done.Wait()
		return sent
	}
	t.Run("over as many lines as there are workers", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t, mailbox.STARTTLS("countersign", password))
		s := sender(t, box, func(o *notify.Options) { o.Keep = workers })
		for id, sent := range send(t, s) {
			if !sent {
				t.Errorf("%s was not sent", id)
			}
		}
		if len(box.All()) != workers*each || box.Lines() > workers {
			t.Errorf("%d mails over %d lines", len(box.All()), box.Lines())
		}
	})
	t.Run("and no more wait than may", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		var dialled atomic.Int64
		var all sync.WaitGroup
		all.Add(workers)
		s := sender(t, box, func(o *notify.Options) {
			o.Keep, o.Idle = 2, time.Hour
			o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				if dialled.Add(1) <= workers {
					all.Done()
				}
				all.Wait() // so that there are as many lines as workers
				return new(net.Dialer).DialContext(ctx, network, box.Addr())
			}
		})
		send(t, s)
		until(t, "two are left", func() bool { return box.Open() == 2 })
		s.Close()
		until(t, "none is left", func() bool { return box.Open() == 0 })
	})
	t.Run("while the server ends lines at any moment, none twice", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		s := sender(t, box, func(o *notify.Options) { o.Keep, o.Idle = workers, 2*time.Millisecond })
		over, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for {
				select {
				case <-over:
					return
				case <-time.After(3 * time.Millisecond):
					box.HangUp("421 4.3.2 restarting")
				}
			}
		}()
		sent := send(t, s)
		close(over)
		<-ended
		arrived := map[string]int{}
		for _, m := range box.All() {
			arrived[m.Header.Get("Message-Id")]++
		}
		for id, ok := range sent {
			if arrived[id] > 1 || (ok && arrived[id] == 0) {
				t.Errorf("%s arrived %d times, sent is %v", id, arrived[id], ok)
			}
		}
	})
}

func TestClosing(t *testing.T) {
	t.Run("a server that hangs does not hold it up", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t, mailbox.STARTTLS("countersign", password))
		box.Hang(mailbox.AtNext)
		s := sender(t, box, func(o *notify.Options) { o.Keep = 4 })
		var done sync.WaitGroup
		for n := range 4 {
			done.Go(func() { _ = s.Send(t.Context(), numbered(n)) })
		}
		done.Wait()
		begun := time.Now()
		s.Close()
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
		s.Close() // a second time is nothing
	})
	t.Run("what is sent afterwards goes, and leaves no line open", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		s := sender(t, box)
		s.Close()
		sendAll(t, s, 2)
		if len(box.All()) != 2 || box.Lines() != 2 {
			t.Errorf("%d mails over %d lines", len(box.All()), box.Lines())
		}
		until(t, "none is left", func() bool { return box.Open() == 0 })
	})
	t.Run("a mail under way arrives", func(t *testing.T) {
		t.Parallel()
		box := mailbox.Start(t)
		dialling, goOn := make(chan struct{}), make(chan struct{})
		s := sender(t, box, func(o *notify.Options) {
			o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				close(dialling)
				<-goOn
				return new(net.Dialer).DialContext(ctx, network, box.Addr())
			}
		})
		outcome := make(chan error, 1)
		go func() { outcome <- s.Send(t.Context(), letter()) }()
		<-dialling
		s.Close()
		close(goOn)
		err := <-outcome
		if err != nil || len(box.All()) != 1 {
			t.Errorf("err is %v, %d mails", err, len(box.All()))
		}
		until(t, "none is left", func() bool { return box.Open() == 0 })
	})
}

// overheard is a connection that notes what is said to the server.
type overheard struct {
	net.Conn
	said *strings.Builder
}

func (o overheard) Write(p []byte) (int, error) {
	o.said.Write(p)
	return o.Conn.Write(p)
}

func TestWhatIsSaidOnALine(t *testing.T) {
	box := mailbox.Start(t)
	var said strings.Builder
	s := sender(t, box, func(o *notify.Options) {
		o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, box.Addr())
			return overheard{conn, &said}, err
		}
	})
	sendAll(t, s, 2)
	s.Close()
	var words []string
	for line := range strings.Lines(said.String()) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "EHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", ".":
			words = append(words, word)
		}
	}
	if got, want := strings.Join(words, " "), "EHLO MAIL RCPT DATA . RSET MAIL RCPT DATA . QUIT"; got != want {
		t.Errorf("said %s, want %s", got, want)
	}
}
