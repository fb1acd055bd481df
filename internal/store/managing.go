package store

import (
	"context"

	"countersign"
	"countersign/internal/store/rows"
)

// managersAtOnce is how many [Managers] reads at once.
const managersAtOnce = 100

// Managers are the owners and administrators of a workspace who can sign in: whom the
// installation turns to. They are all of them: whoever is not told of what an owner makes
// easier cannot object to it. Errors are those of the database, unclassified.
func Managers(ctx context.Context, q *rows.Queries, workspace countersign.WorkspaceID) ([]rows.User, error) {
	var all []rows.User
	for _, role := range []countersign.Role{countersign.Owner, countersign.Administrator} {
		for after := countersign.UserID(""); ; after = all[len(all)-1].ID {
			page, err := q.ListManagers(ctx, rows.ListManagersParams{WorkspaceID: workspace, Role: role, After: after, Most: managersAtOnce})
			if err != nil {
				return nil, err
			}
			all = append(all, page...)
			if len(page) < managersAtOnce {
				break
			}
		}
	}
	return all, nil
}
