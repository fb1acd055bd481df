package people

import (
	"context"
	"log/slog"
	"time"
)

// sortEvery is how often a node looks for people whom nobody has sorted: a program from
// before, running beside this one while an installation is brought up to date, writes
// such.
const sortEvery = time.Minute

// KeepSorted sorts people whom a program from before wrote. It returns when ctx ends.
func (s *Service) KeepSorted(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(sortEvery)
	defer tick.Stop()
	for {
		n, err := s.IndexOnce(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			log.WarnContext(ctx, "people cannot be sorted, will be tried again", "err", err)
		case n > 0:
			log.InfoContext(ctx, "people were sorted for lists and searches", "people", n)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
