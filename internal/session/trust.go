package session

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// MayTrust tells whether this session may make its browser a trusted one: it was begun
// with the password and a second factor, and the workspace allows it.
func (c Current) MayTrust() bool { return c.Account.Settings.MayTrust(c.Entry, c.First, c.Second) }

func mayNotTrust() error { return countersign.Refuse(countersign.Forbidden, "trust_not_allowed") }

// Trust makes the browser of this session a trusted one, and returns until when. cookie is
// that browser's own, as the request has it: somebody who has the session alone, and not
// the browser, must not leave behind a browser that is trusted. One that is trusted
// already stays as it is.
//
// Errors: those of account.Holder.NeedFresh and account.Service.Hold; Forbidden
// "trust_not_allowed"; Conflict "step_over" for a session that was raised meanwhile;
// Limited while wrong second factors lock the account.
func (s *Service) Trust(ctx context.Context, c Current, cookie string, place countersign.Place) (time.Time, error) {
	h := c.Holder(place)
	if !c.MayTrust() {
		return time.Time{}, mayNotTrust()
	}
	err := h.NeedFresh(account.ActTrust)
	if err != nil {
		return time.Time{}, err
	}
	var until time.Time
	err = s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		user, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		err = c.Unturned(tx)
		if err != nil {
			return err
		}
		err = s.Accounts.SecondLocked(tx, user, h.Known)
		if err != nil {
			return err
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		until, err = s.trust(tx, c, a, cookie, place)
		return err
	})
	return until, err
}

// trust is what trusting does. The account is as this transaction reads it: a setting that
// was lowered meanwhile counts.
func (s *Service) trust(tx *store.Tx, c Current, a account.Account, cookie string, place countersign.Place) (time.Time, error) {
	if !a.Settings.MayTrust(c.Entry, c.First, c.Second) {
		return time.Time{}, mayNotTrust()
	}
	row, err := tx.GetBrowser(tx.Ctx, c.WorkspaceID, seal.Hash(cookie), c.UserID)
	if store.NotFound(err) || (err == nil && row.ID != c.BrowserID) {
		return time.Time{}, mayNotTrust()
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("load browser: %w", err)
	}
	was := account.TrustOf(row)
	if a.Settings.Trusts(was, tx.Now) {
		return a.Settings.TrustedUntil(was), nil
	}
	until := tx.Now.Add(time.Duration(a.Settings.TrustedDays) * 24 * time.Hour)
	n, err := tx.TrustBrowser(tx.Ctx, rows.TrustBrowserParams{
		TrustedAt: tx.NowMilli(), TrustedUntil: until.UnixMilli(), WorkspaceID: c.WorkspaceID, UserID: c.UserID, ID: row.ID, TokenHash: row.TokenHash,
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("trust the browser: %w", err)
	}
	if n == 0 {
		return time.Time{}, mayNotTrust()
	}
	err = audit.Write(tx, c.WorkspaceID, audit.Event{
		Kind: "browser.trusted", Actor: countersign.Actor{Kind: countersign.ByUser, User: c.UserID}, User: c.UserID,
		Target: string(row.ID), Session: c.ID, Place: place, Detail: map[string]string{"until": until.UTC().Format(time.RFC3339)},
	})
	if err != nil {
		return time.Time{}, err
	}
	return until, s.Accounts.Tell(tx, a, place, message.BrowserTrusted, message.Data{Minutes: a.Settings.TrustedDays * 24 * 60})
}

// TrustLater notes that the person said "not now": this browser is not asked for a while.
func (s *Service) TrustLater(ctx context.Context, c Current, place countersign.Place) error {
	return s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		_, err := s.Accounts.Hold(tx, c.Holder(place))
		if err != nil {
			return err
		}
		_, err = tx.TrustAsked(tx.Ctx, rows.TrustAskedParams{AskedAt: tx.NowMilli(), WorkspaceID: c.WorkspaceID, UserID: c.UserID, ID: c.BrowserID})
		if err != nil {
			return fmt.Errorf("note the answer: %w", err)
		}
		return nil
	})
}

// SetUpLater notes that the person wants to set up a second factor later, in this browser.
// Errors: those of account.Service.Hold.
func (s *Service) SetUpLater(ctx context.Context, c Current, place countersign.Place) error {
	return s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		_, err := s.Accounts.Hold(tx, c.Holder(place))
		if err != nil {
			return err
		}
		_, err = tx.RemindLater(tx.Ctx, rows.RemindLaterParams{Now: tx.NowMilli(), WorkspaceID: c.WorkspaceID, UserID: c.UserID, ID: c.BrowserID})
		if err != nil {
			return fmt.Errorf("note the answer: %w", err)
		}
		return nil
	})
}

// Trusted lists the person's trusted browsers, the last used first.
func (s *Service) Trusted(ctx context.Context, c Current) ([]rows.Browser, error) {
	if c.Account.Settings.TrustedDays == 0 {
		return nil, nil
	}
	all, err := s.Store.Read().ListBrowsers(ctx, c.WorkspaceID, c.UserID)
	if err != nil {
		return nil, fmt.Errorf("list browsers: %w", store.Classify(err))
	}
	var trusted []rows.Browser
	for _, b := range all {
		if c.Account.Settings.Trusts(account.TrustOf(b), s.Now()) {
			trusted = append(trusted, b)
		}
	}
	return trusted, nil
}

// Untrust takes the trust from one of the person's browsers, "" for all of them, and ends
// the sessions that it let in, but this one. One that is not trusted, or somebody else's,
// is NotFound.
func (s *Service) Untrust(ctx context.Context, c Current, id countersign.BrowserID, place countersign.Place) error {
	return s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		user, err := s.Accounts.Hold(tx, c.Holder(place))
		if err != nil {
			return err
		}
		if id == "" {
			err = s.Accounts.Untrust(tx, user)
		} else {
			err = untrustOne(tx, c, id)
		}
		if err != nil {
			return err
		}
		_, err = tx.EndTrustedSessions(tx.Ctx, rows.EndTrustedSessionsParams{WorkspaceID: c.WorkspaceID, UserID: c.UserID, ID: c.ID, BrowserID: string(id)})
		if err != nil {
			return fmt.Errorf("end what the trust let in: %w", err)
		}
		return writeEvent(tx, c, "browser.untrusted", string(id), place)
	})
}

func untrustOne(tx *store.Tx, c Current, id countersign.BrowserID) error {
	n, err := tx.UntrustBrowser(tx.Ctx, c.WorkspaceID, c.UserID, id)
	if err != nil {
		return fmt.Errorf("take the trust from a browser: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.NotFound, "no_such_browser")
	}
	return nil
}
