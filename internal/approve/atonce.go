package approve

import (
	"context"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/method/push"
	"countersign/internal/store/rows"
)

// approves tells of an approval from which nothing else follows.
func (j judged) approves() bool {
	q := j.question
	return j.err == nil && State(j.verdict.Outcome) == Approved && Kind(q.Request.Kind) != Test &&
		q.User.State == countersign.Active && q.Device.State == "active" && concerns(q.Request, q.Device)
}

// approveAtOnce writes an approval in one statement, where the database can: as the
// transaction would, with a fifth of the exchanges. It tells whether it did. What it does
// not do, because it is no approval, or because something that it was judged by is not so
// any more or about to change, is the transaction's, which tells why.
func (s *Service) approveAtOnce(ctx context.Context, early judged, answer push.Answer, place countersign.Place) (bool, error) {
	q := early.question
	if s.Store.SQLite() || !early.approves() {
		return false, nil
	}
	settings, err := s.Accounts.SettingsAt(ctx, q.User.WorkspaceID, q.User.PoolID, q.Workspace.SettingsVersion)
	if err != nil {
		return false, err
	}
	may := mayDecide(q.Device, account.Account{Workspace: q.Workspace, Settings: settings, User: q.User}, answer) == nil
	if !may {
		return false, nil
	}
	told := s.evidence(q.Device, q.Request, answer, early.verdict, place)
	done, err := s.Store.ApproveAtOnce(ctx, q, int64(early.verdict.Counter), func(now time.Time) (rows.InsertEventParams, error) {
		return audit.Row(q.Request.WorkspaceID, told, now, 0)
	})
	if done {
		s.wakeNow(q.User.ID, q.Request.ID)
	}
	return done, err
}
