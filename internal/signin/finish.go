package signin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/agent"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Redeem makes something of a finished sign-in's proof, in the transaction that
// finishes it: either the sign-in is finished and its session there, or neither.
type Redeem func(*store.Tx, countersign.Proof) error

// Finish spends an attempt whose steps are done, once, and returns the proof, of
// which redeem has made what it is for.
//
// Errors: Conflict "step_over" when a step is missing or the attempt was spent;
// Gone "attempt_over" when the person was disabled, or has another password since.
func (s *Service) Finish(ctx context.Context, at Attempt, v Visitor, redeem Redeem) (countersign.Proof, error) {
	if at.Step != policy.StepDone {
		return countersign.Proof{}, stepOver()
	}
	var proof countersign.Proof
	err := s.Accounts.WriteFor(ctx, at.UserID, func(tx *store.Tx) error {
		user, err := tx.LockUser(tx.Ctx, at.WorkspaceID, at.UserID)
		if store.NotFound(err) || (err == nil && user.State != countersign.Active) {
			return over()
		}
		if err != nil {
			return fmt.Errorf("lock user: %w", err)
		}
		passed, v, err := s.byTrust(tx, at, user, v)
		if err != nil {
			return err
		}
		proof, err = s.finish(tx, passed, user, v, redeem)
		return err
	})
	return proof, err
}

// stillKnown tells whether the browser is known now. The attempt was read before this
// transaction took the person's row: a trusted browser may have turned its cookie since,
// and a copy of the old one must not be known by it again. One that trust let in was looked
// at a moment ago, and has its new cookie.
func stillKnown(tx *store.Tx, at Attempt, user rows.User, v Visitor) (bool, error) {
	if !at.Known || at.Second == policy.TrustedBrowser {
		return at.Known, nil
	}
	_, err := tx.GetBrowser(tx.Ctx, user.WorkspaceID, seal.Hash(v.Browser), user.ID)
	if store.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("load browser: %w", err)
	}
	return true, nil
}

// finish is what finishing does. The user's row was locked by this transaction, and
// is active.
func (s *Service) finish(tx *store.Tx, at Attempt, user rows.User, v Visitor, redeem Redeem) (countersign.Proof, error) {
	err := spend(tx, at, user)
	if err != nil {
		return countersign.Proof{}, err
	}
	at.Known, err = stillKnown(tx, at, user, v)
	if err != nil {
		return countersign.Proof{}, err
	}
	browser, token, err := keep(tx, user, at, v)
	if err != nil {
		return countersign.Proof{}, err
	}
	err = s.Accounts.ClearGuesses(tx, user, at.Known)
	if err != nil {
		return countersign.Proof{}, err
	}
	_, err = tx.TouchSignedIn(tx.Ctx, tx.NowMilli(), user.WorkspaceID, user.ID)
	if err != nil {
		return countersign.Proof{}, fmt.Errorf("note the sign-in: %w", err)
	}
	err = s.tell(tx, at, user, v)
	if err != nil {
		return countersign.Proof{}, err
	}
	proof := proofOf(at, browser, token)
	proof.AskTrust = at.Account.Settings.AsksTrust(at.Entry, at.First, at.Second, account.TrustOf(browser), tx.Now)
	if at.First == "password" && at.Second == "" {
		proof.SetUpBy = at.Account.Settings.AsksSetUp(user.RequireSecondFactor, factorsOf(at), lastReminded(browser), tx.Now)
	}
	return proof, redeem(tx, proof)
}

// factorsOf counts the second factors that the attempt was read with.
func factorsOf(at Attempt) int {
	return len(slices.DeleteFunc(slices.Clone(at.Credentials), func(c rows.Credential) bool { return c.Kind == policy.Recovery }))
}

func lastReminded(b rows.Browser) time.Time {
	if b.RemindedAt == 0 {
		return time.Time{}
	}
	return time.UnixMilli(b.RemindedAt)
}

