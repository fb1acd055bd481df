package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/store/rows"
)

// EventTerms are what a search of the log is for: any of these.
type EventTerms struct {
	// IDs are whole identifiers of whatever an event names, and addresses.
	IDs []string
	// People acted, or it is about them.
	People []countersign.UserID
	Kinds  []string
}

// EventListing says which events a list holds, and which part of it is asked. Of each
// field that is not empty, one of the values must hold.
type EventListing struct {
	Workspace     countersign.WorkspaceID
	Users, Actors []countersign.UserID
	Kinds         []string
	Outcome, IP   string
	Terms         *EventTerms // nil for no search
	// Since and Until are the first event, and the first that is too late. "" for none.
	Since, Until countersign.EventID
	// From is exclusive: what is older than it is asked, or newer where Newer is set.
	From  countersign.EventID
	Newer bool
	Most  int
	// Reach is how many events are looked at for each of what is searched, at most.
	Reach int

	reached countersign.EventID // how far that leads, inclusive, "" for to the end
}

// EventsListed are events, the latest first. Horizon is the last one that was looked at
// where the list may go on behind it though it has fewer than were asked, "" else.
type EventsListed struct {
	Events  []rows.Event
	Horizon countersign.EventID
}

// condition is a part of a question, true for some events.
type condition struct {
	text   string
	values []any
}

// branch is one way to events, by an index that has them in their order.
type branch struct {
	index string // "" for that of the identifiers
	key   condition
	rest  *condition // what the index does not know, nil for nothing
}

const eventColumns = "workspace_id, id, at, kind, outcome, actor_kind, actor_id, user_id, target, session_id, attempt_id, request_id, ip, user_agent, detail"

// oneOf is the condition that a column has one of some values. The column is written so
// that no index answers for it: it is judged of what another index has found.
func oneOf[T ~string](column string, values []T) condition {
	c := condition{text: column + " || '' IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ") + ")"}
	for _, value := range values {
		c.values = append(c.values, string(value))
	}
	return c
}

func keyed(index, text string, value any) branch {
	return branch{index: index, key: condition{text, []any{value}}}
}

func ofKind(kind string) branch { return keyed("events_of_kind", "kind = ?", kind) }
func ofUser[T ~string](user T) branch {
	return keyed("events_of_user", "user_id = ? AND user_id <> ''", user)
}

func byOther[T ~string](user T) branch {
	return keyed("events_by_other", "actor_id = ? AND actor_id <> '' AND actor_id <> user_id", user)
}
func fromAddress(ip string) branch { return keyed("events_from", "ip = ? AND ip <> ''", ip) }

func (b branch) with(text string) branch {
	b.rest = &condition{text: text}
	return b
}

func actorBranches(user countersign.UserID) []branch {
	return []branch{byOther(user), ofUser(user).with("actor_id = user_id")}
}

// branches are the ways to what is searched.
func (t EventTerms) branches() []branch {
	var all []branch
	for _, id := range t.IDs {
		all = append(all, keyed("", "id = ?", id), ofUser(id), byOther(id), fromAddress(id),
			keyed("events_on", "target = ? AND target <> ''", id),
			keyed("events_in_session", "session_id = ? AND session_id <> ''", id),
			keyed("events_in_attempt", "attempt_id = ? AND attempt_id <> ''", id),
			keyed("events_in_request", "request_id = ? AND request_id <> ''", id))
	}
	for _, user := range t.People {
		all = append(all, ofUser(user), byOther(user))
	}
	for _, kind := range t.Kinds {
		all = append(all, ofKind(kind))
	}
	return all
}

// holds is the condition that an event is one of those that are searched.
func (t EventTerms) holds() condition {
	var whole condition
	var texts []string
	add := func(c condition) {
		texts = append(texts, c.text)
		whole.values = append(whole.values, c.values...)
	}
	if len(t.IDs) > 0 {
		for _, column := range []string{"id", "user_id", "actor_id", "ip", "target", "session_id", "attempt_id", "request_id"} {
			add(oneOf(column, t.IDs))
		}
	}
	if len(t.People) > 0 {
		add(oneOf("user_id", t.People))
		add(oneOf("actor_id", t.People))
	}
	if len(t.Kinds) > 0 {
		add(oneOf("kind", t.Kinds))
	}
	whole.text = "(" + strings.Join(texts, " OR ") + ")"
	return whole
}

// ways are the branches by which the events are found, by what leaves most of them out,
// and the conditions that remain.
func (l EventListing) ways() ([]branch, []condition) {
	type dimension struct {
		asked    bool
		branches func() []branch
		holds    func() condition
	}
	users := func() []branch {
		var all []branch
		for _, user := range l.Users {
			all = append(all, ofUser(user))
		}
		return all
	}
	actors := func() []branch {
		var all []branch
		for _, user := range l.Actors {
			all = append(all, actorBranches(user)...)
		}
		return all
	}
	terms := EventTerms{}
	if l.Terms != nil {
		terms = *l.Terms
	}
	all := []dimension{
		{len(terms.IDs) > 0, terms.branches, terms.holds},
		{len(l.Users) > 0, users, func() condition { return oneOf("user_id", l.Users) }},
		{len(l.Actors) > 0, actors, func() condition { return oneOf("actor_id", l.Actors) }},
		{l.IP != "", func() []branch { return []branch{fromAddress(l.IP)} }, func() condition { return oneOf("ip", []string{l.IP}) }},
		{len(terms.IDs) == 0 && len(terms.People)+len(terms.Kinds) > 0, terms.branches, terms.holds},
		{len(l.Kinds) > 0, EventTerms{Kinds: l.Kinds}.branches, EventTerms{Kinds: l.Kinds}.holds},
	}
	var ways []branch
	var rest []condition
	for _, d := range all {
		switch {
		case !d.asked:
		case ways == nil:
			ways = d.branches()
		default:
			rest = append(rest, d.holds())
		}
	}
	if ways == nil {
		ways = []branch{{}} // all, by their own key
	}
	if l.Outcome != "" {
		rest = append(rest, oneOf("outcome", []string{l.Outcome}))
	}
	return ways, rest
}

