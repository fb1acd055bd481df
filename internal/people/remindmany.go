package people

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/limit"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Reminding is what a reminder to the people of a filter would do, at this moment.
type Reminding struct {
	// People get a mail: who can sign in, has no second factor, and was not asked within
	// the last day. Mails are what they get, the most frequent first.
	People int64
	Mails  []ReminderMail
	// The others of the filter do not: they have a second factor, were asked within the
	// last day (or a mail is on its way), are disabled, or have not come yet.
	Guarded, Asked, Disabled, Invited int64
}

// ReminderMail is one mail that a reminder sends: in a language (a BCP 47 tag), and in the
// words of what is required of those who get it.
type ReminderMail struct {
	Language    string
	Requirement policy.Requirement
	People      int64
}

// Key names the mail among those of a reminder.
func (m ReminderMail) Key() string {
	switch {
	case !m.Requirement.Required:
		return m.Language
	case m.Requirement.From.IsZero():
		return m.Language + ".required"
	}
	return m.Language + "." + m.Requirement.From.UTC().Format(time.DateOnly)
}

// CountReminder tells what a reminder to the people of a filter would do.
func (s *Service) CountReminder(ctx context.Context, workspace countersign.WorkspaceID, f Filter) (Reminding, error) {
	// The version first: see account.Service.SettingsAt.
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return Reminding{}, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	listing, required, err := s.listing(ctx, workspace, f)
	if err != nil {
		return Reminding{}, err
	}
	counts, err := s.Store.CountReminder(ctx, listing)
	if err != nil {
		return Reminding{}, err
	}
	var r Reminding
	for _, count := range counts {
		if count.Is != store.IsDue {
			*map[store.Reminding]*int64{store.HasSecond: &r.Guarded, store.WasAsked: &r.Asked, store.IsDisabled: &r.Disabled, store.IsInvited: &r.Invited}[count.Is] += count.People
			continue
		}
		mail := ReminderMail{Language: s.languageOf(rows.User{Language: count.Language}, w)}
		if policy.Personal(count.Personal).Holds(listing.Now) || slices.Contains(required, count.Pool) {
			mail.Requirement.Required = true
		} else {
			settings, err := s.Accounts.SettingsAt(ctx, workspace, count.Pool, w.SettingsVersion)
			if err != nil {
				return Reminding{}, err
			}
			if from := settings.Announced(count.Personal, listing.Now); !from.IsZero() {
				mail.Requirement = policy.Requirement{Required: true, From: from}
			}
		}
		r.add(mail, count.People)
	}
	slices.SortStableFunc(r.Mails, func(x, y ReminderMail) int { return cmp.Compare(y.People, x.People) })
	return r, nil
}

func (r *Reminding) add(mail ReminderMail, people int64) {
	r.People += people
	at := slices.IndexFunc(r.Mails, func(m ReminderMail) bool { return m.Key() == mail.Key() })
	if at < 0 {
		r.Mails, at = append(r.Mails, mail), len(r.Mails)
	}
	r.Mails[at].People += people
}

// ToRemind is a page of those of a filter who would get a reminder; see [Service.Search].
func (s *Service) ToRemind(ctx context.Context, workspace countersign.WorkspaceID, f Filter, after string, most int) (Lines, error) {
	f.due = true
	return s.Search(ctx, workspace, f, after, "", most)
}

// remindManyRate lets nobody go through the people with one filter after the other as fast
// as they click. Each person is written to once a day anyway.
func remindManyRate() limit.Rate { return limit.Rate{Interval: time.Hour, Burst: 10} }

// RemindMany mails those of a filter who can sign in, have no second factor and were not
// asked within the last day that they can, must or will have to set one up. They are
// gathered here and mailed as by a campaign, each once; the same identifier and filter
// again do nothing.
//
// Errors: those of onAll; Invalid on "campaign"; NotFound "no_such_pool"; Conflict
// "campaign_other", "nobody_to_remind"; Limited "too_many_mails".
func (s *Service) RemindMany(ctx context.Context, workspace countersign.WorkspaceID, id countersign.CampaignID, f Filter, by By) error {
	err := checkCampaign(id)
	if err == nil && id == "" {
		err = countersign.InvalidField("campaign", "campaign_unknown")
	}
	if err != nil {
		return err
	}
	listing, _, err := s.listing(ctx, workspace, f)
	if err != nil {
		return err
	}
	return s.onAll(ctx, workspace, by, policy.DeedCampaign, func(tx *store.Tx, by By) error {
		done, err := begun(tx, workspace, id, f.asked())
		if err != nil || done {
			return err
		}
		if f.Pool != "" {
			_, err = poolIn(tx, workspace, f.Pool)
			if err != nil {
				return err
			}
		}
		err = s.Accounts.Spend(tx, workspace, "campaign:people", "too_many_mails", remindManyRate())
		if err != nil {
			return err
		}
		inserted, err := insertCampaign(tx, workspace, id, f.Pool, f.asked(), by)
		if err != nil || !inserted {
			return err
		}
		people, err := tx.GatherReminder(id, listing)
		if err != nil {
			return err
		}
		if people == 0 {
			return countersign.Refuse(countersign.Conflict, "nobody_to_remind")
		}
		detail := f.detail()
		detail["people"] = strconv.FormatInt(people, 10)
		return campaignEvent(tx, workspace, id, by, "campaign.started", detail)
	})
}

// detail is a filter as events tell it.
func (f Filter) detail() map[string]string {
	detail := map[string]string{}
	for name, value := range map[string]string{"search": f.Typed, "state": string(f.Standing), "pool": string(f.Pool), "role": string(f.Role)} {
		if value != "" {
			detail[name] = value
		}
	}
	return detail
}

const askedPeople = "people "

// asked is a filter as the row of a campaign keeps it; filterOf reads it, and answers nil
// where the campaign was not for a filter.
func (f Filter) asked() string {
	values := url.Values{}
	for name, value := range f.detail() {
		values.Set(name, value)
	}
	return askedPeople + values.Encode()
}

func filterOf(asked string) *Filter {
	query, found := strings.CutPrefix(asked, askedPeople)
	values, err := url.ParseQuery(query)
	if !found || err != nil {
		return nil
	}
	return &Filter{
		Typed: values.Get("search"), Standing: store.Standing(values.Get("state")), Pool: countersign.PoolID(values.Get("pool")), Role: countersign.Role(values.Get("role")),
	}
}
