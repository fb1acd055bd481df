package account

import (
	"fmt"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Keep names what a change leaves alive: the session it was made in, its
// browser, the attempt it belongs to. Zero values keep nothing.
type Keep struct {
	Session countersign.SessionID
	Browser countersign.BrowserID
	Attempt countersign.AttemptID
}

// Keep is everything of this holder.
func (h Holder) Keep() Keep { return Keep{Session: h.Session, Browser: h.Browser} }

// Void ends what was started before a change of password or factor: the other
// sessions, what other browsers are known for, the trust of all, sign-ins under way,
// questions to the phones, pairings, links and mailed codes. It is part of the change's
// own transaction, so that there is no moment at which the new secret and an old session are both good.
//
// It takes the user's row first. Whoever passes a step of a sign-in or redeems
// one takes it too, so it is either before this change, and ended by it, or
// after, and sees it.
func (s *Service) Void(tx *store.Tx, user rows.User, keep Keep) error {
	_, err := s.End(tx, user, keep)
	return err
}

// End is Void. It returns how much there was to end: 0 says that nothing had been started.
func (s *Service) End(tx *store.Tx, user rows.User, keep Keep) (int64, error) {
	_, err := tx.LockUser(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return 0, fmt.Errorf("lock user: %w", err)
	}
	var ended int64
	for _, one := range []struct {
		doing string
		end   func() (int64, error)
	}{
		{"end sessions", func() (int64, error) { return tx.EndOtherSessions(tx.Ctx, user.WorkspaceID, user.ID, keep.Session) }},
		{"forget browsers", func() (int64, error) {
			return tx.ForgetOtherBrowsers(tx.Ctx, user.WorkspaceID, user.ID, keep.Browser)
		}},
		// The browser that is kept stays known, and is no longer trusted: what it was trusted
		// with has changed.
		{"take the trust from browsers", func() (int64, error) { return 0, s.Untrust(tx, user) }},
		{"end attempts", func() (int64, error) { return tx.VoidAttempts(tx.Ctx, user.WorkspaceID, user.ID, keep.Attempt) }},
		{"end links", func() (int64, error) {
			return tx.VoidLinksOfUser(tx.Ctx, tx.NowMilli(), user.WorkspaceID, user.ID)
		}},
		{"end pairings", func() (int64, error) { return tx.EndPairingsOfUser(tx.Ctx, user.WorkspaceID, user.ID) }},
		{"end devices that were being paired", func() (int64, error) {
			return tx.RevokeUnpaired(tx.Ctx, rows.RevokeUnpairedParams{
				Nothing: []byte{}, EndedAt: tx.NowMilli(), WorkspaceID: user.WorkspaceID, UserID: user.ID,
			})
		}},
		{"end requests", func() (int64, error) { return s.endRequests(tx, user, string(keep.Attempt)) }},
		{"void help-desk codes", func() (int64, error) { return tx.VoidHelpCodes(tx.Ctx, user.WorkspaceID, user.ID) }},
		{"end mailed codes", func() (int64, error) { return tx.VoidMailedCodesOfUser(tx.Ctx, user.WorkspaceID, user.ID) }},
	} {
		n, err := one.end()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", one.doing, err)
		}
		ended += n
	}
	return ended, nil
}

// Reset turns two-factor authentication off and voids everything: every
// credential, code, session, browser and attempt but what keep names.
func (s *Service) Reset(tx *store.Tx, user rows.User, keep Keep) error {
	_, err := tx.LockUser(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("lock user: %w", err)
	}
	err = tx.LockResets(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return err
	}
	_, err = tx.DeleteCredentialsOfUser(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("delete credentials: %w", err)
	}
	_, err = tx.RevokeDevicesOfUser(tx.Ctx, rows.RevokeDevicesOfUserParams{
		Nothing: []byte{}, EndedAt: tx.NowMilli(), WorkspaceID: user.WorkspaceID, UserID: user.ID,
	})
	if err != nil {
		return fmt.Errorf("remove the devices: %w", err)
	}
	_, err = tx.SetDefaultMethod(tx.Ctx, rows.SetDefaultMethodParams{WorkspaceID: user.WorkspaceID, ID: user.ID})
	if err != nil {
		return fmt.Errorf("forget the default: %w", err)
	}
	err = s.Unlock(tx, user)
	if err != nil {
		return err
	}
	_, err = tx.WithdrawResetsOf(tx.Ctx, tx.NowMilli(), user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("withdraw resets that wait: %w", err)
	}
	// Whoever had what is void now may have asked for resets of others.
	_, err = tx.WithdrawResetsBy(tx.Ctx, tx.NowMilli(), user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("withdraw what was asked for: %w", err)
	}
	return s.Void(tx, user, keep)
}

// RequestTopic is the bell of one question to somebody's phones, RequestsTopic that of
// all of a person's; see store.Store.Wake.
func RequestTopic(id countersign.RequestID) string { return "request:" + string(id) }

// RequestsTopic is rung when a person's list of questions changed.
func RequestsTopic(user countersign.UserID) string { return "requests-of:" + string(user) }

// endRequests cancels the questions to a person's phones but those of one requester, and
// counts them.
func (s *Service) endRequests(tx *store.Tx, user rows.User, but string) (int64, error) {
	ended, err := tx.EndRequestsOfUser(tx.Ctx, rows.EndRequestsOfUserParams{
		Now: tx.NowMilli(), WorkspaceID: user.WorkspaceID, UserID: user.ID, Requester: but,
	})
	if err != nil || len(ended) == 0 {
		return 0, err
	}
	tx.After(func() {
		for _, id := range ended {
			s.Store.Wake(RequestTopic(id))
		}
		s.Store.Wake(RequestsTopic(user.ID))
	})
	return int64(len(ended)), nil
}

// Raise is what a new proof does to a session.
type Raise struct {
	// First, Second, Mailed say which proof was given now.
	First, Mailed bool
	Second        string
	// For is the one act that the second factor was given for, "" for any.
	For Act
}

// StepUp records a new proof in the holder's session and gives it a new token:
// whoever held the old one holds nothing (security.md 19). It returns the
// token for the cookie.
func (s *Service) StepUp(tx *store.Tx, h Holder, raise Raise) (string, error) {
	row, err := tx.GetSession(tx.Ctx, h.Workspace, h.Session)
	if store.NotFound(err) {
		return "", signedOut()
	}
	if err != nil {
		return "", fmt.Errorf("load session: %w", err)
	}
	token := seal.NewToken()
	change := rows.StepUpSessionParams{
		WorkspaceID: h.Workspace, ID: h.Session, UserID: h.User, TokenHash: seal.Hash(token),
		FirstAt: row.FirstAt, Second: row.Second, SecondAt: row.SecondAt, SecondFor: row.SecondFor, MailedAt: row.MailedAt,
	}
	if raise.First {
		change.FirstAt = tx.NowMilli()
	}
	if raise.Second != "" {
		change.Second, change.SecondAt, change.SecondFor = raise.Second, tx.NowMilli(), string(raise.For)
	}
	if raise.Mailed {
		change.MailedAt = tx.NowMilli()
	}
	n, err := tx.StepUpSession(tx.Ctx, change)
	if err != nil {
		return "", fmt.Errorf("step up: %w", err)
	}
	if n == 0 {
		return "", signedOut()
	}
	return token, nil
}
