package account

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// LinkKind says what a one-time link is for. It is the first part of the
// link's path.
type LinkKind string

// The kinds of link. Each works once, and only by the button on its page: mail
// scanners open links (security.md 8).
const (
	LinkSetup      LinkKind = "setup"
	LinkInvitation LinkKind = "invitation"
	LinkReset      LinkKind = "reset"
	LinkRescue     LinkKind = "rescue"
	LinkEmail      LinkKind = "email"
	LinkTurnOff    LinkKind = "turn-off"
)

// Life is how long a link of this kind works.
func (k LinkKind) Life() time.Duration {
	if k == LinkInvitation {
		return 7 * 24 * time.Hour
	}
	return 30 * time.Minute
}

// NewLink makes a link for a user ("" for the set-up) and returns its address.
// Older links of the same kind for the same user die: the newest message counts.
func (s *Service) NewLink(tx *store.Tx, workspace countersign.WorkspaceID, kind LinkKind, user countersign.UserID, detail string) (string, error) {
	_, err := tx.VoidLinks(tx.Ctx, rows.VoidLinksParams{
		SpentAt: tx.NowMilli(), WorkspaceID: workspace, UserID: user, Kind: string(kind),
	})
	if err != nil {
		return "", fmt.Errorf("void older links: %w", err)
	}
	token := seal.NewToken()
	err = tx.InsertLink(tx.Ctx, rows.InsertLinkParams{
		WorkspaceID: workspace, ID: countersign.LinkID(seal.ID("lnk")), Kind: string(kind), TokenHash: seal.Hash(token),
		UserID: user, Detail: detail, CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(kind.Life()).UnixMilli(),
	})
	if err != nil {
		return "", fmt.Errorf("make a link: %w", err)
	}
	return s.Address(workspace) + "/" + string(kind) + "/" + token, nil
}

// FindLink returns a link that can still be used. Errors: NotFound "link_unknown",
// Gone "link_used" or "link_expired".
func (s *Service) FindLink(ctx context.Context, workspace countersign.WorkspaceID, kind LinkKind, token string) (rows.Link, error) {
	link, err := s.Store.Read().GetLink(ctx, workspace, seal.Hash(token))
	if store.NotFound(err) || (err == nil && link.Kind != string(kind)) {
		return rows.Link{}, countersign.Refuse(countersign.NotFound, "link_unknown")
	}
	if err != nil {
		return rows.Link{}, fmt.Errorf("find link: %w", store.Classify(err))
	}
	return link, usable(link, s.Now())
}

// OfLink is the account that a link is for. Gone "link_expired" where it is no more, or is
// disabled: no link leads anywhere then.
func (s *Service) OfLink(ctx context.Context, link rows.Link) (Account, error) {
	a, err := s.Load(ctx, link.WorkspaceID, link.UserID)
	if countersign.KindOf(err) == countersign.NotFound || (err == nil && a.User.State == countersign.Disabled) {
		return Account{}, countersign.Refuse(countersign.Gone, "link_expired")
	}
	return a, err
}

func usable(link rows.Link, now time.Time) error {
	switch {
	case link.SpentAt != 0:
		return countersign.Refuse(countersign.Gone, "link_used")
	case link.ExpiresAt <= now.UnixMilli():
		return countersign.Refuse(countersign.Gone, "link_expired")
	}
	return nil
}

// SpendLink uses a link up. Gone "link_expired" when its time is over, and
// "link_used" when somebody else was first.
func (s *Service) SpendLink(tx *store.Tx, link rows.Link) error {
	err := usable(link, tx.Now)
	if err != nil {
		return err
	}
	n, err := tx.SpendLink(tx.Ctx, tx.NowMilli(), link.WorkspaceID, link.ID)
	if err != nil {
		return fmt.Errorf("spend link: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.Gone, "link_used")
	}
	return nil
}
