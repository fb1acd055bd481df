package account

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/notify/text"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// TextReceipt notes what a provider says became of a text, and what it cost. The first
// final report counts. One about a text that is not known, or not any more, changes
// nothing. Reports of all workspaces' texts come to one address, so the text is looked for
// in each. Error: Limited "text_under_way" for a text that is not known while one is being
// handed over, which it may be about: the provider is to report again. Nothing is kept of
// it, so that reports on texts that nobody sent fill nothing.
func (s *Service) TextReceipt(ctx context.Context, provider string, r text.Receipt) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		row, err := s.reported(tx, provider, r)
		row.Currency = cmp.Or(row.Currency, r.Listed)
		if store.NotFound(err) {
			return s.perhapsUnderWay(tx)
		}
		if err != nil {
			return fmt.Errorf("find the text: %w", err)
		}
		if r.State != text.Underway {
			err = s.textEnded(tx, row, r.State)
			if err != nil {
				return err
			}
		}
		if !r.Priced {
			return nil
		}
		return price(tx, row, r)
	})
}

// reportAgain is when a provider is to report again on a text that is being handed over.
const reportAgain = 2 * time.Second

// perhapsUnderWay refuses a report that may be about a text of which the provider's answer
// is not written yet.
func (s *Service) perhapsUnderWay(tx *store.Tx) error {
	for _, home := range s.Hosts.All() {
		n, err := tx.TextsUnderWay(tx.Ctx, home.ID, tx.NowMilli())
		if err != nil {
			return fmt.Errorf("look for texts under way: %w", err)
		}
		if n > 0 {
			return &countersign.Error{Kind: countersign.Limited, Code: "text_under_way", RetryAfter: reportAgain}
		}
	}
	return nil
}

// reported finds the text of a report. A report may come before the provider's answer is
// kept: the text is then found by its own name, where the provider was told one.
func (s *Service) reported(tx *store.Tx, provider string, r text.Receipt) (rows.Text, error) {
	var row rows.Text
	var err error
	for _, home := range s.Hosts.All() {
		row, err = tx.FindText(tx.Ctx, home.ID, provider, r.Reference)
		if store.NotFound(err) && r.Report != "" {
			row, err = tx.EarlyText(tx.Ctx, rows.EarlyTextParams{Provider: provider, Reference: r.Reference, WorkspaceID: home.ID, ID: countersign.TextID(r.Report)})
		}
		if !store.NotFound(err) {
			break
		}
	}
	return row, err
}

// textEnded notes the end of a text, once.
func (s *Service) textEnded(tx *store.Tx, row rows.Text, state text.State) error {
	n, err := tx.ReportText(tx.Ctx, string(state), row.WorkspaceID, row.ID)
	if err != nil {
		return fmt.Errorf("note the end of a text: %w", err)
	}
	if n == 0 {
		return nil
	}
	tx.After(func() { s.Store.Wake(message.TextTopic(row.ID)) })
	total := totalOf(row)
	if state == text.Delivered {
		total.Delivered = 1
		return add(tx, total)
	}
	total.Failed = 1
	err = add(tx, total)
	if err != nil {
		return err
	}
	return audit.Write(tx, row.WorkspaceID, audit.Event{
		Kind: "text.undelivered", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.BySystem}, User: row.UserID,
		Target: string(row.CredentialID), Detail: map[string]string{"provider": row.Provider, "country": row.Country},
	})
}

// price puts what a text really cost in the place of what the operator's list says.
func price(tx *store.Tx, row rows.Text, r text.Receipt) error {
	n, err := tx.PriceText(tx.Ctx, rows.PriceTextParams{Cost: r.Cost, Currency: r.Currency, WorkspaceID: row.WorkspaceID, ID: row.ID})
	if err != nil {
		return fmt.Errorf("note what a text cost: %w", err)
	}
	if n == 0 || row.Parts == 0 {
		return nil // the second: its answer is not kept yet, and counts it then
	}
	listed, paid := totalOf(row), totalOf(row)
	listed.Cost, paid.Cost, paid.Currency = -row.Cost, r.Cost, r.Currency
	err = add(tx, listed)
	if err != nil {
		return err
	}
	return add(tx, paid)
}

// totalOf is the line that a text is counted in, with nothing in it.
func totalOf(row rows.Text) rows.AddTextTotalParams {
	return rows.AddTextTotalParams{
		WorkspaceID: row.WorkspaceID, Day: time.UnixMilli(row.CreatedAt).UTC().Truncate(24 * time.Hour).UnixMilli(), Country: row.Country,
		Provider: row.Provider, Currency: row.Currency,
	}
}

func add(tx *store.Tx, total rows.AddTextTotalParams) error {
	err := tx.AddTextTotal(tx.Ctx, total)
	if err != nil {
		return fmt.Errorf("count a text: %w", err)
	}
	return nil
}

// TextTotals is what texts cost in the last days, the oldest first; what came to nothing
// is left out.
func (s *Service) TextTotals(ctx context.Context, workspace countersign.WorkspaceID, days int) ([]rows.TextTotal, error) {
	since := s.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-max(days, 1))
	all, err := s.Store.Read().ListTextTotals(ctx, workspace, since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list what texts cost: %w", store.Classify(err))
	}
	return slices.DeleteFunc(all, func(t rows.TextTotal) bool { return t.Texts|t.Delivered|t.Failed|t.Cost == 0 }), nil
}

// Cost writes what a line of the totals cost as a decimal number, "" where nobody has
// said what a text costs.
func Cost(t rows.TextTotal) string {
	if t.Currency == "" {
		return ""
	}
	const millionths = 1_000_000
	sign, n := "", t.Cost
	if n < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%06d", sign, n/millionths, n%millionths)
	const cents = 3 // two digits at least, as prices have
	for strings.HasSuffix(text, "0") && len(text)-strings.IndexByte(text, '.') > cents {
		text = text[:len(text)-1]
	}
	return text
}
