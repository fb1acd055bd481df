package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/method"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// longestRead bounds what reads a whole log: its verification, and its export.
const longestRead = 5 * time.Minute

// EventView is one event with all that is kept of it.
type EventView struct {
	Shell

	Line LogLine
	// Fields are its identifiers, Details what else is kept, in the order of their names.
	Fields, Details []Field
	// Signed tells that there are signatures that can be checked again.
	Signed bool
	Check  *Check // nil until they were
}

// Field is a name, an id of the catalogue or a word of the log, and its value.
type Field struct {
	Name, Value string
	// Before and After stand in the place of the value of what was Changed.
	Before, After string
	Changed       bool
}

// Check is what the signatures of an approval prove.
type Check struct {
	Holds bool
	approve.Verified

	Paired string // the event of the pairing, "" where it is not kept any more
}

// VerifiedView is how the log was found.
type VerifiedView struct {
	Shell
	audit.Report

	Oldest time.Time // of what is not sealed, zero for none
	Began  time.Time // zero for a chain without a seal
}

// Copy is the button that copies the head.
func (v VerifiedView) Copy() map[string]string {
	return map[string]string{"Text": v.Head.String(), "Label": "console.verified_copy"}
}

func (c *Console) event(w http.ResponseWriter, r *http.Request, by session.Current) error {
	e, err := c.eventNamed(r, by)
	if err != nil {
		return err
	}
	return c.showEvent(w, r, by, e, nil)
}

func (c *Console) eventNamed(r *http.Request, by session.Current) (rows.Event, error) {
	return c.Log.Get(r.Context(), by.WorkspaceID, countersign.EventID(r.PathValue("event")))
}

// checkEvent checks the signatures of an approval again.
func (c *Console) checkEvent(w http.ResponseWriter, r *http.Request, by session.Current) error {
	e, err := c.eventNamed(r, by)
	if err != nil {
		return err
	}
	if !signed(e) {
		return countersign.Refuse(countersign.NotFound, "no_such_event")
	}
	v, err := c.Approvals.VerifyEvent(r.Context(), by.WorkspaceID, e.ID)
	if err != nil && !errors.Is(err, method.ErrWrong) {
		return err
	}
	return c.showEvent(w, r, by, e, &Check{Holds: err == nil, Verified: v, Paired: string(v.PairedBy)})
}

func signed(e rows.Event) bool {
	return strings.HasPrefix(e.Kind, "request.") && audit.Detail(e)["signature"] != ""
}

func (c *Console) showEvent(w http.ResponseWriter, r *http.Request, by session.Current, e rows.Event, check *Check) error {
	lines, err := c.logLines(r, by, []rows.Event{e})
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "event", eventView(c.shell(r, by, "log"), lines[0], e, check))
}

func eventView(shell Shell, line LogLine, e rows.Event, check *Check) EventView {
	view := EventView{Shell: shell, Line: line, Signed: signed(e), Check: check}
	for _, f := range []Field{
		{Name: "event", Value: string(e.ID)},
		{Name: "kind", Value: e.Kind},
		{Name: "actor", Value: e.ActorID},
		{Name: "user", Value: string(e.UserID)},
		{Name: "target", Value: e.Target},
		{Name: "session", Value: string(e.SessionID)},
		{Name: "attempt", Value: string(e.AttemptID)},
		{Name: "request", Value: e.RequestID},
		{Name: "agent", Value: e.UserAgent},
	} {
		if f.Value != "" {
			f.Name = "console.log_field_" + f.Name
			view.Fields = append(view.Fields, f)
		}
	}
	for name, value := range audit.Detail(e) {
		f := Field{Name: name, Value: value}
		if was, is, changed := audit.Changed(e.Kind, name, value); changed {
			f.Value, f.Before, f.After, f.Changed = "", was, is, true
		}
		if name != "before" && name != "after" && name != "reason" {
			view.Details = append(view.Details, f)
		}
	}
	slices.SortFunc(view.Details, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return view
}

// patient gives a handler more time than a page has, and its reader as much to take the
// answer in.
func patient(w http.ResponseWriter, r *http.Request, by session.Current) (context.Context, func(), error) {
	out := http.NewResponseController(w)
	err := out.SetWriteDeadline(time.Time{})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := web.Patient(r, string(by.ID), longestRead)
	// Whoever does not read is sent away: a write that waits ends with the time.
	stop := context.AfterFunc(ctx, func() { _ = out.SetWriteDeadline(time.Unix(1, 0)) })
	return ctx, func() { stop(); cancel() }, nil
}

// verifyLog looks whether the log is as it was sealed.
func (c *Console) verifyLog(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	var must []audit.Head
	form = web.NewForm("head", strings.TrimSpace(form.Value("head")))
	if noted := form.Value("head"); noted != "" {
		head, err := audit.ParseHead(noted)
		if err != nil {
			form.Wrong("head", "bad_head")
			return c.pages.Render(w, r, form.Status(), "verified", VerifiedView{Shell: c.withForm(r, by, form)})
		}
		must = append(must, head)
	}
	ctx, done, err := patient(w, r, by)
	if err != nil {
		return err
	}
	defer done()
	h := by.Holder(web.Place(r))
	report, err := c.Chain.VerifyBy(ctx, by.WorkspaceID, audit.By{Actor: h.Actor(), Session: h.Session, Place: h.Place}, must...)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "verified", VerifiedView{Shell: c.withForm(r, by, form), Report: report, Oldest: countersign.Milli(report.OldestUnsealed).Time(), Began: countersign.Milli(report.Began).Time()})
}

