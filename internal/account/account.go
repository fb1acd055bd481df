package account

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/hosts"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/password"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Service judges proofs. All its fields are set once, by server.
type Service struct {
	Store   *store.Store
	Ring    *seal.Ring
	MAC     seal.MACKey
	Hasher  *password.Hasher
	Outbox  *message.Outbox
	Methods map[method.Kind]method.Method
	// Texting tells that somebody sends text messages on, or that they are kept to be
	// looked at, as mails are.
	Texting bool
	Now     func() time.Time
	// Hosts knows the address of each workspace. Links in mails come from it, never
	// from a request.
	Hosts *hosts.Book
	// Language is said to people, in mails, who have chosen none and whose
	// workspace has none; a BCP 47 tag.
	Language string

	settings settingsCache
	underway underway
	lately   lately
}

// Account is one user with what the workspace says about them, read together
// before a transaction: inside one, nothing else is waited for.
type Account struct {
	Workspace rows.Workspace
	Settings  policy.Settings
	User      rows.User
}

// Required tells who requires a second factor of this user now.
func (a Account) Required(now time.Time) policy.Source {
	return a.Settings.Required(a.User.RequireSecondFactor, now)
}

// Load reads an account. A user who does not exist (any more) is NotFound.
func (s *Service) Load(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID) (Account, error) {
	u, err := s.Store.Read().GetUser(s.Store.Brief(ctx), workspace, user)
	if store.NotFound(err) {
		return Account{}, countersign.Refuse(countersign.NotFound, "no_such_user")
	}
	if err != nil {
		return Account{}, fmt.Errorf("load user: %w", store.Classify(err))
	}
	return s.of(ctx, u)
}

// Find reads the account of an e-mail address. NotFound is for the caller's
// own use: no page may tell it.
func (s *Service) Find(ctx context.Context, workspace countersign.WorkspaceID, email string) (Account, error) {
	u, found, err := s.LookUp(ctx, workspace, email)
	if err != nil {
		return Account{}, err
	}
	if !found {
		return Account{}, countersign.Refuse(countersign.NotFound, "no_such_user")
	}
	return s.of(ctx, u)
}

// LookUp tells whether an address has a user, and who it is. It takes the same
// time either way: where nobody has the address, somebody else's row is read in
// the place of the missing one and thrown away.
func (s *Service) LookUp(ctx context.Context, workspace countersign.WorkspaceID, email string) (rows.User, bool, error) {
	key := EmailKey(email)
	u, err := s.Store.Read().NearestUser(s.Store.Brief(ctx), workspace, key)
	if store.NotFound(err) {
		return rows.User{}, false, nil
	}
	if err != nil {
		return rows.User{}, false, fmt.Errorf("find user: %w", store.Classify(err))
	}
	if u.EmailKey != key {
		return rows.User{}, false, nil
	}
	return u, true, nil
}

func (s *Service) of(ctx context.Context, u rows.User) (Account, error) {
	w, err := s.Store.Read().GetWorkspace(s.Store.Brief(ctx), u.WorkspaceID)
	if err != nil {
		return Account{}, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	settings, err := s.SettingsAt(ctx, u.WorkspaceID, u.PoolID, w.SettingsVersion)
	if err != nil {
		return Account{}, err
	}
	return Account{Workspace: w, Settings: settings, User: u}, nil
}

// Holder is the session that asks for a change, as far as the rules need it.
// Package session makes it.
type Holder struct {
	Workspace countersign.WorkspaceID
	User      countersign.UserID
	Session   countersign.SessionID
	Browser   countersign.BrowserID
	Level     policy.Level
	// Known chooses the counter of wrong answers: that of browsers which
	// completed a sign-in, as every session's did.
	Known bool
	// Fresh is a fresh proof, and FreshFor the one act that it is good for, "" for any;
	// MayEnrolFirst allows the first second factor.
	Fresh, MayEnrolFirst bool
	FreshFor             Act
	// HadSecond tells that this session proved a second factor of the person's own; LastCode that it
	// was a recovery code, and that no other is left.
	HadSecond, LastCode bool
	// ByTrust tells that a browser's trust let this session in, and that it proved no
	// second factor since.
	ByTrust bool
	// ByHelp tells that the second factor was a code of the help desk.
	ByHelp bool
	Place  countersign.Place
}

// Actor is the holder as events name them.
func (h Holder) Actor() countersign.Actor {
	return countersign.Actor{Kind: countersign.ByUser, User: h.User}
}

func signedOut() error { return countersign.Refuse(countersign.Unauthenticated, "signed_out") }
