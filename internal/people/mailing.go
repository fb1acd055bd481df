package people

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const (
	// lookEvery is how often a node looks for campaigns that are not finished.
	lookEvery = 2 * time.Second
	// batch is how many people one transaction writes to: on SQLite, others wait for it.
	batch = 50
)

// Run mails the people of campaigns. It returns when ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.MailCampaigns(ctx)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "the people of a campaign cannot be mailed, will be tried again", "err", err)
		}
	}
}

// MailCampaigns mails everybody whom a campaign has not come to in its round, in batches,
// of which each is whole or not at all: nobody is mailed twice, on several nodes too, and
// after a crash the next one goes on. One that fails does not hold up the others: the
// errors of all come back together.
func (s *Service) MailCampaigns(ctx context.Context) error {
	running, err := s.Store.Read().RunningCampaigns(ctx)
	if err != nil {
		return store.Classify(err)
	}
	var failed []error
	for _, c := range running {
		err := s.mailCampaign(ctx, c.WorkspaceID, c.ID)
		if err != nil {
			failed = append(failed, fmt.Errorf("campaign %s: %w", c.ID, err))
		}
	}
	return errors.Join(failed...)
}

func (s *Service) mailCampaign(ctx context.Context, workspace countersign.WorkspaceID, id countersign.CampaignID) error {
	for more := true; more && ctx.Err() == nil; {
		err := s.Store.Write(ctx, func(tx *store.Tx) error {
			var err error
			more, err = s.mailBatch(tx, workspace, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mailBatch tells whether there may be more.
func (s *Service) mailBatch(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.CampaignID) (bool, error) {
	c, err := tx.LockCampaign(tx.Ctx, workspace, id)
	if store.NotFound(err) {
		return false, nil // another node has finished it
	}
	if err != nil {
		return false, fmt.Errorf("take the campaign: %w", err)
	}
	due, err := tx.DueInCampaign(tx.Ctx, rows.DueInCampaignParams{WorkspaceID: workspace, CampaignID: id, Round: c.Round, Most: batch})
	if err != nil {
		return false, fmt.Errorf("list the people of a campaign: %w", err)
	}
	for _, row := range due {
		passed := rows.PassInCampaignParams{Round: c.Round, WorkspaceID: workspace, CampaignID: id, UserID: row.User.ID}
		if row.User.State == countersign.Active && !row.Protected {
			first, err := s.countReminder(tx, row.User)
			if err == nil && (first || c.Round == 1 && filterOf(c.Asked) == nil) {
				passed.MailedAt = tx.NowMilli()
				err = s.remind(tx, row.User)
			} else {
				passed.LeftOut = 1
			}
			if err != nil {
				return false, err
			}
		}
		_, err = tx.PassInCampaign(tx.Ctx, passed)
		if err != nil {
			return false, fmt.Errorf("note the mail of a campaign: %w", err)
		}
	}
	if len(due) > 0 {
		return true, nil
	}
	_, err = tx.FinishCampaign(tx.Ctx, tx.NowMilli(), workspace, id)
	if err != nil {
		return false, fmt.Errorf("finish the campaign: %w", err)
	}
	return false, campaignEvent(tx, workspace, id, By{Actor: countersign.Actor{Kind: countersign.BySystem}}, "campaign.mailed", map[string]string{"round": strconv.FormatInt(c.Round, 10)})
}

// countReminder counts this mail as the one that a person gets within 24 hours, whoever asks
// for it, and tells whether it is the first: nobody is reminded twice on one day. What is
// newly required is told all the same.
func (s *Service) countReminder(tx *store.Tx, user rows.User) (bool, error) {
	err := s.Accounts.Spend(tx, user.WorkspaceID, store.ReminderSubject(user.ID), "", remindRate())
	if countersign.KindOf(err) == countersign.Limited {
		return false, nil
	}
	return err == nil, err
}
