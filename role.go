package countersign

// Role says what a user may do in the workspace. The ranks are strict: nobody
// helps, resets or removes somebody of a higher rank.
type Role string

// The five roles, highest rank first. An auditor reads and changes nothing.
const (
	Owner         Role = "owner"
	Administrator Role = "administrator"
	HelpDesk      Role = "helpdesk"
	Auditor       Role = "auditor"
	Member        Role = "user"
)

// Roles lists the roles, highest rank first.
func Roles() []Role { return []Role{Owner, Administrator, HelpDesk, Auditor, Member} }

// Valid tells whether r is one of the five.
func (r Role) Valid() bool {
	for _, known := range Roles() {
		if r == known {
			return true
		}
	}
	return false
}

// Manages tells whether r may change the company's settings.
func (r Role) Manages() bool { return r == Owner || r == Administrator }

// UserState is what an account can be.
type UserState string

// An invited user has no password yet; a disabled one is out on every path.
const (
	Invited  UserState = "invited"
	Active   UserState = "active"
	Disabled UserState = "disabled"
)
