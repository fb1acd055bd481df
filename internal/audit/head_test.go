package audit_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// The server seals by itself, a last time when it ends, and tells its log the head: at
// once, and then once a minute where it changed.
func TestTheServerSeals(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			l.Run(ctx, slog.New(slog.NewTextHandler(l.said, nil)))
			close(ended)
		}()
		sealed := func(n int64) string {
			for range 1000 {
				r := l.verify(t)
				if r.Unsealed == 0 && r.Events == n {
					return r.Head.String()
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Fatalf("%d events are not sealed: %+v", n, l.verify(t))
			return ""
		}
		told := func(head string) bool {
			for range 200 {
				if strings.Contains(l.said.String(), "head="+head) {
					return true
				}
				time.Sleep(10 * time.Millisecond)
			}
			return false
		}
		l.write(t, workspace, 2)
		first := sealed(3) // with the event that the chain began
		if !told(first) {
			t.Errorf("the first head is not told:\n%s", l.said)
		}
		l.write(t, workspace, 1)
		second := sealed(4)
		time.Sleep(1200 * time.Millisecond) // a look and more
		if n := strings.Count(l.said.String(), "head="); n != 1 {
			t.Errorf("%d heads are told within a minute:\n%s", n, l.said)
		}
		l.advance(time.Minute)
		if !told(second) {
			t.Errorf("a minute later the second is not told:\n%s", l.said)
		}
		l.write(t, workspace, 1)
		stop()
		<-ended
		third := sealed(5)
		l.write(t, workspace, 1)
		look(t, l.sealer())
		if r := l.verify(t); r.Unsealed != 0 {
			t.Errorf("whoever starts next waits for the turn: %+v", r)
		}
		if !told(third) || strings.Count(l.said.String(), "head=") != 3 {
			t.Errorf("at the end the last is not told, or more:\n%s", l.said)
		}
	})
}

// Whoever keeps the server's log elsewhere has noted the head of every chain each day, also
// of those in which nothing happens.
func TestTheLogOfTheServerHasTheHeadOfEachDay(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		l.filled(t)
		head := l.verify(t).Head.String()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			l.Run(ctx, slog.New(slog.NewTextHandler(l.said, nil)))
			close(ended)
		}()
		for day := 1; day <= 3; day++ {
			line := `msg="the audit log of the day" workspace=` + string(workspace) + " head=" + head
			for range 500 {
				if strings.Count(l.said.String(), line) == day {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if n := strings.Count(l.said.String(), line); n != day {
				t.Errorf("on day %d the head was told %d times:\n%s", day, n, l.said)
			}
			l.advance(24 * time.Hour)
		}
		stop()
		<-ended
	})
}
