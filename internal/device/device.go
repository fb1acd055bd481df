package device

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/httpsig"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/enrol"
	"countersign/internal/limit"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Service pairs and leads devices. All its fields are set once, by server.
type Service struct {
	Accounts  *account.Service
	Approvals *approve.Service
	Enrol     *enrol.Service
	Store     *store.Store
	Ring      *seal.Ring
	MAC       seal.MACKey
	Now       func() time.Time
	// Vapid is the public key that browsers subscribe with (RFC 8292), Hosts the push
	// services that are allowed beside those of the browsers.
	Vapid string
	Hosts []string

	calls calls
}

// Tag is what devices sign their calls for (RFC 9421, parameter "tag").
const Tag = "countersign-device"

// window is how far a device's clock may be off, once it was told.
const window = time.Minute

// A signed call's nonce is so many octets, in base64url: enough that no two are the
// same, and no more than the row that keeps it should have.
const (
	leastNonce = 16
	mostNonce  = 48
)

func wellFormed(nonce string) bool {
	octets, err := base64.RawURLEncoding.DecodeString(nonce)
	return err == nil && len(octets) >= leastNonce && len(octets) <= mostNonce
}

func unknown() error { return countersign.Refuse(countersign.Unauthenticated, "device_unknown") }

// Authenticate finds the device that signed a call. once is for calls that change
// something: their signature works once.
//
// Errors: Unauthenticated "device_unknown", "device_signature", "device_clock"; Conflict
// "device_replayed"; Limited "too_many_calls".
func (s *Service) Authenticate(ctx context.Context, workspace countersign.WorkspaceID, signature httpsig.Signature, once bool) (rows.Device, error) {
	d, err := s.authenticate(signature, func() (rows.Device, error) {
		return s.Store.Read().GetDevice(s.Store.Brief(ctx), workspace, countersign.DeviceID(signature.KeyID))
	})
	if err != nil || !once {
		return d, err
	}
	err = tooManyCalls(s.calls.take(changes(d.ID), changeRate(), s.Now()))
	if err != nil {
		return rows.Device{}, err
	}
	return d, s.spend(ctx, workspace, signature)
}

// AuthenticateAnswer is Authenticate for the answer to a question, which it reads in the
// same breath; see approve.Service.Question.
func (s *Service) AuthenticateAnswer(ctx context.Context, workspace countersign.WorkspaceID, signature httpsig.Signature, id countersign.RequestID) (rows.GetQuestionRow, error) {
	var q rows.GetQuestionRow
	_, err := s.authenticate(signature, func() (rows.Device, error) {
		var err error
		q, err = s.Approvals.Question(ctx, workspace, countersign.DeviceID(signature.KeyID), id)
		return q.Device, err
	})
	return q, err
}

// authenticate judges the signature of the device that find reads.
func (s *Service) authenticate(signature httpsig.Signature, find func() (rows.Device, error)) (rows.Device, error) {
	if !wellFormed(signature.Nonce) {
		return rows.Device{}, &countersign.Error{Kind: countersign.Unauthenticated, Code: "device_signature", Err: errNonce}
	}
	// Whoever has called too often is refused before anything is read or verified, and is
	// counted after: a refusal in somebody else's name takes nothing from the device.
	now := s.Now()
	err := tooManyCalls(s.calls.wait(signature.KeyID, callRate(), now))
	if err != nil {
		return rows.Device{}, err
	}
	d, err := find()
	if store.NotFound(err) || (err == nil && d.State == "revoked") {
		return rows.Device{}, unknown()
	}
	if err != nil {
		return rows.Device{}, fmt.Errorf("load device: %w", store.Classify(err))
	}
	err = check(d, signature, now)
	if err != nil {
		return rows.Device{}, err
	}
	return d, tooManyCalls(s.calls.take(string(d.ID), callRate(), now))
}

var errNonce = errors.New("the nonce is not 16 to 48 octets in base64url")

// check judges a call's signature by the device's own key.
func check(d rows.Device, signature httpsig.Signature, now time.Time) error {
	key, err := approve.KeyOf(d)
	if err != nil {
		return err
	}
	err = signature.Check(httpsig.P256Public{Key: key}, Tag, now, window)
	if errors.Is(err, httpsig.ErrTime) {
		return countersign.Refuse(countersign.Unauthenticated, "device_clock")
	}
	if err != nil {
		return &countersign.Error{Kind: countersign.Unauthenticated, Code: "device_signature", Err: err}
	}
	return nil
}

