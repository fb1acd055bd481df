package store

import (
	"context"
	"fmt"
	"slices"

	"countersign"
	"countersign/internal/store/rows"
)

// installationsOwn are the tables that belong to no workspace.
func installationsOwn() []string { return []string{"workspaces", "leases", "installation"} }

// RemoveWorkspace removes everything of a workspace, and then the workspace, in one
// transaction, at whose beginning first runs and at whose end then does. It takes as long
// as there is much of it, and on SQLite nobody writes meanwhile. It goes through the list
// of all tables: a table that is new is not forgotten. NotFound "no_workspace" for one that
// is not there, and for the default one, which stays.
func (s *Store) RemoveWorkspace(ctx context.Context, id countersign.WorkspaceID, first, then func(*Tx) error) error {
	if id == countersign.DefaultWorkspace {
		return countersign.Refuse(countersign.NotFound, "no_workspace")
	}
	return classify(s.bulk(ctx, func(tx *Tx, db rows.DBTX) error {
		err := first(tx)
		if err != nil {
			return err
		}
		all := tables()
		slices.Reverse(all) // what refers to others goes before them
		for _, table := range all {
			if slices.Contains(installationsOwn(), table) {
				continue
			}
			_, err = db.ExecContext(tx.Ctx, "DELETE FROM "+table+" WHERE workspace_id = $1", id) // #nosec G202 -- a name of tables()
			if err != nil {
				return fmt.Errorf("remove the workspace from %s: %w", table, err)
			}
		}
		_, err = tx.DeleteLease(tx.Ctx, "digest:"+string(id))
		if err != nil {
			return fmt.Errorf("remove the workspace's lease: %w", err)
		}
		n, err := tx.DeleteWorkspace(tx.Ctx, id)
		if err != nil {
			return fmt.Errorf("remove the workspace: %w", err)
		}
		if n == 0 {
			return countersign.Refuse(countersign.NotFound, "no_workspace")
		}
		return then(tx)
	}))
}
