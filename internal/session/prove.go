package session

import (
	"context"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Prove gives a second factor in a session, as a fresh proof, and returns the
// session's new token. Errors: those of account.Service.Answer; Conflict "step_over"
// for the second click on one button.
func (s *Service) Prove(ctx context.Context, c Current, kind method.Kind, typed string, place countersign.Place) (string, error) {
	h := c.Holder(place)
	var token string
	_, err := s.Accounts.Answer(ctx, account.Answer{
		Account: c.Account, Kind: kind, Proof: typed, Judge: s.judge(c, kind), Known: h.Known, Place: place, Session: h.Session, Awaited: c.Unturned,
		Accept: func(tx *store.Tx, p account.Proven) error {
			// A typed code withdraws what the phone still shows.
			err := s.Approvals.Spare(tx, p.User, string(h.Session))
			if err != nil {
				return err
			}
			token, err = s.Accounts.StepUp(tx, h, account.Raise{Second: p.As})
			if err != nil || kind != method.Recovery {
				return err
			}
			// Whoever has the session and one code must not use it up unnoticed.
			return s.Accounts.Tell(tx, c.Account, place, message.RecoveryUsed, message.Data{Left: p.Left})
		},
	})
	return token, err
}

// ProvePassword gives the password in a session, as a fresh proof, and returns the
// session's new token. Errors: those of account.Service.Password.
func (s *Service) ProvePassword(ctx context.Context, c Current, typed string, place countersign.Place) (string, error) {
	if typed == "" {
		return "", countersign.InvalidField("password", "password_empty")
	}
	h := c.Holder(place)
	var token string
	err := s.Accounts.Password(ctx, account.PasswordAnswer{
		Workspace: h.Workspace, Email: c.Account.User.Email, Password: typed, User: &c.Account.User, Known: h.Known,
		Place: place, Session: h.Session,
		Accept: func(tx *store.Tx, _ rows.User) error {
			var err error
			token, err = s.Accounts.StepUp(tx, h, account.Raise{First: true})
			return err
		},
	})
	return token, err
}
