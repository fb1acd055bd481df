package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign"
	"countersign/internal/agent"
	"countersign/internal/audit"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

const (
	logPath = "/console/log"
	// livePath is the log's page as its own script reads it again.
	livePath = logPath + "/live"
	tailPath = logPath + "/events"
	// eventsInLog is how many events a page lists.
	eventsInLog = 50
)

// KindOption is a group of kinds in the filter.
type KindOption struct {
	Name, Text string
	Chosen     bool
	Kinds      []Option
}

// LogView is the audit log.
type LogView struct {
	Shell

	Kinds    []KindOption
	Outcomes []Option
	// Hidden are the fields of the filter, for the export.
	Hidden []Option
	// Narrow tells that something is left out, More that a field says so that is folded away.
	Narrow, More bool
	Lines        []LogLine
	// Newer, Older and Latest are addresses, "" for none.
	Newer, Older, Latest string
	// Looked tells that there may be more behind what was looked at.
	Looked, TooMany bool
	// Live is where the page's script reads the page again, "" where it is not the latest
	// part; Tail where it is told of what came, after Seen.
	Live, Tail, Seen string
}

// LogLine is one event.
type LogLine struct {
	ID            string
	Text, Kind    string
	Name          string
	Refused       bool
	At            time.Time
	UTC           string
	Who, Whom     Party
	IP            string
	Browser       string
	System        string
	Before, After string
	Reason        string
}

// Party is somebody of an event. Of the three one is set, or none.
type Party struct {
	// Name is that of a person of now, with Href to their page. Email is the address, where
	// the name does not stand for it: names are chosen, also like somebody else's.
	Name, Email, Href string
	// Text is an id of the catalogue, for who is no person.
	Text string
	// Thing is what is not a person.
	Thing string
}