// within writes the beginning of what is asked of one way.
func (l EventListing) within(s *question, b branch) {
	s.add(" FROM events")
	if s.lite && b.index != "" {
		// With two ends of the identifiers, SQLite would take the index of those alone for each
		// filter, and read a whole log for what is rare.
		s.add(" INDEXED BY " + b.index)
	}
	s.add(" WHERE workspace_id = ?", l.Workspace)
	if b.key.text != "" {
		s.add(" AND "+b.key.text, b.key.values...)
	}
	l.bounds(s)
}

// Every event's identifier is between these two. What a hand in the database has given
// another one, which SQLite may sort behind all that is ever written, would stand in every
// part of a list, and the parts behind it would begin at the wrong place.
const firstEvent, behindEvents countersign.EventID = "evt_", "evu"

// bounds writes one condition for each end: of two, SQLite would look for the place of
// either, and read from there to the other.
func (l EventListing) bounds(s *question) {
	from, to := max(l.Since, firstEvent), behindEvents
	if l.Until != "" {
		to = min(l.Until, to)
	}
	above, below := " AND id >= ?", " AND id < ?"
	switch {
	case l.From == "":
	case l.Newer && l.From >= from:
		from, above = l.From, " AND id > ?"
	case !l.Newer && l.From < to:
		to = l.From
	}
	if l.reached != "" && l.Newer {
		to, below = l.reached, " AND id <= ?"
	} else if l.reached != "" {
		from, above = l.reached, " AND id >= ?"
	}
	s.add(above, from)
	s.add(below, to)
}

func (l EventListing) order() string { return map[bool]string{false: "DESC", true: "ASC"}[l.Newer] }

// horizon is how far the ways may be followed: to where the first of them has been for as
// many events as are looked at. "" is to the end.
func (s *Store) horizon(ctx context.Context, l EventListing, ways []branch) (countersign.EventID, error) {
	asked := &question{lite: s.lite}
	for i, b := range ways {
		if i > 0 {
			asked.add(" UNION ALL ")
		}
		asked.add("SELECT id FROM (SELECT id")
		l.within(asked, b)
		asked.add(" ORDER BY id "+l.order()+" LIMIT 1 OFFSET ?) AS way", l.Reach)
	}
	var nearest countersign.EventID
	err := s.each(ctx, asked, func(found *sql.Rows) error {
		var id countersign.EventID
		err := found.Scan(&id)
		if nearest == "" || (id > nearest) != l.Newer {
			nearest = id
		}
		return err
	})
	return nearest, err
}

// ListLog reads one part of a list of events. It looks at a bounded number of them,
// however many there are.
func (s *Store) ListLog(ctx context.Context, l EventListing) (EventsListed, error) {
	ways, rest := l.ways()
	var out EventsListed
	judged := len(rest) > 0 || slices.ContainsFunc(ways, func(b branch) bool { return b.rest != nil })
	if judged {
		var err error
		out.Horizon, err = s.horizon(ctx, l, ways)
		if err != nil {
			return out, err
		}
		l.reached = out.Horizon
	}
	asked := &question{lite: s.lite}
	for i, b := range ways {
		if i > 0 {
			asked.add(" UNION ALL ")
		}
		asked.add("SELECT * FROM (SELECT " + eventColumns)
		l.within(asked, b)
		if b.rest != nil {
			asked.add(" AND " + b.rest.text)
		}
		for _, c := range rest {
			asked.add(" AND "+c.text, c.values...)
		}
		asked.add(" ORDER BY id "+l.order()+" LIMIT ?) AS way", l.Most)
	}
	err := s.each(ctx, asked, func(found *sql.Rows) error {
		var e rows.Event
		err := found.Scan(&e.WorkspaceID, &e.ID, &e.At, &e.Kind, &e.Outcome, &e.ActorKind, &e.ActorID, &e.UserID, &e.Target, &e.SessionID, &e.AttemptID, &e.RequestID, &e.IP, &e.UserAgent, &e.Detail)
		out.Events = append(out.Events, e)
		return err
	})
	if err != nil {
		return out, err
	}
	// What two ways lead to is there once, and the nearest of all ways are kept.
	slices.SortFunc(out.Events, func(a, b rows.Event) int {
		if l.Newer {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(b.ID, a.ID)
	})
	out.Events = slices.CompactFunc(out.Events, func(a, b rows.Event) bool { return a.ID == b.ID })
	if len(out.Events) >= l.Most {
		out.Events, out.Horizon = out.Events[:l.Most], ""
	}
	if l.Newer {
		slices.Reverse(out.Events)
	}
	return out, nil
}
