package account_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/notify/text"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// What a text became is what the provider says first, and what it cost is what it says.
func TestReceiptsOfTexts(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		p, number, a := numbered(t, e, 1, "+4915123456789")
		want(t, "a text", askText(e, p, number, a, "1", false), "ok")
		e.Advance(t, time.Second) // it is kept, as development keeps it
		row, found, err := e.Accounts.TextOf(ctx(), accounttest.Workspace, p.ID, "att_1")
		if err != nil || !found || row.State != "sent" || row.Provider != "development" {
			t.Fatalf("%+v, %v", row, err)
		}
		receipt := func(r text.Receipt) {
			t.Helper()
			want(t, "a receipt", e.Accounts.TextReceipt(ctx(), "development", r), "ok")
		}
		receipt(text.Receipt{Reference: "another", State: text.Failed})
		receipt(text.Receipt{Reference: row.Reference, State: text.Underway})
		receipt(text.Receipt{Reference: row.Reference, State: text.Failed, Cost: 75_000, Currency: "EUR", Priced: true})
		receipt(text.Receipt{Reference: row.Reference, State: text.Failed, Cost: 75_000, Currency: "EUR", Priced: true})
		receipt(text.Receipt{Reference: row.Reference, State: text.Delivered})
		totals, err := e.Store.Read().ListTextTotals(ctx(), accounttest.Workspace, 0)
		if err != nil {
			t.Fatal(err)
		}
		var sum rows.TextTotal
		for _, one := range totals {
			sum.Texts += one.Texts
			sum.Parts += one.Parts
			sum.Delivered += one.Delivered
			sum.Failed += one.Failed
			if one.Currency == "EUR" {
				sum.Cost += one.Cost
			} else if one.Cost != 0 {
				t.Errorf("%d of %q", one.Cost, one.Currency)
			}
		}
		if sum.Texts != 1 || sum.Parts != 1 || sum.Delivered != 0 || sum.Failed != 1 || sum.Cost != 75_000 {
			t.Errorf("%+v", sum)
		}
		if n := e.Count(t, "text.undelivered", "development"); n != 1 {
			t.Errorf("%d events tell of it", n)
		}
	})
}

func TestHowACostIsWritten(t *testing.T) {
	for cost, want := range map[int64]string{0: "0.00", 7_500: "0.0075", 75_000: "0.075", 1_000_000: "1.00", 12_340_000: "12.34", 1: "0.000001", -7_500: "-0.0075"} {
		if got := account.Cost(rows.TextTotal{Cost: cost, Currency: "EUR"}); got != want {
			t.Errorf("%d is %s, want %s", cost, got, want)
		}
	}
	if got := account.Cost(rows.TextTotal{Texts: 3}); got != "" {
		t.Errorf("texts without a price cost %s", got)
	}
}

