package approve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// decideRate bounds the answers of one device that come to nothing.
func decideRate() limit.Rate { return limit.Rate{Interval: 6 * time.Second, Burst: 10} }

// KeyOf reads a device's own public key.
func KeyOf(d rows.Device) (*ecdsa.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), d.DeviceKey)
	if err != nil {
		return nil, fmt.Errorf("the key of the device %s: %w", d.ID, err)
	}
	return key, nil
}

// Keys are a device's keys as they judge answers.
func Keys(d rows.Device) (push.Device, error) {
	key, err := KeyOf(d)
	return push.Device{
		Key: key, Credential: d.VerifyID, PublicKey: d.VerifyKey, User: d.VerifyUser, BackedUp: d.BackedUp != 0, Counter: uint32(d.Counter), //nolint:gosec // it came from one
	}, err
}

// Question reads a question as one device answers it, with all that the answer is judged
// by; one that is not its person's, or is not there, leaves all but the device empty. A
// device that is not there is store.NotFound.
func (s *Service) Question(ctx context.Context, workspace countersign.WorkspaceID, device countersign.DeviceID, id countersign.RequestID) (rows.GetQuestionRow, error) {
	return question(s.Store.Brief(ctx), s.Store.Read(), workspace, device, id)
}

func question(ctx context.Context, from *rows.Queries, workspace countersign.WorkspaceID, device countersign.DeviceID, id countersign.RequestID) (rows.GetQuestionRow, error) {
	q, err := from.GetQuestion(ctx, device, workspace, id)
	if !store.NotFound(err) {
		return q, err
	}
	d, err := from.GetDevice(ctx, workspace, device)
	return rows.GetQuestionRow{Device: d}, err
}

