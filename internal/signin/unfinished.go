package signin

import (
	"context"
	"log/slog"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/trouble"
)

const (
	// unfinishedAfter is how long a sign-in may wait for its second factor before the
	// person is told: whoever began it knows the password.
	unfinishedAfter = 3 * time.Minute
	// lookEvery is how often a node looks for such sign-ins, mostAtOnce how many it tells
	// of then.
	lookEvery  = 20 * time.Second
	mostAtOnce = 100
)

// toldRate is for the mails to one person: a flood of sign-ins is one piece of news.
func toldRate() limit.Rate { return limit.Rate{Interval: time.Hour, Burst: 1} }

// attemptRate lets each sign-in be told of once, whichever nodes look: its row is older
// than any sign-in lives.
func attemptRate() limit.Rate { return limit.Rate{Interval: time.Hour, Burst: 1} }

// Run tells people of sign-ins with their password that were not finished. It returns when
// ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	unread := trouble.New(log, s.Now, "look through sign-ins that were not finished")
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		unread.Note(ctx, s.TellUnfinished(ctx))
	}
}

// TellUnfinished tells of the sign-ins that have waited for their second factor for three
// minutes, each once, on several nodes too.
func (s *Service) TellUnfinished(ctx context.Context) error {
	now := s.Now()
	list, err := s.Store.Read().ListUnfinished(s.Store.Brief(ctx), now.UnixMilli(), now.Add(-unfinishedAfter).UnixMilli(), mostAtOnce)
	if err != nil {
		return store.Classify(err)
	}
	for _, at := range list {
		err = s.tellUnfinished(ctx, at)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tellUnfinished(ctx context.Context, at rows.Attempt) error {
	return s.Accounts.WriteFor(ctx, at.UserID, func(tx *store.Tx) error {
		user, err := tx.LockUser(tx.Ctx, at.WorkspaceID, at.UserID)
		if store.NotFound(err) || (err == nil && user.State != countersign.Active) {
			return nil
		}
		if err != nil {
			return err
		}
		credentials, err := tx.ListCredentials(tx.Ctx, at.WorkspaceID, at.UserID)
		if err != nil {
			return err
		}
		if step(at.First, "", credentials, false) != policy.StepSecond {
			return nil // there was nothing to finish
		}
		err = s.Accounts.Spend(tx, at.WorkspaceID, "unfinished:"+string(at.ID), "", attemptRate())
		if countersign.KindOf(err) == countersign.Limited {
			return nil // another node was faster
		}
		if err != nil {
			return err
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		return s.unfinished(tx, a, at)
	})
}

func (s *Service) unfinished(tx *store.Tx, a account.Account, at rows.Attempt) error {
	place := countersign.Place{IP: at.IP, UserAgent: at.UserAgent}
	err := audit.Write(tx, at.WorkspaceID, audit.Event{
		Kind: "signin.unfinished", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.ByAnonymous}, User: at.UserID,
		Attempt: at.ID, Place: place, Detail: map[string]string{"first": at.First},
	})
	if err != nil {
		return err
	}
	err = s.Accounts.Spend(tx, at.WorkspaceID, "unfinished-of:"+string(at.UserID), "", toldRate())
	if countersign.KindOf(err) == countersign.Limited {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Accounts.Tell(tx, a, place, message.SignInUnfinished, message.Data{})
}
