package account

import (
	"fmt"
	"time"

	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// TrustOf is what is stored of a browser's trust.
func TrustOf(b rows.Browser) policy.Trust {
	return policy.Trust{At: moment(b.TrustedAt), Until: moment(b.TrustedUntil), AskedAt: moment(b.TrustAskedAt)}
}

func moment(milli int64) time.Time {
	if milli == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milli)
}

// Untrust takes the trust from all of a person's browsers, and leaves them known. The
// caller holds the person's row: a sign-in that is let in by trust takes it too, so it is
// either before this, or sees it.
func (s *Service) Untrust(tx *store.Tx, user rows.User) error {
	_, err := tx.UntrustBrowsers(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("take the trust from browsers: %w", err)
	}
	return nil
}
