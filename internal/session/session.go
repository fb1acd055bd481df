package session

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// A session ends after 12 hours without a request, and after 7 days in all.
const (
	idleLife  = 12 * time.Hour
	wholeLife = 7 * 24 * time.Hour
	tomorrow  = 24 * time.Hour
	// touchEvery bounds how often a request writes "seen now".
	touchEvery = time.Minute
)

// Service makes, reads and ends sessions.
type Service struct {
	Accounts  *account.Service
	Approvals *approve.Service
	Store     *store.Store
	Now       func() time.Time
	Cookies   Cookies

	kept kept
}

// Current is the session of a request.
type Current struct {
	rows.Session
	Account account.Account
	Level   policy.Level
	Reason  policy.Reason
	// SecondFactors and CodesLeft count what the person has, OtherFactors the second
	// factors that are no phone.
	SecondFactors int64
	OtherFactors  int64
	CodesLeft     int64
	Required      policy.Source

	now time.Time
}

// Opening is a session about to begin in the browser of a request.
type Opening struct {
	s     *Service
	r     *http.Request
	place countersign.Place

	proof countersign.Proof
	token string
}

// Open prepares the session of a sign-in that is being finished.
func (s *Service) Open(r *http.Request, place countersign.Place) *Opening {
	return &Opening{s: s, r: r, place: place}
}

// Redeem makes the session of a proof, once, in the transaction that finishes the
// sign-in: there is no finished one whose session is missing. The session that the
// browser had before ends, whoever's it was (security.md 5). Gone "attempt_over"
// when the proof was used, or voided by a change since.
func (o *Opening) Redeem(tx *store.Tx, p countersign.Proof) error {
	_, err := o.s.Accounts.Redeem(tx, p)
	if err != nil {
		return err
	}
	old, hasOld := o.s.Cookies.Session(o.r)
	if hasOld {
		err = endByToken(tx, p.Workspace, old)
		if err != nil {
			return err
		}
	}
	o.proof, o.token = p, seal.NewToken()
	row := rows.InsertSessionParams{
		WorkspaceID: p.Workspace, ID: countersign.SessionID(seal.ID("ses")), TokenHash: seal.Hash(o.token),
		UserID: p.User, BrowserID: p.Browser, Entry: p.Entry, First: p.First, FirstAt: p.FirstAt.UnixMilli(),
		Second: p.Second, KnownSince: p.KnownSince.UnixMilli(), ReturnTo: p.ReturnTo, CreatedAt: tx.NowMilli(),
		ExpiresAt: tx.Now.Add(wholeLife).UnixMilli(), IP: o.place.IP, UserAgent: o.place.UserAgent,
	}
	if !p.SecondAt.IsZero() {
		row.SecondAt = p.SecondAt.UnixMilli()
	}
	err = tx.InsertSession(tx.Ctx, row)
	if err != nil {
		return fmt.Errorf("start session: %w", err)
	}
	return nil
}

// Hand gives the browser its cookies, when the transaction is done.
func (o *Opening) Hand(w http.ResponseWriter) {
	cookies := o.s.Cookies
	cookies.SetSession(w, o.token)
	if o.proof.BrowserToken != "" {
		cookies.SetBrowser(w, o.proof.BrowserToken)
	}
	cookies.DropBind(w)
}

func endByToken(tx *store.Tx, workspace countersign.WorkspaceID, token string) error {
	row, err := tx.LoadSession(tx.Ctx, workspace, seal.Hash(token), tx.NowMilli())
	if store.NotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the old session: %w", err)
	}
	_, err = tx.EndSession(tx.Ctx, workspace, row.User.ID, row.Session.ID)
	return err
}

// Load reads the session of a request. Errors: Unauthenticated "signed_out"
// when there is none, it ended, or its person is disabled.
func (s *Service) Load(r *http.Request, workspace countersign.WorkspaceID) (Current, error) {
	token, found := s.Cookies.Session(r)
	if !found {
		return Current{}, countersign.Refuse(countersign.Unauthenticated, "signed_out")
	}
	now := s.Now()
	row, err := s.read(r.Context(), workspace, seal.Hash(token), now)
	if store.NotFound(err) {
		return Current{}, countersign.Refuse(countersign.Unauthenticated, "signed_out")
	}
	if err != nil {
		return Current{}, fmt.Errorf("load session: %w", store.Classify(err))
	}
	// One that was used on a day that has not come was used while the clock was
	// wrong, and its own end may be years away.
	idle := now.Sub(time.UnixMilli(row.Session.SeenAt))
	if idle >= idleLife || idle <= -tomorrow {
		return Current{}, countersign.Refuse(countersign.Unauthenticated, "signed_out")
	}
	settings, err := s.Accounts.SettingsAt(r.Context(), workspace, row.User.PoolID, row.SettingsVersion)
	if err != nil {
		return Current{}, err
	}
	c := Current{
		Session: row.Session, SecondFactors: row.SecondFactors, OtherFactors: row.OtherFactors, CodesLeft: row.RecoveryLeft, now: now,
		Account: account.Account{
			Workspace: rows.Workspace{ID: workspace, Name: row.WorkspaceName, SettingsVersion: row.SettingsVersion},
			Settings:  settings, User: row.User,
		},
	}
	c.Required = c.Account.Required(now)
	c.Level, c.Reason = policy.LevelOf(policy.Standing{
		First: c.First, Second: c.Second, SecondFactors: c.SecondFactors, Others: c.OtherFactors,
		CodesLeft: c.CodesLeft, Recovers: settings.Recovers(), Required: c.Required, Trusts: settings.TrustedDays > 0,
	})
	return c, nil
}

