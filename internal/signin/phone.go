package signin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Phone is one question on the phone, as the page that waits for it sees it.
type Phone struct {
	// ID is empty where there is nobody to ask: the page is the same.
	ID      countersign.RequestID
	State   approve.State
	Number  string
	Created time.Time
	Expires time.Time

	// strange is the question of somebody who has proved nothing; see toStranger.
	strange bool
}

func phoneOf(row rows.Request, now time.Time) *Phone {
	return &Phone{
		ID: row.ID, State: approve.StateOf(row, now), Number: row.Number, Created: time.UnixMilli(row.CreatedAt), Expires: time.UnixMilli(row.ExpiresAt),
	}
}

// withPhones reads the phones of a person who has some, and what they were asked.
func (s *Service) withPhones(ctx context.Context, at Attempt) (Attempt, error) {
	has := false
	for _, c := range at.Credentials {
		has = has || c.Kind == string(method.Push)
	}
	if !has {
		return at, nil
	}
	all, err := s.Store.Read().ListDevices(ctx, at.WorkspaceID, at.UserID)
	if err != nil {
		return Attempt{}, fmt.Errorf("load devices: %w", store.Classify(err))
	}
	for _, d := range all {
		if d.State == "active" || d.State == "signed_out" {
			at.Devices = append(at.Devices, d)
		}
	}
	at.Devices = s.Accounts.GroundOf(at.Account).Here(at.Devices, at.Credentials)
	row, found, err := s.Approvals.Latest(ctx, at.WorkspaceID, string(at.ID))
	if err != nil || !found {
		return at, err
	}
	at.Phone = phoneOf(row, s.Now())
	return at, nil
}

// startSecond starts what is asked first in the transaction that accepts the password, where
// that is the phone or a text: nobody has to press "send" for it. That transaction has
// taken the person's row, at which questions and texts take turns.
func (s *Service) startSecond(tx *store.Tx, at Attempt, user rows.User, v Visitor) error {
	credentials, err := tx.ListCredentials(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("load credentials: %w", err)
	}
	a, err := s.Accounts.Within(tx, user)
	if err != nil {
		return err
	}
	ground := s.Accounts.GroundOf(a)
	answering := s.Accounts.Answering(credentials, ground)
	_, texts := texted(answering)
	phones := slices.ContainsFunc(answering, func(c rows.Credential) bool { return c.Kind == string(method.Push) })
	if !phones && !texts {
		return nil
	}
	devices, err := tx.ListDevices(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("load devices: %w", err)
	}
	devices = ground.Here(devices, credentials)
	passed := at
	passed.First = "password"
	if trusts(passed, a.Settings, tx.Now) {
		return nil // nothing is asked
	}
	ask := s.ask(at, a, v, tx.Now)
	usable := false
	if phones {
		usable, err = s.Approvals.Usable(tx, ask, devices)
	}
	if err != nil || !usable && !texts {
		return err
	}
	trouble := ""
	if !usable {
		trouble = "unusable" // now, for whatever reason
	}
	switch policy.Choose(at.choice(a, answering, devices, trouble)).First {
	case policy.SMS:
		return s.textFirst(tx, at, a, answering, v)
	case policy.Push:
	default:
		return nil
	}
	_, err = s.Approvals.Make(tx, ask)
	if refusedToRing(err) {
		return nil // the page offers the other ways
	}
	return err
}

// refusedToRing tells that the phones are left alone now: no fault.
func refusedToRing(err error) bool {
	kind := countersign.KindOf(err)
	return kind == countersign.Limited || kind == countersign.Conflict
}

func (s *Service) ask(at Attempt, a account.Account, v Visitor, firstAt time.Time) approve.Ask {
	if at.FirstAt != 0 {
		firstAt = time.UnixMilli(at.FirstAt)
	}
	return approve.Ask{Account: a, Kind: approve.SignIn, Requester: string(at.ID), Known: at.Known, FirstAt: firstAt, Place: v.Place}
}

// AskPhone asks the phone, or asks it again. Errors: those of approve.Service.Make;
// Conflict "step_over".
func (s *Service) AskPhone(ctx context.Context, at Attempt, v Visitor) error {
	if at.Step == policy.StepFirst {
		return s.askFirst(ctx, at, v)
	}
	if at.Step != policy.StepSecond || !at.Account.Settings.Pushes() || at.First == policy.FirstTap {
		return stepOver()
	}
	return s.Accounts.WriteFor(ctx, at.UserID, func(tx *store.Tx) error {
		user, err := tx.LockUser(tx.Ctx, at.WorkspaceID, at.UserID)
		if store.NotFound(err) || (err == nil && user.State != countersign.Active) {
			return over()
		}
		if err != nil {
			return fmt.Errorf("lock user: %w", err)
		}
		err = awaited(tx, at)
		if err != nil {
			return err
		}
		a := at.Account
		a.User = user
		_, err = s.Approvals.Make(tx, s.ask(at, a, v, tx.Now))
		return err
	})
}

