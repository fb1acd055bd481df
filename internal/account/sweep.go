package account

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/store"
)

// Sweep removes what can never matter again: expired attempts, sessions, links,
// codes and pending secrets, browsers that nobody signed in with for 400 days, old counts, and sealed events past their retention. The
// outbox sweeps its own messages. It is safe to run on several nodes at once.
func (s *Service) Sweep(ctx context.Context) error {
	workspaces, err := s.Store.Read().ListWorkspaces(ctx)
	if err != nil {
		return fmt.Errorf("list workspaces: %w", store.Classify(err))
	}
	for _, w := range workspaces {
		settings, err := s.SettingsAt(ctx, w.ID, countersign.DefaultPool, w.SettingsVersion)
		if err != nil {
			return err
		}
		err = s.Chain().Retire(ctx, w.ID, settings.RetentionDays)
		if err != nil {
			return err
		}
	}
	return s.Store.Write(ctx, sweep)
}

// Chain is what seals and verifies the logs of all workspaces.
func (s *Service) Chain() *audit.Chain {
	return &audit.Chain{Store: s.Store, Key: s.MAC, Now: s.Now}
}

func sweep(tx *store.Tx) error {
	now := tx.NowMilli()
	ago := func(d time.Duration) int64 { return tx.Now.Add(-d).UnixMilli() }
	const day = 24 * time.Hour
	const browserLife = 400 * day // no browser keeps its cookie for longer
	const requestLife = 90 * day  // the history that a phone shows
	const textLife = 30 * day     // receipts come late
	const campaignLife = 400 * day
	const totalsLife = 800 * day // this year's costs beside the last one's
	for _, step := range []struct {
		what string
		do   func() (int64, error)
	}{
		{"attempts", func() (int64, error) { return tx.DeleteOldAttempts(tx.Ctx, ago(day)) }},
		{"sessions", func() (int64, error) { return tx.DeleteOldSessions(tx.Ctx, now, ago(12*time.Hour)) }},
		{"browsers", func() (int64, error) { return tx.DeleteOldBrowsers(tx.Ctx, ago(browserLife)) }},
		{"links", func() (int64, error) { return tx.DeleteOldLinks(tx.Ctx, ago(30*day)) }},
		{"help-desk codes", func() (int64, error) { return tx.DeleteOldHelpCodes(tx.Ctx, ago(day)) }},
		{"resets that waited", func() (int64, error) { return tx.DeleteOldResets(tx.Ctx, ago(30*day)) }},
		{"campaigns", func() (int64, error) { return tx.DeleteOldCampaigns(tx.Ctx, ago(campaignLife)) }},
		{"mailed codes", func() (int64, error) { return tx.DeleteOldMailedCodes(tx.Ctx, ago(day)) }},
		{"pairings", func() (int64, error) { return tx.DeleteOldPairings(tx.Ctx, ago(day)) }},
		{"sign-in requests", func() (int64, error) { return tx.DeleteOldRequests(tx.Ctx, ago(requestLife)) }},
		{"devices that were never active", func() (int64, error) { return tx.DeleteStrayDevices(tx.Ctx, ago(day)) }},
		{"nonces", func() (int64, error) { return tx.DeleteOldNonces(tx.Ctx, now) }},
		{"pending secrets", func() (int64, error) { return tx.DeleteExpiredPending(tx.Ctx, ago(day)) }},
		{"spent proofs", func() (int64, error) { return tx.DeleteOldProofs(tx.Ctx, ago(day)) }},
		{"guesses", func() (int64, error) { return tx.DeleteOldGuesses(tx.Ctx, ago(2*day), ago(30*day)) }},
		{"texts", func() (int64, error) { return tx.DeleteOldTexts(tx.Ctx, ago(textLife)) }},
		{"caps of texts", func() (int64, error) { return tx.DeleteOldTextCaps(tx.Ctx, ago(2*day)) }},
		{"what texts cost", func() (int64, error) { return tx.DeleteOldTextTotals(tx.Ctx, ago(totalsLife)) }},
		{"daily counts", func() (int64, error) { return tx.DeleteOldPoolDays(tx.Ctx, ago(totalsLife)) }},
		{"rates", func() (int64, error) { return tx.DeleteOldRates(tx.Ctx, ago(day)) }},
	} {
		_, err := step.do()
		if err != nil {
			return fmt.Errorf("sweep %s: %w", step.what, err)
		}
	}
	return nil
}
