package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Hello is what a device is told when it starts.
type Hello struct {
	Device    countersign.DeviceID `json:"device"`
	Name      string               `json:"name"`
	State     string               `json:"state"`
	Trouble   string               `json:"trouble"`
	Issuer    string               `json:"issuer"`
	Workspace string               `json:"workspace"`
	Account   string               `json:"account"`
	Vapid     string               `json:"vapid"`
	Version   string               `json:"version"`
	Now       int64                `json:"now"` // seconds
	Code      bool                 `json:"code"`
	Pushes    bool                 `json:"pushes"`
}

// Hello keeps what a device says of itself, and answers how it stands. Errors: Invalid
// "push_endpoint"; Unauthenticated "device_unknown"; Forbidden "device_signed_out" where
// its person is not let in: that tells nothing of the account.
func (s *Service) Hello(ctx context.Context, d rows.Device, version string, status Status) (Hello, error) {
	about, err := About{Kind: d.Kind, Name: d.Name, Version: version}.clean()
	if err != nil {
		return Hello{}, err
	}
	a, err := s.Accounts.Load(ctx, d.WorkspaceID, d.UserID)
	if err != nil {
		return Hello{}, err
	}
	err = letIn(a, d)
	if err != nil {
		return Hello{}, err
	}
	subscription, delivery, err := s.newest(d, status.Push)
	if err != nil {
		return Hello{}, err
	}
	old := d
	d.Version, d.Biometrics, d.Notifications = about.Version, bit(status.Biometrics), notifications(status.Notifications)
	d.Subscription, d.Delivery = subscription, delivery
	if changed(old, d) || s.Now().Sub(moment(d.SeenAt)) > seenEvery {
		err = s.report(ctx, old, d)
		if err != nil {
			return Hello{}, err
		}
	}
	code, err := s.mayAsk(ctx, d)
	if err != nil {
		return Hello{}, err
	}
	return Hello{
		Device: d.ID, Name: d.Name, State: d.State, Trouble: approve.Trouble(d, a.Settings), Issuer: s.Accounts.Address(d.WorkspaceID),
		Workspace: a.Workspace.Name, Account: address(d, a), Vapid: s.Vapid, Version: a.Settings.PushMinVersion, Now: s.Now().Unix(),
		Code: code, Pushes: d.Delivery == message.DeliveryOn,
	}, nil
}

// address is the account's, in full for a device that a person has confirmed to be
// theirs.
func address(d rows.Device, a account.Account) string {
	if d.State == "claimed" {
		return Masked(a.User.Email)
	}
	return a.User.Email
}

// newest is the subscription to keep. One that is the same as before keeps what is known
// of it: that the push service refuses it, or says that it is gone, is no news to be
// forgotten.
func (s *Service) newest(d rows.Device, given *message.Subscription) ([]byte, string, error) {
	if given != nil && len(d.Subscription) > 0 {
		kept, err := message.OpenSubscription(s.Ring, d)
		if err == nil && kept == *given {
			return d.Subscription, d.Delivery, nil
		}
	}
	return s.subscription(d.ID, given)
}

func changed(old, d rows.Device) bool {
	return old.Version != d.Version || old.Biometrics != d.Biometrics || old.Notifications != d.Notifications ||
		old.Delivery != d.Delivery || string(old.Subscription) != string(d.Subscription)
}

func (s *Service) report(ctx context.Context, old, d rows.Device) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.ReportDevice(tx.Ctx, rows.ReportDeviceParams{
			Version: d.Version, Biometrics: d.Biometrics, Notifications: d.Notifications, Subscription: d.Subscription, Delivery: d.Delivery,
			SeenAt: tx.NowMilli(), WorkspaceID: d.WorkspaceID, ID: d.ID,
		})
		if err != nil {
			return fmt.Errorf("keep what the device says: %w", err)
		}
		if n == 0 {
			return unknown()
		}
		if old.Biometrics == d.Biometrics || d.State == "claimed" {
			return nil
		}
		kind := "device.biometrics_lost"
		if d.Biometrics != 0 {
			kind = "device.biometrics_found"
		}
		return s.event(tx, d, kind, countersign.Place{})
	})
}

func (s *Service) event(tx *store.Tx, d rows.Device, kind string, place countersign.Place) error {
	return audit.Write(tx, d.WorkspaceID, audit.Event{
		Kind: kind, Actor: countersign.Actor{Kind: countersign.ByUser, User: d.UserID}, User: d.UserID, Target: string(d.ID), Place: place,
		Detail: map[string]string{"name": d.Name},
	})
}

// Past is what the device's person was asked since a moment, the newest first. Forbidden
// "device_signed_out".
func (s *Service) Past(ctx context.Context, d rows.Device, since int64, most int32) ([]rows.Request, error) {
	a, err := s.Accounts.Load(ctx, d.WorkspaceID, d.UserID)
	if err != nil {
		return nil, err
	}
	err = letIn(a, d)
	if err != nil {
		return nil, err
	}
	if d.State != "active" {
		return nil, signedOut()
	}
	return s.Approvals.Past(ctx, d, since, most)
}

// SignOut ends the questions to a device; its keys stay. Conflict "device_state" for one
// that is not active.
func (s *Service) SignOut(ctx context.Context, d rows.Device, place countersign.Place) error {
	return s.turn(ctx, d, "active", "signed_out", "device.signed_out", place)
}

