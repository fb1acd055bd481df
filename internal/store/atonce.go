package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/store/rows"
)

// approveAtOnce is, in one statement: take the person and the device, if they and the
// settings are as they were when the answer was judged; decide the request, if it waits;
// raise the device's counter; write the event.
//
// Who finds a row taken waits for nobody: it writes nothing, and the transaction waits in
// its turn, without a connection (decision 0038). So all conditions are on one moment, but
// for that on the request, which is looked at again when somebody had it. A device's keys
// are written once, before it is active, and need no condition of their own.
const approveAtOnce = `WITH held AS (
  SELECT u.id AS user_id, d.id AS device_id FROM users u
  JOIN devices d ON d.workspace_id = u.workspace_id AND d.user_id = u.id
  JOIN workspaces w ON w.id = u.workspace_id
  WHERE u.workspace_id = $1 AND u.id = $2 AND u.state = $3 AND u.pool_id = $4
    AND d.id = $5 AND d.state = $6 AND d.counter = $7 AND d.backed_up = $8 AND d.version = $9 AND d.biometrics = $10
    AND w.settings_version = $11
  FOR NO KEY UPDATE OF u, d SKIP LOCKED
), decided AS (
  UPDATE requests r SET state = 'approved', device_id = held.device_id, decided_at = $12 FROM held
  WHERE r.workspace_id = $1 AND r.id = $13 AND r.user_id = held.user_id AND r.state = 'pending' AND r.expires_at > $12
  RETURNING r.device_id
), counted AS (
  UPDATE devices d SET counter = $14, seen_at = $12 FROM decided WHERE d.workspace_id = $1 AND d.id = decided.device_id
)
INSERT INTO events (workspace_id, id, at, kind, outcome, actor_kind, actor_id, user_id, target, session_id, attempt_id, request_id, ip, user_agent, detail)
SELECT $1, $15, $12, $16, $17, $18, $19, $2, $13, $20, $21, $22, $23, $24, $25 FROM decided`

// ApproveAtOnce writes that a question was approved, with its event, if what the answer
// was judged by is still so and nobody else is about to change it, and tells whether it
// was; counter is the device's, then. event makes the row of the log, of the moment at
// which it is written. It is for PostgreSQL, where a transaction of single statements
// costs several times as much; SQLite is asked without a network, and its transactions
// share their commits.
//
// Errors: that of event; else as of [Store.Write].
func (s *Store) ApproveAtOnce(ctx context.Context, q rows.GetQuestionRow, counter int64, event func(now time.Time) (rows.InsertEventParams, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	var on rows.DBTX = s.db
	if !s.idle() {
		// The connection has to be waited for, and a question ends meanwhile: the clock is
		// read when it is there. Elsewhere it is not held while the event is made.
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return false, busy(fmt.Errorf("connect: %w", err))
		}
		defer func() { _ = conn.Close() }()
		on = conn
	}
	e, err := event(s.now())
	if err != nil {
		return false, err
	}
	u, d := q.User, q.Device
	result, err := on.ExecContext(ctx, approveAtOnce,
		u.WorkspaceID, u.ID, u.State, u.PoolID, d.ID, d.State, d.Counter, d.BackedUp, d.Version, d.Biometrics, q.Workspace.SettingsVersion,
		e.At, q.Request.ID, max(counter, d.Counter),
		e.ID, e.Kind, e.Outcome, e.ActorKind, e.ActorID, e.SessionID, e.AttemptID, e.RequestID, e.IP, e.UserAgent, e.Detail)
	if deadlocked(err) || readOnly(err) {
		return false, nil // the transaction knows what to do then
	}
	if err != nil {
		return false, classify(fmt.Errorf("approve: %w", err))
	}
	n, err := result.RowsAffected()
	if err == nil && n > 1 {
		err = errors.New("approve: more than one row was decided")
	}
	return n == 1, err
}
