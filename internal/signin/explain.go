package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/limit"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Situation is from where somebody would sign in.
type Situation struct {
	IP string
	// Known supposes a browser that completed a sign-in as this person before: Browser, or
	// the one that was used last.
	Known   bool
	Browser countersign.BrowserID
	// Trusted supposes that it was trusted a moment ago. Else the trust of Browser counts,
	// where one is named.
	Trusted bool
}

// Explain tells how a sign-in of somebody would go now, by the functions that lead a real
// one, from what is stored. It changes nothing, asks no phone and tells the person nothing.
// NotFound.
func (s *Service) Explain(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID, from Situation) (policy.Explanation, error) {
	a, err := s.Accounts.Load(ctx, workspace, user)
	if err != nil {
		return policy.Explanation{}, err
	}
	shown, err := s.Accounts.Settings(ctx, workspace, countersign.DefaultPool)
	if err != nil {
		return policy.Explanation{}, err
	}
	scene := policy.Scene{
		Settings: a.Settings, Shown: shown, Now: s.Now(), Personal: a.User.RequireSecondFactor,
		Active: a.User.State == countersign.Active, Password: a.User.PasswordHash != "",
	}
	at := Attempt{
		Attempt: rows.Attempt{WorkspaceID: workspace, UserID: user, Entry: policy.EntryForm}, Account: a,
	}
	at.Browser, at.Known, err = s.supposed(ctx, a.User, from)
	if err != nil {
		return policy.Explanation{}, err
	}
	scene.Known, scene.Trust = at.Known, trustOf(at, from, scene.Now)
	at, err = s.withCredentials(ctx, at)
	if countersign.CodeOf(err) == "attempt_over" {
		return policy.Explain(scene), nil // disabled, or not yet accepted
	}
	if err != nil {
		return policy.Explanation{}, err
	}
	count(at.Credentials, &scene)
	scene.Phones = approve.Answering(at.Devices, a.Settings)
	trouble := approve.Unheards(at.Devices, a.Settings)
	tapped := at
	tapped.First = policy.FirstTap
	scene.Choice = at.choice(a, at.Answering, at.Devices, trouble)
	scene.AfterTap = tapped.choice(a, at.Answering, at.Devices, trouble)
	err = s.lookAround(ctx, at, from, &scene)
	return policy.Explain(scene), err
}

// supposed is the browser of a situation.
func (s *Service) supposed(ctx context.Context, user rows.User, from Situation) (rows.Browser, bool, error) {
	if !from.Known {
		return rows.Browser{}, false, nil
	}
	all, err := s.Store.Read().ListBrowsers(ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return rows.Browser{}, false, fmt.Errorf("load browsers: %w", store.Classify(err))
	}
	for _, b := range all {
		if from.Browser == "" || from.Browser == b.ID {
			return b, true, nil
		}
	}
	if from.Browser != "" {
		return rows.Browser{}, false, countersign.Refuse(countersign.NotFound, "no_such_browser")
	}
	return rows.Browser{}, true, nil
}

func trustOf(at Attempt, from Situation, now time.Time) policy.Trust {
	t := account.TrustOf(at.Browser)
	switch {
	case from.Trusted && from.Known:
		t.At, t.Until = now, now.Add(policy.MostTrustedDays*24*time.Hour)
	case from.Browser == "":
		t.At, t.Until = time.Time{}, time.Time{}
	}
	return t
}

// count counts what somebody has set up.
func count(credentials []rows.Credential, scene *policy.Scene) {
	for _, c := range credentials {
		switch {
		case c.State != "active":
		case c.Kind == policy.Recovery:
			scene.Codes += c.Counter
		default:
			scene.SecondFactors++
			if c.Kind != policy.Push {
				scene.Others++
			}
		}
	}
}

// lookAround reads what counts besides what the person has: whether the phones are left in
// peace, and whether wrong answers keep the second step shut. The rules that say so read
// within a transaction; nothing is written in this one.
func (s *Service) lookAround(ctx context.Context, at Attempt, from Situation, scene *policy.Scene) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		v := Visitor{Place: countersign.Place{IP: from.IP}}
		var err error
		scene.Unrung, err = s.Approvals.Rests(tx, s.ask(at, at.Account, v, tx.Now))
		if err != nil {
			return err
		}
		var locked *countersign.Error
		err = s.Accounts.SecondLocked(tx, at.Account.User, at.Known)
		if errors.As(err, &locked) && locked.Kind == countersign.Limited {
			scene.Paused = locked.RetryAfter
			if scene.Paused == 0 {
				scene.Paused = limit.Lasting
			}
			return nil
		}
		return err
	})
}
