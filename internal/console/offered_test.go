package console

import (
	"slices"
	"testing"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/session"
	"countersign/internal/store/rows"
)

// What a page offers of somebody who is locked is what the rule lets its reader do: nobody
// below whoever locked them ends the lock, be it by deleting, and whoever is above can make
// it theirs.
func TestWhatIsOfferedOfSomebodyLocked(t *testing.T) {
	for _, row := range []struct {
		reader, lockedBy     countersign.Role
		lock, unlock, delete bool
	}{
		{countersign.HelpDesk, countersign.HelpDesk, false, true, false},
		{countersign.HelpDesk, countersign.Administrator, false, false, false},
		{countersign.HelpDesk, countersign.Owner, false, false, false},
		{countersign.Administrator, countersign.HelpDesk, true, true, true},
		{countersign.Administrator, countersign.Administrator, false, true, true},
		{countersign.Administrator, countersign.Owner, false, false, false},
		{countersign.Administrator, "", false, false, false},
		{countersign.Owner, countersign.HelpDesk, true, true, true},
		{countersign.Owner, countersign.Administrator, true, true, true},
		{countersign.Owner, countersign.Owner, false, true, true},
		{countersign.Owner, "", false, true, true},
	} {
		var by session.Current
		by.UserID, by.Account.User.Role = "usr_1", row.reader
		var shown people.Shown
		shown.User = rows.User{ID: "usr_2", Role: countersign.Member, State: countersign.Disabled, LockedBy: row.lockedBy}
		got := offered(by, shown)
		for name, want := range map[string]bool{"lock": row.lock, "unlock": row.unlock, "delete": row.delete} {
			if slices.Contains(got, name) != want {
				t.Errorf("to %q, of somebody locked by %q, %s is offered: %v", row.reader, row.lockedBy, name, !want)
			}
		}
		shown.User.State, shown.User.LockedBy = countersign.Active, ""
		if got := offered(by, shown); !slices.Contains(got, "lock") || slices.Contains(got, "unlock") {
			t.Errorf("to %q, of somebody who is not locked: %v", row.reader, got)
		}
	}
}
