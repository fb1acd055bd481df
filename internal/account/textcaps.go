package account

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method/sms"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// textCap is one limit on texts: so many within a window, which begins with the first.
type textCap struct {
	subject string
	rule    limit.Rule
	// code is the refusal; name is what the administrators are told of when it is
	// reached, "" where that is one person's affair.
	code, name string
}

const (
	// textsOfAccount within a quarter of an hour, textsOfNumber within an hour.
	textsOfAccount = 5
	textsOfNumber  = 10
	// shareOfBlock: a block of ten thousand numbers gets no more than this part of what
	// its country gets. That is where toll fraud sends to.
	shareOfBlock = 4
)

// capsOf are the limits that a text counts against, the narrowest first, so that who is
// stopped by one uses up none of the wider. Those of a person are counted apart for
// browsers that signed in before: a stranger with the password uses up the others. A
// notice has none of the person's.
func (s *Service) capsOf(a TextAsk, n sms.Number) []textCap {
	settings, known := a.Account.Settings, counterOf(a.Known)
	hashed := func(what, value string) string {
		return what + ":" + hex.EncodeToString(s.MAC.Sum("text "+what, value)[:16])
	}
	within := func(most int, window time.Duration) limit.Rule {
		return limit.Rule{Most: int64(most), Window: window}
	}
	caps := []textCap{
		{subject: "account:" + known + ":" + string(a.Account.User.ID), rule: within(textsOfAccount, 15*time.Minute), code: "too_many_texts"},
		{subject: hashed("number", n.E164) + ":" + known, rule: within(textsOfNumber, time.Hour), code: "too_many_texts"},
		{
			subject: hashed("block", sms.Prefix(n.E164)), rule: within(max(settings.TextsAHour/shareOfBlock, textsOfAccount), time.Hour), code: "texts_capped",
			name: sms.Area(n.E164), // the block itself is nearly the whole number
		},
		{subject: "country:" + n.Country, rule: within(settings.TextsAHour, time.Hour), code: "texts_capped", name: n.Country},
		{subject: "all", rule: within(settings.TextsADay, 24*time.Hour), code: "texts_capped", name: a.Account.Workspace.Name},
	}
	if a.Notice {
		return slices.DeleteFunc(caps, func(c textCap) bool { return c.name == "" })
	}
	return caps
}

// takeCaps counts one text against every limit, or against none: a refusal rolls the
// transaction back, or is found by reading before anything is counted, so a flood that
// is refused does not queue up at the rows that everybody's texts are counted in. Which
// text is the last that a limit allows is told to the administrators.
func (s *Service) takeCaps(tx *store.Tx, a TextAsk, n sms.Number) error {
	caps := s.capsOf(a, n)
	for _, c := range caps {
		row, err := tx.GetTextCap(tx.Ctx, a.Account.User.WorkspaceID, c.subject)
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read a cap: %w", err)
		}
		wait := c.rule.Wait(row.Taken, time.UnixMilli(row.Since), time.Time{}, tx.Now)
		if wait > 0 {
			return spentFor(c.code, wait)
		}
	}
	for _, c := range caps {
		taken, err := tx.TakeTextCap(tx.Ctx, rows.TakeTextCapParams{
			WorkspaceID: a.Account.User.WorkspaceID, Subject: c.subject, Now: tx.NowMilli(), Opened: tx.Now.Add(-c.rule.Window).UnixMilli(), Most: c.rule.Most,
		})
		if store.NotFound(err) {
			// Somebody took the last one since it was read. What was counted before must not
			// stay, and the caller may go on without a text: so it is given back.
			return s.capReached(tx, a, caps, c)
		}
		if err != nil {
			return fmt.Errorf("take from a cap: %w", err)
		}
		if taken == c.rule.Most && c.name != "" {
			err = s.textsCapped(tx, a, c)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// capReached gives back what was counted before the limit that had none left.
func (s *Service) capReached(tx *store.Tx, a TextAsk, caps []textCap, at textCap) error {
	for _, c := range caps {
		if c.subject == at.subject {
			break
		}
		_, err := tx.GiveTextBack(tx.Ctx, a.Account.User.WorkspaceID, c.subject)
		if err != nil {
			return fmt.Errorf("give back to a cap: %w", err)
		}
	}
	row, err := tx.GetTextCap(tx.Ctx, a.Account.User.WorkspaceID, at.subject)
	if err != nil {
		return fmt.Errorf("read a cap: %w", err)
	}
	return spentFor(at.code, at.rule.Wait(row.Taken, time.UnixMilli(row.Since), time.Time{}, tx.Now))
}

// textsCapped tells the administrators that a limit on texts is reached: somebody may be
// sending on the company's bill, or the limit is too narrow.
func (s *Service) textsCapped(tx *store.Tx, a TextAsk, c textCap) error {
	workspace := a.Account.User.WorkspaceID
	err := audit.Write(tx, workspace, audit.Event{
		Kind: "texts.capped", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.BySystem}, Target: c.name,
		Detail: map[string]string{"most": fmt.Sprint(c.rule.Most), "hours": fmt.Sprint(int(c.rule.Window / time.Hour))},
	})
	if err != nil {
		return err
	}
	managers, err := store.Managers(tx.Ctx, tx.Queries, workspace)
	if err != nil {
		return fmt.Errorf("list the administrators: %w", err)
	}
	for _, user := range managers {
		manager, err := s.Within(tx, user)
		if err != nil {
			return err
		}
		err = s.Tell(tx, manager, countersign.Place{}, message.TextsCapped, message.Data{Device: c.name, Left: int(c.rule.Most), Minutes: int(c.rule.Window / time.Minute)})
		if err != nil {
			return err
		}
	}
	return nil
}
