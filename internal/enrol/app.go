package enrol

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// pendingLife is how long a secret that was shown waits for its code. It
// survives refresh, back and a second tab for that long.
const pendingLife = 15 * time.Minute

// maxDeviceName bounds a device's name, in characters.
const maxDeviceName = 40

// Service enrols.
type Service struct {
	Accounts *account.Service
	Store    *store.Store
	Ring     *seal.Ring
	MAC      seal.MACKey
	Now      func() time.Time
}

// Pending is an authenticator app that waits for its first code.
type Pending struct {
	ID countersign.CredentialID
	// Secret is the shared secret in clear; Key its base32 form, URI the
	// otpauth address that the QR code carries.
	Secret    []byte
	Key, URI  string
	Replaces  countersign.CredentialID
	ExpiresAt time.Time
}

// BeginApp makes a secret for a new authenticator app, or for one that takes
// the place of replaces. A secret that already waits in this session is used
// again, so that what somebody has scanned does not die; another session never
// sees it, or a thief could leave the owner a secret that he knows. Where the workspace allows one app
// only, a further one always replaces it.
//
// Errors: Forbidden "fresh_proof_required" and "email_proof_required";
// Conflict "too_many_apps"; NotFound when replaces is not the holder's.
func (s *Service) BeginApp(ctx context.Context, h account.Holder, replaces countersign.CredentialID) error {
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		apps := active(all, method.TOTP)
		replaces, err := replaced(a.Settings, apps, replaces)
		if err != nil {
			return err
		}
		// Where there may be one app only, one more takes its place: that is what the
		// person must have approved.
		err = h.NeedOwner(secondFactors(all), actOf(replaces))
		if err != nil {
			return err
		}
		waiting := pendingApp(all, h, tx.Now)
		if waiting != nil && waiting.Replaces == replaces {
			return nil
		}
		return s.insertApp(tx, h, a.Settings, replaces)
	})
}

// MayAdd tells whether the holder may choose a second factor to add. Errors: Forbidden
// "fresh_proof_required" and "email_proof_required".
//
// Where there may be one app only, one more takes its place, and the proof for that is
// good here too: or this and BeginApp would ask for another one each time.
func (s *Service) MayAdd(ctx context.Context, h account.Holder, settings policy.Settings) error {
	all, err := s.list(ctx, h)
	if err != nil {
		return err
	}
	refusal := h.NeedOwner(secondFactors(all), account.ActSecondFactor)
	if settings.TOTPMax == 1 {
		for _, app := range active(all, method.TOTP) {
			if h.NeedOwner(secondFactors(all), actOf(app.ID)) == nil {
				return nil
			}
		}
	}
	return refusal
}

// actOf is what the person is asked to approve.
func actOf(replaces countersign.CredentialID) account.Act {
	if replaces != "" {
		return account.ActChangeDevice.Of(replaces)
	}
	return account.ActSecondFactor
}

// insertApp puts a new secret in place of one that waits in this session.
func (s *Service) insertApp(tx *store.Tx, h account.Holder, settings policy.Settings, replaces countersign.CredentialID) error {
	err := dropPending(tx, h, method.TOTP)
	if err != nil {
		return err
	}
	id := countersign.CredentialID(seal.ID("crd"))
	secret := totp.Secret(seal.Bytes(totp.Size(settings.TOTPKeyChars)))
	sealed, err := s.Ring.Seal(secret, store.SecretPlace(id))
	if err != nil {
		return fmt.Errorf("seal the secret: %w", err)
	}
	err = tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
		WorkspaceID: h.Workspace, ID: id, UserID: h.User, Kind: string(method.TOTP), State: "pending",
		NameKey: begunIn(h), Replaces: replaces, Secret: sealed, CreatedAt: tx.NowMilli(),
		ExpiresAt: tx.Now.Add(pendingLife).UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("keep the secret: %w", err)
	}
	return nil
}

// replaced decides which credential the new one takes the place of.
func replaced(settings policy.Settings, apps []rows.Credential, asked countersign.CredentialID) (countersign.CredentialID, error) {
	if asked != "" {
		for _, app := range apps {
			if app.ID == asked {
				return asked, nil
			}
		}
		return "", countersign.Refuse(countersign.NotFound, "no_such_credential")
	}
	if len(apps) < settings.TOTPMax {
		return "", nil
	}
	if settings.TOTPMax == 1 {
		return apps[0].ID, nil
	}
	e := countersign.Refuse(countersign.Conflict, "too_many_apps")
	e.Args = map[string]any{"Most": settings.TOTPMax}
	return "", e
}

