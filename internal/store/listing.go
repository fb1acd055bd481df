package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/fold"
)

// Standing is one state of people that lists are filtered by.
type Standing string

// The states. All but the last two and Everybody are of people who can sign in.
const (
	Everybody Standing = ""
	// WithSecond have a second factor, Without have none, and Missing have none though one
	// is required of them (see Listing.Required).
	WithSecond Standing = "on"
	Without    Standing = "off"
	Missing    Standing = "missing"
	// OnlyTexts have text messages and no other second factor, NoCodes have a second factor
	// and no recovery code left.
	OnlyTexts Standing = "texts"
	NoCodes   Standing = "no_codes"
	// Locked were locked out by an administrator, or for a while by wrong second factors.
	Locked Standing = "locked"
	// Never have not signed in yet.
	Never Standing = "never"
)

// Standings lists the states.
func Standings() []Standing {
	return []Standing{Everybody, WithSecond, Without, Missing, OnlyTexts, Locked, NoCodes, Never}
}

// Place is where somebody stands in a list. The zero Place is its beginning or end.
type Place struct {
	Key string
	ID  countersign.UserID
}

// Listing says whom a list of people holds, and which part of it is asked.
type Listing struct {
	Workspace countersign.WorkspaceID
	// Terms are beginnings of words, as package fold writes them; all must be found. The
	// list is then in the order of the words that begin with the first.
	Terms    []string
	Standing Standing
	Pool     countersign.PoolID // "" for all
	Role     countersign.Role   // "" for all
	// Due leaves those who can be reminded now: see [Store.CountReminder].
	Due bool
	// Required are the pools of whose people a second factor is required.
	Required []countersign.PoolID
	// Now is when locks are looked at, and requirements.
	Now time.Time
	// From is exclusive. Backward asks for those before it, the nearest first.
	From     Place
	Backward bool
	Most     int
}

// Listed is one person of a list.
type Listed struct {
	ID                  countersign.UserID
	PoolID              countersign.PoolID
	Email, Name         string
	Role                countersign.Role
	State               countersign.UserState
	RequireSecondFactor string
	CreatedAt           int64
	SignedInAt          int64
	At                  Place
}

// question is an SQL text that is put together, and its values.
type question struct {
	lite   bool // it is for SQLite
	text   strings.Builder
	values []any
}

// add writes text with the values in the place of its question marks.
func (s *question) add(text string, values ...any) {
	for _, value := range values {
		part, rest, _ := strings.Cut(text, "?")
		s.values = append(s.values, value)
		s.text.WriteString(part + "$" + strconv.Itoa(len(s.values)))
		text = rest
	}
	s.text.WriteString(text)
}

// has is the condition that somebody has an active credential of these kinds.
func has(kinds string) string {
	return "EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = u.workspace_id AND c.user_id = u.id AND c.state = 'active' AND c." + kinds + ")"
}

// longestLock is more than any lock lasts, in milliseconds: a later end was set while
// the clock was wrong.
const longestLock = 86_520_000

// lockedBy are the subjects that are locked: for a while, or, after a hundred wrong answers in
// a row (limit.RuleOf), until somebody ends it. Each half has its index.
const lockedBy = "SELECT g.subject FROM guesses g WHERE g.workspace_id = ? AND g.locked_until > 0 AND g.locked_until > ? AND g.locked_until < ?" +
	" UNION SELECT g.subject FROM guesses g WHERE g.workspace_id = ? AND g.tries >= 100 AND g.sort IN ('second', 'mailed')"

// locked writes that question.
func (s *question) locked(workspace countersign.WorkspaceID, now int64) {
	s.add(lockedBy, workspace, now, now+longestLock, workspace)
}

// people writes the question. A filter is its own text, so that each database plans for
// what is asked, and not for all that could be (decision 0070).
func (l Listing) people() *question {
	s := &question{}
	key, id := "u.name_key", "u.id"
	if len(l.Terms) > 0 {
		key, id = "w.word", "w.user_id"
	}
	s.add("SELECT u.id, u.pool_id, u.email, u.name, u.role, u.state, u.require_second_factor, u.created_at, u.signed_in_at, " + key)
	l.from(s)
	if l.From != (Place{}) {
		s.add(" AND ("+key+", "+id+") "+map[bool]string{false: ">", true: "<"}[l.Backward]+" (?, ?)", l.From.Key, l.From.ID)
	}
	l.filter(s)
	order := map[bool]string{false: "ASC", true: "DESC"}[l.Backward]
	s.add(" ORDER BY "+key+" "+order+", "+id+" "+order+" LIMIT ?", l.Most)
	return s
}

// from writes where people are read: among all, or by the words that are searched.
func (l Listing) from(s *question) {
	if len(l.Terms) == 0 {
		s.add(" FROM users u WHERE u.workspace_id = ?", l.Workspace)
		return
	}
	from, to := l.Terms[0], fold.After(l.Terms[0])
	s.add(" FROM person_words w JOIN users u ON u.workspace_id = w.workspace_id AND u.id = w.user_id WHERE w.workspace_id = ? AND w.word >= ? AND w.word < ?",
		l.Workspace, from, to)
	// Whoever has two such words stands at the first alone.
	s.add(" AND NOT EXISTS (SELECT 1 FROM person_words x WHERE x.workspace_id = w.workspace_id AND x.user_id = w.user_id AND x.word >= ? AND x.word < w.word)", from)
	for _, term := range l.Terms[1:] {
		s.add(" AND EXISTS (SELECT 1 FROM person_words x WHERE x.workspace_id = w.workspace_id AND x.user_id = w.user_id AND x.word >= ? AND x.word < ?)", term, fold.After(term))
	}
}