func (s *Service) turn(ctx context.Context, d rows.Device, was, is, kind string, place countersign.Place) error {
	return s.Accounts.WriteFor(ctx, d.UserID, func(tx *store.Tx) error {
		_, now, err := s.hold(tx, d)
		if err != nil {
			return err
		}
		if now.State == is {
			return nil // the second half of a double tap
		}
		if now.State != was {
			return countersign.Refuse(countersign.Conflict, "device_state")
		}
		_, err = tx.SetDeviceState(tx.Ctx, is, d.WorkspaceID, d.ID)
		if err != nil {
			return fmt.Errorf("turn the device's state: %w", err)
		}
		return s.event(tx, d, kind, place)
	})
}

// SignIn lets a device be asked again: its call is signed by the device key, and the
// assertion by the verifying key, over the time. Errors: Invalid "sign_in_refused";
// Conflict "device_state"; Forbidden "device_version".
func (s *Service) SignIn(ctx context.Context, d rows.Device, at int64, assertion []byte, place countersign.Place) error {
	a, err := s.Accounts.Load(ctx, d.WorkspaceID, d.UserID)
	if err != nil {
		return err
	}
	if a.Settings.TooOld(d.Version) {
		return tooOld(a.Settings)
	}
	when := time.Unix(at, 0)
	if off := s.Now().Sub(when); off > window || off < -window {
		return countersign.Refuse(countersign.Unauthenticated, "device_clock")
	}
	keys, err := approve.Keys(d)
	if err != nil {
		return err
	}
	counter, err := push.SignIn(s.Accounts.Address(d.WorkspaceID), string(d.ID), when, keys, s.Accounts.Site(d.WorkspaceID), assertion)
	if errors.Is(err, method.ErrWrong) {
		return &countersign.Error{Kind: countersign.Invalid, Code: "sign_in_refused", Err: err}
	}
	if err != nil {
		return err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.CountDevice(tx.Ctx, rows.CountDeviceParams{Counter: int64(counter), SeenAt: tx.NowMilli(), WorkspaceID: d.WorkspaceID, ID: d.ID})
		return err
	})
	if err != nil {
		return err
	}
	return s.turn(ctx, d, "signed_out", "active", "device.signed_in", place)
}

// Test asks this device alone a question, so that its person sees whether pushes come.
// Errors: Limited "too_many_tests"; Forbidden "device_signed_out".
func (s *Service) Test(ctx context.Context, d rows.Device, place countersign.Place) (countersign.RequestID, error) {
	var id countersign.RequestID
	err := s.Accounts.WriteFor(ctx, d.UserID, func(tx *store.Tx) error {
		user, now, err := s.hold(tx, d)
		if err != nil {
			return err
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		err = letIn(a, now)
		if err != nil {
			return err
		}
		if now.State != "active" {
			return signedOut()
		}
		err = s.Accounts.Spend(tx, d.WorkspaceID, "test:"+string(d.ID), "too_many_tests", testRate())
		if err != nil {
			return err
		}
		question, err := s.Approvals.Make(tx, approve.Ask{
			Account: a, Kind: approve.Test, Requester: string(d.ID), Only: d.ID, Tap: true, Known: true, Place: place,
		})
		id = question.ID
		return err
	})
	return id, err
}

// Remove is the device's own good-bye. The person's other second factors stay; where
// this is the only one, it is turned off on the account's page (Conflict
// "last_second_factor").
func (s *Service) Remove(ctx context.Context, d rows.Device, place countersign.Place) error {
	return s.Accounts.WriteFor(ctx, d.UserID, func(tx *store.Tx) error {
		user, now, err := s.hold(tx, d)
		if err != nil {
			return err
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		return s.remove(tx, a, now, place)
	})
}

func (s *Service) remove(tx *store.Tx, a account.Account, d rows.Device, place countersign.Place) error {
	all, err := tx.ListCredentials(tx.Ctx, d.WorkspaceID, d.UserID)
	if err != nil {
		return fmt.Errorf("load credentials: %w", err)
	}
	if d.CredentialID != "" && s.Accounts.Remaining(all, d.CredentialID, s.Accounts.GroundWithin(a)) == 0 {
		return countersign.Refuse(countersign.Conflict, "last_second_factor")
	}
	if d.CredentialID != "" {
		_, err = tx.DeleteCredential(tx.Ctx, d.WorkspaceID, d.UserID, d.CredentialID)
		if err != nil {
			return fmt.Errorf("delete the credential: %w", err)
		}
		err = s.Accounts.WithoutDefault(tx, a.User, all, d.CredentialID)
		if err != nil {
			return err
		}
		// As after any change of a factor; there is no session here to keep.
		err = s.Accounts.Void(tx, a.User, account.Keep{})
		if err != nil {
			return err
		}
	}
	_, err = tx.RevokeDevice(tx.Ctx, rows.RevokeDeviceParams{
		Nothing: []byte{}, EndedAt: tx.NowMilli(), WorkspaceID: d.WorkspaceID, UserID: d.UserID, ID: d.ID,
	})
	if err != nil {
		return fmt.Errorf("remove the device: %w", err)
	}
	if d.CredentialID == "" {
		return nil // it never was one of the person's
	}
	err = s.event(tx, d, "device.removed", place)
	if err != nil || d.CredentialID == "" {
		return err // it never was a second factor: there is nothing to tell
	}
	return s.Accounts.Tell(tx, a, place, message.MethodRemoved, message.Data{Method: methodOf(d.Kind), Device: d.Name})
}