// spend marks the attempt done.
func spend(tx *store.Tx, at Attempt, user rows.User) error {
	n, err := tx.FinishAttempt(tx.Ctx, at.WorkspaceID, at.ID, tx.NowMilli())
	if err != nil {
		return fmt.Errorf("finish attempt: %w", err)
	}
	if n == 0 {
		return stepOver()
	}
	if user.PasswordVersion != at.Account.User.PasswordVersion {
		return over()
	}
	return done(tx, at)
}

// done computes the step once more, inside the transaction: a factor that was
// enrolled meanwhile is asked for, unless what was proven is enough with any.
func done(tx *store.Tx, at Attempt) error {
	if policy.Next(policy.Progress{First: at.First, Second: at.Second, SecondFactors: 1}) == policy.StepDone {
		return nil
	}
	credentials, err := tx.ListCredentials(tx.Ctx, at.WorkspaceID, at.UserID)
	if err != nil {
		return fmt.Errorf("load credentials: %w", err)
	}
	if step(at.First, at.Second, credentials, false) != policy.StepDone {
		return stepOver()
	}
	return nil
}

// keep remembers the browser. A browser that is new to this person gets a new
// token, so that a cookie planted by somebody else never becomes known.
func keep(tx *store.Tx, user rows.User, at Attempt, v Visitor) (rows.Browser, string, error) {
	token, cookie := v.Browser, ""
	if at.Second == policy.TrustedBrowser {
		cookie = token // it turned with this use
	}
	if !at.Known {
		token = seal.NewToken()
		cookie = token
	}
	row := rows.KeepBrowserParams{
		WorkspaceID: user.WorkspaceID, ID: countersign.BrowserID(seal.ID("brw")), UserID: user.ID,
		TokenHash: seal.Hash(token), Now: tx.NowMilli(), UserAgent: v.Place.UserAgent,
	}
	if at.Second != "" && at.Second != policy.Recovery && at.Second != policy.HelpCode && at.Second != policy.TrustedBrowser {
		// Recovery is never asked first, so it is never remembered as the last; trust is no method.
		row.LastMethod, row.LastMethodAt = methodOf(at.Second), tx.NowMilli()
	}
	browser, err := tx.KeepBrowser(tx.Ctx, row)
	if err != nil {
		return rows.Browser{}, "", fmt.Errorf("keep the browser: %w", err)
	}
	return browser, cookie, nil
}

// methodOf is the method of a second factor as it is offered again: a command line is
// asked as phones are.
func methodOf(second string) string {
	switch second {
	case byTerminal:
		return policy.Push
	case policy.PasskeySynced:
		return policy.Passkey
	}
	return second
}

func proofOf(at Attempt, browser rows.Browser, token string) countersign.Proof {
	p := countersign.Proof{
		Workspace: at.WorkspaceID, User: at.UserID, Attempt: at.ID, Entry: at.Entry,
		First: at.First, FirstAt: time.UnixMilli(at.FirstAt), Second: at.Second,
		Browser: browser.ID, BrowserToken: token, KnownSince: time.UnixMilli(browser.KnownSince),
		Effect: at.Effect, ReturnTo: at.ReturnTo,
	}
	if at.SecondAt != 0 {
		p.SecondAt = time.UnixMilli(at.SecondAt)
	}
	return p
}

func (s *Service) tell(tx *store.Tx, at Attempt, user rows.User, v Visitor) error {
	detail := map[string]string{"first": at.First, "second": at.Second}
	// A cookie does not go from one browser to another, but a copy of it does.
	copied := at.Known && agent.Other(at.Browser.UserAgent, v.Place.UserAgent)
	switch {
	case !at.Known:
		detail["browser"] = "new"
	case copied:
		detail["browser"] = "changed"
	}
	err := audit.Write(tx, at.WorkspaceID, audit.Event{
		Kind: "signin.completed", Actor: countersign.Actor{Kind: countersign.ByUser, User: user.ID}, User: user.ID,
		Attempt: at.ID, Place: v.Place, Detail: detail,
	})
	if err != nil || at.Known && !copied || (user.SignedInAt == 0 && at.Entry != policy.EntryForm) {
		return err
	}
	return s.Accounts.Tell(tx, at.Account, v.Place, message.NewSignIn, message.Data{})
}
