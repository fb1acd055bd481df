package people

import (
	"context"
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Service manages users.
type Service struct {
	Accounts *account.Service
	Store    *store.Store
	Now      func() time.Time
	// Approvals ring phones, for a test.
	Approvals *approve.Service
}

// Find returns the user of an id or an e-mail address. NotFound.
func (s *Service) Find(ctx context.Context, workspace countersign.WorkspaceID, idOrEmail string) (account.Account, error) {
	if strings.HasPrefix(idOrEmail, "usr_") {
		return s.Accounts.Load(ctx, workspace, countersign.UserID(idOrEmail))
	}
	return s.Accounts.Find(ctx, workspace, idOrEmail)
}

// Person is one line of a list of users.
type Person struct {
	rows.User
	// SecondFactors and CodesLeft count what the person has.
	SecondFactors int
	CodesLeft     int
}

// pageSize is how many users List reads at once.
const pageSize = 500

// List calls each for every user of a workspace, by address.
func (s *Service) List(ctx context.Context, workspace countersign.WorkspaceID, each func(Person) error) error {
	after := ""
	for {
		users, err := s.Store.Read().ListUsers(ctx, workspace, after, pageSize)
		if err != nil {
			return fmt.Errorf("list users: %w", store.Classify(err))
		}
		for _, u := range users {
			p, err := s.person(ctx, u)
			if err != nil {
				return err
			}
			err = each(p)
			if err != nil {
				return err
			}
		}
		if len(users) < pageSize {
			return nil
		}
		after = users[len(users)-1].EmailKey
	}
}

func (s *Service) person(ctx context.Context, u rows.User) (Person, error) {
	p := Person{User: u}
	credentials, err := s.Store.Read().ListCredentials(ctx, u.WorkspaceID, u.ID)
	if err != nil {
		return Person{}, fmt.Errorf("list credentials: %w", store.Classify(err))
	}
	for _, c := range credentials {
		switch {
		case c.State != "active":
		case c.Kind == "recovery":
			p.CodesLeft += int(c.Counter)
		default:
			p.SecondFactors++
		}
	}
	return p, nil
}

func (s *Service) event(tx *store.Tx, by By, user rows.User, kind string, detail map[string]string) error {
	if by.Reason != "" {
		if detail == nil {
			detail = map[string]string{}
		}
		detail["reason"] = by.Reason
	}
	return audit.Write(tx, user.WorkspaceID, audit.Event{
		Kind: kind, Actor: by.Actor, User: user.ID, Place: by.Place, Detail: detail,
	})
}

// userIn takes a user's row for a transaction: first, before their links, sessions and
// requests, as everybody does. In another order two would wait for each other. NotFound.
func userIn(tx *store.Tx, user rows.User) (rows.User, error) {
	u, err := tx.LockUser(tx.Ctx, user.WorkspaceID, user.ID)
	if store.NotFound(err) {
		return rows.User{}, countersign.Refuse(countersign.NotFound, "no_such_user")
	}
	if err != nil {
		return rows.User{}, fmt.Errorf("lock user: %w", err)
	}
	return u, nil
}
