package console

import (
	"net/http"
	"net/url"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/agent"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
)

const (
	// eventsOnPage is how many events a page of somebody's activity has, eventsBeside how
	// many the person's page.
	eventsOnPage = 50
	eventsBeside = 8
)

// PersonView is one person.
type PersonView struct {
	Shell

	ID, Name, Email string
	EmailVerified   bool
	Role            countersign.Role
	Pool            PoolRow
	State           State
	Created         time.Time
	SignedIn        time.Time
	// RequiredBy is workspace, pool, user, or "".
	RequiredBy string
	// RequiredFrom is the day from which it will be required, and FromAlone tells that it is so
	// of this person alone.
	RequiredFrom time.Time
	FromAlone    bool
	Default      string
	Steps        []Step
	Codes        *Codes // nil for none
	Devices      []Device
	Browsers     []Browser
	Sessions     []Session
	Events       []Event
	// Acts are what the reader may do, by name.
	Acts []string
	// UnlockedBy is the lowest role that unlocks the account, where the reader's does not
	// reach it though they could else; "" for nothing to say.
	UnlockedBy countersign.Role
	// LocksOver tells that somebody of a lower role has locked the account, and the reader's
	// lock would be one that fewer people end.
	LocksOver bool
	// OwnersOnly tells that the reader does much here, and only owners change the role.
	OwnersOnly bool
	// NoReset tells that the settings let nobody reset a second step.
	NoReset bool
	// ResetWaits tells that a reset of theirs waits for a second administrator.
	ResetWaits bool
}

// Step is one second factor.
type Step struct {
	Kind, Name  string
	Added, Used time.Time
	UsedFrom    string
	Default     bool
	// Elsewhere tells that it was set up under another address, where alone it works.
	Elsewhere bool
}

// Codes is a set of recovery codes.
type Codes struct {
	Left    int64
	Created time.Time
}

// Device is one paired phone. Trouble is why it is not asked, "" for nothing.
type Device struct {
	Name, Platform, Client, Version string
	Terminal                        bool
	Trouble                         string
	Added, Seen                     time.Time
}

// Browser is one that the person trusts.
type Browser struct {
	Browser, System string
	Since, Until    time.Time
}

// Session is one place where the person is signed in.
type Session struct {
	Browser, System, IP string
	Started, Active     time.Time
}

// Event is one line of what happened. Text is an id of the catalogue, "" for a kind that
// nobody has words for: Kind then stands there. By is who did it, "" for the person.
type Event struct {
	Text, Kind, Name  string
	Refused           bool
	At                time.Time
	IP                string
	Browser, System   string
	By                string
	ByShell, BySystem bool
	Reason            string
}

func (c *Console) person(w http.ResponseWriter, r *http.Request, by session.Current) error {
	shown, err := c.shown(r, by)
	if err != nil {
		return err
	}
	view := c.personView(r, by, shown)
	view.ResetWaits, err = c.resetWaits(r, by, shown)
	if err != nil {
		return err
	}
	view.Events, _, err = c.events(r, by, shown.User.ID, "", eventsBeside)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "person", view)
}

// shown is the person whom the address names. NotFound.
func (c *Console) shown(r *http.Request, by session.Current) (people.Shown, error) {
	return c.People.Show(r.Context(), by.WorkspaceID, countersign.UserID(r.PathValue("user")))
}

// announcedTo is the day from which a second step will be required of somebody, zero for none,
// and whether it is so of them alone: pool and workspace announce none, or a later one.
// personal is what is required of them, as stored.
func announcedTo(s policy.Settings, personal string, now time.Time) (time.Time, bool) {
	from := s.Announced(personal, now)
	return from, !from.Equal(s.Announced("", now))
}

