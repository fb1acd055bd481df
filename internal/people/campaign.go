package people

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// NewCampaign names a mail to everybody without a second factor that is about to be sent.
func NewCampaign() countersign.CampaignID { return countersign.CampaignID(seal.ID("cmp")) }

var campaignForm = regexp.MustCompile(`^cmp_[0-9a-z]{26}$`)

func checkCampaign(id countersign.CampaignID) error {
	if id != "" && !campaignForm.MatchString(string(id)) {
		return countersign.InvalidField("campaign", "campaign_unknown")
	}
	return nil
}

func noSuchCampaign() error { return countersign.Refuse(countersign.NotFound, "no_such_campaign") }

// begun tells whether a campaign is there already.
func begun(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.CampaignID) (bool, error) {
	if id == "" {
		return false, nil
	}
	_, err := tx.GetCampaign(tx.Ctx, workspace, id)
	if store.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("load the campaign: %w", err)
	}
	return true, nil
}

// StartCampaign has exactly those written to who can sign in and have no second factor now,
// in a pool or in the whole workspace (""). They are gathered here and mailed by
// MailCampaigns, each once, whatever ends in between. The same identifier again does
// nothing. Errors: those of onAll; Invalid on "campaign"; NotFound "no_such_pool"; Limited
// "too_many_mails".
func (s *Service) StartCampaign(ctx context.Context, workspace countersign.WorkspaceID, id countersign.CampaignID, pool countersign.PoolID, by By) error {
	err := checkCampaign(id)
	if err == nil && id == "" {
		err = countersign.InvalidField("campaign", "campaign_unknown")
	}
	if err != nil {
		return err
	}
	return s.onAll(ctx, workspace, by, policy.DeedCampaign, func(tx *store.Tx, by By) error {
		done, err := begun(tx, workspace, id)
		if err != nil || done {
			return err
		}
		if pool != "" {
			_, err = poolIn(tx, workspace, pool)
			if err != nil {
				return err
			}
		}
		return s.startCampaign(tx, workspace, id, pool, by)
	})
}

// campaignRate lets nobody write to all of a pool, or of a workspace, as often as they
// click. Whoever required it for a wrong day can do it again.
func campaignRate() limit.Rate { return limit.Rate{Interval: 8 * time.Hour, Burst: 3} }

func (s *Service) startCampaign(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.CampaignID, pool countersign.PoolID, by By) error {
	err := s.Accounts.Spend(tx, workspace, "campaign:"+string(pool), "too_many_mails", campaignRate())
	if err != nil {
		return err
	}
	n, err := tx.InsertCampaign(tx.Ctx, rows.InsertCampaignParams{
		WorkspaceID: workspace, ID: id, PoolID: pool, CreatedBy: by.Actor.User, CreatedAt: tx.NowMilli(),
	})
	if err != nil {
		return fmt.Errorf("insert the campaign: %w", err)
	}
	if n == 0 {
		return nil // the other half of a double click was faster
	}
	people, err := tx.GatherCampaign(tx.Ctx, string(id), workspace, string(pool))
	if err != nil {
		return fmt.Errorf("gather those without a second factor: %w", err)
	}
	return campaignEvent(tx, workspace, id, by, "campaign.started", map[string]string{"people": strconv.FormatInt(people, 10), "pool": string(pool)})
}

func campaignEvent(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.CampaignID, by By, kind string, detail map[string]string) error {
	return audit.Write(tx, workspace, audit.Event{Kind: kind, Actor: by.Actor, Target: string(id), Place: by.Place, Detail: detail})
}

// againAfter is how long the people of a campaign are left alone.
const againAfter = 24 * time.Hour

