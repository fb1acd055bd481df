package message

import "time"

// Kind names what a mail says.
type Kind string

// The mails. Those that carry a link or a code expire with it; Mail.Expires
// says when.
const (
	// Invitation asks somebody to choose a password. Needs Link; Actor invited.
	Invitation Kind = "invitation"
	// PasswordReset has the link to choose a new password. Needs Link.
	PasswordReset Kind = "password_reset"
	// PasswordRescued tells that a printed rescue link set a new password. Actor made the link.
	PasswordRescued Kind = "password_rescued"
	// PasswordChanged tells what it says, after a reset too.
	PasswordChanged Kind = "password_changed"
	// EmailChangeConfirm goes to the new address. Needs Link and Email (the new address).
	EmailChangeConfirm Kind = "email_change_confirm"
	// EmailChanged goes to the old and to the new address. Needs Email and OldEmail.
	EmailChanged Kind = "email_changed"
	// EmailCode has the code that is asked for before the first second factor. Needs Code.
	EmailCode Kind = "email_code"
	// TwoFactorOn and TwoFactorOff tell what they say.
	TwoFactorOn  Kind = "two_factor_on"
	TwoFactorOff Kind = "two_factor_off"
	// TurnOffConfirm has the link to the page with the final button. Needs Link.
	TurnOffConfirm Kind = "turn_off_confirm"
	// MethodAdded, MethodRemoved, MethodReplaced, MethodRenamed and
	// DefaultChanged tell of second steps: Method and Device; OldDevice is the
	// former name, or the device that was replaced.
	MethodAdded    Kind = "method_added"
	MethodRemoved  Kind = "method_removed"
	MethodReplaced Kind = "method_replaced"
	MethodRenamed  Kind = "method_renamed"
	DefaultChanged Kind = "default_changed"
	// RecoveryCodes delivers a new set. Needs Codes.
	RecoveryCodes Kind = "recovery_codes"
	// RecoveryRenewed tells that a new set is in force, the first one too, and
	// that any old one is void.
	RecoveryRenewed Kind = "recovery_renewed"
	// RecoveryUsed tells that a code signed in; Left are left.
	RecoveryUsed Kind = "recovery_used"
	// TwoFactorReset tells that a recovery code voided all second steps.
	TwoFactorReset Kind = "two_factor_reset"
	// AdminReset tells the same of an administrator: Actor.
	AdminReset Kind = "admin_reset"
	// NewSignIn tells of a sign-in from a browser that was not known.
	NewSignIn Kind = "new_sign_in"
	// BrowserTrusted tells that a browser is let in without the second step, for
	// Minutes.
	BrowserTrusted Kind = "browser_trusted"
	// TooManyTries tells of a lock for Minutes (0: until a reset). Method
	// "password" says wrong passwords, anything else wrong codes.
	TooManyTries Kind = "too_many_tries"
	// SignInUnfinished tells of a sign-in with the right first factor whose second one was
	// not given.
	SignInUnfinished Kind = "signin_unfinished"
	// RequestDenied tells that a sign-in was denied on the phone, RequestReported that it
	// was reported as somebody else's, PushLocked that too many approvals had another
	// number: whoever asked knew the password.
	RequestDenied   Kind = "request_denied"
	RequestReported Kind = "request_reported"
	PushLocked      Kind = "push_locked"
	// PairingCode has the code that is typed on the phone being paired: Device is what
	// that phone says it is. Needs Code.
	PairingCode Kind = "pairing_code"
	// PhoneMissing answers somebody who wanted to sign in by phone and has paired none.
	PhoneMissing Kind = "phone_missing"
	// PushesRefused tells an administrator that a push service takes no pushes any more:
	// Device is its host.
	PushesRefused Kind = "pushes_refused"
	// TextsCapped tells an administrator that no more texts are sent to Device (the first
	// digits of a block of numbers, a country, or the workspace) until the Minutes are
	// over, in which Left were.
	TextsCapped Kind = "texts_capped"
	// WeeklyDigest gives administrators the numbers of a week. Needs Week.
	WeeklyDigest Kind = "weekly_digest"
	// ResetAsked tells that one administrator of the two that are needed asked for a reset;
	// it waits for Minutes. Actor.
	ResetAsked Kind = "reset_asked"
	// SignedOut, AccountLocked and AccountUnlocked tell what Actor did.
	SignedOut       Kind = "signed_out_by"
	AccountLocked   Kind = "account_locked"
	AccountUnlocked Kind = "account_unlocked"
	// TestMail shows that mails arrive; Actor asked for it.
	TestMail Kind = "test_mail"
	// RequirementBegan and RequirementEnded tell that a second factor is required of this
	// person, from a day on where From says so, or not any more. Actor.
	RequirementBegan Kind = "requirement_began"
	RequirementEnded Kind = "requirement_ended"
	// SetUp asks to set up a second factor: Required, From.
	SetUp Kind = "set_up"
	// HelpCodeGiven tells that Actor made a code that works for Minutes, and the Reason; HelpCodeUsed that
	// it was used.
	HelpCodeGiven Kind = "help_code_given"
	HelpCodeUsed  Kind = "help_code_used"
	// RoleChanged tells of another role: Role and OldRole, by Actor.
	RoleChanged Kind = "role_changed"
	// PoolChanged tells of another identity pool, where that asks something else: Actor.
	PoolChanged Kind = "pool_changed"
	// ResetsLoosened tells an owner or administrator that it became easier to reset
	// somebody: Loosened, by Actor. Left are places that are not named.
	ResetsLoosened Kind = "resets_loosened"
	// LogShortened tells an owner or administrator that the audit log is kept for less:
	// KeptAfter instead of KeptBefore, by Actor.
	LogShortened Kind = "log_shortened"
	// AccountDeleted is the last mail to an account. Actor, when it was somebody else.
	AccountDeleted Kind = "account_deleted"
)

