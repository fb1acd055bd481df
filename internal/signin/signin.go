package signin

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// An attempt lives this long at each step; the second step starts it anew, so
// that fetching a phone from another room is no problem.
const attemptLife = 10 * time.Minute

// Service leads sign-ins.
type Service struct {
	Accounts  *account.Service
	Approvals *approve.Service
	Store     *store.Store
	Now       func() time.Time
}

// Visitor is the browser that signs in, as far as cookies tell.
type Visitor struct {
	// Bind ties attempts to this browser: whoever has only an attempt's
	// address has nothing.
	Bind string
	// Browser is the long-lived token of a browser that signed in before.
	Browser string
	Place   countersign.Place
}

// began tells whether the attempt belongs to this browser.
func (v Visitor) began(row rows.Attempt) bool {
	return v.Bind != "" && seal.Equal(row.BrowserHash, seal.Hash(v.Bind))
}

// Attempt is one sign-in under way.
type Attempt struct {
	rows.Attempt
	Step policy.Step
	// Account is the person's; it is zero before the first factor is proven
	// and for a person who does not exist.
	Account account.Account
	// Credentials are the person's active ones, once the first factor is proven.
	Credentials []rows.Credential
	// Answering are those of them that can answer now, see account.Service.Answering. The
	// others are asked for none the less, and the page says why they do not work.
	Answering []rows.Credential
	// Elsewhere are those that were set up under another host name of the workspace.
	Elsewhere []rows.Credential
	// Known tells that this browser completed a sign-in as this person before, and
	// Browser how.
	Known   bool
	Browser rows.Browser
	// Trusted tells that the browser's trust stands in the place of the second factor, as
	// things stood when this was read.
	Trusted bool
	// Phone is what this sign-in asked on the phone last, if anything.
	Phone *Phone
	// Devices are the person's phones, once the first factor is proven.
	Devices []rows.Device
	// Text is the code that was sent last for this sign-in, if any.
	Text *rows.Text
}

// startRate keeps a flood from filling the table of attempts; a large office behind
// one address stays far below it. What guesses is limited elsewhere.
func startRate() limit.Rate { return limit.Rate{Interval: 5 * time.Millisecond, Burst: 1000} }

// Start begins a sign-in for what was typed as an address. It is the same for
// accounts that exist and those that do not. Errors: Invalid on field
// "identifier".
func (s *Service) Start(ctx context.Context, workspace countersign.WorkspaceID, identifier, returnTo string, v Visitor) (countersign.AttemptID, error) {
	address, err := account.CheckEmail("identifier", identifier)
	if err != nil {
		return "", err
	}
	network := "start:" + account.Network(v.Place.IP)
	err = s.Accounts.Spent(ctx, workspace, network, "too_many_starts", startRate())
	if err != nil {
		return "", err
	}
	user, _, err := s.Accounts.LookUp(ctx, workspace, address)
	if err != nil {
		return "", err
	}
	id := countersign.AttemptID(seal.ID("att"))
	identifier, err = s.hide(id, address)
	if err != nil {
		return "", err
	}
	err = s.Store.WriteInTurn(ctx, network, func(tx *store.Tx) error {
		err := insert(tx, rows.InsertAttemptParams{
			WorkspaceID: workspace, ID: id, BrowserHash: seal.Hash(v.Bind), UserID: user.ID, Identifier: identifier,
			Entry: policy.EntryForm, ReturnTo: countersign.InsidePath(returnTo), IP: v.Place.IP, UserAgent: v.Place.UserAgent,
		})
		if err != nil {
			return err
		}
		// Last, so that others of the network wait for its row no longer than they must.
		return s.Accounts.Spend(tx, workspace, network, "too_many_starts", startRate())
	})
	return id, err
}

