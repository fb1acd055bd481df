package console

import (
	"net/http"
	"time"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/session"
	"countersign/internal/web"
)

// Shell is what every page shows around its content.
type Shell struct {
	web.Page

	// Navigation is what this person's role offers.
	Navigation []entry
}

func (c *Console) shell(r *http.Request, by session.Current, section string) Shell {
	u := by.Account.User
	s := Shell{Page: web.Page{
		Section: section, Notice: noticeOf(r),
		User: &web.User{Name: u.Name, Email: u.Email, Manages: u.Role.Manages(), Console: true},
	}}
	if by.SecondFactors == 0 || section == "" {
		return s // there is nowhere to go
	}
	for _, e := range navigation() {
		if may(by, e.deed) && (e.Section != "workspaces" || by.WorkspaceID == countersign.DefaultWorkspace) {
			s.Navigation = append(s.Navigation, e)
		}
	}
	return s
}

// noticeOf is the good news after a redirect: only names that exist are said.
func noticeOf(r *http.Request) string {
	switch name := r.URL.Query().Get("done"); name {
	case "reminded", "invited", "invited_again", "signed_out", "locked", "unlocked", "required", "moved", "role", "reset", "reset_asked", "reset_withdrawn", "deleted",
		people.NotLocked, people.NotSignedIn, people.NothingToReset:
		return "notice.person_" + name
	case "settings", "settings_same", "campaign", "campaign_again", "campaign_people", "pool", "pool_rules", "pool_renamed", "pool_deleted", "workspace", "message_again", "test_mail", "test_text", "test_push":
		return "notice.console_" + name
	}
	return ""
}

// moment is a row's time; the zero time for never.
func moment(milli int64) time.Time {
	if milli == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milli)
}

// ClosedView is the page of a console that is shut: Why is "none" for somebody without a
// second factor, "another" for somebody who proved one factor twice.
type ClosedView struct {
	Shell

	Why string
}

// OverviewView is how a workspace stands.
type OverviewView struct {
	Shell

	Workspace string
	At        time.Time
	// Figures.
	Percent            int
	Protected, People  int64
	Missing            int64
	Median             string // seconds with one digit, "" for none
	Denied, Reported   int64
	Chart              *Chart // nil until there is a second day
	Pools              []PoolRow
	Attention          []Alert
	Methods            []Bar
	Outcomes           []Bar
	Approved, Answered int64
	Deliveries         []Delivery
	Costs              []Cost
}

// PoolRow is one identity pool in the table below the chart.
type PoolRow struct {
	ID                countersign.PoolID
	Name              string
	People, Protected int64
	Percent           int
	Required          bool
}

// Alert is one thing that wants attention; Text is said with Count.
type Alert struct {
	Icon, Text, More string
	Count            int64
	Href             string
}

// Bar is one line of a table of shares. Text is an id of the catalogue.
type Bar struct {
	Text    string
	Count   int64
	Percent int
}

// Delivery is what became of the messages of one channel.
type Delivery struct {
	Text         string
	Sent, Failed int64
}

// Cost is what texts cost in the last days, in one currency.
type Cost struct {
	Amount, Currency string
	Texts            int64
}