func (c *Console) personView(r *http.Request, by session.Current, shown people.Shown) PersonView {
	u := shown.User
	view := PersonView{
		Shell: c.shell(r, by, "people"), ID: string(u.ID), Name: called(u), Email: u.Email, EmailVerified: u.EmailVerifiedAt != 0, Role: u.Role,
		Pool: PoolRow{ID: shown.Pool.ID, Name: shown.Pool.Name}, State: stateOf(shown.Line()), Created: moment(u.CreatedAt), SignedIn: moment(u.SignedInAt),
		RequiredBy: string(shown.Required), Default: u.DefaultMethod, Acts: offered(by, shown), NoReset: shown.Settings.AdminReset == policy.ResetNever,
	}
	view.RequiredFrom, view.FromAlone = announcedTo(shown.Settings, u.RequireSecondFactor, c.Now())
	role := by.Account.User.Role
	if policy.May(role, policy.DeedUnlock, u.Role) && lockedAbove(by, shown) {
		view.UnlockedBy = countersign.Owner
		if u.LockedBy.Valid() {
			view.UnlockedBy = u.LockedBy
		}
	}
	view.LocksOver = locksOver(by, shown)
	view.OwnersOnly = role == countersign.Administrator && policy.May(role, policy.DeedLock, u.Role)
	ground := c.Accounts.GroundOf(shown.Account)
	for _, one := range shown.Credentials {
		if one.Kind == "recovery" {
			view.Codes = &Codes{Left: one.Counter, Created: moment(one.ConfirmedAt)}
			continue
		}
		view.Steps = append(view.Steps, Step{
			Kind: account.MethodOf(one, shown.Devices), Name: one.Name, Added: moment(one.ConfirmedAt), Used: moment(one.UsedAt), UsedFrom: one.UsedFrom,
			Default: one.Kind == u.DefaultMethod, Elsewhere: ground.Elsewhere(one),
		})
	}
	for _, d := range shown.Devices {
		view.Devices = append(view.Devices, Device{
			Name: d.Name, Platform: d.Platform, Client: d.Client, Version: d.Version, Terminal: d.Kind == approve.KindTerminal,
			Trouble: approve.Unheard(d, shown.Settings), Added: moment(d.ActivatedAt), Seen: moment(d.SeenAt),
		})
	}
	for _, b := range shown.Browsers {
		browser, system := agent.Describe(b.UserAgent)
		view.Browsers = append(view.Browsers, Browser{
			Browser: browser, System: system, Since: moment(b.TrustedAt), Until: shown.Settings.TrustedUntil(account.TrustOf(b)),
		})
	}
	for _, s := range shown.Sessions {
		browser, system := agent.Describe(s.UserAgent)
		view.Sessions = append(view.Sessions, Session{Browser: browser, System: system, IP: s.IP, Started: moment(s.CreatedAt), Active: moment(s.SeenAt)})
	}
	return view
}

// called is the person's name, or the address where there is none.
func called(u rows.User) string {
	if u.Name == "" {
		return u.Email
	}
	return u.Name
}

// events are what happened to a person before an event, and the event to go on from.
func (c *Console) events(r *http.Request, by session.Current, user countersign.UserID, before countersign.EventID, most int) ([]Event, countersign.EventID, error) {
	found, err := c.People.Activity(r.Context(), by.WorkspaceID, user, before, 0, most+1)
	if err != nil {
		return nil, "", err
	}
	var next countersign.EventID
	if len(found) > most {
		found = found[:most]
		next = found[most-1].ID
	}
	var actors []countersign.UserID
	for _, e := range found {
		if e.ActorKind == countersign.ByUser && countersign.UserID(e.ActorID) != user {
			actors = append(actors, countersign.UserID(e.ActorID))
		}
	}
	names, err := c.People.Names(r.Context(), by.WorkspaceID, actors)
	if err != nil {
		return nil, "", err
	}
	var out []Event
	for _, e := range found {
		out = append(out, eventOf(e, user, names))
	}
	return out, next, nil
}

func eventOf(e rows.Event, user countersign.UserID, names map[countersign.UserID]string) Event {
	browser, system := agent.Describe(e.UserAgent)
	detail := audit.Detail(e)
	out := Event{
		Text: textOf(e.Kind, detail), Kind: e.Kind, Name: detail["name"], Refused: e.Outcome == string(audit.Refused), At: e.At.Time(), IP: e.IP,
		Browser: browser, System: system, ByShell: e.ActorKind == countersign.ByShell, BySystem: e.ActorKind == countersign.BySystem, Reason: detail["reason"],
	}
	actor := countersign.UserID(e.ActorID)
	if e.ActorKind == countersign.ByUser && actor != user {
		out.By = names[actor]
		if out.By == "" {
			out.By = string(actor) // who is gone has no name
		}
	}
	return out
}

// ActivityView is all that happened to a person, in parts.
type ActivityView struct {
	Shell

	ID, Name      string
	Events        []Event
	Older, Newest string
}

func (c *Console) personActivity(w http.ResponseWriter, r *http.Request, by session.Current) error {
	shown, err := c.shown(r, by)
	if err != nil {
		return err
	}
	before := countersign.EventID(r.URL.Query().Get("before"))
	events, next, err := c.events(r, by, shown.User.ID, before, eventsOnPage)
	if err != nil {
		return err
	}
	here := "/console/people/" + string(shown.User.ID) + "/activity"
	view := ActivityView{Shell: c.shell(r, by, "people"), ID: string(shown.User.ID), Name: called(shown.User), Events: events}
	if next != "" {
		view.Older = here + "?" + url.Values{"before": {string(next)}}.Encode()
	}
	if before != "" {
		view.Newest = here
	}
	return c.pages.Render(w, r, http.StatusOK, "activity", view)
}