// A report that comes before the provider's answer is kept is not lost, and is counted
// once; one of another provider, or on another text, changes nothing.
func TestAReceiptBeforeTheAnswer(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		p, number, _ := numbered(t, e, 1, "+4915123456789")
		var id countersign.TextID
		receipt := func(by string, r text.Receipt) {
			t.Helper()
			want(t, "a receipt", e.Accounts.TextReceipt(ctx(), by, r), "ok")
		}
		mark := func(by, reference string) rows.Text {
			t.Helper()
			var now rows.Text
			err := e.Store.Write(ctx(), func(tx *store.Tx) error {
				var err error
				now, err = tx.MarkText(tx.Ctx, rows.MarkTextParams{
					State: "sent", Provider: by, Reference: reference, Parts: 1, Cost: 7_900, Currency: "USD", WorkspaceID: accounttest.Workspace, ID: id,
				})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return now
		}
		ask := func(n countersign.TextID) {
			t.Helper()
			id = n
			err := e.Store.Write(ctx(), func(tx *store.Tx) error {
				return tx.InsertText(tx.Ctx, rows.InsertTextParams{
					WorkspaceID: accounttest.Workspace, ID: id, UserID: p.ID, CredentialID: number.ID, Holder: string(n), CodeMac: []byte{1}, Country: "DE",
					CreatedAt: tx.NowMilli(), ExpiresAt: tx.NowMilli() + 180_000,
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		early := text.Receipt{Reference: "SM1", Report: "txt_1", Listed: "USD", State: text.Failed, Cost: 8_500, Currency: "EUR", Priced: true}
		ask("txt_1")
		receipt("tw", early)
		receipt("tw", early)
		receipt("other", text.Receipt{Reference: "SM9", Report: "txt_1", State: text.Delivered})
		receipt("tw", text.Receipt{Reference: "SM2", Report: "txt_1", State: text.Delivered})
		if now := mark("tw", "SM1"); now.State != "failed" || now.Cost != 8_500 || now.Currency != "EUR" || now.Reference != "SM1" {
			t.Errorf("%+v", now)
		}
		receipt("tw", text.Receipt{Reference: "SM1", Report: "txt_1", State: text.Delivered})
		row, _, err := e.Accounts.TextOf(ctx(), accounttest.Workspace, p.ID, "txt_1")
		if err != nil || row.State != "failed" {
			t.Errorf("%+v, %v", row, err)
		}
		if n := e.Count(t, "text.undelivered", "tw"); n != 1 {
			t.Errorf("%d events tell of it", n)
		}
		ask("txt_2")
		early.Report, early.Reference = "txt_2", "SM3"
		receipt("tw", early) // and another took it then
		if now := mark("gw", "7"); now.State != "sent" || now.Cost != 7_900 || now.Currency != "USD" || now.Provider != "gw" {
			t.Errorf("%+v", now)
		}
		totals, err := e.Store.Read().ListTextTotals(ctx(), accounttest.Workspace, 0)
		if err != nil || len(totals) != 1 || totals[0].Failed != 2 || totals[0].Delivered != 0 || totals[0].Cost != 0 || totals[0].Currency != "USD" {
			t.Errorf("%+v, %v", totals, err) // the outbox counts what it cost
		}
	})
}

// A report on a text that nobody knows yet is asked for again while a text is being handed
// over: a carrier may be quicker than the transaction that notes its answer. When none is,
// it is nobody's, and over.
func TestAReceiptThatIsTooQuick(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		p, number, a := numbered(t, e, 1, "+4915123456789")
		reports := func(what, want string) {
			t.Helper()
			r := text.Receipt{Reference: "carrier-1", State: text.Delivered}
			err := e.Accounts.TextReceipt(ctx(), "gateway", r)
			accounttest.Want(t, what, err, want)
			var refused *countersign.Error
			if want != "ok" && (!errors.As(err, &refused) || refused.Kind != countersign.Limited || refused.RetryAfter <= 0) {
				t.Errorf("%s is answered %v, and not when to report again", what, err)
			}
		}
		reports("a report where nothing was ever sent", "ok")
		want(t, "a text", askText(e, p, number, a, "1", false), "ok")
		reports("a report while it waits", "ok") // nobody has it
		e.Exec(t, fmt.Sprintf("UPDATE messages SET lease_until = %d WHERE channel = 'text'", e.Clock.Now().Add(time.Minute).UnixMilli()))
		reports("a report while it is handed over", "text_under_way")
		e.Exec(t, "UPDATE texts SET provider = 'gateway', reference = 'carrier-1', state = 'sent', parts = 1")
		reports("the report that comes again", "ok")
		row, found, err := e.Accounts.TextOf(ctx(), accounttest.Workspace, p.ID, "att_1")
		if err != nil || !found || row.State != "delivered" {
			t.Errorf("%+v, %v", row, err)
		}
		e.Exec(t, "UPDATE texts SET reference = 'carrier-2'")
		e.Exec(t, "UPDATE messages SET state = 'sent', lease_until = 0 WHERE channel = 'text'")
		reports("a report on another when none is under way", "ok")
	})
}
