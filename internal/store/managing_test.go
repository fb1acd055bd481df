package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
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
		if strings.Contains(text, "@after") {
			args = append(args, sql.Named("role", "owner"), sql.Named("after", ""), sql.Named("most", 100))
		}
		plan := strings.Join(planOf(t, db, text, args...), "\n")
		if !strings.Contains(plan, "USING INDEX users_managing (workspace_id=? AND role=?") && !strings.Contains(plan, "USING COVERING INDEX users_managing (workspace_id=? AND role=?") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}

// However many there are, each of them is told; and nobody else is.
func TestManagersAreAllOfThem(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		want := map[countersign.UserID]bool{}
		add := func(role countersign.Role, state countersign.UserState, n int) {
			write(t, s, func(tx *store.Tx) error {
				for i := range n {
					row := user(fmt.Sprintf("%s.%s.%d@example.org", role, state, i))
					row.ID, row.Role, row.State = countersign.UserID(seal.ID("usr")), role, state
					if state == countersign.Active && (role == countersign.Owner || role == countersign.Administrator) {
						want[row.ID] = true
					}
					err := tx.InsertUser(tx.Ctx, row)
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		add(countersign.Owner, countersign.Active, 100)
		add(countersign.Administrator, countersign.Active, 201)
		for _, role := range countersign.Roles() {
			add(role, countersign.Disabled, 2)
			add(role, countersign.Invited, 2)
		}
		for _, role := range []countersign.Role{countersign.HelpDesk, countersign.Auditor, countersign.Member} {
			add(role, countersign.Active, 2)
		}
		got, err := store.Managers(t.Context(), s.Read(), workspace)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d of %d, %v", len(got), len(want), err)
		}
		for _, u := range got {
			if !want[u.ID] {
				t.Errorf("%s, who is %s and %s, is one of them, or twice", u.Email, u.Role, u.State)
			}
			delete(want, u.ID)
		}
		none, err := store.Managers(t.Context(), s.Read(), "wsp_other")
		if err != nil || len(none) != 0 {
			t.Errorf("another workspace has %d, %v", len(none), err)
		}
	})
}
