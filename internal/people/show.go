package people

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// idleSession is how long a session lives without a request.
const idleSession = 12 * time.Hour

// Shown is one person as others see them. No secret is in it: what is sealed or digested
// was taken out.
type Shown struct {
	account.Account

	Pool        rows.Pool
	Credentials []rows.Credential
	Devices     []rows.Device
	Sessions    []rows.Session
	// Browsers are those that the person trusts now.
	Browsers []rows.Browser
	// Paused tells that wrong second factors lock the person, for a while or until somebody ends
	// it; Waits, that wrong answers of any sort, passwords among them, keep them waiting.
	Paused, Waits bool
	// Required says who requires a second factor, "" for nobody.
	Required policy.Source
}

// Show reads one person. NotFound "no_such_user".
func (s *Service) Show(ctx context.Context, workspace countersign.WorkspaceID, id countersign.UserID) (Shown, error) {
	a, err := s.Accounts.Load(ctx, workspace, id)
	if err != nil {
		return Shown{}, err
	}
	now, read := s.Now(), s.Store.Read()
	out := Shown{Account: a, Required: a.Required(now)}
	out.User.PasswordHash = ""
	out.Pool, err = read.GetPool(ctx, workspace, a.User.PoolID)
	if err == nil {
		out.Credentials, err = s.credentials(ctx, a.User)
	}
	if err == nil {
		out.Devices, err = read.ListDevices(ctx, workspace, id)
	}
	if err == nil {
		out.Sessions, err = read.ListSessions(ctx, rows.ListSessionsParams{
			WorkspaceID: workspace, UserID: id, Now: now.UnixMilli(), Idle: now.Add(-idleSession).UnixMilli(),
		})
	}
	if err == nil {
		out.Browsers, err = s.trusted(ctx, a, now)
	}
	if err != nil {
		return Shown{}, fmt.Errorf("show a person: %w", store.Classify(err))
	}
	for i := range out.Devices {
		d := &out.Devices[i]
		d.DeviceKey, d.VerifyID, d.VerifyKey, d.VerifyUser, d.Subscription = nil, nil, nil, nil, nil
	}
	for i := range out.Sessions {
		out.Sessions[i].TokenHash = nil
	}
	paused, err := s.Store.ListLocked(ctx, workspace, []countersign.UserID{id}, now)
	if err != nil {
		return Shown{}, err
	}
	out.Paused = len(paused) > 0
	out.Waits, err = s.Accounts.Waits(ctx, a.User)
	return out, err
}

// credentials are the active ones, without their secrets.
func (s *Service) credentials(ctx context.Context, u rows.User) ([]rows.Credential, error) {
	all, err := s.Store.Read().ListCredentials(ctx, u.WorkspaceID, u.ID)
	var active []rows.Credential
	for _, c := range all {
		if c.State == "active" {
			c.Secret = nil
			active = append(active, c)
		}
	}
	return active, err
}

func (s *Service) trusted(ctx context.Context, a account.Account, now time.Time) ([]rows.Browser, error) {
	all, err := s.Store.Read().ListBrowsers(ctx, a.User.WorkspaceID, a.User.ID)
	var trusted []rows.Browser
	for _, b := range all {
		if a.Settings.Trusts(account.TrustOf(b), now) {
			b.TokenHash = nil
			trusted = append(trusted, b)
		}
	}
	return trusted, err
}

// Line is how the person stands in a list.
func (s Shown) Line() Line {
	u := s.User
	l := Line{Listed: store.Listed{
		ID: u.ID, PoolID: u.PoolID, Email: u.Email, Name: u.Name, Role: u.Role, State: u.State, CreatedAt: u.CreatedAt, SignedInAt: u.SignedInAt,
	}, Paused: s.Paused}
	seen := map[string]bool{}
	for _, c := range s.Credentials {
		switch {
		case c.Kind == "recovery":
			l.CodesLeft += c.Counter
		case !seen[c.Kind]:
			seen[c.Kind], l.Methods = true, append(l.Methods, c.Kind)
		}
	}
	l.Missing = s.Required != policy.NotRequired && len(l.Methods) == 0 && u.State == countersign.Active
	return l
}

// Called is how somebody is called now. The name may be "": it is their own to choose, the
// address is what tells two of them apart.
type Called struct{ Name, Email string }

// Called are those who acted, by their identifiers. Who is gone is left out.
func (s *Service) Called(ctx context.Context, workspace countersign.WorkspaceID, users []countersign.UserID) (map[countersign.UserID]Called, error) {
	named, err := s.Store.ListNames(ctx, workspace, users)
	if err != nil {
		return nil, fmt.Errorf("load names: %w", err)
	}
	out := map[countersign.UserID]Called{}
	for _, p := range named {
		out[p.ID] = Called{Name: p.Name, Email: p.Email}
	}
	return out, nil
}

// Names are what to call those who acted, by their identifiers. Who is gone is left out.
func (s *Service) Names(ctx context.Context, workspace countersign.WorkspaceID, users []countersign.UserID) (map[countersign.UserID]string, error) {
	all, err := s.Called(ctx, workspace, users)
	out := map[countersign.UserID]string{}
	for id, one := range all {
		out[id] = cmp.Or(one.Name, one.Email)
	}
	return out, err
}
