package policy

import "countersign"

// RetentionKey is the setting that says for how many days the audit log is kept, and
// LeastRetention how few they can be: an act must not be gone before somebody can look.
const (
	RetentionKey   = "audit.retention_days"
	LeastRetention = 30
)

// MayShortenLog tells whether somebody of a role may have the audit log kept for a shorter
// time. Only owners may: it is what tells of everybody else, and an administrator must not
// be rid of it alone. Longer is for everybody who changes settings.
func MayShortenLog(actor countersign.Role) bool { return actor == countersign.Owner }

// ShorterRetention tells whether the log is kept for less by one value of
// audit.retention_days than by another. What is no number is the shortest, and was the
// longest.
func ShorterRetention(before, after any) bool {
	is, err := whole(after)
	if err != nil {
		return true
	}
	was, err := whole(before)
	return err != nil || is < was
}

// Shortened is a retention that became shorter, in days as they are typed.
type Shortened struct{ Before, After string }

// ShorterLog tells whether rules keep the audit log for less than those before them.
func ShorterLog(before, after Rules) (Shortened, bool) {
	key, _ := keyNamed(RetentionKey)
	was, is := key.inForce(before.Workspace), key.inForce(after.Workspace)
	return Shortened{Before: Spell(was), After: Spell(is)}, ShorterRetention(was, is)
}