// Touch notes that the session was used, at most once a minute. A fault here
// does not stop the request; the next one tries again.
func (s *Service) Touch(ctx context.Context, c Current, place countersign.Place) error {
	if c.now.Sub(time.UnixMilli(c.SeenAt)) < touchEvery {
		return nil
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.TouchSession(tx.Ctx, rows.TouchSessionParams{
			SeenAt: tx.NowMilli(), IP: place.IP, UserAgent: place.UserAgent, WorkspaceID: c.WorkspaceID, ID: c.ID,
		})
		return err
	})
}

// Proofs are the moments that decide what is fresh.
func (c Current) Proofs() policy.Proofs {
	return policy.Proofs{
		FirstAt: moment(c.FirstAt), SecondAt: moment(c.SecondAt), MailedAt: moment(c.MailedAt),
		KnownSince: moment(c.KnownSince), Entry: c.Entry, StartedAt: moment(c.CreatedAt),
	}
}

func moment(milli int64) time.Time {
	if milli == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milli)
}

// Holder is this session as the rules see it.
func (c Current) Holder(place countersign.Place) account.Holder {
	return account.Holder{
		Workspace: c.WorkspaceID, User: c.UserID, Session: c.ID, Browser: c.BrowserID, Level: c.Level,
		Known: true,
		Fresh: policy.Fresh(c.Proofs(), c.SecondFactors, c.now), FreshFor: c.freshFor(), MayEnrolFirst: policy.MayEnrolFirst(c.Proofs(), c.now),
		HadSecond: c.HadSecond(), ByTrust: c.Second == policy.TrustedBrowser, ByHelp: c.Second == policy.HelpCode,
		LastCode: c.Second == "recovery" && c.SecondFactors > 0 && c.CodesLeft == 0, Place: place,
	}
}

// HadSecond tells whether this session proved a second factor itself.
func (c Current) HadSecond() bool {
	return c.Second != "" && c.Second != policy.TrustedBrowser && c.Second != policy.HelpCode
}

// freshFor is the one act that the fresh proof is good for, "" for any. A proof of the
// password, where there is no second factor, names none.
func (c Current) freshFor() account.Act {
	if c.SecondFactors == 0 {
		return ""
	}
	return account.Act(c.SecondFor)
}

// Unturned refuses when the session was stepped up, or ended, since c was read:
// another request of this browser was faster. Conflict "step_over".
func (c Current) Unturned(tx *store.Tx) error {
	row, err := tx.GetSession(tx.Ctx, c.WorkspaceID, c.ID)
	if err != nil && !store.NotFound(err) {
		return fmt.Errorf("load session: %w", err)
	}
	if err != nil || !seal.Equal(row.TokenHash, c.TokenHash) {
		return countersign.Refuse(countersign.Conflict, "step_over")
	}
	return nil
}

// List returns the person's sessions that are alive, the latest first.
func (s *Service) List(ctx context.Context, c Current) ([]rows.Session, error) {
	now := s.Now()
	list, err := s.Store.Read().ListSessions(ctx, rows.ListSessionsParams{
		WorkspaceID: c.WorkspaceID, UserID: c.UserID, Now: now.UnixMilli(), Idle: now.Add(-idleLife).UnixMilli(),
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", store.Classify(err))
	}
	return list, nil
}

// End signs a session of this person out, on the server. One that is not there
// (any more) is NotFound.
func (s *Service) End(ctx context.Context, c Current, id countersign.SessionID, place countersign.Place) error {
	if id != c.ID {
		return s.endOther(ctx, c, id, place)
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error { return end(tx, c, id, "session.signed_out", place) })
}

// endOther signs another browser out, and takes its trust: whoever is put out must not
// come back with the password alone.
func (s *Service) endOther(ctx context.Context, c Current, id countersign.SessionID, place countersign.Place) error {
	return s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		_, err := s.Accounts.Hold(tx, c.Holder(place))
		if err != nil {
			return err
		}
		other, err := tx.GetSession(tx.Ctx, c.WorkspaceID, id)
		if err != nil && !store.NotFound(err) {
			return fmt.Errorf("load session: %w", err)
		}
		_, err = tx.UntrustBrowser(tx.Ctx, c.WorkspaceID, c.UserID, other.BrowserID)
		if err != nil {
			return fmt.Errorf("take the trust from a browser: %w", err)
		}
		return end(tx, c, id, "session.ended", place)
	})
}

func end(tx *store.Tx, c Current, id countersign.SessionID, kind string, place countersign.Place) error {
	n, err := tx.EndSession(tx.Ctx, c.WorkspaceID, c.UserID, id)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.NotFound, "no_such_session")
	}
	return writeEvent(tx, c, kind, string(id), place)
}

// EndOthers signs out everybody else: all the person's sessions but this one, and
// whoever has a copy of this one's cookie, for it returns the session's new token. No
// browser is trusted any more, this one neither: its cookie may have been copied as well.
func (s *Service) EndOthers(ctx context.Context, c Current, place countersign.Place) (string, error) {
	h := c.Holder(place)
	var token string
	err := s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		user, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		err = s.Accounts.Untrust(tx, user)
		if err != nil {
			return err
		}
		_, err = tx.EndOtherSessions(tx.Ctx, c.WorkspaceID, c.UserID, c.ID)
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		token, err = s.Accounts.StepUp(tx, h, account.Raise{})
		if err != nil {
			return err
		}
		return writeEvent(tx, c, "session.others_ended", "", place)
	})
	return token, err
}

func writeEvent(tx *store.Tx, c Current, kind, target string, place countersign.Place) error {
	return audit.Write(tx, c.WorkspaceID, audit.Event{
		Kind: kind, Actor: countersign.Actor{Kind: countersign.ByUser, User: c.UserID}, User: c.UserID,
		Target: target, Session: c.ID, Place: place,
	})
}
