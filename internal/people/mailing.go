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
	"countersign/internal/trouble"
)

const (
	// lookEvery is how often a node looks for campaigns that are not finished.
	lookEvery = 2 * time.Second
	// batch is how many people one transaction writes to: on SQLite, others wait for it.
	batch = 50
)

// Run mails the people of campaigns. It returns when ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	m := NewMailing(s, log)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		m.Look(ctx)
	}
}

// Mailing mails the people of campaigns on one node, and tells the log of those that fail,
// each by itself. It belongs to one goroutine.
type Mailing struct {
	people *Service
	log    *slog.Logger
	unread *trouble.Trouble
	// failing are the campaigns that the last look could not mail.
	failing map[countersign.CampaignID]*trouble.Trouble
}

// NewMailing makes the mailing of one node.
func NewMailing(s *Service, log *slog.Logger) *Mailing {
	return &Mailing{
		people: s, log: log, unread: trouble.New(log, s.Now, "read which campaigns there are"),
		failing: map[countersign.CampaignID]*trouble.Trouble{},
	}
}

// Look mails everybody whom a campaign has not come to in its round. See
// [Service.MailCampaigns].
func (m *Mailing) Look(ctx context.Context) {
	list, err := m.people.mailRunning(ctx)
	m.unread.Note(ctx, err)
	if err != nil || ctx.Err() != nil {
		return // of the campaigns nothing is known
	}
	went := map[countersign.CampaignID]error{}
	for _, t := range list {
		went[t.campaign] = t.err
		if _, known := m.failing[t.campaign]; t.err != nil && !known {
			m.failing[t.campaign] = trouble.New(m.log.With("campaign", t.campaign), m.people.Now, "mail the people of a campaign")
		}
	}
	for campaign, failing := range m.failing {
		// Of one that waits no more, another node has mailed it, or its workspace is gone.
		err := went[campaign]
		failing.Note(ctx, err)
		if err == nil {
			delete(m.failing, campaign)
		}
	}
}

// tried is what became of a campaign in one look.
type tried struct {
	campaign countersign.CampaignID
	err      error
}

// MailCampaigns mails everybody whom a campaign has not come to in its round, in batches,
// of which each is whole or not at all: nobody is mailed twice, on several nodes too, and
// after a crash the next one goes on. One that fails does not hold up the others: the
// errors of all come back together.
func (s *Service) MailCampaigns(ctx context.Context) error {
	list, err := s.mailRunning(ctx)
	failed := []error{err}
	for _, t := range list {
		if t.err != nil {
			failed = append(failed, fmt.Errorf("campaign %s: %w", t.campaign, t.err))
		}
	}
	return errors.Join(failed...)
}

// mailRunning tells of each campaign that is not finished what became of it. Its error is
// that there was no telling which there are.
func (s *Service) mailRunning(ctx context.Context) ([]tried, error) {
	running, err := s.Store.Read().RunningCampaigns(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the campaigns: %w", store.Classify(err))
	}
	list := make([]tried, 0, len(running))
	for _, c := range running {
		list = append(list, tried{c.ID, s.mailCampaign(ctx, c.WorkspaceID, c.ID)})
	}
	return list, nil
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