// PendingApp returns the app that waits for its code, for the page that shows
// it. Errors: Gone "enrolment_over" when there is none (any more); Forbidden when
// a proof is needed.
func (s *Service) PendingApp(ctx context.Context, h account.Holder) (Pending, error) {
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return Pending{}, err
	}
	all, err := s.list(ctx, h)
	if err != nil {
		return Pending{}, err
	}
	row := pendingApp(all, h, s.Now())
	if row == nil {
		return Pending{}, nothingPending()
	}
	// What is shown is a secret: it needs the same proofs as beginning did.
	err = h.NeedOwner(secondFactors(all), actOf(row.Replaces))
	if err != nil {
		return Pending{}, err
	}
	secret, err := s.Ring.Open(row.Secret, store.SecretPlace(row.ID))
	if err != nil {
		return Pending{}, fmt.Errorf("open the secret: %w", err)
	}
	return Pending{
		ID: row.ID, Secret: secret, Key: totp.Key(secret), Replaces: row.Replaces,
		URI: totp.URI(a.Workspace.Name, a.User.Email, secret), ExpiresAt: time.UnixMilli(row.ExpiresAt),
	}, nil
}

func nothingPending() error { return countersign.Refuse(countersign.Gone, "enrolment_over") }

// Confirmed is what confirming an app did.
type Confirmed struct {
	// Token is the session's new token, for the cookie.
	Token string
	// First tells that two-factor authentication was turned on by it.
	First bool
	// CodesWait tells that recovery codes are to be saved now; CodesMailed that
	// they went out by e-mail.
	CodesWait, CodesMailed bool
}

// ConfirmApp turns the waiting app on when its code is right. Errors: Invalid on
// "name" and "code" (joined when both are wrong); Gone "enrolment_over"; and
// those of BeginApp.
func (s *Service) ConfirmApp(ctx context.Context, h account.Holder, id countersign.CredentialID, name, code string) (Confirmed, error) {
	name, nameErr := account.CheckName("name", name, maxDeviceName)
	_, problem := totp.Normalize(code)
	if problem != "" {
		return Confirmed{}, errors.Join(nameErr, countersign.InvalidField("code", "totp_"+string(problem)))
	}
	if nameErr != nil {
		return Confirmed{}, nameErr
	}
	var done Confirmed
	err := s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		done = Confirmed{}
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		apps := active(all, method.TOTP)
		row := pendingApp(all, h, tx.Now)
		if row == nil || row.ID != id {
			return nothingPending()
		}
		err = h.NeedOwner(secondFactors(all), actOf(row.Replaces))
		if err != nil {
			return err
		}
		err = s.turnOn(tx, h, a, *row, apps, name, code)
		if err != nil {
			return err
		}
		done, err = s.afterConfirm(tx, h, a, *row, all, name)
		return err
	})
	return done, err
}

// turnOn verifies the code, confirms the row and retires the one it replaces.
func (s *Service) turnOn(tx *store.Tx, h account.Holder, a account.Account, row rows.Credential, apps []rows.Credential, name, code string) error {
	if row.Replaces == "" && len(apps) >= a.Settings.TOTPMax {
		e := countersign.Refuse(countersign.Conflict, "too_many_apps")
		e.Args = map[string]any{"Most": a.Settings.TOTPMax}
		return e
	}
	if row.Replaces != "" && !slices.ContainsFunc(apps, func(c rows.Credential) bool { return c.ID == row.Replaces }) {
		// What it was to replace is gone; it must not become one more instead.
		return nothingPending()
	}
	secret, err := s.Ring.Open(row.Secret, store.SecretPlace(row.ID))
	if err != nil {
		return fmt.Errorf("open the secret: %w", err)
	}
	accepted, err := totp.Method{}.Verify(method.Credential{ID: string(row.ID), Kind: method.TOTP, Secret: secret}, code, tx.Now)
	if errors.Is(err, method.ErrWrong) {
		return countersign.InvalidField("code", "totp_wrong")
	}
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if row.Replaces != "" {
		_, err = tx.DeleteCredential(tx.Ctx, h.Workspace, h.User, row.Replaces)
		if err != nil {
			return fmt.Errorf("retire the old app: %w", err)
		}
	}
	for _, app := range apps {
		if app.ID != row.Replaces && app.NameKey == account.NameKey(name) {
			return countersign.InvalidField("name", "name_taken")
		}
	}
	n, err := tx.ConfirmCredential(tx.Ctx, rows.ConfirmCredentialParams{
		Name: name, NameKey: account.NameKey(name), Secret: row.Secret, Counter: accepted.Credential.Counter,
		ConfirmedAt: tx.NowMilli(), WorkspaceID: h.Workspace, UserID: h.User, ID: row.ID, Version: row.Version,
	})
	if err != nil {
		return fmt.Errorf("confirm: %w", err)
	}
	if n == 0 {
		return nothingPending()
	}
	// The code that confirmed is used up.
	_, err = tx.SpendProof(tx.Ctx, rows.SpendProofParams{
		WorkspaceID: h.Workspace, CredentialID: row.ID, Number: accepted.Spent, SpentAt: tx.NowMilli(),
	})
	if err != nil {
		return fmt.Errorf("spend the code: %w", err)
	}
	return nil
}

