package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"countersign"
)

// ReminderEvery is how often somebody is asked to set up a second factor, at most.
const ReminderEvery = 24 * time.Hour

// ReminderSubject is under what the rate of these mails to one person is counted.
func ReminderSubject(user countersign.UserID) string { return "remind:" + string(user) }

// Reminding is what a person of a list is to a reminder.
type Reminding string

// What a person is to a reminder; the first that holds.
const (
	IsDisabled Reminding = "disabled"
	IsInvited  Reminding = "invited" // has not come yet
	HasSecond  Reminding = "has"
	WasAsked   Reminding = "asked" // within ReminderEvery, or a mail is on its way
	IsDue      Reminding = "due"
)

// Reminded counts people of a list who are alike in all that a reminder depends on.
type Reminded struct {
	Is       Reminding
	Language string
	Pool     countersign.PoolID
	Personal string // what is required of them, whatever their pool says, as stored
	People   int64
}

// recent is the condition that somebody was asked, or is about to be. A moment further
// away was noted while the clock was wrong, as in SpendRate.
func (l Listing) recent(s *question) {
	now := l.Now.UnixMilli()
	s.add("(EXISTS (SELECT 1 FROM rates r WHERE r.workspace_id = u.workspace_id AND r.subject = 'remind:' || u.id AND r.arrival > ? AND r.arrival <= ?)",
		now, now+ReminderEvery.Milliseconds()+120_000)
	// Those of unfinished campaigns are read once, campaign by campaign (CROSS JOIN has SQLite
	// keep the order): asked of each person, it read all of them each time.
	s.add(" OR u.id IN (SELECT cp.user_id FROM campaigns c CROSS JOIN campaign_people cp WHERE c.workspace_id = ? AND c.finished_at = 0"+
		" AND cp.workspace_id = c.workspace_id AND cp.campaign_id = c.id AND cp.round < c.round))", l.Workspace)
}

// CountReminder counts the people of a list by what they are to a reminder. Place, order
// and size of the list do not matter.
func (s *Store) CountReminder(ctx context.Context, l Listing) ([]Reminded, error) {
	asked := &question{}
	asked.add("SELECT CASE WHEN u.state = 'disabled' THEN 'disabled' WHEN u.state <> 'active' THEN 'invited' WHEN " + has("kind <> 'recovery'") + " THEN 'has' WHEN ")
	l.recent(asked)
	asked.add(" THEN 'asked' ELSE 'due' END, u.language, u.pool_id, u.require_second_factor, COUNT(*)")
	l.from(asked)
	l.filter(asked)
	asked.add(" GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4")
	var out []Reminded
	err := s.each(ctx, asked, func(found *sql.Rows) error {
		var r Reminded
		err := found.Scan(&r.Is, &r.Language, &r.Pool, &r.Personal, &r.People)
		out = append(out, r)
		return err
	})
	return out, err
}

// GatherReminder writes those of a list whom a reminder is due to into a campaign, and
// tells how many they are: those of this moment, whatever a page has shown before.
func (tx *Tx) GatherReminder(campaign countersign.CampaignID, l Listing) (int64, error) {
	l.Due, l.Now = true, tx.Now
	asked := &question{}
	asked.add("INSERT INTO campaign_people (workspace_id, campaign_id, user_id, round, mailed_at) SELECT u.workspace_id, CAST(? AS TEXT), u.id, 0, 0", campaign)
	l.from(asked)
	l.filter(asked)
	done, err := tx.on.ExecContext(tx.Ctx, asked.text.String(), asked.values...)
	if err != nil {
		return 0, fmt.Errorf("gather those who are reminded: %w", err)
	}
	return done.RowsAffected()
}
