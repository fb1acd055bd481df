package signin

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// firstRate bounds, for one network, the questions that cost their asker nothing: no
// password was given. An office behind one address stays below it.
func firstRate() limit.Rate { return limit.Rate{Interval: 2 * time.Second, Burst: 100} }

// askFirst asks the phone in the password's place. Whether the address has an account,
// and a phone, shows in nothing: somebody without gets the same page with a number of
// its own, which nobody ever approves, and the account's mailbox is told why.
func (s *Service) askFirst(ctx context.Context, at Attempt, v Visitor) error {
	settings, err := s.Accounts.Settings(ctx, at.WorkspaceID, countersign.DefaultPool)
	if err != nil {
		return err
	}
	if !settings.PushFirst() {
		return stepOver()
	}
	network := "phone-first:" + account.Network(v.Place.IP)
	err = s.Accounts.Spent(ctx, at.WorkspaceID, network, "too_many_starts", firstRate())
	if err != nil {
		return err
	}
	// The person's row comes first, as in every change, and they take turns at it: nobody
	// gave a password, and a crowd of these must leave the connections to others.
	turn := "phone-first:" + string(at.ID)
	if at.UserID != "" {
		turn = "user:" + string(at.UserID)
	}
	return s.Store.WriteInTurn(ctx, turn, func(tx *store.Tx) error {
		user, err := tx.LockUser(tx.Ctx, at.WorkspaceID, at.UserID)
		if err != nil && !store.NotFound(err) {
			return fmt.Errorf("lock user: %w", err)
		}
		n, err := tx.AskAttempt(tx.Ctx, tx.NowMilli(), at.WorkspaceID, at.ID)
		if err != nil {
			return fmt.Errorf("note the question: %w", err)
		}
		if n == 0 {
			return stepOver()
		}
		err = s.askWhoever(tx, at, user, v, settings)
		if err != nil {
			return err
		}
		return s.Accounts.Spend(tx, at.WorkspaceID, network, "too_many_starts", firstRate())
	})
}

// askWhoever asks the account's phones, if there is an account with phones that can be
// asked, and writes a mail in any case: one that leaves, or one that is for nobody.
//
// shown are the settings that the page goes by, which does not know whose it is. The
// number has so many digits as they say, or they would tell the pool that the person is
// in. A pool that asks for more, or not in the password's place, is not asked.
func (s *Service) askWhoever(tx *store.Tx, at Attempt, user rows.User, v Visitor, shown policy.Settings) error {
	if user.State != countersign.Active {
		return s.tellNobody(tx, at)
	}
	a, err := s.Accounts.Within(tx, user)
	if err != nil {
		return err
	}
	if !shown.TypesAsMuch(a.Settings) || !a.Settings.PushFirst() {
		return s.tellNobody(tx, at)
	}
	a.Settings.PushConfirm = shown.PushConfirm
	_, err = s.Approvals.Make(tx, s.ask(at, a, v, tx.Now))
	if countersign.CodeOf(err) == "no_phone" {
		return s.Accounts.Tell(tx, a, v.Place, message.PhoneMissing, message.Data{})
	}
	if refusedToRing(err) {
		return nil
	}
	return err
}

func (s *Service) tellNobody(tx *store.Tx, at Attempt) error {
	return s.Accounts.TellAt(tx, account.Account{User: rows.User{WorkspaceID: at.WorkspaceID}}, at.Identifier, countersign.Place{},
		message.PhoneMissing, message.Data{}, -time.Second)
}

// asked is what a sign-in that has proved nothing yet asked on the phone, or a picture
// of it where there was nobody to ask.
func (s *Service) asked(ctx context.Context, row rows.Attempt) (*Phone, error) {
	found, is, err := s.Approvals.Latest(ctx, row.WorkspaceID, string(row.ID))
	if err != nil {
		return nil, err
	}
	if is && found.CreatedAt >= row.Asked {
		phone := phoneOf(found, s.Now())
		phone.strange, phone.State = true, s.toStranger(*phone, phone.State)
		return phone, nil
	}
	settings, err := s.Accounts.Settings(ctx, row.WorkspaceID, countersign.DefaultPool)
	if err != nil {
		return nil, err
	}
	return s.picture(row, settings), nil
}

// toStranger is a question's state for somebody who has proved nothing: an approval, or
// that it still waits. How else it ended would tell that there is a phone.
func (s *Service) toStranger(p Phone, state approve.State) approve.State {
	switch {
	case state == approve.Approved || state == approve.Consumed:
		return state
	case s.Now().Before(p.Expires):
		return approve.Pending
	}
	return approve.Expired
}

func (s *Service) picture(row rows.Attempt, settings policy.Settings) *Phone {
	created := time.UnixMilli(row.Asked)
	p := &Phone{State: approve.Pending, Created: created, Expires: created.Add(approve.Life).Truncate(time.Second)}
	if !s.Now().Before(p.Expires) {
		p.State = approve.Expired
	}
	digits, err := push.Mode(settings.PushConfirm).Digits()
	if err != nil || digits == 0 {
		return p
	}
	sum := s.Accounts.MAC.Sum("nobody", string(row.ID), strconv.FormatInt(row.Asked, 10))
	scale := uint64(1)
	for range digits {
		scale *= 10
	}
	p.Number = fmt.Sprintf("%0*d", digits, binary.BigEndian.Uint64(sum)%scale)
	return p
}

// waitForNobody waits as for somebody who does not answer.
func (s *Service) waitForNobody(ctx context.Context, p Phone, seen approve.State) approve.State {
	for {
		state := approve.Pending
		if !s.Now().Before(p.Expires) {
			state = approve.Expired
		}
		if state != seen {
			return state
		}
		look := time.NewTimer(2 * time.Second)
		select {
		case <-look.C:
		case <-ctx.Done():
			look.Stop()
			return state
		}
	}
}
