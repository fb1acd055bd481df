package trouble_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"countersign/internal/trouble"
)

func TestWhatFailsIsToldSeldom(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 12, 0, 0, time.UTC)
	var log bytes.Buffer
	one := trouble.New(slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now }, "read the outbox")
	ended, end := context.WithCancel(context.Background())
	end()
	away := errors.New("the database is away")
	// notes returns the words of the log after so many looks, one every two seconds.
	notes := func(ctx context.Context, n int, err error) string {
		log.Reset()
		for range n {
			one.Note(ctx, err)
			now = now.Add(2 * time.Second)
		}
		var said []string
		for line := range strings.Lines(log.String()) {
			switch {
			case strings.Contains(line, `level=ERROR msg="it fails, is tried again" what="read the outbox" err="the database is away"`):
				said = append(said, "fails")
			case strings.Contains(line, `level=INFO msg="it works again" what="read the outbox" failed_for=`):
				said = append(said, "over")
			default:
				said = append(said, line)
			}
		}
		return strings.Join(said, " ")
	}
	for _, row := range []struct {
		what string
		ctx  context.Context
		n    int
		err  error
		want string
	}{
		{"while all is well", context.Background(), 5, nil, ""},
		{"in the first ten minutes", context.Background(), 300, away, "fails"},
		{"in the next ten", context.Background(), 300, away, "fails"},
		{"when the program ends", ended, 5, away, ""},
		{"when the program ends and it goes well", ended, 5, nil, ""},
		{"when it is over", context.Background(), 5, nil, "over"},
		{"when it fails again", context.Background(), 5, away, "fails"},
	} {
		if got := notes(row.ctx, row.n, row.err); got != row.want {
			t.Errorf("%s the log says %q, want %q", row.what, got, row.want)
		}
	}
	now = now.Add(-time.Hour)
	if got := notes(context.Background(), 5, away); got != "fails" {
		t.Errorf("after the clock was set back the log says %q", got)
	}
}
