package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/fold"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// remindable asks people, and tells whom: every fifth an hour ago, and those of one pool by
// a campaign that is on its way. The others were asked longer ago.
func remindable(t *testing.T, s *store.Store, all []listed, now time.Time) map[countersign.UserID]bool {
	t.Helper()
	asked := map[countersign.UserID]bool{}
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.InsertCampaign(tx.Ctx, rows.InsertCampaignParams{WorkspaceID: workspace, ID: "cmp_running", PoolID: "pool_other", CreatedAt: 1})
		if err == nil {
			_, err = tx.GatherCampaign(tx.Ctx, "cmp_running", workspace, "pool_other")
		}
		return err
	})
	for i, p := range all {
		asked[p.ID] = p.PoolID == "pool_other" || i%5 == 0
		ago := map[bool]time.Duration{true: time.Hour, false: 25 * time.Hour}[i%5 == 0]
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.SpendRate(tx.Ctx, rows.SpendRateParams{
				WorkspaceID: workspace, Subject: store.ReminderSubject(p.ID), Now: now.Add(-ago).UnixMilli(),
				Interval: store.ReminderEvery.Milliseconds(), Burst: store.ReminderEvery.Milliseconds(),
			})
			return err
		})
	}
	return asked
}

// Whom the page counts, whom it lists and who is gathered are the same, for every filter.
func TestAReminderGoesToThoseWhoAreShown(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		now := time.Now()
		all := crowd(t, s, now)
		asked := remindable(t, s, all, now)
		held := 0
		for n, standing := range store.Standings() {
			for k, typed := range []string{"", "ada", "example.org"} {
				l := store.Listing{Workspace: workspace, Standing: standing, Terms: fold.Terms(typed), Now: now, Required: []countersign.PoolID{"pool_other", countersign.DefaultPool}}
				var due []countersign.UserID
				want := map[store.Reminding]int64{}
				for _, id := range expected(all, l) {
					p := all[slices.IndexFunc(all, func(p listed) bool { return p.ID == id })]
					is := what(p, asked[id])
					want[is]++
					if is == store.IsDue {
						due = append(due, id)
					}
				}
				held += len(due)
				counts, err := s.CountReminder(t.Context(), l)
				if err != nil {
					t.Fatal(err)
				}
				got := map[store.Reminding]int64{}
				for _, c := range counts {
					got[c.Is] += c.People
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s %q: counted are %v, want %v", standing, typed, got, want)
				}
				l.Due = true
				if shown := walk(t, s, l, 1000); !slices.Equal(shown, due) {
					t.Errorf("%s %q: %d are shown, want %d", standing, typed, len(shown), len(due))
				}
				gather(t, s, l, countersign.CampaignID(fmt.Sprintf("cmp_%d_%d", n, k)), due)
			}
		}
		if held < 50 {
			t.Errorf("all filters hold %d people; the test is blind", held)
		}
	})
}

func what(p listed, asked bool) store.Reminding {
	_, codes := p.holds["recovery"]
	switch {
	case p.State == countersign.Disabled:
		return store.IsDisabled
	case p.State == countersign.Invited:
		return store.IsInvited
	case len(p.holds) > 1 || len(p.holds) == 1 && !codes:
		return store.HasSecond
	case asked:
		return store.WasAsked
	}
	return store.IsDue
}

// gather gathers a list into a campaign, which is finished at once.
func gather(t *testing.T, s *store.Store, l store.Listing, id countersign.CampaignID, want []countersign.UserID) {
	t.Helper()
	l.Most, l.From = 1, store.Place{Key: "00", ID: "usr_"} // these do not matter
	var n int64
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.InsertCampaign(tx.Ctx, rows.InsertCampaignParams{WorkspaceID: workspace, ID: id, CreatedAt: 1})
		if err != nil {
			return err
		}
		n, err = tx.GatherReminder(id, l)
		if err == nil {
			_, err = tx.FinishCampaign(tx.Ctx, 1, workspace, id)
		}
		return err
	})
	people, err := s.Read().ListCampaignPeople(t.Context(), rows.ListCampaignPeopleParams{WorkspaceID: workspace, CampaignID: id, Most: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		if !slices.Contains(want, p.User.ID) {
			t.Errorf("%s is gathered and was not shown", p.User.Email)
		}
	}
	if int(n) != len(want) || len(people) != len(want) {
		t.Errorf("gathered are %d, of whom %d are there, want %d", n, len(people), len(want))
	}
}

// Whom running campaigns have not come to yet is read once, and not for each person of the
// list: there may be as many of the ones as of the others.
func TestAReminderReadsACampaignOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	storetest.Open(t, file)
	text, values := store.Listing{Workspace: workspace, Due: true, Now: time.Now(), Most: 50}.Question()
	plan := planOf(t, raw(t, file), text, values...)
	if !slices.ContainsFunc(plan, func(step string) bool { return strings.HasPrefix(step, "LIST SUBQUERY") }) ||
		!slices.Contains(plan, "SEARCH cp USING COVERING INDEX campaign_people_due (workspace_id=? AND campaign_id=? AND round<?)") {
		t.Errorf("the plan is:\n%s", strings.Join(plan, "\n"))
	}
}
