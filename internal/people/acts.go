package people

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// The refusals of an act that found everything as it was to become. Nothing was written,
// and nobody was told: an event or a mail would tell of what did not happen.
const (
	NotLocked      = "not_locked"
	NotSignedIn    = "not_signed_in"
	NothingToReset = "nothing_to_reset"
)

// Unchanged returns which of these refusals err is, "" for none.
func Unchanged(err error) string {
	code := countersign.CodeOf(err)
	if code == NotLocked || code == NotSignedIn || code == NothingToReset {
		return code
	}
	return ""
}

// SignOut ends all of a person's sessions, what their browsers are known and trusted for,
// and whatever was under way. Errors: those of onPerson; Conflict "not_active",
// "not_signed_in" where there was nothing of it: then nothing is written and nobody told.
func (s *Service) SignOut(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedSignOut, func(tx *store.Tx, user rows.User, by By) error {
		if user.State != countersign.Active {
			return notActive() // an invitation would end with the rest
		}
		ended, err := s.Accounts.End(tx, user, account.Keep{})
		if err == nil && ended == 0 {
			err = countersign.Refuse(countersign.Conflict, NotSignedIn)
		}
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "session.all_ended", nil)
		if err != nil {
			return err
		}
		return s.tellOf(tx, user, by, message.SignedOut, message.Data{})
	})
}

func notActive() error { return countersign.Refuse(countersign.Conflict, "not_active") }

// EndLocks ends the pauses after wrong passwords and codes, those included that last until
// somebody ends them. Errors: those of onPerson; Conflict "user_disabled", "not_locked" where
// there was none: then nothing is written and nobody told.
func (s *Service) EndLocks(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedUnlock, func(tx *store.Tx, user rows.User, by By) error {
		if user.State == countersign.Disabled {
			return countersign.Refuse(countersign.Conflict, "user_disabled")
		}
		locked, err := s.Accounts.EndLocks(tx, user)
		if err == nil && !locked {
			err = countersign.Refuse(countersign.Conflict, NotLocked)
		}
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "user.unlocked", nil)
		if err != nil {
			return err
		}
		return s.tellOf(tx, user, by, message.AccountUnlocked, message.Data{})
	})
}

// Require sets whether, or from when on, a second factor is required of this person, whatever
// pool and workspace say. Errors: those of onPerson; Invalid "requirement_past" and
// "requirement_far" on "from", for a day that has come and one in years.
func (s *Service) Require(ctx context.Context, a account.Account, r policy.Requirement, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedRequire, func(tx *store.Tx, user rows.User, by By) error {
		value := policy.SpellRequirement(r)
		before := policy.SpellRequirement(policy.Personal(user.RequireSecondFactor))
		if value == before {
			return nil
		}
		err := newDay(r, value, tx.Now)
		if err != nil {
			return err
		}
		stored := value
		if !r.Required {
			stored = "" // pool and workspace alone say what is required
		}
		_, err = tx.SetUserRequirement(tx.Ctx, stored, user.WorkspaceID, user.ID)
		if err != nil {
			return fmt.Errorf("store the requirement: %w", err)
		}
		err = s.event(tx, by, user, "user.requirement_changed", map[string]string{"before": before, "after": value})
		if err != nil {
			return err
		}
		kind, data := message.RequirementEnded, message.Data{}
		if r.Required {
			kind = message.RequirementBegan
		}
		if r.Required && !r.Holds(tx.Now) {
			data.From = r.From.UnixMilli()
		}
		return s.tellOf(tx, user, by, kind, data)
	})
}

// newDay refuses a day that has come, which would hold at once though it reads like an
// announcement, and one so far away that it would never come.
func newDay(r policy.Requirement, value string, now time.Time) error {
	var code string
	last := policy.LastRequirement(now)
	switch {
	case !r.Required || r.From.IsZero():
		return nil
	case !now.Before(r.From):
		code = "requirement_past"
	case last.Before(r.From):
		code = "requirement_far"
	default:
		return nil
	}
	refusal := countersign.InvalidField("from", code)
	refusal.Args = map[string]any{"Setting": "require_second_factor", "Value": value, "Last": last.Format(time.DateOnly)}
	return refusal
}

// inviteRate lets nobody fill a mailbox with invitations: the first one, and three more.
func inviteRate() limit.Rate { return limit.Rate{Interval: 10 * time.Minute, Burst: 4} }

// InviteAgain mails a new invitation; the old one no longer works. Errors: those of
// onPerson; Conflict "not_invited"; Limited "too_many_mails".
func (s *Service) InviteAgain(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedInvite, func(tx *store.Tx, user rows.User, by By) error {
		if user.State != countersign.Invited {
			return countersign.Refuse(countersign.Conflict, "not_invited")
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		return s.invite(tx, a, false, by)
	})
}

// remindRate is one reminder a day to a person.
func remindRate() limit.Rate { return limit.Rate{Interval: store.ReminderEvery, Burst: 1} }

// Remind mails a person that they can, must or will have to set up a second factor.
// Errors: those of onPerson; Conflict "not_active", "has_second_factor"; Limited
// "reminded_today".
func (s *Service) Remind(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedRemind, func(tx *store.Tx, user rows.User, by By) error {
		if user.State != countersign.Active {
			return notActive()
		}
		has, err := hasSecondFactor(tx, user)
		if err != nil {
			return err
		}
		if has {
			return countersign.Refuse(countersign.Conflict, "has_second_factor")
		}
		err = s.Accounts.Spend(tx, user.WorkspaceID, store.ReminderSubject(user.ID), "reminded_today", remindRate())
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "user.reminded", nil)
		if err != nil {
			return err
		}
		return s.remind(tx, user)
	})
}

// remind posts the mail that asks to set up a second factor, in the words of what is
// required of this person.
func (s *Service) remind(tx *store.Tx, user rows.User) error {
	a, err := s.Accounts.Within(tx, user)
	if err != nil {
		return err
	}
	return s.Accounts.TellAt(tx, a, user.Email, countersign.Place{}, message.SetUp, setUpData(a, tx.Now), 0)
}

// setUpData says what the mail is to say of the requirement.
func setUpData(a account.Account, now time.Time) message.Data {
	data := message.Data{Required: a.Required(now) != policy.NotRequired}
	if from := a.Settings.Announced(a.User.RequireSecondFactor, now); !data.Required && !from.IsZero() {
		data.From = from.UnixMilli()
	}
	return data
}

// hasSecondFactor tells whether a person has one, of whatever kind.
func hasSecondFactor(tx *store.Tx, user rows.User) (bool, error) {
	all, err := tx.ListCredentials(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return false, fmt.Errorf("load credentials: %w", err)
	}
	for _, c := range all {
		if c.State == "active" && c.Kind != policy.Recovery {
			return true, nil
		}
	}
	return false, nil
}
