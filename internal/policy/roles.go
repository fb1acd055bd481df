package policy

import (
	"slices"

	"countersign"
)

// Deed is one kind of thing that people with a role do for others, or for all of a
// workspace. It names the fresh proof that it needs as well; see account.ActOn.
type Deed string

// The deeds upon one person.
const (
	DeedReset    Deed = "reset_person"    // turn their two-factor authentication off
	DeedHelpCode Deed = "help_code"       // give them a code that takes the second step's place once
	DeedSignOut  Deed = "sign_out_person" // everywhere
	DeedLock     Deed = "lock_person"     // put them out until they are unlocked
	DeedUnlock   Deed = "unlock_person"   // and end the locks of wrong answers
	DeedRequire  Deed = "require_person"  // a second factor, or not any more
	DeedMove     Deed = "move_person"     // to another identity pool
	DeedRole     Deed = "role"            // give them another
	DeedDelete   Deed = "delete_person"
	DeedInvite   Deed = "invite" // somebody new, or once more
	DeedRemind   Deed = "remind" // to set up a second factor
)

// The deeds upon the workspace.
const (
	DeedSeePeople  Deed = "see_people"  // the list of people, and one person's page
	DeedSeeAll     Deed = "see_all"     // settings, numbers, messages and the audit log
	DeedSettings   Deed = "settings"    // of the workspace and its pools; requiring a second factor is one
	DeedPools      Deed = "pools"       // make, rename, delete, and say who comes into which
	DeedMessages   Deed = "messages"    // send a test, try one again
	DeedWorkspaces Deed = "workspaces"  // make and change workspaces
	DeedCampaign   Deed = "remind_many" // mail to everybody who has no second factor
)

// DeedsOnPeople lists the deeds that are done to one person.
func DeedsOnPeople() []Deed {
	return []Deed{
		DeedReset, DeedHelpCode, DeedSignOut, DeedLock, DeedUnlock, DeedRequire, DeedMove, DeedRole, DeedDelete, DeedInvite, DeedRemind,
	}
}

// DeedsOnAll lists the deeds that concern the workspace.
func DeedsOnAll() []Deed {
	return []Deed{DeedSeePeople, DeedSeeAll, DeedSettings, DeedPools, DeedMessages, DeedCampaign, DeedWorkspaces}
}

// Deeds lists all of them.
func Deeds() []Deed { return slices.Concat(DeedsOnPeople(), DeedsOnAll()) }

// OnPerson tells whether the deed is done to one person.
func (d Deed) OnPerson() bool { return slices.Contains(DeedsOnPeople(), d) }

// May tells whether somebody of a role may do a deed to somebody of another role. For an
// invitation, and for a new role, that is the role to be given. Deeds upon the workspace
// have nobody: see MayAll.
//
// Ranks are strict. Nobody does anything to a higher rank; only owners do anything to
// owners; the help desk helps those below it, and an auditor reads. Only owners give roles
// and take them, be it by deleting whoever has one: an administrator who could make a
// second one would be two (see recovery.admin_reset).
func May(actor countersign.Role, deed Deed, to countersign.Role) bool {
	if !deed.OnPerson() || !actor.Valid() || !to.Valid() {
		return false
	}
	switch actor {
	case countersign.Owner:
		return true
	case countersign.Administrator:
		switch deed {
		case DeedRole:
			return false
		case DeedInvite, DeedDelete:
			return to == countersign.Member
		}
		return to != countersign.Owner
	case countersign.HelpDesk:
		helps := []Deed{DeedReset, DeedHelpCode, DeedSignOut, DeedLock, DeedUnlock}
		return slices.Contains(helps, deed) && rank(to) > rank(countersign.HelpDesk)
	}
	return false
}

// MayUnlock tells whether somebody of a role may let in again whom somebody of another role
// has locked: nobody ends the lock of a higher rank. One that no role stands beside, as the
// operator's, counts as an owner's. Whom it is done to, May judges.
func MayUnlock(actor, lockedBy countersign.Role) bool {
	return actor.Valid() && rank(actor) <= lockRank(lockedBy)
}

// LocksHarder tells whether the lock of somebody of a role, "" for the operator, is one that
// fewer people end than the lock there is.
func LocksHarder(actor, lockedBy countersign.Role) bool { return lockRank(actor) < lockRank(lockedBy) }

func lockRank(by countersign.Role) int {
	if !by.Valid() {
		by = countersign.Owner
	}
	return rank(by)
}

// MayAll tells whether somebody of a role may do a deed upon the workspace.
func MayAll(actor countersign.Role, deed Deed) bool {
	if !slices.Contains(DeedsOnAll(), deed) {
		return false
	}
	switch actor {
	case countersign.Owner:
		return true
	case countersign.Administrator:
		return deed != DeedWorkspaces
	case countersign.HelpDesk:
		return deed == DeedSeePeople
	case countersign.Auditor:
		return deed == DeedSeePeople || deed == DeedSeeAll
	}
	return false
}

// rank is 0 for the highest; one that is no role is below all.
func rank(r countersign.Role) int {
	at := slices.Index(countersign.Roles(), r)
	if at < 0 {
		return len(countersign.Roles())
	}
	return at
}

// OnOneself tells whether a deed may be done to oneself. What could lock the actor out, or
// be somebody else's decision, may not: one's own second factors are changed on the page
// of one's own account, with its own rules.
func (d Deed) OnOneself() bool { return d == DeedMove || d == DeedRequire }

// NeedsReason tells whether the one who does it says why. A mail that anybody may get
// again needs no reason.
func (d Deed) NeedsReason() bool {
	return d.OnPerson() && d != DeedInvite && d != DeedRemind
}