// StartFromLink begins a sign-in whose first factor is done: the password was
// set a moment ago, in this transaction, by an invitation, set-up or rescue
// link. The second factor is asked all the same where the person has one.
func (s *Service) StartFromLink(tx *store.Tx, user rows.User, entry string, v Visitor) (countersign.AttemptID, error) {
	id := countersign.AttemptID(seal.ID("att"))
	identifier, err := s.hide(id, user.Email)
	if err != nil {
		return "", err
	}
	return id, insert(tx, rows.InsertAttemptParams{
		WorkspaceID: user.WorkspaceID, ID: id, BrowserHash: seal.Hash(v.Bind), UserID: user.ID, Identifier: identifier,
		Entry: entry, First: "password", FirstAt: tx.NowMilli(), IP: v.Place.IP, UserAgent: v.Place.UserAgent,
	})
}

// hide seals what was typed as an address. People type passwords into that
// field, and some look like addresses; nothing of the kind lies there in clear.
func (s *Service) hide(id countersign.AttemptID, typed string) (string, error) {
	sealed, err := s.Accounts.Ring.Seal([]byte(typed), store.IdentifierPlace(id))
	if err != nil {
		return "", fmt.Errorf("seal what was typed: %w", err)
	}
	return base64.RawStdEncoding.EncodeToString(sealed), nil
}

// typed is what was hidden. A sign-in whose address does not open any more is
// over: its key was dropped meanwhile, or somebody has been at the row.
func (s *Service) typed(row rows.Attempt) (string, error) {
	sealed, err := base64.RawStdEncoding.DecodeString(row.Identifier)
	if err != nil {
		return "", over()
	}
	typed, err := s.Accounts.Ring.Open(sealed, store.IdentifierPlace(row.ID))
	if err != nil {
		return "", over()
	}
	return string(typed), nil
}

func insert(tx *store.Tx, row rows.InsertAttemptParams) error {
	row.CreatedAt = tx.NowMilli()
	row.ExpiresAt = tx.Now.Add(attemptLife).UnixMilli()
	err := tx.InsertAttempt(tx.Ctx, row)
	if err != nil {
		return fmt.Errorf("insert attempt: %w", err)
	}
	return nil
}

// Load is the dispatcher: it reads an attempt and computes its step. Errors:
// Gone "attempt_over" for one that is finished, cancelled, expired, unknown, or
// of another browser: all the same, so that an address tells nothing.
func (s *Service) Load(ctx context.Context, workspace countersign.WorkspaceID, id countersign.AttemptID, v Visitor) (Attempt, error) {
	ctx = s.Store.Brief(ctx)
	row, err := s.Store.Read().GetAttempt(ctx, workspace, id)
	if store.NotFound(err) {
		return Attempt{}, over()
	}
	if err != nil {
		return Attempt{}, fmt.Errorf("load attempt: %w", store.Classify(err))
	}
	if row.State != "open" || row.ExpiresAt <= s.Now().UnixMilli() || !v.began(row) {
		return Attempt{}, over()
	}
	row.Identifier, err = s.typed(row)
	if err != nil {
		return Attempt{}, err
	}
	at := Attempt{Attempt: row, Step: policy.StepFirst}
	at.Browser, at.Known, err = s.known(ctx, row, v)
	if err != nil {
		return Attempt{}, err
	}
	if row.First == "" {
		// Nothing of the account is read before its first factor: the page
		// must not know it, and the time must not tell whether there is one.
		if row.Asked != 0 {
			at.Phone, err = s.asked(ctx, row)
		}
		return at, err
	}
	a, err := s.Accounts.Load(ctx, workspace, row.UserID)
	if countersign.KindOf(err) == countersign.NotFound {
		return Attempt{}, over()
	}
	if err != nil {
		return Attempt{}, err
	}
	at.Account = a
	return s.withCredentials(ctx, at)
}

