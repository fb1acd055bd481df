package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// testRate is how often somebody may send themselves a test of one kind.
func testRate() limit.Rate { return limit.Rate{Interval: time.Minute, Burst: 3} }

// againRate is how often somebody may have messages tried again.
func againRate() limit.Rate { return limit.Rate{Interval: time.Second, Burst: 30} }

// TryAgain lets a message that failed go out once more; see [message.Outbox.TryAgain].
//
// Errors: those of onAll; NotFound "no_message"; Conflict "message_over"; Limited
// "too_many_mails".
func (s *Service) TryAgain(ctx context.Context, workspace countersign.WorkspaceID, id countersign.MessageID, by By) error {
	return s.onAll(ctx, workspace, by, policy.DeedMessages, func(tx *store.Tx, by By) error {
		err := s.Accounts.Spend(tx, workspace, "again:"+string(by.Actor.User), "too_many_mails", againRate())
		if err != nil {
			return err
		}
		row, err := s.Accounts.Outbox.TryAgain(tx, workspace, id)
		if err != nil {
			return err
		}
		return audit.Write(tx, workspace, audit.Event{
			Kind: "message.tried_again", Actor: by.Actor, User: row.UserID, Target: string(id), Place: by.Place, Detail: map[string]string{"message": row.Kind, "channel": row.Channel},
		})
	})
}

// Tests are what somebody can send to themselves.
type Tests struct {
	Email string
	// Number is masked, "" for none that gets texts.
	Number string
	Phones []rows.Device // that can be rung
}

// Tests tells what somebody can send to themselves.
func (s *Service) Tests(ctx context.Context, a account.Account) (Tests, error) {
	t := Tests{Email: a.User.Email}
	credentials, err := s.Store.Read().ListCredentials(ctx, a.User.WorkspaceID, a.User.ID)
	if err != nil {
		return t, fmt.Errorf("list credentials: %w", store.Classify(err))
	}
	if c, has := numberOf(credentials); has {
		t.Number = c.Name
	}
	devices, err := s.Store.Read().ListDevices(ctx, a.User.WorkspaceID, a.User.ID)
	if err != nil {
		return t, fmt.Errorf("list phones: %w", store.Classify(err))
	}
	for _, d := range devices {
		if d.State == "active" && message.Reachable(d) {
			t.Phones = append(t.Phones, d)
		}
	}
	return t, nil
}

func numberOf(credentials []rows.Credential) (rows.Credential, bool) {
	at := slices.IndexFunc(credentials, func(c rows.Credential) bool { return c.Kind == string(method.SMS) && c.State == "active" })
	if at < 0 {
		return rows.Credential{}, false
	}
	return credentials[at], true
}

// test runs what sends one test to the actor.
func (s *Service) test(ctx context.Context, by By, channel string, send func(*store.Tx, account.Account, By) (string, error)) error {
	if by.holder == nil {
		return beyondRole()
	}
	workspace := by.holder.Workspace
	return s.onAll(ctx, workspace, by, policy.DeedMessages, func(tx *store.Tx, by By) error {
		err := s.Accounts.Spend(tx, workspace, "test:"+channel+":"+string(by.Actor.User), "too_many_tests", testRate())
		if err != nil {
			return err
		}
		user, err := tx.GetUser(tx.Ctx, workspace, by.Actor.User)
		if err != nil {
			return fmt.Errorf("load the account: %w", err)
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		target, err := send(tx, a, by)
		if err != nil {
			return err
		}
		return audit.Write(tx, workspace, audit.Event{
			Kind: "message.tested", Actor: by.Actor, User: user.ID, Target: target, Place: by.Place, Detail: map[string]string{"channel": channel},
		})
	})
}

// TestMail sends a mail to the actor. Errors: those of onAll; Limited "too_many_tests".
func (s *Service) TestMail(ctx context.Context, by By) error {
	return s.test(ctx, by, "email", func(tx *store.Tx, a account.Account, by By) (string, error) {
		return "", s.Accounts.TellAt(tx, a, a.User.Email, by.Place, message.TestMail, message.Data{Actor: by.Name}, testLife)
	})
}

// testLife is how long a test is worth sending.
const testLife = 15 * time.Minute

// TestText sends a text to the actor's own number. Errors: those of onAll; Conflict
// "no_number", "texts_off", "text_country"; Limited.
func (s *Service) TestText(ctx context.Context, by By) error {
	return s.test(ctx, by, "text", func(tx *store.Tx, a account.Account, _ By) (string, error) {
		credentials, err := tx.ListCredentials(tx.Ctx, a.User.WorkspaceID, a.User.ID)
		if err != nil {
			return "", fmt.Errorf("list credentials: %w", err)
		}
		number, has := numberOf(credentials)
		if !has {
			return "", countersign.Refuse(countersign.Conflict, "no_number")
		}
		return string(number.ID), s.Accounts.SendTestText(tx, a, number)
	})
}

// TestPush rings one of the actor's own phones. Errors: those of onAll; Conflict
// "no_phone"; Limited.
func (s *Service) TestPush(ctx context.Context, id countersign.DeviceID, by By) error {
	return s.test(ctx, by, "push", func(tx *store.Tx, a account.Account, by By) (string, error) {
		d, err := tx.GetDevice(tx.Ctx, a.User.WorkspaceID, id)
		if err != nil && !store.NotFound(err) {
			return "", fmt.Errorf("load the phone: %w", err)
		}
		if err != nil || d.UserID != a.User.ID || d.State != "active" || !message.Reachable(d) {
			return "", countersign.Refuse(countersign.Conflict, "no_phone")
		}
		_, err = s.Approvals.Make(tx, approve.Ask{
			Account: a, Kind: approve.Test, Requester: string(d.ID), Only: d.ID, Tap: true, Known: true, Place: by.Place,
		})
		return string(d.ID), err
	})
}
