package mailbox

import (
	"errors"
	"io"
	"net/smtp"
	"net/textproto"
	"testing"
	"time"
)

// dial opens a line on which several messages can go, and ends it with the test.
func dial(t *testing.T, b *Box) *smtp.Client {
	t.Helper()
	line, err := smtp.Dial(b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	err = line.Hello("localhost")
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// give hands one message over.
func give(line *smtp.Client) error {
	err := line.Mail("countersign@example.com")
	if err != nil {
		return err
	}
	err = line.Rcpt("ada@example.com")
	if err != nil {
		return err
	}
	w, err := line.Data()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "Subject: again\r\n\r\nHello\r\n")
	if err != nil {
		return err
	}
	return w.Close()
}

func TestMessagesThatShareALine(t *testing.T) {
	rows := []struct {
		name    string
		trouble func(*Box)
		code    int // of the second message's failure; 0 without an answer
		fails   bool
	}{
		{"both are taken", func(*Box) {}, 0, false},
		{"one is the most for a line", func(b *Box) { b.Most(1) }, 421, true},
		{"the server ends the line in between, with a word", func(b *Box) { b.HangUp("421 4.4.2 idle") }, 421, true},
		{"the server ends the line in between, without a word", func(b *Box) { b.HangUp("") }, 0, true},
		{"a server that hangs at connecting has no line open", func(b *Box) { b.Hang(AtConnect) }, 0, true},
		{"the server cuts the line at the second", func(b *Box) { b.Cut(AtMail) }, 0, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := Start(t)
			line := dial(t, b)
			err := give(line)
			if err != nil {
				t.Fatal(err)
			}
			if b.Lines() != 1 || b.Open() != 1 {
				t.Errorf("%d lines were made and %d are open, want one", b.Lines(), b.Open())
			}
			row.trouble(b)
			err = give(line)
			var answer *textproto.Error
			answered := 0
			if errors.As(err, &answer) {
				answered = answer.Code
			}
			if (err != nil) != row.fails || answered != row.code {
				t.Errorf("the second: %v (code %d)", err, answered)
			}
			if n := len(b.All()); (n == 1) != row.fails {
				t.Errorf("%d messages were taken", n)
			}
		})
	}
}

func TestAServerThatFallsSilentAfterAMessage(t *testing.T) {
	for name, trouble := range map[string]func(*Box){
		"hangs": func(b *Box) { b.Hang(AtNext) },
		"cuts":  func(b *Box) { b.Cut(AtNext) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := Start(t)
			trouble(b)
			line := dial(t, b)
			err := give(line)
			if err != nil || len(b.All()) != 1 {
				t.Fatalf("the first: %v, %d messages", err, len(b.All()))
			}
			answered := make(chan error, 1)
			go func() { answered <- give(line) }()
			if name == "hangs" {
				select {
				case err = <-answered:
					t.Errorf("the second was answered: %v", err)
				case <-time.After(100 * time.Millisecond):
				}
				b.Work()
			}
			err = <-answered
			if err == nil || len(b.All()) != 1 {
				t.Errorf("the second: %v, %d messages", err, len(b.All()))
			}
		})
	}
}

func TestAMessageThatWasTakenWithoutAWord(t *testing.T) {
	for name, trouble := range map[string]func(*Box){
		"hangs": func(b *Box) { b.Hang(AtTaken) },
		"cuts":  func(b *Box) { b.Cut(AtTaken) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := Start(t)
			trouble(b)
			time.AfterFunc(100*time.Millisecond, b.Work)
			err := give(dial(t, b))
			if err == nil || len(b.All()) != 1 {
				t.Errorf("%v, %d messages; want an error and one", err, len(b.All()))
			}
		})
	}
}