// Finished tells a browser that it has finished this attempt. The second click on
// one button hears so from here; to anybody else the attempt is just over.
func (s *Service) Finished(ctx context.Context, workspace countersign.WorkspaceID, id countersign.AttemptID, v Visitor) (bool, error) {
	row, err := s.Store.Read().GetAttempt(ctx, workspace, id)
	if store.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("load attempt: %w", store.Classify(err))
	}
	return (row.State == "done" || row.State == "redeemed") && v.began(row), nil
}

func over() error { return countersign.Refuse(countersign.Gone, "attempt_over") }

func (s *Service) withCredentials(ctx context.Context, at Attempt) (Attempt, error) {
	if at.Account.User.State != countersign.Active {
		return Attempt{}, over()
	}
	all, err := s.Store.Read().ListCredentials(ctx, at.WorkspaceID, at.UserID)
	if err != nil {
		return Attempt{}, fmt.Errorf("load credentials: %w", store.Classify(err))
	}
	for _, c := range all {
		if c.State == "active" {
			at.Credentials = append(at.Credentials, c)
		}
	}
	ground := s.Accounts.GroundOf(at.Account)
	at.Answering = s.Accounts.Answering(at.Credentials, ground)
	at.Elsewhere = slices.DeleteFunc(slices.Clone(at.Credentials), func(c rows.Credential) bool { return !ground.Elsewhere(c) })
	at.Step = step(at.First, at.Second, at.Credentials, false)
	at.Trusted = at.Step == policy.StepSecond && trusts(at, at.Account.Settings, s.Now())
	if at.Trusted {
		at.Step = step(at.First, at.Second, at.Credentials, true)
	}
	at, err = s.withText(ctx, at)
	if err != nil {
		return Attempt{}, err
	}
	return s.withPhones(ctx, at)
}

// step is what is asked next, given what was proven and what the person has.
func step(first, second string, credentials []rows.Credential, trusted bool) policy.Step {
	p := policy.Progress{First: first, Second: second, Trusted: trusted}
	for _, c := range credentials {
		if c.State != "active" || c.Kind == string(method.Recovery) {
			continue
		}
		p.SecondFactors++
		if c.Kind != string(method.Push) {
			p.Others++
		}
	}
	return policy.Next(p)
}

func (s *Service) known(ctx context.Context, row rows.Attempt, v Visitor) (rows.Browser, bool, error) {
	if v.Browser == "" {
		return rows.Browser{}, false, nil
	}
	browser, err := s.Store.Read().GetBrowser(ctx, row.WorkspaceID, seal.Hash(v.Browser), row.UserID)
	if store.NotFound(err) {
		return rows.Browser{}, false, nil
	}
	if err != nil {
		return rows.Browser{}, false, fmt.Errorf("load browser: %w", store.Classify(err))
	}
	return browser, true, nil
}

// Cancel ends an attempt; one that is over already is not an error.
func (s *Service) Cancel(ctx context.Context, workspace countersign.WorkspaceID, id countersign.AttemptID, v Visitor) error {
	at, err := s.Load(ctx, workspace, id, v)
	if countersign.KindOf(err) == countersign.Gone {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		if at.Phone != nil && at.UserID != "" {
			// The person's row first, as in every change: what answers the phone takes it too.
			_, err := tx.LockUser(tx.Ctx, workspace, at.UserID)
			if err != nil && !store.NotFound(err) {
				return fmt.Errorf("lock user: %w", err)
			}
		}
		_, err := tx.CancelAttempt(tx.Ctx, workspace, id)
		if err != nil {
			return fmt.Errorf("cancel attempt: %w", err)
		}
		if at.Phone != nil && at.UserID != "" {
			err = s.Approvals.Withdraw(tx, rows.User{WorkspaceID: workspace, ID: at.UserID}, string(id))
			if err != nil {
				return err
			}
		}
		return audit.Write(tx, workspace, audit.Event{
			Kind: "signin.cancelled", Actor: countersign.Actor{Kind: countersign.ByAnonymous},
			User: at.UserID, Attempt: id, Place: v.Place,
		})
	})
}
