package census

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// WeekDays is how far back outcomes and deliveries are counted.
const WeekDays = 7

// Week is what became of requests and messages in the last seven days.
type Week struct {
	// Approved, Denied, Reported and Expired are how requests to phones ended, tests left
	// out; those that nobody was to answer any more are not counted.
	Approved, Denied, Reported, Expired int64
	// Median is how long half of the approvals took at most, 0 where there was none.
	Median time.Duration
	// Mails, Pushes and Texts are what was sent, and Failed… what was given up.
	Mails, Pushes, Texts                   int64
	FailedMails, FailedPushes, FailedTexts int64
	// RefusedSenders counts mails that wait because the mail server does not take mail from
	// the workspace's sender.
	RefusedSenders int64
	// Undelivered counts texts of which their provider said that they did not arrive.
	Undelivered int64
	// SilentPhones is how many phones there are now whose push service takes nothing.
	SilentPhones int64
}

// Answered counts the requests that ended.
func (w Week) Answered() int64 { return w.Approved + w.Denied + w.Reported + w.Expired }

// Failed counts the messages that did not leave, or are said not to have arrived.
func (w Week) Failed() int64 { return w.FailedMails + w.FailedPushes + w.FailedTexts + w.Undelivered }

// Week counts the last seven days.
func (s *Service) Week(ctx context.Context, workspace countersign.WorkspaceID) (Week, error) {
	var w Week
	since := s.Now().Add(-WeekDays * day)
	outcomes, err := s.Store.Read().CountOutcomes(ctx, workspace, since.UnixMilli())
	if err != nil {
		return Week{}, fmt.Errorf("count requests: %w", store.Classify(err))
	}
	w.requests(outcomes)
	deliveries, err := s.Store.Read().CountDeliveries(ctx, workspace, message.FirstAt(since), notify.SenderRefused+"%")
	if err != nil {
		return Week{}, fmt.Errorf("count messages: %w", store.Classify(err))
	}
	for _, d := range deliveries {
		w.message(d)
	}
	w.SilentPhones, err = s.Store.Read().CountDevicesRefused(ctx, workspace)
	if err != nil {
		return Week{}, fmt.Errorf("count phones: %w", store.Classify(err))
	}
	totals, err := s.Accounts.TextTotals(ctx, workspace, WeekDays)
	if err != nil {
		return Week{}, err
	}
	for _, t := range totals {
		w.Undelivered += t.Failed
	}
	return w, nil
}

// requests adds how requests ended.
func (w *Week) requests(outcomes []rows.CountOutcomesRow) {
	took := map[int64]int64{}
	for _, o := range outcomes {
		switch o.State {
		case "approved", "consumed":
			w.Approved += o.Requests
			took[o.Tenths] += o.Requests
		case "denied":
			w.Denied += o.Requests
		case "reported":
			w.Reported += o.Requests
		case "expired":
			w.Expired += o.Requests
		}
	}
	seen := int64(0)
	for _, tenths := range slices.Sorted(maps.Keys(took)) {
		seen += took[tenths]
		if 2*seen >= w.Approved {
			w.Median = time.Duration(tenths) * time.Second / 10
			return
		}
	}
}

func (w *Week) message(d rows.CountDeliveriesRow) {
	sent, failed := &w.Mails, &w.FailedMails
	switch d.Channel {
	case "push":
		sent, failed = &w.Pushes, &w.FailedPushes
	case "text":
		sent, failed = &w.Texts, &w.FailedTexts
	}
	switch d.State {
	case "queued":
		w.RefusedSenders += d.Messages
	case "failed":
		*failed += d.Messages
	default:
		*sent += d.Messages
	}
}
