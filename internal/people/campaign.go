package people

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
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

// begun tells whether a campaign is there already, begun with what is asked now. Conflict
// "campaign_other" where it was begun with something else: the form that is sent now has
// changed nothing, and its sender is to know.
func begun(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.CampaignID, asked string) (bool, error) {
	if id == "" {
		return false, nil
	}
	row, err := tx.GetCampaign(tx.Ctx, workspace, id)
	if store.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("load the campaign: %w", err)
	}
	if row.Asked != "" && row.Asked != asked {
		return false, countersign.Refuse(countersign.Conflict, "campaign_other")
	}
	return true, nil
}

// asked is what a campaign that comes with a requirement was asked with.
func (r Requiring) asked() string {
	return fmt.Sprintf("require %q of %q over %d", r.Value, r.Pool, r.Version)
}

// campaignRate lets nobody write to all of a pool, or of a workspace, as often as they
// click. Whoever required it for a wrong day can do it again.
func campaignRate() limit.Rate { return limit.Rate{Interval: 8 * time.Hour, Burst: 3} }

// startCampaign has exactly those written to who can sign in and have no second factor now,
// in a pool or in the whole workspace (""). They are gathered here and mailed by
// MailCampaigns, each once, whatever ends in between. The same identifier again does
// nothing. Errors: Limited "too_many_mails".
func (s *Service) startCampaign(tx *store.Tx, workspace countersign.WorkspaceID, r Requiring, by By) error {
	err := s.Accounts.Spend(tx, workspace, "campaign:"+string(r.Pool), "too_many_mails", campaignRate())
	if err != nil {
		return err
	}
	inserted, err := insertCampaign(tx, workspace, r.Campaign, r.Pool, r.asked(), by)
	if err != nil || !inserted {
		return err
	}
	people, err := tx.GatherCampaign(tx.Ctx, string(r.Campaign), workspace, string(r.Pool))
	if err != nil {
		return fmt.Errorf("gather those without a second factor: %w", err)
	}
	return campaignEvent(tx, workspace, r.Campaign, by, "campaign.started", map[string]string{"people": strconv.FormatInt(people, 10), "pool": string(r.Pool)})
}

// insertCampaign tells whether the row was written; else the other half of a double click
// was faster.
func insertCampaign(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.CampaignID, pool countersign.PoolID, asked string, by By) (bool, error) {
	n, err := tx.InsertCampaign(tx.Ctx, rows.InsertCampaignParams{
		WorkspaceID: workspace, ID: id, PoolID: pool, Asked: asked, CreatedBy: by.Actor.User, CreatedAt: tx.NowMilli(),
	})
	if err != nil {
		return false, fmt.Errorf("insert the campaign: %w", err)
	}
	return n > 0, nil
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
			return &countersign.Error{Kind: countersign.Limited, Code: "campaign_today", RetryAfter: max(againAt(row).Sub(tx.Now), time.Second)}
		}
		return campaignEvent(tx, workspace, id, by, "campaign.reminded", nil)
	})
}

func againAt(row rows.Campaign) time.Time {
	if row.FinishedAt == 0 {
		return time.Time{}
	}
	return time.UnixMilli(row.FinishedAt).Add(againAfter)
}

// Campaign is how far one has come.
type Campaign struct {
	ID   countersign.CampaignID
	Pool countersign.PoolID // "" for the whole workspace
	// Filter is whom it reminds, nil where it came with a requirement.
	Filter    *Filter
	CreatedBy countersign.UserID
	CreatedAt time.Time
	// Round counts the mails to each, from 1; RoundAt is when the last began, and Finished
	// that everybody was looked at in it.
	Round    int
	RoundAt  time.Time
	Finished bool
	// AgainAt is from when on its people can be reminded again, zero while it runs.
	AgainAt time.Time
	// People were gathered and have an account still; Mailed of them got a mail, Done have
	// set up a second factor since, Missing have not. LeftOut of this round were written to
	// within 24 hours before.
	People, Mailed, Done, Missing, LeftOut int64
}

// CampaignMails is what became of the last mail to each of a campaign, where it has not gone
// out.
type CampaignMails struct {
	// Waiting are in the outbox, Failed were given up, Kept stay here for want of a mail
	// server.
	Waiting, Failed, Kept int64
}

// CampaignMails looks how the mails of a campaign stand. Messages tell of themselves for
// [message.KeepRecords]; of older ones nothing is known, and nothing is counted.
func (s *Service) CampaignMails(ctx context.Context, c Campaign, workspace countersign.WorkspaceID) (CampaignMails, error) {
	var mails CampaignMails
	list, err := s.Store.Read().CountCampaignMails(ctx, rows.CountCampaignMailsParams{
		WorkspaceID: workspace, CampaignID: c.ID, Kind: string(message.SetUp), Since: message.FirstAt(c.CreatedAt),
	})
	if err != nil {
		return mails, fmt.Errorf("count the mails of a campaign: %w", store.Classify(err))
	}
	for _, row := range list {
		switch row.State {
		case message.StateQueued:
			mails.Waiting = row.Mails
		case message.StateFailed:
			mails.Failed = row.Mails
		case message.StateKept:
			mails.Kept = row.Mails
		}
	}
	return mails, nil
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
	n, err := s.Store.Read().CountCampaign(ctx, row.Round, row.WorkspaceID, row.ID)
	if err != nil {
		return Campaign{}, fmt.Errorf("count the campaign: %w", store.Classify(err))
	}
	return Campaign{
		ID: row.ID, Pool: row.PoolID, Filter: filterOf(row.Asked), CreatedBy: row.CreatedBy, CreatedAt: time.UnixMilli(row.CreatedAt), Round: int(row.Round),
		RoundAt: time.UnixMilli(row.RoundAt), Finished: row.FinishedAt != 0, AgainAt: againAt(row),
		People: n.People, Mailed: n.Mailed, Done: n.Done, Missing: n.People - n.Done, LeftOut: n.LeftOut,
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
