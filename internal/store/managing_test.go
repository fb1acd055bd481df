package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/store/storetest"
)

// Those who have a role are few among many people, and are looked for while others wait
// for the workspace's row.
func TestOwnersAreNotLookedForAmongAllPeople(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	storetest.Open(t, file)
	db := raw(t, file)
	for _, name := range []string{"CountOtherOwners", "CountOwners", "ListOwners", "ListManagers"} {
		text := query(t, "users.sql", name)
		args := []any{sql.Named("workspace_id", "default")}
		if strings.Contains(text, "@id") {
			args = append(args, sql.Named("id", "usr_1"))
		}
		plan := strings.Join(planOf(t, db, text, args...), "\n")
		if !strings.Contains(plan, "USING INDEX users_managing (workspace_id=? AND role=?") && !strings.Contains(plan, "USING COVERING INDEX users_managing (workspace_id=? AND role=?") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}
