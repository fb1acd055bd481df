package enrol

import (
	"context"
	"fmt"
	"slices"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// List returns the holder's active credentials, the oldest first.
func (s *Service) List(ctx context.Context, h account.Holder) ([]rows.Credential, error) {
	all, err := s.list(ctx, h)
	if err != nil {
		return nil, err
	}
	var out []rows.Credential
	for _, c := range all {
		if c.State == "active" {
			out = append(out, c)
		}
	}
	return out, nil
}

// Find returns one of the holder's active second factors. Somebody else's is
// NotFound like one that does not exist.
func (s *Service) Find(ctx context.Context, h account.Holder, id countersign.CredentialID) (rows.Credential, error) {
	return findIn(ctx, s.Store.Read(), h, id)
}

func findIn(ctx context.Context, q *rows.Queries, h account.Holder, id countersign.CredentialID) (rows.Credential, error) {
	c, err := q.GetCredential(ctx, h.Workspace, h.User, id)
	if store.NotFound(err) || (err == nil && (c.State != "active" || c.Kind == string(method.Recovery))) {
		return rows.Credential{}, noSuchCredential()
	}
	if err != nil {
		return rows.Credential{}, fmt.Errorf("load credential: %w", store.Classify(err))
	}
	return c, nil
}

// Method names a credential's method for people; see account.MethodOf.
func (s *Service) Method(ctx context.Context, h account.Holder, c rows.Credential) (string, error) {
	devices, err := s.Store.Read().ListDevices(s.Store.Brief(ctx), h.Workspace, h.User)
	return account.MethodOf(c, devices), store.Classify(err)
}

func methodIn(tx *store.Tx, h account.Holder, c rows.Credential) (string, error) {
	devices, err := tx.ListDevices(tx.Ctx, h.Workspace, h.User)
	if err != nil {
		return "", fmt.Errorf("load devices: %w", err)
	}
	return account.MethodOf(c, devices), nil
}

func noSuchCredential() error { return countersign.Refuse(countersign.NotFound, "no_such_credential") }

// Rename gives a credential another name. Errors: Forbidden
// "fresh_proof_required"; Invalid on field "name"; NotFound.
func (s *Service) Rename(ctx context.Context, h account.Holder, id countersign.CredentialID, name string) error {
	err := h.NeedFresh(account.ActRename.Of(id))
	if err != nil {
		return err
	}
	name, err = account.CheckName("name", name, maxDeviceName)
	if err != nil {
		return err
	}
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return err
	}
	old, err := s.Find(ctx, h, id)
	if err != nil {
		return err
	}
	err = s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		_, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		n, err := tx.RenameCredential(tx.Ctx, rows.RenameCredentialParams{
			Name: name, NameKey: account.NameKey(name), WorkspaceID: h.Workspace, UserID: h.User, ID: id,
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return noSuchCredential()
		}
		_, err = tx.RenameDevice(tx.Ctx, name, h.Workspace, id)
		if err != nil {
			return fmt.Errorf("rename the device: %w", err)
		}
		err = s.changed(tx, h, "credential.renamed", old, old.Name, name)
		if err != nil {
			return err
		}
		named, err := methodIn(tx, h, old)
		if err != nil {
			return err
		}
		return s.Accounts.Tell(tx, a, h.Place, message.MethodRenamed, message.Data{Method: named, Device: name, OldDevice: old.Name})
	})
	if store.Taken(err) {
		return countersign.InvalidField("name", "name_taken")
	}
	return err
}

// Remove deletes a second factor. The last one is not removed here: that is
// turning two-factor authentication off, and follows its rules (Conflict
// "last_second_factor").
func (s *Service) Remove(ctx context.Context, h account.Holder, id countersign.CredentialID) (string, error) {
	err := h.NeedFresh(account.ActRemove.Of(id))
	if err != nil {
		return "", err
	}
	var token string
	err = s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		c, err := s.removable(all, id, s.Accounts.GroundWithin(a))
		if err != nil {
			return err
		}
		named, err := methodIn(tx, h, c)
		if err != nil {
			return err
		}
		_, err = tx.DeleteCredential(tx.Ctx, h.Workspace, h.User, id)
		if err != nil {
			return fmt.Errorf("delete credential: %w", err)
		}
		_, err = tx.RevokeDeviceOfCredential(tx.Ctx, rows.RevokeDeviceOfCredentialParams{
			Nothing: []byte{}, EndedAt: tx.NowMilli(), WorkspaceID: h.Workspace, UserID: h.User, CredentialID: id,
		})
		if err != nil {
			return fmt.Errorf("remove the device: %w", err)
		}
		err = s.Accounts.WithoutDefault(tx, a.User, all, id)
		if err != nil {
			return err
		}
		err = s.Accounts.Void(tx, a.User, h.Keep())
		if err != nil {
			return err
		}
		token, err = s.Accounts.StepUp(tx, h, account.Raise{})
		if err != nil {
			return err
		}
		removed := "credential.removed"
		switch c.Kind {
		case string(method.Push):
			removed = "device.removed"
		case string(method.Passkey):
			removed = "passkey.removed"
		case string(method.SMS):
			removed = "number.removed"
		}
		err = s.event(tx, h, removed, id, c.Name)
		if err != nil {
			return err
		}
		return s.Accounts.Tell(tx, a, h.Place, message.MethodRemoved, message.Data{Method: named, Device: c.Name})
	})
	return token, err
}

func (s *Service) removable(all []rows.Credential, id countersign.CredentialID, ground account.Ground) (rows.Credential, error) {
	at := slices.IndexFunc(all, func(c rows.Credential) bool {
		return c.State == "active" && c.Kind != string(method.Recovery) && c.ID == id
	})
	switch {
	case at < 0:
		return rows.Credential{}, noSuchCredential()
	case s.Accounts.Remaining(all, id, ground) == 0:
		return rows.Credential{}, countersign.Refuse(countersign.Conflict, "last_second_factor")
	}
	return all[at], nil
}

// MakeDefault makes a method the one that is asked first. Errors: Forbidden
// "fresh_proof_required"; NotFound, also for what was removed a moment ago.
func (s *Service) MakeDefault(ctx context.Context, h account.Holder, id countersign.CredentialID) error {
	err := h.NeedFresh(account.ActDefault.Of(id))
	if err != nil {
		return err
	}
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return err
	}
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		user, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		// Read under the person's lock: another tab may have removed it, and no default
		// may point at what is gone.
		c, err := findIn(tx.Ctx, tx.Queries, h, id)
		if err != nil {
			return err
		}
		_, err = tx.SetDefaultMethod(tx.Ctx, rows.SetDefaultMethodParams{
			DefaultMethod: c.Kind, DefaultSetAt: tx.NowMilli(), WorkspaceID: h.Workspace, ID: h.User,
		})
		if err != nil {
			return fmt.Errorf("set the default: %w", err)
		}
		err = s.changed(tx, h, "default.changed", c, user.DefaultMethod, c.Kind)
		if err != nil {
			return err
		}
		named, err := methodIn(tx, h, c)
		if err != nil {
			return err
		}
		return s.Accounts.Tell(tx, a, h.Place, message.DefaultChanged, message.Data{Method: named, Device: c.Name})
	})
}