// afterConfirm does what every new factor does, and steps the session up.
func (s *Service) afterConfirm(tx *store.Tx, h account.Holder, a account.Account, row rows.Credential, all []rows.Credential, name string) (Confirmed, error) {
	done, err := s.Added(tx, h, a, all, New{
		Kind: method.TOTP, Credential: row.ID, Name: name, Method: string(method.TOTP), Event: "credential.added",
		Replaces: row.Replaces, Replaced: nameOf(all, row.Replaces),
	})
	if err != nil {
		return Confirmed{}, err
	}
	done.Token, err = s.Accounts.StepUp(tx, h, account.Raise{Second: string(method.TOTP)})
	return done, err
}

func nameOf(list []rows.Credential, id countersign.CredentialID) string {
	for _, c := range list {
		if c.ID == id {
			return c.Name
		}
	}
	return ""
}

func (s *Service) event(tx *store.Tx, h account.Holder, kind string, id countersign.CredentialID, name string) error {
	return audit.Write(tx, h.Workspace, audit.Event{
		Kind: kind, Actor: h.Actor(), User: h.User, Target: string(id), Session: h.Session, Place: h.Place,
		Detail: map[string]string{"name": name},
	})
}

// changed is event with what was, and what is.
func (s *Service) changed(tx *store.Tx, h account.Holder, kind string, c rows.Credential, before, after string) error {
	return audit.Write(tx, h.Workspace, audit.Event{
		Kind: kind, Actor: h.Actor(), User: h.User, Target: string(c.ID), Session: h.Session, Place: h.Place,
		Detail: map[string]string{"name": c.Name, "before": before, "after": after},
	})
}

func (s *Service) list(ctx context.Context, h account.Holder) ([]rows.Credential, error) {
	all, err := s.Store.Read().ListCredentials(ctx, h.Workspace, h.User)
	if err != nil {
		return nil, fmt.Errorf("load credentials: %w", store.Classify(err))
	}
	return all, nil
}

// hold is account.Service.HoldAccount with the holder's credentials, read under the same
// lock.
func (s *Service) hold(tx *store.Tx, h account.Holder) (account.Account, []rows.Credential, error) {
	a, err := s.Accounts.HoldAccount(tx, h)
	if err != nil {
		return account.Account{}, nil, err
	}
	all, err := tx.ListCredentials(tx.Ctx, h.Workspace, h.User)
	if err != nil {
		return account.Account{}, nil, fmt.Errorf("load credentials: %w", err)
	}
	return a, all, nil
}

// secondFactors counts the active ones; recovery codes are none.
func secondFactors(all []rows.Credential) int {
	n := 0
	for _, c := range all {
		if c.State == "active" && c.Kind != string(method.Recovery) {
			n++
		}
	}
	return n
}

func active(all []rows.Credential, kind method.Kind) []rows.Credential {
	var out []rows.Credential
	for _, c := range all {
		if c.State == "active" && c.Kind == string(kind) {
			out = append(out, c)
		}
	}
	return out
}

// begunIn is the name_key of a row that waits: only the session that began it
// sees it and can confirm it.
func begunIn(h account.Holder) string { return string(h.Session) }

func dropPending(tx *store.Tx, h account.Holder, kind method.Kind) error {
	_, err := tx.DeletePending(tx.Ctx, rows.DeletePendingParams{
		WorkspaceID: h.Workspace, UserID: h.User, Kind: string(kind), NameKey: begunIn(h),
	})
	if err != nil {
		return fmt.Errorf("drop what waited: %w", err)
	}
	return nil
}

func pendingApp(all []rows.Credential, h account.Holder, now time.Time) *rows.Credential {
	return pendingOf(all, h, method.TOTP, now)
}

// pendingOf is what waits in the holder's session, nil for nothing.
func pendingOf(all []rows.Credential, h account.Holder, kind method.Kind, now time.Time) *rows.Credential {
	for i, c := range all {
		if c.State == "pending" && c.Kind == string(kind) && c.NameKey == begunIn(h) && c.ExpiresAt > now.UnixMilli() {
			return &all[i]
		}
	}
	return nil
}
