package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// reach is how many events one part of a list looks at where an index does not know all
// that is asked: a few milliseconds.
const reach = 10_000

// eventsTogether is how many are read at once when all of a list are.
const eventsTogether = 500

// lookEvery is how often somebody who follows the log is told of what came.
const lookEvery = time.Second

// Log reads the events of an installation.
type Log struct {
	Store *store.Store
}

// Filter says which events a list holds. The zero Filter holds all.
type Filter struct {
	// Users are those whose account it is about, Actors those who acted. Of each list that
	// is not empty, one holds.
	Users, Actors []countersign.UserID
	Kinds         []string
	Outcome       Outcome
	IP            string
	Terms         *store.EventTerms // what is searched, nil for nothing
	// Since is the first moment, Until the first that is too late. Zero for none.
	Since, Until time.Time
}

// Part is one part of a list, the latest event first.
type Part struct {
	Events []rows.Event
	// Newer and Older are the cursors of the parts beside it, "" where there is none.
	Newer, Older countersign.EventID
	// Looked tells that the part ends where enough was looked at, and not because it is
	// full: what is asked may be further on.
	Looked bool
}

func (f Filter) listing(workspace countersign.WorkspaceID, most int) store.EventListing {
	l := store.EventListing{
		Workspace: workspace, Users: f.Users, Actors: f.Actors, Kinds: f.Kinds, Outcome: string(f.Outcome), IP: f.IP, Terms: f.Terms, Most: most, Reach: reach,
	}
	if !f.Since.IsZero() {
		l.Since = FirstAt(f.Since)
	}
	if !f.Until.IsZero() {
		l.Until = FirstAt(f.Until)
	}
	return l
}

// cursor is an event's identifier, or "" for what no list has written.
func cursor(typed countersign.EventID) countersign.EventID {
	const longest = 40
	if !strings.HasPrefix(string(typed), "evt_") || len(typed) > longest || storable(string(typed)) != string(typed) {
		return ""
	}
	return typed
}

// Page reads the part of a list that is older than one event, or newer than another;
// where both are "", the latest.
func (g *Log) Page(ctx context.Context, workspace countersign.WorkspaceID, f Filter, older, newer countersign.EventID, most int) (Part, error) {
	l := f.listing(workspace, most+1)
	l.From = cursor(older)
	if from := cursor(newer); from != "" {
		l.From, l.Newer = from, true
	}
	found, err := g.Store.ListLog(ctx, l)
	if err != nil {
		return Part{}, fmt.Errorf("list events: %w", err)
	}
	out := Part{Events: found.Events, Looked: found.Horizon != ""}
	more := len(out.Events) > most
	switch {
	case l.Newer:
		if more {
			out.Events = out.Events[1:]
			out.Newer = out.Events[0].ID
		} else {
			out.Newer = found.Horizon
		}
		out.Older = l.From
		if len(out.Events) > 0 {
			out.Older = out.Events[len(out.Events)-1].ID
		}
	default:
		if more {
			out.Events = out.Events[:most]
			out.Older = out.Events[most-1].ID
		} else {
			out.Older = found.Horizon
		}
		if l.From != "" {
			out.Newer = l.From
			if len(out.Events) > 0 {
				out.Newer = out.Events[0].ID
			}
		}
	}
	return out, nil
}

// Each calls do for all events of a list, the latest first.
func (g *Log) Each(ctx context.Context, workspace countersign.WorkspaceID, f Filter, do func(rows.Event) error) error {
	l := f.listing(workspace, eventsTogether)
	for {
		found, err := g.Store.ListLog(ctx, l)
		if err != nil {
			return fmt.Errorf("list events: %w", err)
		}
		for _, e := range found.Events {
			err = do(e)
			if err != nil {
				return err
			}
		}
		switch {
		case found.Horizon != "":
			l.From = found.Horizon
		case len(found.Events) < eventsTogether:
			return nil
		default:
			l.From = found.Events[len(found.Events)-1].ID
		}
	}
}

// Get reads one event. Errors: NotFound "no_such_event".
func (g *Log) Get(ctx context.Context, workspace countersign.WorkspaceID, id countersign.EventID) (rows.Event, error) {
	if cursor(id) == "" {
		return rows.Event{}, countersign.Refuse(countersign.NotFound, "no_such_event")
	}
	e, err := g.Store.Read().GetEvent(ctx, workspace, id)
	if store.NotFound(err) {
		return e, countersign.Refuse(countersign.NotFound, "no_such_event")
	}
	if err != nil {
		return e, fmt.Errorf("load the event: %w", store.Classify(err))
	}
	return e, nil
}

// Latest is the latest event of all, "" for none.
func (g *Log) Latest(ctx context.Context, workspace countersign.WorkspaceID) (countersign.EventID, error) {
	last, err := g.Store.Read().LastEvent(ctx, workspace)
	if err != nil {
		return "", fmt.Errorf("look for the latest event: %w", store.Classify(err))
	}
	return countersign.EventID(last), nil
}

// Await returns the latest event when it is another than seen, or when ctx ends, or the
// error of still, which is asked at each look whether the one who waits still may.
func (g *Log) Await(ctx context.Context, workspace countersign.WorkspaceID, seen string, still func(context.Context) error) (string, error) {
	for {
		err := still(ctx)
		if err != nil && ctx.Err() == nil {
			return seen, err
		}
		last, err := g.Latest(ctx, workspace)
		if ctx.Err() != nil {
			return seen, nil //nolint:nilerr // the wait is over, whatever the last look came to
		}
		if err != nil || string(last) != seen {
			return string(last), err
		}
		select {
		case <-ctx.Done():
			return seen, nil
		case <-time.After(lookEvery):
		}
	}
}
