package people

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// MissingCount is how many can sign in and have no second factor.
type MissingCount struct {
	People int64
	// Languages are those in which they would be written to, the most frequent first.
	Languages []MissingLanguage
}

// MissingLanguage counts those of one language (a BCP 47 tag).
type MissingLanguage struct {
	Language string
	People   int64
}

// CountMissing counts those who can sign in and have no second factor: of one pool, or of the
// whole workspace ("").
func (s *Service) CountMissing(ctx context.Context, workspace countersign.WorkspaceID, pool countersign.PoolID) (MissingCount, error) {
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return MissingCount{}, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	counts, err := s.Store.Read().CountMissing(ctx, workspace, string(pool))
	if err != nil {
		return MissingCount{}, fmt.Errorf("count those without a second factor: %w", store.Classify(err))
	}
	var a MissingCount
	for _, count := range counts {
		language := s.languageOf(rows.User{Language: count.Language}, w)
		a.People += count.People
		at := slices.IndexFunc(a.Languages, func(l MissingLanguage) bool { return l.Language == language })
		if at < 0 {
			a.Languages, at = append(a.Languages, MissingLanguage{Language: language}), len(a.Languages)
		}
		a.Languages[at].People += count.People
	}
	slices.SortStableFunc(a.Languages, func(x, y MissingLanguage) int { return cmp.Compare(y.People, x.People) })
	return a, nil
}

// languageOf is the language in which somebody is written to; see account.Service.TellAt.
func (s *Service) languageOf(user rows.User, w rows.Workspace) string {
	return cmp.Or(user.Language, w.Language, s.Accounts.Language, "en")
}

// Missing is a page of those whom CountMissing counts, by address, after an email_key.
func (s *Service) Missing(ctx context.Context, workspace countersign.WorkspaceID, pool countersign.PoolID, after string, most int) ([]rows.User, error) {
	list, err := s.Store.Read().ListMissing(ctx, rows.ListMissingParams{
		WorkspaceID: workspace, PoolID: string(pool), After: after, Most: int32(min(max(most, 1), 1000)), // #nosec G115 -- bounded
	})
	if err != nil {
		return nil, fmt.Errorf("list those without a second factor: %w", store.Classify(err))
	}
	return list, nil
}

// PreviewSetUp is the mail that they would get in a language, with the actor's own name and
// address in the place of theirs.
func (s *Service) PreviewSetUp(ctx context.Context, a account.Account, language string, r policy.Requirement) (message.Shown, error) {
	w, err := s.Store.Read().GetWorkspace(ctx, a.User.WorkspaceID)
	if err != nil {
		return message.Shown{}, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	now := s.Now()
	data := message.Data{Name: a.User.Name, Workspace: w.Name, Address: s.Accounts.Address(a.User.WorkspaceID), At: now.UnixMilli(), Required: r.Holds(now)}
	if r.Required && !data.Required {
		data.From = r.From.UnixMilli()
	}
	return s.Accounts.Outbox.Preview(message.Mail{
		Kind: message.SetUp, User: a.User.ID, To: a.User.Email, Language: language, Zone: a.User.Zone, Data: data,
	}, now)
}

// Requiring is a change of what is required.
type Requiring struct {
	Pool countersign.PoolID // "" for the whole workspace
	// Value is one of require_second_factor: optional, required, "required from 2027-01-31".
	Value string
	// Version is that of the settings as they were shown.
	Version int64
	// Campaign, where it is set, has everybody who is affected written to. The page makes it
	// by NewCampaign, so that a second click finds what the first one did.
	Campaign countersign.CampaignID
}

// SetRequirement changes what is required of a pool or of everybody and, where it is
// wished, has exactly those written to who have no second factor: both in one go, or
// neither. Only somebody with two factors can do it (see onAll). The same with the same
// campaign again is the second click on the same button, and does nothing.
//
// Errors: those of StoreRules; Invalid on "require_second_factor" and "campaign"; Conflict
// "campaign_other" where the campaign was begun with something else; NotFound
// "no_such_pool"; Limited "too_many_mails".
func (s *Service) SetRequirement(ctx context.Context, workspace countersign.WorkspaceID, r Requiring, by By) error {
	next := policy.Document{"require_second_factor": r.Value}
	if next.Check() != nil {
		return countersign.InvalidField("require_second_factor", "requirement_unknown")
	}
	err := checkCampaign(r.Campaign)
	if err != nil {
		return err
	}
	stored, err := s.Rules(ctx, workspace)
	if err != nil {
		return err
	}
	rules, err := stored.requiring(r.Pool, next)
	if err != nil {
		return err
	}
	return s.withOwners(ctx, workspace, by, func(tx *store.Tx, owners []rows.User, by By) error {
		done, err := begun(tx, workspace, r.Campaign, r.asked())
		if err != nil || done {
			return err // the first click did it all
		}
		if stored.Version != r.Version {
			return countersign.Refuse(countersign.Conflict, "changed_meanwhile")
		}
		err = s.storeRules(tx, workspace, owners, rules, r.Version, by)
		if err != nil || r.Campaign == "" {
			return err
		}
		return s.startCampaign(tx, workspace, r, by)
	})
}

// requiring are the rules with some keys of a pool's, or of the workspace's (""), changed.
func (s Stored) requiring(pool countersign.PoolID, keys policy.Document) (policy.Rules, error) {
	if pool == "" {
		return policy.Rules{Workspace: s.Workspace.With(keys)}, nil
	}
	name := s.PoolName(pool)
	if name == "" {
		return policy.Rules{}, noSuchPool()
	}
	return policy.Rules{Workspace: s.Workspace, Pools: map[string]policy.Document{name: s.Pools[name].With(keys)}}, nil
}
