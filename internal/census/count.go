package census

import (
	"context"
	"fmt"
	"sync"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/store"
)

// Service counts.
type Service struct {
	Accounts *account.Service
	Store    *store.Store
	Now      func() time.Time

	kept kept
}

// Pool is what the people of one identity pool have. Everything up to NoCodes counts
// those who can sign in.
type Pool struct {
	ID   countersign.PoolID
	Name string
	// Required tells that a second factor is required of all of them.
	Required bool

	People, Protected int64
	// Missing counts those of whom a second factor is required and who have none.
	Missing int64
	// Personal counts those of whom it is required by what is set for them alone, and
	// PersonalMissing those of them who have none.
	Personal, PersonalMissing int64
	// Totp, Push, Passkey and SMS count people, not credentials.
	Totp, Push, Passkey, SMS int64
	OnlyTexts, NoCodes       int64
	// Owners and BareOwners count owners, and those of them without a second factor;
	// BareManagers the others who are let into the console by their role and have none.
	Owners, BareOwners, BareManagers int64

	// Everybody counts all accounts, Disabled and Invited those that cannot sign in, Never
	// those that have not yet.
	Everybody, Disabled, Invited, Never int64
	// Paused counts those whom wrong second factors lock for a while, and who are not
	// disabled besides.
	Paused int64
}

// Locked counts those who are locked, by whomever.
func (p Pool) Locked() int64 { return p.Disabled + p.Paused }

// Bare counts those without a second factor.
func (p Pool) Bare() int64 { return p.People - p.Protected }

// Percent is the share of those with a second factor, rounded down so that 100 means
// everybody; 0 where there is nobody.
func (p Pool) Percent() int {
	if p.People == 0 {
		return 0
	}
	return int(p.Protected * 100 / p.People)
}

// Count is how things stand in a workspace at a moment.
type Count struct {
	At    time.Time
	Pools []Pool
	// All is the sum of the pools, without a name.
	All Pool

	settings int64 // the version of the settings that it was asked for under, or anySettings
}

// anySettings asks for a count under whatever settings.
const anySettings = -1

// kept holds the last count of each workspace for a hundred times as long as it took: a
// large workspace is counted less often, a small one is always counted anew, and at most
// a hundredth of a node's time is spent on it.
type kept struct {
	mu    sync.Mutex
	of    map[countersign.WorkspaceID]Count
	until map[countersign.WorkspaceID]time.Time
}

const keepFor = 100

func (k *kept) get(workspace countersign.WorkspaceID, settings int64, now time.Time) (Count, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, found := k.of[workspace]
	found = found && (settings == anySettings || settings == c.settings)
	return c, found && now.Before(k.until[workspace]) && !now.Before(c.At)
}

func (k *kept) keep(workspace countersign.WorkspaceID, c Count, took time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of, k.until = map[countersign.WorkspaceID]Count{}, map[countersign.WorkspaceID]time.Time{}
	}
	k.of[workspace], k.until[workspace] = c, c.At.Add(keepFor*took)
}

// Count counts the people of a workspace, or says what was counted a moment ago.
func (s *Service) Count(ctx context.Context, workspace countersign.WorkspaceID) (Count, error) {
	return s.CountUnder(ctx, workspace, anySettings)
}

// CountUnder is Count under a version of the workspace's settings: what was counted under
// another is not taken. Whoever has just required a second factor is not told that it is
// required of nobody.
func (s *Service) CountUnder(ctx context.Context, workspace countersign.WorkspaceID, settings int64) (Count, error) {
	now := s.Now()
	c, found := s.kept.get(workspace, settings, now)
	if found {
		return c, nil
	}
	c, err := s.count(ctx, workspace, now)
	if err != nil {
		return Count{}, err
	}
	c.settings = settings
	s.kept.keep(workspace, c, s.Now().Sub(now))
	return c, nil
}

func (s *Service) count(ctx context.Context, workspace countersign.WorkspaceID, now time.Time) (Count, error) {
	c := Count{At: now}
	pools, err := s.Store.Read().ListPools(ctx, workspace)
	if err != nil {
		return Count{}, fmt.Errorf("list pools: %w", store.Classify(err))
	}
	standing, err := s.Store.Read().CountStanding(ctx, store.PersonalBy(now), workspace)
	if err != nil {
		return Count{}, fmt.Errorf("count people: %w", store.Classify(err))
	}
	locked, err := s.Store.Read().CountLocked(ctx, workspace, now.UnixMilli())
	if err != nil {
		return Count{}, fmt.Errorf("count those who are locked: %w", store.Classify(err))
	}
	of := map[countersign.PoolID]Pool{}
	for _, n := range standing {
		of[n.PoolID] = Pool{
			People: n.People, Protected: n.Protected, Missing: n.Required, Personal: n.Personal, PersonalMissing: n.Required,
			Totp: n.Totp, Push: n.Push, Passkey: n.Passkey, SMS: n.Sms,
			OnlyTexts: n.OnlyTexts, NoCodes: n.NoCodes, Owners: n.Owners, BareOwners: n.BareOwners, BareManagers: n.BareManagers,
			Everybody: n.Everybody, Disabled: n.Disabled, Invited: n.Invited, Never: n.Never,
		}
	}
	for _, n := range locked {
		pool := of[n.PoolID]
		pool.Paused = n.People
		of[n.PoolID] = pool
	}
	for _, row := range pools {
		pool := of[row.ID]
		pool.ID, pool.Name = row.ID, row.Name
		settings, err := s.Accounts.Settings(ctx, workspace, row.ID)
		if err != nil {
			return Count{}, err
		}
		if settings.Required("", now) != "" {
			pool.Required, pool.Missing = true, pool.Bare()
		}
		c.Pools = append(c.Pools, pool)
		c.All.add(pool)
	}
	return c, nil
}

func (p *Pool) add(o Pool) {
	for to, n := range map[*int64]int64{
		&p.People: o.People, &p.Protected: o.Protected, &p.Missing: o.Missing, &p.Personal: o.Personal, &p.PersonalMissing: o.PersonalMissing,
		&p.Paused: o.Paused, &p.Totp: o.Totp, &p.Push: o.Push, &p.Passkey: o.Passkey, &p.SMS: o.SMS,
		&p.OnlyTexts: o.OnlyTexts, &p.NoCodes: o.NoCodes, &p.Owners: o.Owners, &p.BareOwners: o.BareOwners, &p.BareManagers: o.BareManagers,
		&p.Everybody: o.Everybody, &p.Disabled: o.Disabled, &p.Invited: o.Invited, &p.Never: o.Never,
	} {
		*to += n
	}
}