func (l Listing) filter(s *question) {
	if l.Pool != "" {
		s.add(" AND u.pool_id = ?", l.Pool)
	}
	if l.Role != "" {
		s.add(" AND u.role = ?", l.Role)
	}
	switch l.Standing {
	case WithSecond:
		s.add(" AND u.state = 'active' AND " + has("kind <> 'recovery'"))
	case Without, Missing:
		s.add(" AND u.state = 'active' AND NOT " + has("kind <> 'recovery'"))
	case OnlyTexts:
		s.add(" AND u.state = 'active' AND " + has("kind = 'sms'") + " AND NOT " + has("kind NOT IN ('sms', 'recovery')"))
	case NoCodes:
		s.add(" AND u.state = 'active' AND " + has("kind <> 'recovery'") + " AND NOT " + has("kind = 'recovery' AND c.counter > 0"))
	case Locked:
		s.add(" AND (u.state = 'disabled' OR u.id IN (")
		s.locked(l.Workspace, l.Now.UnixMilli())
		s.add("))")
	case Never:
		s.add(" AND u.signed_in_at = 0")
	case Everybody:
	}
	if l.Due {
		s.add(" AND u.state = 'active' AND NOT " + has("kind <> 'recovery'") + " AND NOT ")
		l.recent(s)
	}
	if l.Standing != Missing {
		return
	}
	s.add(" AND (u.require_second_factor BETWEEN 'required' AND ?", PersonalBy(l.Now))
	for _, pool := range l.Required {
		s.add(" OR u.pool_id = ?", pool)
	}
	s.add(")")
}

// ListPeople reads one part of a list, in its order also where it was asked backward.
func (s *Store) ListPeople(ctx context.Context, l Listing) ([]Listed, error) {
	asked := l.people()
	var out []Listed
	err := s.each(ctx, asked, func(found *sql.Rows) error {
		var p Listed
		err := found.Scan(&p.ID, &p.PoolID, &p.Email, &p.Name, &p.Role, &p.State, &p.RequireSecondFactor, &p.CreatedAt, &p.SignedInAt, &p.At.Key)
		p.At.ID = p.ID
		out = append(out, p)
		return err
	})
	if l.Backward {
		slices.Reverse(out)
	}
	return out, err
}

// Held is what one person has of a kind of credentials: how many, and the codes left
// where it is recovery.
type Held struct {
	User  countersign.UserID
	Kind  string
	Count int64
	Left  int64
}

// ListHeld reads what these people have, a few hundred at most.
func (s *Store) ListHeld(ctx context.Context, workspace countersign.WorkspaceID, users []countersign.UserID) ([]Held, error) {
	if len(users) == 0 {
		return nil, nil
	}
	asked := &question{}
	asked.add("SELECT user_id, kind, COUNT(*), CAST(SUM(counter) AS BIGINT) FROM credentials WHERE workspace_id = ? AND state = 'active' AND user_id IN (", workspace)
	asked.list(users)
	asked.add(") GROUP BY user_id, kind ORDER BY user_id, kind")
	var out []Held
	err := s.each(ctx, asked, func(found *sql.Rows) error {
		var h Held
		err := found.Scan(&h.User, &h.Kind, &h.Count, &h.Left)
		out = append(out, h)
		return err
	})
	return out, err
}

// ListLocked tells who of these people is locked for a while by wrong second factors.
func (s *Store) ListLocked(ctx context.Context, workspace countersign.WorkspaceID, users []countersign.UserID, now time.Time) ([]countersign.UserID, error) {
	if len(users) == 0 {
		return nil, nil
	}
	asked := &question{}
	asked.add("SELECT l.subject FROM (")
	asked.locked(workspace, now.UnixMilli())
	asked.add(") AS l WHERE l.subject IN (")
	asked.list(users)
	asked.add(") ORDER BY l.subject")
	var out []countersign.UserID
	err := s.each(ctx, asked, func(found *sql.Rows) error {
		var user countersign.UserID
		err := found.Scan(&user)
		out = append(out, user)
		return err
	})
	return out, err
}

// Named is what somebody is called.
type Named struct {
	ID          countersign.UserID
	Name, Email string
}

// ListNames reads what these people are called, a few hundred at most. Who is gone is left
// out.
func (s *Store) ListNames(ctx context.Context, workspace countersign.WorkspaceID, users []countersign.UserID) ([]Named, error) {
	users = slices.DeleteFunc(slices.Clone(users), func(id countersign.UserID) bool { return id == "" })
	slices.Sort(users)
	users = slices.Compact(users)
	if len(users) == 0 {
		return nil, nil
	}
	asked := &question{}
	asked.add("SELECT id, name, email FROM users WHERE workspace_id = ? AND id IN (", workspace)
	asked.list(users)
	asked.add(") ORDER BY id")
	var out []Named
	err := s.each(ctx, asked, func(found *sql.Rows) error {
		var p Named
		err := found.Scan(&p.ID, &p.Name, &p.Email)
		out = append(out, p)
		return err
	})
	return out, err
}

func (s *question) list(users []countersign.UserID) {
	for i, user := range users {
		if i > 0 {
			s.add(", ")
		}
		s.add("?", user)
	}
}

func (s *Store) each(ctx context.Context, asked *question, row func(*sql.Rows) error) error {
	found, err := s.db.QueryContext(ctx, asked.text.String(), asked.values...)
	if err != nil {
		return classify(fmt.Errorf("list people: %w", err))
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		err = row(found)
		if err != nil {
			return fmt.Errorf("read a row: %w", err)
		}
	}
	return classify(found.Err())
}
