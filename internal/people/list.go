package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/fold"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// Filter says whom a list of people holds. The zero Filter holds everybody.
type Filter struct {
	// Typed is what somebody searches: beginnings of words of a name or an address.
	Typed    string
	Standing store.Standing
	Pool     countersign.PoolID
	Role     countersign.Role

	due bool // to be reminded; see ToRemind
}

// Narrow tells whether the filter leaves somebody out.
func (f Filter) Narrow() bool { return f != Filter{} }

// Line is one person of a list, with what they have.
type Line struct {
	store.Listed

	// Methods are the kinds of second factors that the person has.
	Methods []string
	// CodesLeft counts unused recovery codes.
	CodesLeft int64
	// Missing tells that a second factor is required and is not there.
	Missing bool
	// Paused tells that wrong second factors lock the person, for a while or until somebody
	// ends it.
	Paused bool
}

// Lines are one part of a list.
type Lines struct {
	People []Line
	// Next and Previous are the cursors of the parts beside it, "" where there is none.
	Next, Previous string
}

// cursorOf writes a place as it stands in an address.
func cursorOf(p store.Place) string { return p.Key + "." + string(p.ID) }

// placeOf reads one; anything that no list has written is the beginning.
func placeOf(cursor string) store.Place {
	key, id, found := strings.Cut(cursor, ".")
	if !found || !fold.Is(key) || !strings.HasPrefix(id, "usr_") || len(cursor) > 1000 {
		return store.Place{}
	}
	return store.Place{Key: key, ID: countersign.UserID(id)}
}

// Search reads the part of a list after one cursor, or before another; where both are
// "", its beginning. most is how many people a part has.
func (s *Service) Search(ctx context.Context, workspace countersign.WorkspaceID, f Filter, after, before string, most int) (Lines, error) {
	listing, required, err := s.listing(ctx, workspace, f)
	if err != nil {
		return Lines{}, err
	}
	listing.From, listing.Most = placeOf(after), most+1
	if before := placeOf(before); before != (store.Place{}) {
		listing.From, listing.Backward = before, true
	}
	found, err := s.Store.ListPeople(ctx, listing)
	if err != nil {
		return Lines{}, err
	}
	var out Lines
	more := len(found) > most
	if listing.Backward {
		if more {
			found = found[1:]
			out.Previous = cursorOf(found[0].At)
		}
		if len(found) > 0 {
			out.Next = cursorOf(found[len(found)-1].At)
		}
	} else {
		if more {
			found = found[:most]
			out.Next = cursorOf(found[most-1].At)
		}
		if listing.From != (store.Place{}) && len(found) > 0 {
			out.Previous = cursorOf(found[0].At)
		}
	}
	out.People, err = s.lines(ctx, workspace, found, required)
	return out, err
}

// Each calls do for everybody of a list, in its order.
func (s *Service) Each(ctx context.Context, workspace countersign.WorkspaceID, f Filter, do func(Line) error) error {
	listing, required, err := s.listing(ctx, workspace, f)
	if err != nil {
		return err
	}
	listing.Most = pageSize
	for {
		found, err := s.Store.ListPeople(ctx, listing)
		if err != nil {
			return err
		}
		lines, err := s.lines(ctx, workspace, found, required)
		if err != nil {
			return err
		}
		for _, line := range lines {
			err = do(line)
			if err != nil {
				return err
			}
		}
		if len(found) < pageSize {
			return nil
		}
		listing.From = found[len(found)-1].At
	}
}

// listing is the question that a filter asks, with the pools of whose people a second
// factor is required.
func (s *Service) listing(ctx context.Context, workspace countersign.WorkspaceID, f Filter) (store.Listing, []countersign.PoolID, error) {
	// The version first: see account.Service.SettingsAt.
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return store.Listing{}, nil, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	pools, err := s.Store.Read().ListPools(ctx, workspace)
	if err != nil {
		return store.Listing{}, nil, fmt.Errorf("list pools: %w", store.Classify(err))
	}
	now := s.Now()
	var required []countersign.PoolID
	for _, pool := range pools {
		settings, err := s.Accounts.SettingsAt(ctx, workspace, pool.ID, w.SettingsVersion)
		if err != nil {
			return store.Listing{}, nil, err
		}
		if settings.Required("", now) != "" {
			required = append(required, pool.ID)
		}
	}
	return store.Listing{
		Workspace: workspace, Terms: fold.Terms(f.Typed), Standing: f.Standing, Pool: f.Pool, Role: f.Role, Due: f.due, Required: required, Now: now,
	}, required, nil
}

// lines adds to people what they have.
func (s *Service) lines(ctx context.Context, workspace countersign.WorkspaceID, found []store.Listed, required []countersign.PoolID) ([]Line, error) {
	ids := make([]countersign.UserID, len(found))
	out := make([]Line, len(found))
	at := map[countersign.UserID]*Line{}
	for i, p := range found {
		ids[i], out[i].Listed = p.ID, p
		at[p.ID] = &out[i]
	}
	held, err := s.Store.ListHeld(ctx, workspace, ids)
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		if h.Kind == "recovery" {
			at[h.User].CodesLeft = h.Left
			continue
		}
		at[h.User].Methods = append(at[h.User].Methods, h.Kind)
	}
	paused, err := s.Store.ListLocked(ctx, workspace, ids, s.Now())
	if err != nil {
		return nil, err
	}
	for _, id := range paused {
		at[id].Paused = true
	}
	for i := range out {
		asked := policy.Personal(out[i].RequireSecondFactor).Holds(s.Now()) || slices.Contains(required, out[i].PoolID)
		out[i].Missing = asked && len(out[i].Methods) == 0 && out[i].State == countersign.Active
	}
	return out, nil
}

// IndexOnce sorts people whom a program from before wrote, and tells how many it found.
// Somebody who is not sorted stands at the beginning of each list, and no search finds
// them.
func (s *Service) IndexOnce(ctx context.Context) (int, error) {
	workspaces, err := s.Store.Read().ListWorkspaces(ctx)
	if err != nil {
		return 0, fmt.Errorf("list workspaces: %w", store.Classify(err))
	}
	n := 0
	for _, w := range workspaces {
		users, err := s.Store.Read().ListUnindexed(ctx, w.ID)
		if err != nil {
			return n, fmt.Errorf("list people who are not sorted: %w", store.Classify(err))
		}
		if len(users) == 0 {
			continue
		}
		err = s.Store.Write(ctx, func(tx *store.Tx) error {
			for _, u := range users {
				err := tx.Index(tx.Ctx, u.WorkspaceID, u.ID)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += len(users)
	}
	return n, nil
}