func (c *Console) withForm(r *http.Request, by session.Current, form *web.Form) Shell {
	shell := c.shell(r, by, "log")
	shell.Form = form
	return shell
}

// exportLog sends the events of a filter, as CSV (RFC 4180) or as JSON lines. They are sent
// as they are read; where it breaks, the connection is cut, as with a list of people.
func (c *Console) exportLog(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	a, err := c.logFilter(r, by, form.Value)
	if err != nil {
		return err
	}
	if a.form.Failed() || a.tooMany {
		return see(w, r, logAddress(logPath, a.form, "", ""))
	}
	write := csvOf
	format := "csv"
	if form.Value("format") == "jsonl" {
		write, format = jsonOf, "jsonl"
	}
	detail := map[string]string{"format": format}
	for _, name := range logFields() {
		if value := a.form.Value(name); value != "" {
			detail["filter_"+name] = value
		}
	}
	err = c.People.LogExported(r.Context(), by.Holder(web.Place(r)), detail)
	if countersign.CodeOf(err) == "fresh_proof_required" && !web.WantsJSON(r) {
		return proofAt(w, r, account.ActLogExport, logAddress(logPath, a.form, "", ""))
	}
	if err != nil {
		return err
	}
	ctx, done, err := patient(w, r, by)
	if err != nil {
		return err
	}
	defer done()
	w.Header().Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}[format])
	w.Header().Set("Content-Disposition", `attachment; filename="countersign-log.`+format+`"`)
	err = write(w, func(do func(rows.Event) error) error { return c.Log.Each(ctx, by.WorkspaceID, a.Filter, do) })
	if err != nil {
		web.Note(r.Context(), "export_err", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

// csvOf writes events as lines of CSV, times in UTC (RFC 3339), details as JSON.
func csvOf(w http.ResponseWriter, each func(func(rows.Event) error) error) error {
	out, err := newSheet(w)
	if err == nil {
		err = out.line("id", "at", "kind", "outcome", "actor_kind", "actor_id", "user_id", "target", "session_id", "attempt_id", "request_id", "ip", "user_agent", "detail")
	}
	if err == nil {
		err = each(func(e rows.Event) error {
			return out.line(string(e.ID), instant(e), e.Kind, e.Outcome, string(e.ActorKind), e.ActorID, string(e.UserID), e.Target, string(e.SessionID),
				string(e.AttemptID), e.RequestID, e.IP, e.UserAgent, e.Detail)
		})
	}
	if err != nil {
		return err
	}
	return out.end()
}

// instant is an event's moment for a program, "" for none that can be read.
func instant(e rows.Event) string {
	if e.At.Time().IsZero() {
		return ""
	}
	return e.At.Time().Format("2006-01-02T15:04:05.000Z07:00")
}

// jsonEvent is an event as a line of JSON.
type jsonEvent struct {
	ID        string            `json:"id"`
	At        string            `json:"at"`
	Kind      string            `json:"kind"`
	Outcome   string            `json:"outcome"`
	ActorKind string            `json:"actor_kind"`
	ActorID   string            `json:"actor_id,omitempty"`
	UserID    string            `json:"user_id,omitempty"`
	Target    string            `json:"target,omitempty"`
	SessionID string            `json:"session_id,omitempty"`
	AttemptID string            `json:"attempt_id,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	IP        string            `json:"ip,omitempty"`
	UserAgent string            `json:"user_agent,omitempty"`
	Detail    map[string]string `json:"detail,omitempty"`
}

func jsonOf(w http.ResponseWriter, each func(func(rows.Event) error) error) error {
	out := json.NewEncoder(w)
	return each(func(e rows.Event) error {
		return out.Encode(jsonEvent{
			ID: string(e.ID), At: instant(e), Kind: e.Kind, Outcome: e.Outcome, ActorKind: string(e.ActorKind), ActorID: e.ActorID, UserID: string(e.UserID),
			Target: e.Target, SessionID: string(e.SessionID), AttemptID: string(e.AttemptID), RequestID: e.RequestID, IP: e.IP, UserAgent: e.UserAgent,
			Detail: audit.Detail(e),
		})
	})
}