// Decide judges a device's answer and returns what the request came to. The first decision
// of any device counts: one transaction, or one statement, decides. The question is as
// Question read it, when the call came in.
//
// Errors: NotFound "no_such_request"; Conflict "request_over", whose Args name the
// State; Invalid "decision_refused" for signatures that do not hold, which decide
// nothing; Forbidden "device_signed_out", "device_version", "device_biometrics"; Limited
// "too_many_decisions".
func (s *Service) Decide(ctx context.Context, was rows.GetQuestionRow, id countersign.RequestID, answer push.Answer, place countersign.Place) (State, error) {
	d, early := was.Device, s.judgeEarly(was, answer)
	done, err := s.approveAtOnce(ctx, early, answer, place)
	if err != nil {
		return "", err
	}
	if done {
		return Approved, nil
	}
	var state State
	var refused error
	err = s.Accounts.WriteFor(ctx, d.UserID, func(tx *store.Tx) error {
		state, refused = "", nil
		user, err := tx.LockUser(tx.Ctx, d.WorkspaceID, d.UserID)
		if store.NotFound(err) {
			return countersign.Refuse(countersign.Unauthenticated, "device_unknown")
		}
		if err == nil && user.State != countersign.Active {
			// Not "unknown", at which a device forgets its keys: they may be let in again.
			return countersign.Refuse(countersign.Forbidden, "device_signed_out")
		}
		if err != nil {
			return fmt.Errorf("lock user: %w", err)
		}
		state, err = s.decide(tx, user, early, d.ID, id, answer, place)
		if refusedEarly(err) {
			// It was tried: that is counted and stands. Nothing else was written.
			refused, err = s.tried(tx, d, id, place, err)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return state, refused
}

// refusedEarly tells of a refusal that comes before anything of a decision is written.
func refusedEarly(err error) bool {
	switch countersign.CodeOf(err) {
	case "decision_refused", "no_such_request", "request_over", "device_signed_out", "device_version", "device_biometrics":
		return true
	}
	return false
}

// decide reads what is stored now, within the transaction: a device that was removed a
// moment ago decides nothing.
func (s *Service) decide(tx *store.Tx, user rows.User, early judged, device countersign.DeviceID, id countersign.RequestID, answer push.Answer, place countersign.Place) (State, error) {
	q, err := s.question(tx, user, device, id)
	if err != nil {
		return "", err
	}
	row, d := q.Request, q.Device
	a, err := s.Accounts.WithinOf(tx, user, q.Workspace)
	if err != nil {
		return "", err
	}
	err = mayDecide(d, a, answer)
	if err != nil {
		return "", err
	}
	if now := StateOf(row, tx.Now); now != Pending {
		return "", requestOver(now)
	}
	if !early.holds(row, d) {
		early = s.judge(q, answer)
	}
	verdict, err := early.verdict, early.err
	if errors.Is(err, method.ErrWrong) {
		return "", &countersign.Error{Kind: countersign.Invalid, Code: "decision_refused", Err: err}
	}
	if err != nil {
		return "", fmt.Errorf("judge a decision: %w", err)
	}
	n, err := tx.DecideRequest(tx.Ctx, rows.DecideRequestParams{
		State: string(verdict.Outcome), DeviceID: d.ID, Now: tx.NowMilli(), WorkspaceID: row.WorkspaceID, ID: row.ID,
	})
	if err != nil {
		return "", fmt.Errorf("decide: %w", err)
	}
	if n == 0 {
		return "", requestOver("")
	}
	_, err = tx.CountDevice(tx.Ctx, rows.CountDeviceParams{Counter: int64(verdict.Counter), SeenAt: tx.NowMilli(), WorkspaceID: d.WorkspaceID, ID: d.ID})
	if err != nil {
		return "", fmt.Errorf("note the device: %w", err)
	}
	s.wake(tx, row.UserID, []countersign.RequestID{row.ID})
	return State(verdict.Outcome), s.follow(tx, a, d, row, answer, verdict, place)
}

// question reads a request as a device may answer it.
func (s *Service) question(tx *store.Tx, user rows.User, device countersign.DeviceID, id countersign.RequestID) (rows.GetQuestionRow, error) {
	q, err := question(tx.Ctx, tx.Queries, user.WorkspaceID, device, id)
	if err != nil && !store.NotFound(err) {
		return q, fmt.Errorf("load request: %w", err)
	}
	switch d := q.Device; {
	case d.ID == "", d.State == "revoked", d.UserID != user.ID:
		return q, countersign.Refuse(countersign.Unauthenticated, "device_unknown")
	case q.Request.ID == "", !concerns(q.Request, d) && d.State != "signed_out":
		return q, noSuchRequest()
	}
	return q, nil
}

func mayDecide(d rows.Device, a account.Account, answer push.Answer) error {
	if d.State == "signed_out" || account.Barred(d, a.Settings) {
		return countersign.Refuse(countersign.Forbidden, "device_signed_out")
	}
	if answer.Decision != push.Approve {
		return nil // whoever says no is heard, however old the app is
	}
	switch Trouble(d, a.Settings) {
	case TroubleVersion:
		e := countersign.Refuse(countersign.Forbidden, "device_version")
		e.Args = map[string]any{"Version": a.Settings.PushMinVersion}
		return e
	case TroubleBiometrics:
		return countersign.Refuse(countersign.Forbidden, "device_biometrics")
	}
	return nil
}

// tried counts a decision that came to nothing, and writes down that a signature did not
// hold. It returns what the device is told: why, or that it was too often. The request
// goes on waiting: else whoever has a phone's place, and not its keys, could end what
// others ask. A decision that counts is not counted here: there are no more of them than
// questions.
func (s *Service) tried(tx *store.Tx, d rows.Device, id countersign.RequestID, place countersign.Place, why error) (error, error) {
	err := s.Accounts.Spend(tx, d.WorkspaceID, "decide:"+string(d.ID), "too_many_decisions", decideRate())
	if countersign.KindOf(err) == countersign.Limited {
		return err, nil
	}
	if err != nil || countersign.CodeOf(why) != "decision_refused" {
		return why, err
	}
	return why, audit.Write(tx, d.WorkspaceID, audit.Event{
		Kind: "request.refused", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.ByAnonymous}, User: d.UserID,
		Target: string(id), Place: place, Detail: map[string]string{"device": string(d.ID), "why": errors.Unwrap(why).Error()},
	})
}

// follow does what a decision does besides.
func (s *Service) follow(tx *store.Tx, a account.Account, d rows.Device, row rows.Request, answer push.Answer, v push.Verdict, place countersign.Place) error {
	err := audit.Write(tx, row.WorkspaceID, s.evidence(d, row, answer, v, place))
	if err != nil {
		return err
	}
	switch State(v.Outcome) {
	case Approved:
		if Kind(row.Kind) == Test && s.Tested != nil {
			return s.Tested(tx, a, d, row)
		}
		return nil
	case Mismatch:
		return s.mismatched(tx, a, row)
	case Denied:
		return s.denied(tx, a, row)
	case Reported:
		return s.reported(tx, a, row)
	}
	return nil
}

// from is where a question came from, for mails and counts.
func from(row rows.Request) countersign.Place { return countersign.Place{IP: row.IP} }

func (s *Service) source(tx *store.Tx, row rows.Request) error {
	if Kind(row.Kind) != SignIn || row.Known != 0 {
		return nil
	}
	return s.Accounts.NoteSource(tx, row.WorkspaceID, row.IP)
}

func (s *Service) mismatched(tx *store.Tx, a account.Account, row rows.Request) error {
	if Kind(row.Kind) == Test {
		return nil // there is nobody's sign-in behind it, and nothing to protect
	}
	err := s.source(tx, row)
	if err != nil {
		return err
	}
	err = s.Accounts.CountWrongNumber(tx, a.User, row.Known != 0)
	if err != nil {
		return err
	}
	locked, err := s.Accounts.NoteMismatch(tx, a.User)
	if err != nil || !locked {
		return err
	}
	return s.Accounts.Tell(tx, a, from(row), message.PushLocked, message.Data{})
}

func (s *Service) denied(tx *store.Tx, a account.Account, row rows.Request) error {
	err := s.source(tx, row)
	if err != nil || Kind(row.Kind) != SignIn {
		return err
	}
	return s.Accounts.Tell(tx, a, from(row), message.RequestDenied, message.Data{})
}

// reported takes the person at their word: somebody has the password, or the session.
// What began since the first factor of this question ends, and their phones rest until
// they have proved themselves in another way.
//
// Requests come before networks, and these before the person's own counts: as when the
// sweep ends what nobody answered. In another order the two wait for each other.
func (s *Service) reported(tx *store.Tx, a account.Account, row rows.Request) error {
	since := row.FirstAt
	if since == 0 {
		since = row.CreatedAt
	}
	_, err := tx.EndSessionsSince(tx.Ctx, row.WorkspaceID, row.UserID, since)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	err = s.Accounts.Untrust(tx, a.User)
	if err != nil {
		return err
	}
	err = s.endAttempts(tx, row)
	if err != nil {
		return err
	}
	// What else they ask would stay on the phone, to be approved for nobody.
	ended, err := tx.EndRequestsOfUser(tx.Ctx, rows.EndRequestsOfUserParams{Now: tx.NowMilli(), WorkspaceID: row.WorkspaceID, UserID: row.UserID})
	if err != nil {
		return fmt.Errorf("end questions: %w", err)
	}
	s.wake(tx, row.UserID, ended)
	err = s.source(tx, row)
	if err != nil {
		return err
	}
	err = s.Accounts.NoteReport(tx, a.User, row.IP)
	if err != nil {
		return err
	}
	err = audit.Write(tx, row.WorkspaceID, audit.Event{
		Kind: "password.doubted", Actor: countersign.Actor{Kind: countersign.ByUser, User: row.UserID}, User: row.UserID, Target: string(row.ID),
	})
	if err != nil {
		return err
	}
	return s.Accounts.Tell(tx, a, from(row), message.RequestReported, message.Data{})
}

// endAttempts ends the person's sign-ins that have proved something, and the one that was
// reported. Where that has proved nothing, as when the phone takes the password's place,
// its page must not tell a stranger that there is a phone, and a person who minds: it
// goes on as one of an address that has no account, in which nothing is right. Others
// that have proved nothing have nothing to lose, and tell as little.
func (s *Service) endAttempts(tx *store.Tx, row rows.Request) error {
	_, err := tx.VoidProvenAttempts(tx.Ctx, row.WorkspaceID, row.UserID)
	if err != nil {
		return fmt.Errorf("end sign-ins: %w", err)
	}
	_, err = tx.DisownAttempt(tx.Ctx, row.WorkspaceID, countersign.AttemptID(row.Requester))
	if err != nil {
		return fmt.Errorf("end the sign-in that was reported: %w", err)
	}
	return nil
}