// recipe is how a kind of mail is put together; its sentences are in the
// catalogue under mail.<kind>_….
type recipe struct {
	life   time.Duration // until it is of no use, when the sender does not say
	needs  need
	blank  bool     // no greeting by name: the recipient may be a stranger
	others bool     // somebody else acted: "If you expected this"
	report bool     // nobody acted: it tells how things stand
	facts  []string // what is listed, beside the sentences
	steps  []string // what to do "if this was not you"
	// unhurried: it waits for the worker's next look. Somebody who may not know
	// whether there is anybody to write to asked for it; were it sent at once, the
	// server would be busy with it when that stranger's next request comes.
	unhurried bool
	// urgency says before what it goes; see [Mail.Listed].
	urgency Urgency
}

// need is what a mail cannot be without.
type need int

const (
	needsNothing need = iota // a warning: it has no link, on purpose
	needsLink
	needsCode
	needsCodes
	needsWeek
)

const (
	warningLife = 48 * time.Hour
	linkLife    = 30 * time.Minute
	codeLife    = 15 * time.Minute
	inviteLife  = 7 * 24 * time.Hour
	testLife    = 15 * time.Minute
)

// recipeOf returns the recipe; ok is false for a kind that does not exist.
func recipeOf(k Kind) (recipe, bool) {
	r, ok := recipeAs(k)
	r.urgency = urgencyOf(k)
	return r, ok
}

// urgencyOf says how urgent a kind is: what nobody called anything else is, so that a new
// one is not forgotten behind a campaign.
func urgencyOf(k Kind) Urgency {
	switch k {
	case SetUp, WeeklyDigest:
		return Bulk
	case Invitation, TwoFactorOn, NewSignIn, BrowserTrusted, MethodRenamed, DefaultChanged, RecoveryRenewed, SignedOut, AccountLocked,
		AccountUnlocked, RequirementBegan, RequirementEnded, RoleChanged, PoolChanged, AccountDeleted:
		return Notice
	}
	return Urgent
}

