package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"countersign"
	"countersign/internal/approve"
	"countersign/internal/es256"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/notify"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/webpush"
)

// Joining is what a device sends of its keys.
type Joining struct {
	// Key is the device key, an uncompressed point of P-256 (SEC 1, section 2.3.3).
	Key []byte
	// Credential is the verifying key as navigator.credentials.create gave it, in JSON.
	Credential []byte
	// Signature is the device key's over the pairing challenge.
	Signature []byte
	Status    Status
}

// Status is what a device says of how it can be reached and used.
type Status struct {
	Biometrics    bool                  `json:"biometrics"`
	Notifications string                `json:"notifications"`
	Push          *message.Subscription `json:"push"`
}

// Joined is the device's answer.
type Joined struct {
	Device countersign.DeviceID
	// Salt goes into the digits that confirm the pairing.
	Salt []byte
}

// Join keeps a device's keys. It can nothing yet: a person has to confirm that it is the
// one in their hand.
//
// Errors: Gone "pairing_over"; Invalid "pairing_refused", "biometrics_missing",
// "push_endpoint".
func (s *Service) Join(ctx context.Context, workspace countersign.WorkspaceID, token string, j Joining) (Joined, error) {
	row, err := s.byToken(ctx, workspace, token)
	if err != nil {
		return Joined{}, err
	}
	if row.State != "claimed" {
		return Joined{}, pairingOver()
	}
	err = s.Accounts.Spent(ctx, workspace, "join:"+string(row.ID), "too_many_claims", joinRate())
	if err != nil {
		return Joined{}, err
	}
	pairing, verifying, err := s.keys(row, j)
	if err != nil {
		return Joined{}, s.counted(ctx, row, err)
	}
	id := countersign.DeviceID(seal.ID("dev"))
	subscription, delivery, err := s.subscription(id, j.Status.Push)
	if err != nil {
		return Joined{}, s.counted(ctx, row, err)
	}
	digits, err := pairing.Confirmation()
	if err != nil {
		return Joined{}, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		err := tx.InsertDevice(tx.Ctx, rows.InsertDeviceParams{
			WorkspaceID: workspace, ID: id, UserID: row.UserID, Kind: row.Kind, Name: row.Name, Platform: row.Platform, Client: row.Client,
			Version: row.Version, DeviceKey: j.Key, VerifyID: verifying.ID, VerifyKey: verifying.PublicKey, VerifyUser: row.VerifyUser,
			BackedUp: bit(verifying.BackedUp), Counter: int64(verifying.Counter), Biometrics: bit(j.Status.Biometrics),
			Notifications: notifications(j.Status.Notifications), Subscription: subscription, Delivery: delivery, CreatedAt: tx.NowMilli(),
		})
		if err != nil {
			return fmt.Errorf("insert the device: %w", err)
		}
		n, err := tx.JoinPairing(tx.Ctx, rows.JoinPairingParams{
			DeviceID: id, Salt: pairing.Salt, ConfirmMac: s.confirmMAC(row.ID, digits), ExpiresAt: tx.Now.Add(pairingLife).UnixMilli(),
			WorkspaceID: workspace, ID: row.ID, Now: tx.NowMilli(),
		})
		if err != nil {
			return fmt.Errorf("join the pairing: %w", err)
		}
		if n == 0 {
			return pairingOver()
		}
		s.ringPairing(tx, row.ID)
		return nil
	})
	return Joined{Device: id, Salt: pairing.Salt}, err
}

// counted lets what does not hold be tried so often and no more.
func (s *Service) counted(ctx context.Context, row rows.Pairing, refusal error) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		err := s.Accounts.Spend(tx, row.WorkspaceID, "join:"+string(row.ID), "too_many_claims", joinRate())
		if countersign.KindOf(err) == countersign.Limited {
			return nil
		}
		return err
	})
	return errors.Join(refusal, err)
}

// keys judges both keys of a device.
func (s *Service) keys(row rows.Pairing, j Joining) (push.Pairing, push.Registered, error) {
	key, err := approve.KeyOf(rows.Device{DeviceKey: j.Key})
	if err != nil {
		return push.Pairing{}, push.Registered{}, refusedBecause("the device key is no point of P-256", err)
	}
	verifying, err := push.Register(row.Challenge, s.Accounts.Site(row.WorkspaceID), j.Credential)
	if errors.Is(err, push.ErrUnverified) || err == nil && !j.Status.Biometrics {
		return push.Pairing{}, push.Registered{}, countersign.Refuse(countersign.Invalid, "biometrics_missing")
	}
	if errors.Is(err, method.ErrWrong) {
		return push.Pairing{}, push.Registered{}, refusedBecause("the credential is not one for this pairing", err)
	}
	if err != nil {
		return push.Pairing{}, push.Registered{}, err
	}
	c, err := s.codes(row)
	if err != nil {
		return push.Pairing{}, push.Registered{}, err
	}
	code := c.Code
	if row.ClaimedBy == "short" {
		code = c.Short
	}
	p := push.Pairing{
		Issuer: s.Accounts.Address(row.WorkspaceID), ID: string(row.ID), Code: code, Thumbprint: approve.Thumbprint(j.Key), Credential: verifying.ID,
		// After the keys: see push.Pairing.
		Salt: seal.Bytes(push.SaltSize),
	}
	challenge, err := p.Challenge()
	if err != nil || !es256.Verify(key, challenge, j.Signature) {
		return push.Pairing{}, push.Registered{}, refusedBecause("the device key did not sign this pairing", err)
	}
	return p, verifying, nil
}

// refusedBecause tells a developer what does not hold; people see one sentence.
func refusedBecause(why string, err error) error {
	return &countersign.Error{
		Kind: countersign.Invalid, Code: "pairing_refused", Args: map[string]any{"Why": why}, Err: errors.Join(errors.New(why), err),
	}
}

// subscription checks and seals where a device's pushes go; nothing for none.
func (s *Service) subscription(id countersign.DeviceID, given *message.Subscription) ([]byte, string, error) {
	if given == nil || s.Vapid == "" {
		return []byte{}, message.DeliveryNone, nil
	}
	_, err := notify.ParseEndpoint(given.Endpoint, s.Hosts)
	if err == nil {
		_, err = webpush.ParseKeys(given.P256dh, given.Auth)
	}
	if err != nil {
		return nil, "", &countersign.Error{Kind: countersign.Invalid, Code: "push_endpoint", Err: err}
	}
	plain, err := json.Marshal(given)
	if err != nil {
		return nil, "", fmt.Errorf("write the subscription: %w", err)
	}
	sealed, err := s.Ring.Seal(plain, store.SubscriptionPlace(id))
	if err != nil {
		return nil, "", fmt.Errorf("seal the subscription: %w", err)
	}
	return sealed, message.DeliveryOn, nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// notifications is one of the words that a device may say.
func notifications(word string) string {
	switch word {
	case "granted", "denied", "default":
		return word
	}
	return "none"
}

// confirmMAC is kept in the place of the digits that confirm a pairing.
func (s *Service) confirmMAC(id countersign.PairingID, digits string) []byte {
	return s.MAC.Sum("pairing-confirm", string(id), digits)
}