// RemindAgain mails those of a campaign once more who still have no second factor. Errors:
// those of onAll; NotFound "no_such_campaign"; Conflict "campaign_running"; Limited
// "reminded_today".
func (s *Service) RemindAgain(ctx context.Context, workspace countersign.WorkspaceID, id countersign.CampaignID, by By) error {
	return s.onAll(ctx, workspace, by, policy.DeedCampaign, func(tx *store.Tx, by By) error {
		row, err := tx.GetCampaign(tx.Ctx, workspace, id)
		if store.NotFound(err) {
			return noSuchCampaign()
		}
		if err != nil {
			return fmt.Errorf("load the campaign: %w", err)
		}
		if row.FinishedAt == 0 {
			return countersign.Refuse(countersign.Conflict, "campaign_running")
		}
		n, err := tx.RemindCampaign(tx.Ctx, rows.RemindCampaignParams{
			WorkspaceID: workspace, ID: id, Now: tx.NowMilli(), Before: tx.Now.Add(-againAfter).UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("remind again: %w", err)
		}
		if n == 0 {
			wait := time.UnixMilli(row.RoundAt).Add(againAfter).Sub(tx.Now)
			return &countersign.Error{Kind: countersign.Limited, Code: "campaign_today", RetryAfter: max(wait, time.Second)}
		}
		return campaignEvent(tx, workspace, id, by, "campaign.reminded", nil)
	})
}

// Campaign is how far one has come.
type Campaign struct {
	ID        countersign.CampaignID
	Pool      countersign.PoolID // "" for the whole workspace
	CreatedBy countersign.UserID
	CreatedAt time.Time
	// Round counts the mails to each, from 1; RoundAt is when the last began, and Finished
	// that everybody was looked at in it.
	Round    int
	RoundAt  time.Time
	Finished bool
	// People were gathered and have an account still; Mailed of them got a mail, Done have
	// set up a second factor since, Missing have not.
	People, Mailed, Done, Missing int64
}

// Campaigns lists the campaigns of a workspace, the latest first.
func (s *Service) Campaigns(ctx context.Context, workspace countersign.WorkspaceID, most int) ([]Campaign, error) {
	list, err := s.Store.Read().ListCampaigns(ctx, workspace, int32(min(max(most, 1), 100))) // #nosec G115 -- bounded
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", store.Classify(err))
	}
	var all []Campaign
	for _, row := range list {
		c, err := s.progress(ctx, row)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// Campaign reads one. NotFound "no_such_campaign".
func (s *Service) Campaign(ctx context.Context, workspace countersign.WorkspaceID, id countersign.CampaignID) (Campaign, error) {
	row, err := s.Store.Read().GetCampaign(ctx, workspace, id)
	if store.NotFound(err) {
		return Campaign{}, noSuchCampaign()
	}
	if err != nil {
		return Campaign{}, fmt.Errorf("load the campaign: %w", store.Classify(err))
	}
	return s.progress(ctx, row)
}

func (s *Service) progress(ctx context.Context, row rows.Campaign) (Campaign, error) {
	n, err := s.Store.Read().CountCampaign(ctx, row.WorkspaceID, row.ID)
	if err != nil {
		return Campaign{}, fmt.Errorf("count the campaign: %w", store.Classify(err))
	}
	return Campaign{
		ID: row.ID, Pool: row.PoolID, CreatedBy: row.CreatedBy, CreatedAt: time.UnixMilli(row.CreatedAt), Round: int(row.Round),
		RoundAt: time.UnixMilli(row.RoundAt), Finished: row.FinishedAt != 0,
		People: n.People, Mailed: n.Mailed, Done: n.Done, Missing: n.People - n.Done,
	}, nil
}

// CampaignMissing is a page of those of a campaign who still have no second factor, by
// identifier, after one.
func (s *Service) CampaignMissing(ctx context.Context, workspace countersign.WorkspaceID, id countersign.CampaignID, after countersign.UserID, most int) ([]rows.ListCampaignPeopleRow, error) {
	list, err := s.Store.Read().ListCampaignPeople(ctx, rows.ListCampaignPeopleParams{
		WorkspaceID: workspace, CampaignID: id, After: after, Most: int32(min(max(most, 1), 1000)), // #nosec G115 -- bounded
	})
	if err != nil {
		return nil, fmt.Errorf("list the people of a campaign: %w", store.Classify(err))
	}
	return list, nil
}

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
// after a crash the next one goes on.
func (s *Service) MailCampaigns(ctx context.Context) error {
	running, err := s.Store.Read().RunningCampaigns(ctx)
	if err != nil {
		return store.Classify(err)
	}
	for _, c := range running {
		for more := true; more && ctx.Err() == nil; {
			err = s.Store.Write(ctx, func(tx *store.Tx) error {
				var err error
				more, err = s.mailBatch(tx, c.WorkspaceID, c.ID)
				return err
			})
			if err != nil {
				return err
			}
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
		at := int64(0)
		if row.User.State == countersign.Active && !row.Protected {
			at = tx.NowMilli()
			err = s.remind(tx, row.User)
			if err == nil {
				err = s.countReminder(tx, row.User)
			}
			if err != nil {
				return false, err
			}
		}
		_, err = tx.PassInCampaign(tx.Ctx, rows.PassInCampaignParams{Round: c.Round, MailedAt: at, WorkspaceID: workspace, CampaignID: id, UserID: row.User.ID})
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

// countReminder has this mail count as the one a day that a person gets: it is sent in any
// case, and nobody sends another by hand on the same day.
func (s *Service) countReminder(tx *store.Tx, user rows.User) error {
	err := s.Accounts.Spend(tx, user.WorkspaceID, remindSubject(user.ID), "", remindRate())
	if countersign.KindOf(err) == countersign.Limited {
		return nil
	}
	return err
}