// logAddress is the address of the log with a filter, and perhaps a cursor.
func logAddress(path string, form *web.Form, name, cursor string) string {
	query := url.Values{}
	for _, field := range logFields() {
		if value := form.Value(field); value != "" {
			query.Set(field, value)
		}
	}
	if cursor != "" {
		query.Set(name, cursor)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func (c *Console) log(w http.ResponseWriter, r *http.Request, by session.Current) error {
	query := r.URL.Query()
	a, err := c.logFilter(r, by, query.Get)
	if err != nil {
		return err
	}
	view := logView(c.shell(r, by, "log"), a)
	if a.form.Failed() {
		return c.pages.Render(w, r, a.form.Status(), "log", view)
	}
	older, newer := query.Get("older"), query.Get("newer")
	// What comes while the page is read is told again, and not lost.
	latest, err := c.Log.Latest(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	part, err := c.Log.Page(r.Context(), by.WorkspaceID, a.Filter, countersign.EventID(older), countersign.EventID(newer), eventsInLog)
	if err != nil {
		return err
	}
	view.Lines, err = c.logLines(r, by, part.Events)
	if err != nil {
		return err
	}
	view.Looked = part.Looked
	if part.Newer != "" {
		view.Newer = logAddress(logPath, a.form, "newer", string(part.Newer))
	}
	if part.Older != "" {
		view.Older = logAddress(logPath, a.form, "older", string(part.Older))
	}
	if older == "" && newer == "" {
		view.Tail, view.Seen, view.Live = tailPath, string(latest), logAddress(livePath, a.form, "", "")
	} else {
		view.Latest = logAddress(logPath, a.form, "", "")
	}
	if view.Newer == "" && len(part.Events) > 0 {
		view.Newer = logAddress(logPath, a.form, "newer", string(part.Events[0].ID))
	}
	return c.pages.Render(w, r, http.StatusOK, "log", view)
}

// logView is the page without its events.
func logView(shell Shell, a asked) LogView {
	view := LogView{Shell: shell, TooMany: a.tooMany}
	view.Form = a.form
	kind := a.form.Value("kind")
	for _, g := range kindGroups() {
		option := KindOption{Name: g.Name, Text: "console.log_group_" + g.Name, Chosen: g.Name == kind}
		for _, one := range g.Kinds {
			option.Kinds = append(option.Kinds, Option{one, "event." + strings.ReplaceAll(one, ".", "_"), one == kind})
		}
		view.Kinds = append(view.Kinds, option)
	}
	for _, outcome := range []audit.Outcome{audit.OK, audit.Refused} {
		view.Outcomes = append(view.Outcomes, Option{string(outcome), "console.log_outcome_" + string(outcome), string(outcome) == a.form.Value("outcome")})
	}
	for _, name := range logFields() {
		if value := a.form.Value(name); value != "" {
			view.Narrow = true
			view.More = view.More || name != "q" && name != "kind" && name != "outcome"
			view.Hidden = append(view.Hidden, Option{Value: value, Name: name})
		}
	}
	return view
}

func (c *Console) logLines(r *http.Request, by session.Current, events []rows.Event) ([]LogLine, error) {
	var ids []countersign.UserID
	for _, e := range events {
		for _, id := range []countersign.UserID{e.UserID, countersign.UserID(e.ActorID)} {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	names, err := c.People.Called(r.Context(), by.WorkspaceID, ids)
	if err != nil {
		return nil, err
	}
	lines := make([]LogLine, len(events))
	for i, e := range events {
		lines[i] = logLineOf(e, names)
	}
	return lines, nil
}

func logLineOf(e rows.Event, names map[countersign.UserID]people.Called) LogLine {
	detail := audit.Detail(e)
	browser, system := agent.Describe(e.UserAgent)
	at := e.At.Time()
	line := LogLine{
		ID: string(e.ID), Text: textOf(e.Kind, detail), Kind: e.Kind, Name: detail["name"], Refused: e.Outcome == string(audit.Refused), At: at,
		UTC: utc(at), IP: e.IP, Browser: browser, System: system, Before: detail["before"], After: detail["after"], Reason: detail["reason"],
	}
	switch {
	case e.ActorKind == countersign.ByUser && e.ActorID != "":
		line.Who = personOf(countersign.UserID(e.ActorID), names)
	case e.ActorKind == countersign.ByShell:
		line.Who = Party{Text: "console.log_by_shell"}
	case e.ActorKind == countersign.BySystem:
		line.Who = Party{Text: "console.log_by_system"}
	default:
		line.Who = Party{Text: "console.log_by_nobody"}
	}
	switch {
	case e.UserID != "" && string(e.UserID) == e.ActorID:
		line.Whom = Party{Text: "console.log_oneself"}
	case e.UserID != "":
		line.Whom = personOf(e.UserID, names)
	case detail["pool"] != "":
		line.Whom = Party{Thing: detail["pool"]}
	default:
		line.Whom = Party{Thing: e.Target}
	}
	return line
}

// utc is a moment as the log writes it, "" for none that can be read.
func utc(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.DateTime)
}

// personOf is somebody with a page, or by the identifier who is gone.
func personOf(id countersign.UserID, names map[countersign.UserID]people.Called) Party {
	if one, there := names[id]; there {
		p := Party{Name: one.Name, Email: one.Email, Href: "/console/people/" + string(id)}
		if p.Name == "" {
			p.Name, p.Email = one.Email, ""
		}
		return p
	}
	return Party{Thing: string(id)}
}

// logTail tells the log's page that something came. That a page stands open is no use of
// the console: see quiet.
func (c *Console) logTail(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.Site.Follow(w, r, string(by.ID), func(ctx context.Context, seen string) (string, error) {
		return c.Log.Await(ctx, by.WorkspaceID, seen, func(ctx context.Context) error { return c.stillReads(r.WithContext(ctx), by) })
	}, func(string) bool { return false })
}

// stillReads refuses whoever read the log a moment ago and may not any more: their session
// has ended, or its hour, or the role is another one.
func (c *Console) stillReads(r *http.Request, by session.Current) error {
	now, err := c.Sessions.Load(r, by.WorkspaceID)
	switch {
	case err != nil:
		return err
	case now.Level < policy.LevelFull || now.Console() != policy.NeedsNothing:
		return countersign.Refuse(countersign.Forbidden, "fresh_proof_required")
	case !may(now, policy.DeedSeeAll):
		return countersign.Refuse(countersign.Forbidden, "beyond_role")
	}
	return nil
}

// quiet tells whether a page's script asks by itself, which does not keep the console open.
func quiet(r *http.Request) bool { return r.URL.Path == livePath || r.URL.Path == tailPath }

// logRoutes are those of the audit log.
func logRoutes() []Route {
	return []Route{
		{"GET /console/log", policy.DeedSeeAll, func(c *Console) page { return c.log }},
		{"GET /console/log/live", policy.DeedSeeAll, func(c *Console) page { return c.log }},
		{"GET /console/log/events", policy.DeedSeeAll, func(c *Console) page { return c.logTail }},
		{"POST /console/log/export", policy.DeedSeeAll, func(c *Console) page { return c.exportLog }},
		{"POST /console/log/verify", policy.DeedSeeAll, func(c *Console) page { return c.verifyLog }},
		{"GET /console/log/{event}", policy.DeedSeeAll, func(c *Console) page { return c.event }},
		{"POST /console/log/{event}/check", policy.DeedSeeAll, func(c *Console) page { return c.checkEvent }},
	}
}
