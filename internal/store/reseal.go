package store

import (
	"context"
	"errors"
	"fmt"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store/rows"
)

// The installation's own values, each sealed at its [KeyPlace]: the key that keyed
// digests are made with, and the one by which push services know this installation
// (RFC 8292).
const (
	MACKey  = "mac_key"
	PushKey = "push_key"
)

// SecretPlace is where a credential's secret is sealed.
func SecretPlace(id countersign.CredentialID) seal.Place {
	return seal.Place{Table: "credentials", Column: "secret", Row: string(id)}
}

// BodyPlace is where a message's body is sealed.
func BodyPlace(id countersign.MessageID) seal.Place {
	return seal.Place{Table: "messages", Column: "body", Row: string(id)}
}

// IdentifierPlace is where what somebody typed as an address is sealed, in base 64.
// It is not sealed anew: a sign-in that is under way while its key is dropped
// begins anew.
func IdentifierPlace(id countersign.AttemptID) seal.Place {
	return seal.Place{Table: "attempts", Column: "identifier", Row: string(id)}
}

// SubscriptionPlace is where a device's push subscription is sealed.
func SubscriptionPlace(id countersign.DeviceID) seal.Place {
	return seal.Place{Table: "devices", Column: "subscription", Row: string(id)}
}

// PairingPlace is where the codes of a pairing are sealed. They are not sealed anew:
// a pairing takes minutes.
func PairingPlace(id countersign.PairingID) seal.Place {
	return seal.Place{Table: "pairings", Column: "secret", Row: string(id)}
}

// KeyPlace is where one of the installation's own keys is sealed.
func KeyPlace(name string) seal.Place {
	return seal.Place{Table: "installation", Column: "value", Row: name}
}

// Reseal seals every value that is not under the ring's newest key anew under
// it, and returns how many. It may run beside a process that serves, any number
// of times: it goes in small transactions, gives way to whoever changes a value
// meanwhile, and ends when a whole round has found nothing left.
//
// A value that does not open is left as it is; the others are sealed anew, and
// the error names it. As long as there is an error, no key may be dropped.
func Reseal(ctx context.Context, s *Store, ring *seal.Ring) (int, error) {
	r := resealer{store: s, ring: ring}
	for range 100 {
		r.stale, r.faults = 0, nil
		for _, round := range []func(context.Context) error{r.secrets, r.bodies, r.subscriptions, r.keys} {
			err := round(ctx)
			if err != nil {
				return r.done, fmt.Errorf("seal again: %w", classify(err))
			}
		}
		if r.stale == 0 {
			return r.done, errors.Join(r.faults...)
		}
	}
	return r.done, errors.New("seal again: after a hundred rounds there are still values under an older key; is another process sealing with an old key file?")
}

// resealPage is how many values one transaction changes.
const resealPage = 100

type resealer struct {
	store  *Store
	ring   *seal.Ring
	done   int     // sealed anew, in all
	stale  int     // found in this round and tried
	faults []error // of this round
}

// again returns the value sealed anew, and false when there is nothing to do.
func (r *resealer) again(sealed []byte, at seal.Place) ([]byte, bool) {
	if !r.ring.Stale(sealed) {
		return nil, false
	}
	plain, err := r.ring.Open(sealed, at)
	if err == nil {
		sealed, err = r.ring.Seal(plain, at)
	}
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s %s cannot be sealed again: %w", at.Table, at.Row, err))
		return nil, false
	}
	r.stale++
	return sealed, true
}

// swap runs the compare-and-sets in one transaction and counts those that were
// not overtaken.
func (r *resealer) swap(ctx context.Context, swaps []func(tx *Tx) (int64, error)) error {
	if len(swaps) == 0 {
		return nil
	}
	var swapped int64
	err := r.store.Write(ctx, func(tx *Tx) error {
		swapped = 0
		for _, swap := range swaps {
			n, err := swap(tx)
			if err != nil {
				return err
			}
			swapped += n
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.done += int(swapped)
	return nil
}

func (r *resealer) secrets(ctx context.Context) error {
	var workspace countersign.WorkspaceID
	var after countersign.CredentialID
	for {
		page, err := r.store.Read().ListSecrets(ctx, workspace, after, resealPage)
		if err != nil {
			return err
		}
		var swaps []func(tx *Tx) (int64, error)
		for _, c := range page {
			workspace, after = c.WorkspaceID, c.ID
			secret, stale := r.again(c.Secret, SecretPlace(c.ID))
			if stale {
				swaps = append(swaps, func(tx *Tx) (int64, error) {
					return tx.ResealSecret(tx.Ctx, rows.ResealSecretParams{Secret: secret, WorkspaceID: c.WorkspaceID, ID: c.ID, Version: c.Version})
				})
			}
		}
		err = r.swap(ctx, swaps)
		if err != nil || len(page) < resealPage {
			return err
		}
	}
}

func (r *resealer) bodies(ctx context.Context) error {
	var workspace countersign.WorkspaceID
	var after countersign.MessageID
	for {
		page, err := r.store.Read().ListBodies(ctx, workspace, after, resealPage)
		if err != nil {
			return err
		}
		var swaps []func(tx *Tx) (int64, error)
		for _, m := range page {
			workspace, after = m.WorkspaceID, m.ID
			if len(m.Body) == 0 {
				continue // handed over, and erased
			}
			body, stale := r.again(m.Body, BodyPlace(m.ID))
			if stale {
				swaps = append(swaps, func(tx *Tx) (int64, error) {
					return tx.ResealBody(tx.Ctx, rows.ResealBodyParams{Body: body, WorkspaceID: m.WorkspaceID, ID: m.ID, Sealed: m.Body})
				})
			}
		}
		err = r.swap(ctx, swaps)
		if err != nil || len(page) < resealPage {
			return err
		}
	}
}

func (r *resealer) subscriptions(ctx context.Context) error {
	var workspace countersign.WorkspaceID
	var after countersign.DeviceID
	for {
		page, err := r.store.Read().ListSubscriptions(ctx, workspace, after, resealPage)
		if err != nil {
			return err
		}
		var swaps []func(tx *Tx) (int64, error)
		for _, d := range page {
			workspace, after = d.WorkspaceID, d.ID
			if len(d.Subscription) == 0 {
				continue
			}
			subscription, stale := r.again(d.Subscription, SubscriptionPlace(d.ID))
			if stale {
				swaps = append(swaps, func(tx *Tx) (int64, error) {
					return tx.ResealSubscription(tx.Ctx, rows.ResealSubscriptionParams{
						Subscription: subscription, WorkspaceID: d.WorkspaceID, ID: d.ID, Sealed: d.Subscription,
					})
				})
			}
		}
		err = r.swap(ctx, swaps)
		if err != nil || len(page) < resealPage {
			return err
		}
	}
}

func (r *resealer) keys(ctx context.Context) error {
	var swaps []func(tx *Tx) (int64, error)
	for _, name := range []string{MACKey, PushKey} {
		sealed, err := r.store.Read().GetInstallation(ctx, name)
		if NotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		value, stale := r.again(sealed, KeyPlace(name))
		if stale {
			swaps = append(swaps, func(tx *Tx) (int64, error) { return tx.ResealInstallation(tx.Ctx, value, name, sealed) })
		}
	}
	return r.swap(ctx, swaps)
}