// recipeAs returns what a kind of mail says.
func recipeAs(k Kind) (recipe, bool) {
	place := []string{"when", "where", "browser"}
	device := append([]string{"method", "device"}, place...)
	renamed := append([]string{"method", "device_old", "device"}, place...)
	change := []string{"open", "password", "tell"}
	check := []string{"open", "password", "check", "tell"}
	forgot := []string{"open", "reset", "tell"}
	warning := func(facts, steps []string) recipe {
		return recipe{life: warningLife, facts: facts, steps: steps}
	}
	switch k {
	case Invitation:
		return recipe{life: inviteLife, needs: needsLink, facts: []string{"email_to"}}, true
	case PasswordReset:
		return recipe{life: linkLife, needs: needsLink, facts: place, unhurried: true}, true
	case EmailChangeConfirm:
		return recipe{life: linkLife, needs: needsLink, blank: true, facts: []string{"email_new", "when"}, unhurried: true}, true
	case TurnOffConfirm:
		return recipe{life: linkLife, needs: needsLink, facts: place, steps: change}, true
	case EmailCode:
		return recipe{life: codeLife, needs: needsCode, facts: place, steps: change}, true
	case RecoveryCodes:
		return recipe{life: warningLife, needs: needsCodes, facts: place, steps: change}, true
	case PasswordRescued:
		return recipe{life: warningLife, others: true, facts: append([]string{"by"}, place...), steps: forgot}, true
	case AdminReset:
		return recipe{life: warningLife, others: true, facts: []string{"by", "when"}, steps: change}, true
	case RoleChanged:
		return recipe{life: warningLife, others: true, facts: []string{"role_old", "role", "by", "when"}, steps: change}, true
	case ResetAsked:
		return recipe{life: 24 * time.Hour, others: true, facts: []string{"by", "when", "waits_until"}, steps: change}, true
	case HelpCodeGiven:
		return recipe{life: time.Hour, others: true, facts: []string{"by", "reason", "when", "works_until"}, steps: change}, true
	case HelpCodeUsed:
		return warning(place, change), true
	case SetUp:
		return recipe{life: warningLife, report: true, facts: []string{"required_from"}, steps: []string{"open", "set_up"}}, true
	case AccountLocked:
		return recipe{life: warningLife, others: true, facts: []string{"by", "when"}, steps: []string{"open", "ask"}}, true
	case SignedOut, AccountUnlocked, RequirementBegan, RequirementEnded, PoolChanged:
		return recipe{life: warningLife, others: true, facts: []string{"by", "when"}, steps: change}, true
	case ResetsLoosened, LogShortened:
		return recipe{life: warningLife, others: true, facts: []string{"by", "when"}, steps: []string{"open", "rules", "owners"}}, true
	case AccountDeleted:
		return recipe{life: warningLife, others: true, facts: []string{"by", "when"}, steps: []string{"ask"}}, true
	case EmailChanged:
		return warning(append([]string{"email_old", "email_new"}, place...), []string{"open", "email_back", "tell"}), true
	case PasswordChanged, TwoFactorReset:
		return warning(place, forgot), true
	case SignInUnfinished, RequestDenied, RequestReported, PushLocked:
		return warning(place, change), true
	case PhoneMissing:
		r := warning(place, change)
		r.unhurried = true
		return r, true
	case PushesRefused:
		return recipe{life: warningLife, others: true, facts: []string{"service", "when"}, steps: []string{"open", "log"}}, true
	case TextsCapped:
		return recipe{life: warningLife, others: true, facts: []string{"capped", "sent", "when"}, steps: []string{"open", "bill"}}, true
	case WeeklyDigest:
		return recipe{life: warningLife, needs: needsWeek, report: true, facts: weekFacts(), steps: []string{"open", "company", "log_kept"}}, true
	case TestMail:
		return recipe{life: testLife, others: true, facts: []string{"by", "when"}, steps: []string{"open", "ask"}}, true
	case PairingCode:
		return recipe{life: 5 * time.Minute, needs: needsCode, facts: device, steps: change}, true
	case TooManyTries:
		return warning(append([]string{"until"}, place...), forgot), true
	case TwoFactorOn, MethodAdded, MethodRemoved, DefaultChanged:
		return warning(device, check), true
	case MethodReplaced, MethodRenamed:
		return warning(renamed, check), true
	case BrowserTrusted:
		return warning(append([]string{"trusted_until"}, place...), []string{"open", "password", "tell"}), true
	case NewSignIn:
		return warning(place, check), true
	case TwoFactorOff:
		return warning(place, []string{"open", "password", "again", "tell"}), true
	case RecoveryRenewed, RecoveryUsed:
		return warning(place, []string{"open", "password", "renew", "tell"}), true
	}
	return recipe{}, false
}

// Kinds lists every kind of mail.
func Kinds() []Kind {
	return []Kind{
		Invitation, PasswordReset, PasswordRescued, PasswordChanged, EmailChangeConfirm, EmailChanged, EmailCode,
		TwoFactorOn, TwoFactorOff, TurnOffConfirm, MethodAdded, MethodRemoved, MethodReplaced, MethodRenamed,
		DefaultChanged, RecoveryCodes, RecoveryRenewed, RecoveryUsed, TwoFactorReset, AdminReset, NewSignIn, BrowserTrusted,
		TooManyTries, SignInUnfinished, RequestDenied, RequestReported, PushLocked, PairingCode, PhoneMissing, PushesRefused,
		TextsCapped, WeeklyDigest, ResetAsked, SignedOut, AccountLocked, AccountUnlocked,
		RequirementBegan, RequirementEnded, SetUp, HelpCodeGiven, HelpCodeUsed, RoleChanged, PoolChanged, AccountDeleted,
		TestMail, ResetsLoosened, LogShortened,
	}
}
