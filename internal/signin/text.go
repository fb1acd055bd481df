package signin

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// texted is the number that gets a person's texts; false for none.
func texted(credentials []rows.Credential) (rows.Credential, bool) {
	for _, c := range credentials {
		if c.State == "active" && c.Kind == string(method.SMS) {
			return c, true
		}
	}
	return rows.Credential{}, false
}

// withText reads the code that was sent for an attempt last.
func (s *Service) withText(ctx context.Context, at Attempt) (Attempt, error) {
	_, has := texted(at.Credentials)
	if !has {
		return at, nil
	}
	row, found, err := s.Accounts.TextOf(ctx, at.WorkspaceID, at.UserID, string(at.ID))
	if found {
		at.Text = &row
	}
	return at, err
}

// Texts tells whether this attempt's person may have a code sent.
func (at Attempt) Texts() bool {
	_, has := texted(at.Answering)
	return has
}

// textFirst sends a text in the transaction that accepts the password, where that is what
// is asked first. Where there may be none now, the page offers the other ways.
func (s *Service) textFirst(tx *store.Tx, at Attempt, a account.Account, credentials []rows.Credential, v Visitor) error {
	number, has := texted(credentials)
	if !has {
		return nil
	}
	err := s.Accounts.SecondLocked(tx, a.User, at.Known)
	if err == nil {
		err = s.Accounts.SendText(tx, account.TextAsk{Account: a, Credential: number, Known: at.Known, Place: v.Place, Attempt: at.ID})
	}
	kind := countersign.KindOf(err)
	if kind == countersign.Limited || kind == countersign.Conflict {
		return nil
	}
	return err
}

// AskText sends a text to the person's number, or another one. Errors: those of
// account.Service.SendText; Conflict "step_over".
func (s *Service) AskText(ctx context.Context, at Attempt, v Visitor) error {
	if at.Step != policy.StepSecond {
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
		err = s.Accounts.SecondLocked(tx, user, at.Known)
		if err != nil {
			return err
		}
		credentials, err := tx.ListCredentials(tx.Ctx, at.WorkspaceID, at.UserID)
		if err != nil {
			return fmt.Errorf("load credentials: %w", err)
		}
		number, has := texted(credentials)
		if !has {
			return stepOver()
		}
		a := at.Account
		a.User = user
		return s.Accounts.SendText(tx, account.TextAsk{Account: a, Credential: number, Known: at.Known, Place: v.Place, Attempt: at.ID})
	})
}

// WaitText returns the code that was sent for an attempt last, as soon as over says so of
// it, or when ctx ends: then as it is. It is nil where none was sent.
func (s *Service) WaitText(ctx context.Context, at Attempt, over func(*rows.Text) bool) (*rows.Text, error) {
	if at.Text == nil {
		return nil, nil //nolint:nilnil // there is none, and nothing failed
	}
	bell, unheard := s.Store.Listen(message.TextTopic(at.Text.ID))
	defer unheard()
	for {
		row, found, err := s.Accounts.TextOf(context.WithoutCancel(ctx), at.WorkspaceID, at.UserID, string(at.ID))
		if err != nil || !found {
			return nil, err
		}
		if over(&row) || ctx.Err() != nil {
			return &row, nil
		}
		ending := time.NewTimer(max(time.UnixMilli(row.ExpiresAt).Sub(s.Now()), time.Second))
		select {
		case <-bell:
		case <-ending.C:
		case <-ctx.Done():
		}
		ending.Stop()
	}
}
