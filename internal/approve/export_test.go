package approve

import (
	"context"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method/push"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Expire is what the sweep does from time to time.
func (s *Service) Expire(ctx context.Context) error { return s.expire(ctx) }

// AtOnce tells whether an approval would be written in one statement, and writes it.
func (s *Service) AtOnce(ctx context.Context, q rows.GetQuestionRow, answer push.Answer) (bool, error) {
	return s.approveAtOnce(ctx, s.judgeEarly(q, answer), answer, countersign.Place{})
}

// Sweep is the transaction of Expire.
func (s *Service) Sweep(tx *store.Tx) error { return s.sweep(tx) }

// Report is what a report does beside the decision, in its transaction.
func (s *Service) Report(tx *store.Tx, a account.Account, row rows.Request) error {
	return s.reported(tx, a, row)
}
