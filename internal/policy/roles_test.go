package policy_test

import (
	"slices"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/policy"
)

// What each role may do, and to whom: a row for each role and deed, the roles that it may
// be done to in the order of ranks (o a h r u). What is not in a row is refused.
func TestWhoMayDoWhatToWhom(t *testing.T) {
	letters := map[byte]countersign.Role{
		'o': countersign.Owner, 'a': countersign.Administrator, 'h': countersign.HelpDesk, 'r': countersign.Auditor, 'u': countersign.Member,
	}
	rows := map[countersign.Role]map[policy.Deed]string{
		countersign.Owner: {
			policy.DeedReset: "oahru", policy.DeedHelpCode: "oahru", policy.DeedSignOut: "oahru", policy.DeedLock: "oahru",
			policy.DeedUnlock: "oahru", policy.DeedRequire: "oahru", policy.DeedMove: "oahru", policy.DeedRole: "oahru",
			policy.DeedDelete: "oahru", policy.DeedInvite: "oahru", policy.DeedRemind: "oahru",
		},
		countersign.Administrator: {
			policy.DeedReset: "ahru", policy.DeedHelpCode: "ahru", policy.DeedSignOut: "ahru", policy.DeedLock: "ahru",
			policy.DeedUnlock: "ahru", policy.DeedRequire: "ahru", policy.DeedMove: "ahru", policy.DeedRemind: "ahru",
			policy.DeedInvite: "u", policy.DeedDelete: "u",
		},
		countersign.HelpDesk: {
			policy.DeedReset: "ru", policy.DeedHelpCode: "ru", policy.DeedSignOut: "ru", policy.DeedLock: "ru", policy.DeedUnlock: "ru",
		},
	}
	roles := append(countersign.Roles(), "", "root")
	for _, actor := range roles {
		for _, deed := range append(policy.Deeds(), "", "anything") {
			for _, to := range roles {
				want := false
				for i := range len(rows[actor][deed]) {
					want = want || letters[rows[actor][deed][i]] == to
				}
				if got := policy.May(actor, deed, to); got != want {
					t.Errorf("%q to %s somebody who is %q: %v, want %v", actor, deed, to, got, want)
				}
			}
		}
	}
}

// Who ends whose lock: for each role, those whose locks it ends, "-" for a lock that no role
// stands beside.
func TestWhoEndsWhoseLock(t *testing.T) {
	rows := map[countersign.Role]string{
		countersign.Owner: "owner administrator helpdesk auditor user - -", countersign.Administrator: "administrator helpdesk auditor user",
		countersign.HelpDesk: "helpdesk auditor user", countersign.Auditor: "auditor user", countersign.Member: "user",
	}
	for _, actor := range append(countersign.Roles(), "", "root") {
		var ends []string
		for _, by := range append(countersign.Roles(), "", "root") {
			if got := policy.LocksHarder(actor, by); actor.Valid() && got == policy.MayUnlock(by, actor) && by.Valid() {
				t.Errorf("%q locks harder than %q: %v", actor, by, got)
			}
			if policy.MayUnlock(actor, by) {
				name := string(by)
				if !by.Valid() {
					name = "-"
				}
				ends = append(ends, name)
			}
		}
		if got := strings.Join(ends, " "); got != rows[actor] {
			t.Errorf("%q ends the locks of %q, want %q", actor, got, rows[actor])
		}
	}
}

func TestWhoMayDoWhatToTheWorkspace(t *testing.T) {
	rows := map[countersign.Role]string{
		countersign.Owner:         "see_people see_all settings pools messages remind_many workspaces",
		countersign.Administrator: "see_people see_all settings pools messages remind_many",
		countersign.HelpDesk:      "see_people",
		countersign.Auditor:       "see_people see_all",
	}
	for _, actor := range append(countersign.Roles(), "", "root") {
		var may []string
		for _, deed := range append(policy.Deeds(), "", "anything") {
			if policy.MayAll(actor, deed) {
				may = append(may, string(deed))
			}
		}
		if got := strings.Join(may, " "); got != rows[actor] {
			t.Errorf("%q may %q, want %q", actor, got, rows[actor])
		}
	}
}

// Nobody loses themselves: whatever ends sessions, factors, the role or the account is
// done by somebody else.
func TestWhatIsDoneToOneself(t *testing.T) {
	for _, deed := range policy.Deeds() {
		if want := deed == policy.DeedMove || deed == policy.DeedRequire; deed.OnOneself() != want {
			t.Errorf("%s to oneself: %v", deed, deed.OnOneself())
		}
		if deed.NeedsReason() && !deed.OnPerson() {
			t.Errorf("%s asks why it is done to nobody", deed)
		}
	}
	if slices.ContainsFunc([]policy.Deed{policy.DeedReset, policy.DeedHelpCode, policy.DeedDelete, policy.DeedRole}, func(d policy.Deed) bool { return !d.NeedsReason() }) {
		t.Error("a deed that weighs needs no reason")
	}
}
