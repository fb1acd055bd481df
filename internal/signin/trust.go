package signin

import (
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// trusts tells whether the browser's trust stands in the place of this attempt's second
// factor. The row that says so is found by the browser's cookie and the person together.
func trusts(at Attempt, settings policy.Settings, now time.Time) bool {
	return at.Known && settings.TrustLetsIn(at.Entry, at.First, account.TrustOf(at.Browser), now)
}

// byTrust passes the second step of an attempt that a browser's trust lets in, and turns
// the browser's cookie: a copy that somebody made of it is worth nothing after the next
// use of the original. It judges by what is stored now, and not by what the page's request
// read: whoever takes trust away takes the person's row, which this transaction holds.
//
// Conflict "step_over" where the trust is gone: the second factor is asked.
func (s *Service) byTrust(tx *store.Tx, at Attempt, user rows.User, v Visitor) (Attempt, Visitor, error) {
	if !at.Trusted {
		return at, v, nil
	}
	a, err := s.Accounts.Within(tx, user)
	if err != nil {
		return at, v, err
	}
	browser, err := tx.GetBrowser(tx.Ctx, user.WorkspaceID, seal.Hash(v.Browser), user.ID)
	if store.NotFound(err) {
		return at, v, stepOver() // another request of this browser turned the cookie
	}
	if err != nil {
		return at, v, fmt.Errorf("load browser: %w", err)
	}
	at.Browser = browser
	if !trusts(at, a.Settings, tx.Now) {
		return at, v, stepOver()
	}
	token := seal.NewToken()
	n, err := tx.TurnBrowser(tx.Ctx, rows.TurnBrowserParams{
		TokenHash: seal.Hash(token), WorkspaceID: user.WorkspaceID, UserID: user.ID, ID: browser.ID, Former: browser.TokenHash,
	})
	if err != nil {
		return at, v, fmt.Errorf("turn the browser's token: %w", err)
	}
	if n == 0 {
		return at, v, stepOver()
	}
	v.Browser = token
	// Without a moment: nothing was proven, so nothing is fresh.
	at.Second, at.SecondAt = policy.TrustedBrowser, 0
	n, err = tx.PassSecond(tx.Ctx, rows.PassSecondParams{Second: at.Second, WorkspaceID: at.WorkspaceID, ID: at.ID})
	if err != nil {
		return at, v, fmt.Errorf("pass the second factor: %w", err)
	}
	if n == 0 {
		return at, v, stepOver()
	}
	return at, v, audit.Write(tx, at.WorkspaceID, audit.Event{
		Kind: "browser.trust_used", Actor: countersign.Actor{Kind: countersign.ByUser, User: user.ID}, User: user.ID,
		Target: string(browser.ID), Attempt: at.ID, Place: v.Place,
	})
}
