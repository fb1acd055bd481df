package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func insertWorkspace(id countersign.WorkspaceID) rows.InsertWorkspaceParams {
	return rows.InsertWorkspaceParams{ID: id, Name: string(id), Host: string(id) + ".example.com", CreatedAt: 1}
}

// columnsOf names the columns of a table.
func columnsOf(t *testing.T, s *store.Store, table string) []string {
	t.Helper()
	found, err := s.DB().QueryContext(t.Context(), "SELECT * FROM "+table+" WHERE 1 = 0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	names, err := found.Columns()
	if err == nil {
		err = found.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// twin makes another workspace that has the same rows as the default one in every table.
func twin(t *testing.T, s *store.Store, id countersign.WorkspaceID) {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		return tx.InsertWorkspace(tx.Ctx, insertWorkspace(id))
	})
	for _, table := range store.Tables() {
		if slices.Contains([]string{"workspaces", "leases", "installation"}, table) {
			continue
		}
		names := []string{"workspace_id"}
		for _, name := range columnsOf(t, s, table) {
			if name != "workspace_id" {
				names = append(names, name)
			}
		}
		others := strings.Join(names[1:], ", ")
		insert(t, s, "INSERT INTO "+table+" (workspace_id, "+others+") SELECT '"+string(id)+"', "+others+" FROM "+table+" WHERE workspace_id = 'wsp_default'")
	}
}

func TestAWorkspaceIsRemovedWithAllOfItAndNothingElse(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		fill(t, s)
		before := map[string][]string{}
		for _, table := range store.Tables() {
			before[table] = dump(t, s, table)
		}
		twin(t, s, "wsp_two")
		for _, table := range store.Tables() {
			if n := len(dump(t, s, table)); n != 2*len(before[table]) && !slices.Contains([]string{"leases", "installation"}, table) {
				t.Fatalf("%s has %d rows, want those of two workspaces; the test is blind", table, n)
			}
		}

		nothing := func(*store.Tx) error { return nil }
		refused := errors.New("not this one")
		err := s.RemoveWorkspace(t.Context(), "wsp_two", nothing, func(*store.Tx) error { return refused })
		if !errors.Is(err, refused) {
			t.Errorf("refused at the end: %v", err)
		}
		if n := len(dump(t, s, "events")); n != 2*len(before["events"]) {
			t.Errorf("%d events after a removal that was refused at its end", n)
		}
		err = s.RemoveWorkspace(t.Context(), "wsp_two", nothing, nothing)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range store.Tables() {
			if diff := cmp.Diff(before[table], dump(t, s, table)); diff != "" {
				t.Errorf("%s (-before +after):\n%s", table, diff)
			}
		}
		for _, id := range []countersign.WorkspaceID{"wsp_two", "wsp_never", countersign.DefaultWorkspace} {
			err = s.RemoveWorkspace(t.Context(), id, nothing, nothing)
			if countersign.CodeOf(err) != "no_workspace" {
				t.Errorf("%s: %v, want no_workspace", id, err)
			}
		}
		if diff := cmp.Diff(before["users"], dump(t, s, "users")); diff != "" {
			t.Errorf("the default workspace has lost somebody:\n%s", diff)
		}
	})
}

func TestTwoWorkspacesCannotHaveOneHost(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		write(t, s, func(tx *store.Tx) error { return tx.InsertWorkspace(tx.Ctx, insertWorkspace("wsp_two")) })
		three := insertWorkspace("wsp_three")
		three.Host = "wsp_two.example.com"
		err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertWorkspace(tx.Ctx, three) })
		if !store.Taken(err) {
			t.Errorf("a second workspace at one host: %v", err)
		}
		homes, err := s.Homes(t.Context())
		if err != nil || len(homes) != 2 || homes[0].Host != "" || homes[1].Host != "wsp_two.example.com" {
			t.Errorf("%+v, %v", homes, err)
		}
	})
}
