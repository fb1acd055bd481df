package enrol

import (
	"context"
	"errors"
	"fmt"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// maxPasskeys bounds what one person has: each is read and opened at their sign-ins.
const maxPasskeys = 20

// ceremonyOf is that of a new passkey: another session's page is not this one's.
func ceremonyOf(h account.Holder) passkey.Ceremony {
	return passkey.Ceremony("enrol:" + string(h.Session))
}

func rulesOf(s policy.Settings) passkey.Rules {
	return passkey.Rules{Verified: s.PasskeyVerified, Models: s.PasskeyModels}
}

// mayAddPasskey is the rule for one more. Errors: Forbidden "passkeys_off" and those of
// account.Holder.NeedOwner; Conflict "too_many_passkeys".
func mayAddPasskey(h account.Holder, s policy.Settings, all []rows.Credential) error {
	if !s.Passkeys() {
		return countersign.Refuse(countersign.Forbidden, "passkeys_off")
	}
	err := h.NeedOwner(secondFactors(all), account.ActSecondFactor)
	if err != nil {
		return err
	}
	if len(active(all, method.Passkey)) >= maxPasskeys {
		e := countersign.Refuse(countersign.Conflict, "too_many_passkeys")
		e.Args = map[string]any{"Most": maxPasskeys}
		return e
	}
	return nil
}

// AskPasskey makes what the page of a new passkey hands to the browser
// (PublicKeyCredentialCreationOptionsJSON). Nothing is stored: what is not made counts for
// nothing. Errors: Forbidden "passkeys_off", "fresh_proof_required" and
// "email_proof_required"; Conflict "too_many_passkeys".
func (s *Service) AskPasskey(ctx context.Context, h account.Holder) (map[string]any, error) {
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return nil, err
	}
	all, err := s.list(ctx, h)
	if err != nil {
		return nil, err
	}
	err = mayAddPasskey(h, a.Settings, all)
	if err != nil {
		return nil, err
	}
	var have []passkey.Key
	for _, key := range s.Accounts.PasskeysIn(all) {
		have = append(have, key)
	}
	who := passkey.Person{Handle: []byte(h.User), Email: a.User.Email, Name: a.User.Name}
	party := s.Accounts.Party(h.Workspace)
	challenge := party.Challenge(ceremonyOf(h), seal.Bytes(passkey.NonceSize), s.Now())
	return party.ToRegister(a.Workspace.Name, who, challenge, have, rulesOf(a.Settings)), nil
}

// AddPasskey turns a passkey on that the browser made for this session's page. Errors:
// Invalid on "name" and "passkey" (joined when both are wrong); those of AskPasskey.
func (s *Service) AddPasskey(ctx context.Context, h account.Holder, name, credential string) (Confirmed, error) {
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return Confirmed{}, err
	}
	name, nameErr := account.CheckName("name", name, maxDeviceName)
	if nameErr != nil && credential == "" {
		return Confirmed{}, nameErr
	}
	made, err := s.made(h, a.Settings, credential)
	if err != nil || nameErr != nil {
		return Confirmed{}, errors.Join(nameErr, err)
	}
	var done Confirmed
	err = s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		done = Confirmed{}
		// By the settings of this moment: a first passkey where none is taken any more would
		// shut its person out.
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		err = mayAddPasskey(h, a.Settings, all)
		if err != nil {
			return err
		}
		for _, one := range active(all, method.Passkey) {
			if one.NameKey == account.NameKey(name) {
				return countersign.InvalidField("name", "name_taken")
			}
		}
		id, err := s.insertPasskey(tx, h, name, made)
		if err != nil {
			return err
		}
		done, err = s.Added(tx, h, a, all, New{
			Kind: method.Passkey, Credential: id, Name: name, Method: string(method.Passkey), Event: "passkey.added",
			Detail: map[string]string{"method": made.Key.Proof(), "model": made.Key.Model},
		})
		if err != nil {
			return err
		}
		done.Token, err = s.Accounts.StepUp(tx, h, account.Raise{Second: made.Key.Proof()})
		return err
	})
	return done, err
}

