package people

import (
	"context"
	"fmt"
	"slices"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Group are the people whom a change affects in one way.
type Group struct {
	Count int `json:"count"`
	// First are the first of them, by address.
	First []Affected `json:"first"`
}

// Affected is one of them.
type Affected struct {
	ID    countersign.UserID `json:"id"`
	Name  string             `json:"name"`
	Email string             `json:"email"`
	Role  countersign.Role   `json:"role"`
}

// mostNamed is how many of a group are named.
const mostNamed = 10

func (g *Group) add(u rows.User) {
	g.Count++
	if len(g.First) < mostNamed {
		g.First = append(g.First, Affected{u.ID, u.Name, u.Email, u.Role})
	}
}

// Impact is what other rules would do to the people who can sign in.
type Impact struct {
	// LockedOut could not get in any more, CodesOnly with saved codes alone. MustSetUp have
	// to set up a second factor at their next sign-in.
	LockedOut Group `json:"locked_out"`
	CodesOnly Group `json:"codes_only"`
	MustSetUp Group `json:"must_set_up"`
	// Managers are those of the locked out who have a role.
	Managers Group `json:"managers"`
	// NoOwner tells that no owner could sign in any more: such rules are refused.
	NoOwner bool `json:"no_owner"`
}

// Impact tells what rules would do to whom, and changes nothing.
func (s *Service) Impact(ctx context.Context, workspace countersign.WorkspaceID, before Stored, next policy.Rules) (Impact, error) {
	impact := Impact{LockedOut: Group{First: []Affected{}}, CodesOnly: Group{First: []Affected{}}, MustSetUp: Group{First: []Affected{}}, Managers: Group{First: []Affected{}}}
	worlds := newWorlds(before, next)
	owners := census{}
	concerned := s.everybody
	if policy.OnlyRequires(policy.Changes(before.Rules, next)) {
		concerned = s.bare
	}
	after := ""
	for {
		users, has, err := concerned(ctx, workspace, after)
		if err != nil {
			return impact, err
		}
		if len(users) == 0 {
			break
		}
		for _, u := range users {
			err = s.affect(u, has[u.ID], worlds, &impact, &owners)
			if err != nil {
				return impact, err
			}
		}
		after = users[len(users)-1].EmailKey
	}
	impact.NoOwner = owners.lost()
	return impact, nil
}

// everybody reads a page of people, by address, with what they have.
func (s *Service) everybody(ctx context.Context, workspace countersign.WorkspaceID, after string) ([]rows.User, map[countersign.UserID]approve.Possessions, error) {
	found, err := s.Store.Read().ListConcerned(ctx, workspace, after, pageSize)
	if err != nil {
		return nil, nil, fmt.Errorf("list users: %w", store.Classify(err))
	}
	if len(found) == 0 {
		return nil, nil, nil
	}
	users := make([]rows.User, len(found))
	for i, u := range found {
		users[i] = rows.User{
			WorkspaceID: workspace, ID: u.ID, PoolID: u.PoolID, Email: u.Email, EmailKey: u.EmailKey, Name: u.Name, Role: u.Role, State: u.State,
			RequireSecondFactor: u.RequireSecondFactor, PasswordHash: u.PasswordHash,
		}
	}
	has, err := s.possessions(ctx, workspace, after, users[len(users)-1].EmailKey)
	return users, has, err
}

// bare reads a page of those who can sign in and have no second factor: nobody else is
// concerned by what is required, and they are read in a tenth of the time.
func (s *Service) bare(ctx context.Context, workspace countersign.WorkspaceID, after string) ([]rows.User, map[countersign.UserID]approve.Possessions, error) {
	users, err := s.Store.Read().ListMissing(ctx, rows.ListMissingParams{WorkspaceID: workspace, After: after, Most: pageSize})
	if err != nil {
		return nil, nil, fmt.Errorf("list those without a second factor: %w", store.Classify(err))
	}
	return users, nil, nil
}

// census counts the owners who get in, before a change and after it.
type census struct{ before, after int }

// lost tells that the change shuts the last one out. Where nobody got in before, it does
// not: rules must be able to end that.
func (c census) lost() bool { return c.before > 0 && c.after == 0 }

func (s *Service) affect(u rows.User, has approve.Possessions, worlds worlds, impact *Impact, owners *census) error {
	if u.State != countersign.Active {
		return nil
	}
	was, is, err := worlds.of(u.PoolID)
	if err != nil {
		return err
	}
	old, next := s.Accounts.GroundAt(worlds.before.home, was), s.Accounts.GroundAt(worlds.before.home, is)
	person := s.somebody(u, has, old, next)
	if u.Role == countersign.Owner {
		owners.count(person, old, next)
	}
	switch policy.Affect(person, was, is, s.Now()) {
	case policy.LockedOut:
		impact.LockedOut.add(u)
		if u.Role != countersign.Member {
			impact.Managers.add(u)
		}
	case policy.CodesOnly:
		impact.CodesOnly.add(u)
	case policy.MustSetUp:
		impact.MustSetUp.add(u)
	case policy.Unaffected:
	}
	return nil
}

func (c *census) count(p policy.Somebody, was, is account.Ground) {
	if p.GetsIn(p.Before, was.Settings) {
		c.before++
	}
	if p.GetsIn(p.After, is.Settings) {
		c.after++
	}
}

// ownersStay refuses rules by which no owner could sign in any more. Conflict
// "owners_locked_out".
func (s *Service) ownersStay(tx *store.Tx, all []rows.User, before Stored, next policy.Rules) error {
	worlds, owners := newWorlds(before, next), census{}
	for _, u := range all {
		was, is, err := worlds.of(u.PoolID)
		if err != nil {
			return err
		}
		err = s.countOwner(tx, u, s.Accounts.GroundAt(before.home, was), s.Accounts.GroundAt(before.home, is), &owners)
		if err != nil {
			return err
		}
	}
	if owners.lost() {
		return countersign.Refuse(countersign.Conflict, "owners_locked_out")
	}
	return nil
}

// countOwner counts an owner with what a transaction reads of theirs.
func (s *Service) countOwner(tx *store.Tx, u rows.User, was, is account.Ground, owners *census) error {
	has := approve.Possessions{}
	var err error
	has.Credentials, err = tx.ListCredentials(tx.Ctx, u.WorkspaceID, u.ID)
	if err != nil {
		return fmt.Errorf("load credentials: %w", err)
	}
	devices, err := tx.ListDevices(tx.Ctx, u.WorkspaceID, u.ID)
	if err != nil {
		return fmt.Errorf("load devices: %w", err)
	}
	has.Devices = slices.DeleteFunc(devices, func(d rows.Device) bool { return d.State != "active" && d.State != "signed_out" })
	owners.count(s.somebody(u, has, was, is), was, is)
	return nil
}

// lastWhoGetsIn tells whether what is done to an owner leaves none who could sign in, where
// one could before: to is the pool that they come into, "" for somebody who is none any
// more. The workspace's row is taken before. Those of the other owners are not: nothing
// that people do to themselves shuts them out.
func (s *Service) lastWhoGetsIn(tx *store.Tx, user rows.User, to countersign.PoolID) (bool, error) {
	all, err := tx.ListOwners(tx.Ctx, user.WorkspaceID)
	if err != nil {
		return false, fmt.Errorf("list owners: %w", err)
	}
	owners := census{}
	for _, u := range all {
		was, err := s.Accounts.Within(tx, u)
		if err != nil {
			return false, err
		}
		if u.ID != user.ID {
			err = s.countOwner(tx, u, s.Accounts.GroundWithin(was), s.Accounts.GroundWithin(was), &owners)
			if err != nil {
				return false, err
			}
			continue
		}
		is, gone := was, census{}
		if to != "" {
			u.PoolID = to
			is, err = s.Accounts.Within(tx, u)
			if err != nil {
				return false, err
			}
		}
		err = s.countOwner(tx, u, s.Accounts.GroundWithin(was), s.Accounts.GroundWithin(is), &gone)
		if err != nil {
			return false, err
		}
		owners.before += gone.before
		if to != "" {
			owners.after += gone.after
		}
	}
	return owners.lost(), nil
}

// worlds are the effective settings of each pool, before and after.
type worlds struct {
	before, after Stored
	known         map[countersign.PoolID][2]policy.Settings
}

func newWorlds(before Stored, next policy.Rules) worlds {
	before = before.Calling(next.Default)
	after := before
	after.Rules = next
	return worlds{before, after, map[countersign.PoolID][2]policy.Settings{}}
}

func (w worlds) of(pool countersign.PoolID) (policy.Settings, policy.Settings, error) {
	pair, found := w.known[pool]
	if found {
		return pair[0], pair[1], nil
	}
	name := w.before.PoolName(pool)
	for i, rules := range []policy.Rules{w.before.Rules, w.after.Rules} {
		doc, named := rules.Pools[name]
		if !named {
			doc = w.before.Pools[name] // left alone
		}
		var err error
		pair[i], err = policy.Resolve(rules.Workspace, doc)
		if err != nil {
			return pair[0], pair[1], err
		}
	}
	w.known[pool] = pair
	return pair[0], pair[1], nil
}

// somebody is a person as far as a change can shut them out. What passes by itself, as a
// phone that rests or is signed out, does not count. Both grounds are of one host name: no
// setting changes it.
func (s *Service) somebody(u rows.User, has approve.Possessions, was, is account.Ground) policy.Somebody {
	p := policy.Somebody{Personal: u.RequireSecondFactor, Password: u.PasswordHash != ""}
	devices := slices.Clone(has.Devices)
	for i, d := range devices {
		if d.State == "signed_out" {
			devices[i].State = "active"
		}
	}
	has.Devices = devices
	for _, c := range has.Credentials {
		if c.State != "active" || c.Kind == policy.Recovery {
			continue
		}
		p.SecondFactors++
		p.Passkey = p.Passkey || c.Kind == policy.Passkey && !is.Elsewhere(c)
	}
	p.Phone = len(is.Here(has.Devices, has.Credentials)) > 0
	p.Before, p.After = s.ways(was, has), s.ways(is, has)
	return p
}

// ways are a person's second factors that can answer on some ground.
func (s *Service) ways(on account.Ground, has approve.Possessions) []policy.Way {
	has.Credentials, has.Devices = s.Accounts.Answering(has.Credentials, on), on.Here(has.Devices, has.Credentials)
	return approve.Ways(on.Settings, has, on.Settings.Pushes(), approve.Unheards(has.Devices, on.Settings))
}

// possessions reads what the people of a range of addresses have.
func (s *Service) possessions(ctx context.Context, workspace countersign.WorkspaceID, after, until string) (map[countersign.UserID]approve.Possessions, error) {
	all := map[countersign.UserID]approve.Possessions{}
	proofs, err := s.Store.Read().ListProofsBetween(ctx, workspace, after, until)
	if err != nil {
		return nil, fmt.Errorf("list credentials: %w", store.Classify(err))
	}
	for _, c := range proofs {
		has := all[c.UserID]
		has.Credentials = append(has.Credentials, rows.Credential{
			WorkspaceID: workspace, ID: c.ID, UserID: c.UserID, Kind: c.Kind, State: c.State, Secret: c.Secret, Counter: c.Counter, RpID: c.RpID,
		})
		all[c.UserID] = has
	}
	phones, err := s.Store.Read().ListPhonesBetween(ctx, workspace, after, until)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", store.Classify(err))
	}
	for _, d := range phones {
		has := all[d.UserID]
		has.Devices = append(has.Devices, d)
		all[d.UserID] = has
	}
	return all, nil
}