// WaitPhone returns how an attempt's question on the phone stands, when that is another
// than seen, or when ctx ends. It takes the question and not the attempt, which is large
// and would be held as long as a page waits.
func (s *Service) WaitPhone(ctx context.Context, workspace countersign.WorkspaceID, phone *Phone, seen approve.State) (approve.State, error) {
	if phone == nil {
		return approve.Cancelled, nil
	}
	if phone.ID == "" {
		return s.waitForNobody(ctx, *phone, seen), nil
	}
	state, err := s.Approvals.Wait(ctx, workspace, phone.ID, seen)
	if err == nil && phone.strange && s.toStranger(*phone, state) != state {
		return s.waitForNobody(ctx, *phone, seen), nil
	}
	return state.Said(), err
}

// ApprovedOnPhone finishes, or goes on with, a sign-in that was approved on the phone:
// the approval is used up in that transaction. bind is the sign-in's new token where it
// goes on; else the proof was redeemed.
//
// Errors: Conflict "step_over" where there is no approval to use; those of Finish.
func (s *Service) ApprovedOnPhone(ctx context.Context, at Attempt, v Visitor, redeem Redeem) (countersign.Proof, string, error) {
	if at.Phone == nil || at.Phone.ID == "" || at.Step == policy.StepDone || at.UserID == "" {
		return countersign.Proof{}, "", stepOver()
	}
	var proof countersign.Proof
	var bind string
	err := s.Accounts.WriteFor(ctx, at.UserID, func(tx *store.Tx) error {
		proof, bind = countersign.Proof{}, ""
		user, err := tx.LockUser(tx.Ctx, at.WorkspaceID, at.UserID)
		if store.NotFound(err) || (err == nil && user.State != countersign.Active) {
			return over()
		}
		if err != nil {
			return fmt.Errorf("lock user: %w", err)
		}
		err = s.Accounts.SecondLocked(tx, user, at.Known)
		if err != nil {
			return err
		}
		used, err := s.Approvals.Redeem(tx, at.WorkspaceID, at.Phone.ID, string(at.ID), v.Place)
		if countersign.CodeOf(err) == "request_over" {
			return stepOver()
		}
		if err != nil {
			return err
		}
		proof, bind, err = s.approved(tx, at, user, used, v, redeem)
		return err
	})
	return proof, bind, err
}

func (s *Service) approved(tx *store.Tx, at Attempt, user rows.User, used approve.Used, v Visitor, redeem Redeem) (countersign.Proof, string, error) {
	bind := ""
	if at.Step == policy.StepFirst {
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return countersign.Proof{}, "", err
		}
		at.Account = a
		at, bind, err = s.passFirst(tx, at, used.Device, used.Request)
		if err != nil || at.First == policy.FirstTap {
			return countersign.Proof{}, bind, err
		}
	}
	at, err := s.passSecond(tx, at, account.Proven{User: user, Kind: provenBy(used.Device)}, v)
	if err != nil {
		return countersign.Proof{}, "", err
	}
	proof, err := s.finish(tx, at, user, v, redeem)
	return proof, bind, err
}

// provenBy names what approved: a command line is no phone.
func provenBy(d rows.Device) method.Kind {
	if d.Kind == approve.KindTerminal {
		return byTerminal
	}
	return method.Push
}

// byTerminal is the second factor of a command line that approved.
const byTerminal = "terminal"

// passFirst lets an approval stand in the password's place. By a plain tap it is the
// first factor alone.
func (s *Service) passFirst(tx *store.Tx, at Attempt, d rows.Device, row rows.Request) (Attempt, string, error) {
	at.First, at.FirstAt = policy.Push, tx.NowMilli()
	if row.Mode == policy.ConfirmTap {
		at.First = policy.FirstTap
	}
	bind := seal.NewToken()
	n, err := tx.PassFirst(tx.Ctx, rows.PassFirstParams{
		First: at.First, FirstAt: at.FirstAt, BrowserHash: seal.Hash(bind), ExpiresAt: tx.Now.Add(attemptLife).UnixMilli(),
		WorkspaceID: at.WorkspaceID, ID: at.ID,
	})
	if err != nil {
		return at, "", fmt.Errorf("pass the first factor: %w", err)
	}
	if n == 0 {
		return at, "", stepOver()
	}
	return at, bind, audit.Write(tx, at.WorkspaceID, audit.Event{
		Kind: "proof.accepted", Actor: countersign.Actor{Kind: countersign.ByUser, User: at.UserID}, User: at.UserID, Attempt: at.ID,
		Target: string(d.CredentialID), Detail: map[string]string{"method": policy.Push, "name": d.Name},
	})
}