// made judges a new passkey before any transaction: nothing of it is stored yet.
func (s *Service) made(h account.Holder, settings policy.Settings, credential string) (passkey.Registered, error) {
	if credential == "" {
		return passkey.Registered{}, countersign.InvalidField("passkey", "passkey_empty")
	}
	made, err := s.Accounts.Party(h.Workspace).Register(ceremonyOf(h), []byte(credential), rulesOf(settings), s.Now())
	made.Key.User = []byte(h.User)
	switch {
	case errors.Is(err, passkey.ErrStale):
		return made, countersign.InvalidField("passkey", "passkey_stale")
	case errors.Is(err, passkey.ErrUnverified):
		return made, countersign.InvalidField("passkey", "passkey_unverified")
	case errors.Is(err, passkey.ErrModel):
		return made, countersign.InvalidField("passkey", "passkey_model")
	case errors.Is(err, method.ErrWrong):
		return made, countersign.InvalidField("passkey", "passkey_not_made")
	}
	return made, err
}

// insertPasskey stores a passkey. Its challenge is spent, and its identifier is nobody
// else's: unique indexes judge both.
func (s *Service) insertPasskey(tx *store.Tx, h account.Holder, name string, made passkey.Registered) (countersign.CredentialID, error) {
	n, err := tx.SpendProof(tx.Ctx, rows.SpendProofParams{
		WorkspaceID: h.Workspace, CredentialID: countersign.CredentialID(h.Session), Number: made.Spent, SpentAt: tx.NowMilli(),
	})
	if err != nil {
		return "", fmt.Errorf("spend the challenge: %w", err)
	}
	if n == 0 {
		return "", countersign.InvalidField("passkey", "passkey_stale")
	}
	_, err = tx.FindPasskey(tx.Ctx, h.Workspace, passkey.Digest(made.Key.ID))
	if err == nil {
		return "", countersign.InvalidField("passkey", "passkey_taken")
	}
	if !store.NotFound(err) {
		return "", fmt.Errorf("look for the passkey: %w", err)
	}
	secret, err := made.Key.Encode()
	if err != nil {
		return "", err
	}
	id := countersign.CredentialID(seal.ID("crd"))
	sealed, err := s.Ring.Seal(secret, store.SecretPlace(id))
	if err != nil {
		return "", fmt.Errorf("seal the passkey: %w", err)
	}
	err = tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
		WorkspaceID: h.Workspace, ID: id, UserID: h.User, Kind: string(method.Passkey), State: "active", Name: name, NameKey: account.NameKey(name),
		Secret: sealed, Counter: made.Counter, CreatedAt: tx.NowMilli(), ConfirmedAt: tx.NowMilli(), RpID: s.Accounts.Site(h.Workspace).RPID,
	})
	if err != nil {
		return "", fmt.Errorf("keep the passkey: %w", err)
	}
	err = tx.InsertPasskey(tx.Ctx, h.Workspace, passkey.Digest(made.Key.ID), id)
	if store.Taken(err) {
		return "", countersign.InvalidField("passkey", "passkey_taken")
	}
	if err != nil {
		return "", fmt.Errorf("keep the passkey's identifier: %w", err)
	}
	return id, nil
}

// Held are what a person's browser may keep passkeys for, and what a list shows of them.
type Held struct {
	RPID string
	User []byte
	Keys map[countersign.CredentialID]passkey.Key
}

// Passkeys returns the holder's passkeys among their credentials.
func (s *Service) Passkeys(h account.Holder, list []rows.Credential) Held {
	return Held{RPID: s.Accounts.Site(h.Workspace).RPID, User: []byte(h.User), Keys: s.Accounts.PasskeysIn(list)}
}