// spend uses a signature's nonce up. It is kept as long as the signature could hold.
func (s *Service) spend(ctx context.Context, workspace countersign.WorkspaceID, signature httpsig.Signature) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.SpendNonce(tx.Ctx, rows.SpendNonceParams{
			WorkspaceID: workspace, KeyID: signature.KeyID, Nonce: signature.Nonce, ExpiresAt: signature.Created.Add(2 * window).UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("spend a nonce: %w", err)
		}
		if n == 0 {
			return countersign.Refuse(countersign.Conflict, "device_replayed")
		}
		return nil
	})
}

// Still is a device as it is now, for a call that waits. Errors: Unauthenticated
// "device_unknown"; Forbidden "device_signed_out", "device_version".
func (s *Service) Still(ctx context.Context, d rows.Device) (rows.Device, error) {
	now, err := s.Store.Read().GetDevice(s.Store.Brief(ctx), d.WorkspaceID, d.ID)
	if store.NotFound(err) || (err == nil && now.State == "revoked") {
		return rows.Device{}, unknown()
	}
	if err != nil {
		return rows.Device{}, fmt.Errorf("load device: %w", store.Classify(err))
	}
	a, err := s.Accounts.Load(ctx, d.WorkspaceID, d.UserID)
	if err != nil {
		return rows.Device{}, err
	}
	err = letIn(a, now)
	if err != nil {
		return rows.Device{}, err
	}
	if now.State == "signed_out" {
		return rows.Device{}, signedOut()
	}
	if a.Settings.TooOld(now.Version) {
		return rows.Device{}, tooOld(a.Settings)
	}
	return now, nil
}

func signedOut() error { return countersign.Refuse(countersign.Forbidden, "device_signed_out") }

// letIn refuses a device whose person is not let in, and a command line where there are
// none any more: like one that was signed out, and not as "unknown", at which a device
// forgets its keys. Both may be let in again.
func letIn(a account.Account, d rows.Device) error {
	if a.User.State != countersign.Active || account.Barred(d, a.Settings) {
		return signedOut()
	}
	return nil
}

// hold takes the device's person for a transaction, and the device as it is now.
func (s *Service) hold(tx *store.Tx, d rows.Device) (rows.User, rows.Device, error) {
	user, err := tx.LockUser(tx.Ctx, d.WorkspaceID, d.UserID)
	if store.NotFound(err) {
		return rows.User{}, rows.Device{}, unknown()
	}
	if err == nil && user.State != countersign.Active {
		return rows.User{}, rows.Device{}, signedOut() // as in letIn
	}
	if err != nil {
		return rows.User{}, rows.Device{}, fmt.Errorf("lock user: %w", err)
	}
	now, err := tx.GetDevice(tx.Ctx, d.WorkspaceID, d.ID)
	if store.NotFound(err) || (err == nil && now.State == "revoked") {
		return rows.User{}, rows.Device{}, unknown()
	}
	if err != nil {
		return rows.User{}, rows.Device{}, fmt.Errorf("load device: %w", err)
	}
	return user, now, nil
}

// List is a person's devices for their own page, the oldest first, without those that
// were never active.
func (s *Service) List(ctx context.Context, h account.Holder) ([]rows.Device, error) {
	all, err := s.Store.Read().ListDevices(s.Store.Brief(ctx), h.Workspace, h.User)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", store.Classify(err))
	}
	var out []rows.Device
	for _, d := range all {
		if d.State == "active" || d.State == "signed_out" {
			out = append(out, d)
		}
	}
	return out, nil
}

// The rates of what a device or a page can ask for.
func testRate() limit.Rate { return limit.Rate{Interval: 30 * time.Second, Burst: 4} }
func pairRate() limit.Rate { return limit.Rate{Interval: 30 * time.Second, Burst: 10} }

// claimRate is for one network; several people may pair in one room.
func claimRate() limit.Rate { return limit.Rate{Interval: 12 * time.Second, Burst: 10} }

// shortRate is for all wrong short codes of a workspace. They have 40 bits.
func shortRate() limit.Rate { return limit.Rate{Interval: 3 * time.Second, Burst: 20} }
