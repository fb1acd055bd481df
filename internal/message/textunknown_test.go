package message_test

import (
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/notify/text/texttest"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Whoever may have taken a text is not asked for it again, and is counted with what it
// costs; the page waits as long as the code lives.
func TestATextThatMayHaveBeenTaken(t *testing.T) {
	for name, row := range map[string]struct {
		first, second texttest.Mood
		by            string
		count         map[string]int64
	}{
		"the next takes it": {texttest.Slow, texttest.Well, "b", map[string]int64{"a": 1, "b": 1}},
		"the next refuses":  {texttest.Cut, texttest.Down, "a", map[string]int64{"a": 1}},
		"the next may, too": {texttest.Slow, texttest.Cut, "a", map[string]int64{"a": 1, "b": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *house) {
				h.ada()
				a, b := texttest.NewGateway(t), texttest.NewGateway(t)
				a.Be(row.first)
				b.Be(row.second)
				o := h.texting(a.Entry("a"), b.Entry("b"))
				h.text(o)
				h.run(o)
				until(t, "it is done", func() bool { return h.texted().State == "sent" && h.dueText() == 0 })
				h.clock.add(2 * time.Minute)
				h.store.Ring("outbox:text")
				time.Sleep(200 * time.Millisecond) // nothing may come of it
				if one := h.texted(); one.Provider != row.by || one.Parts != 1 || one.Cost != 75_000 || one.State != "sent" || a.Asked() != 1 || b.Asked() != 1 {
					t.Errorf("%+v, asked %d and %d times", one, a.Asked(), b.Asked())
				}
				totals, err := h.store.Read().ListTextTotals(t.Context(), countersign.DefaultWorkspace, 0)
				if err != nil || len(totals) != len(row.count) {
					t.Fatalf("%+v, %v", totals, err)
				}
				for _, one := range totals {
					if one.Texts != row.count[one.Provider] || one.Cost != 75_000 || one.Currency != "EUR" {
						t.Errorf("%+v", one)
					}
				}
				if log := h.log.String(); strings.Contains(log, "outcome=unknown") != (row.second != texttest.Well) || strings.Contains(log, phone[3:]) {
					t.Errorf("the log says %s", log)
				}
			})
		})
	}
}

// What a receipt said before the answer was kept stays: how it ended, and what it cost
// instead of the price that is listed.
func TestAReceiptBeforeTheAnswerIsKept(t *testing.T) {
	const workspace = countersign.DefaultWorkspace
	for name, row := range map[string]struct {
		cost     int64
		currency string
	}{"another currency": {8_500, "EUR"}, "another price": {8_500, "USD"}, "the listed one": {7_900, "USD"}} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *house) {
				h.ada()
				twilio := texttest.NewTwilio(t)
				o := h.texting(twilio.Entry("tw"))
				h.text(o)
				h.write(func(tx *store.Tx) error {
					_, err := tx.EarlyText(tx.Ctx, rows.EarlyTextParams{Provider: "tw", Reference: "SM1", WorkspaceID: workspace, ID: waiting})
					if err != nil {
						return err
					}
					_, err = tx.ReportText(tx.Ctx, "delivered", workspace, waiting)
					if err != nil {
						return err
					}
					_, err = tx.PriceText(tx.Ctx, rows.PriceTextParams{Cost: row.cost, Currency: row.currency, WorkspaceID: workspace, ID: waiting})
					return err
				})
				h.run(o)
				until(t, "it is sent", func() bool { return h.texted().Parts == 1 && h.dueText() == 0 })
				sent := twilio.Texts()[0]
				if one := h.texted(); one.State != "delivered" || one.Cost != row.cost || one.Currency != row.currency || one.Reference != sent.Reference {
					t.Errorf("%+v", one)
				}
				if address := twilio.Callback(sent.Reference); address != "https://signin.example.com/texts/receipts/tw/"+string(waiting) {
					t.Errorf("it is reported to %s", address)
				}
				totals, err := h.store.Read().ListTextTotals(t.Context(), workspace, 0)
				if err != nil {
					t.Fatal(err)
				}
				texts, cost := int64(0), map[string]int64{}
				for _, one := range totals {
					texts += one.Texts
					cost[one.Currency] += one.Cost
				}
				if texts != 1 || cost["USD"]+cost["EUR"] != row.cost || cost[row.currency] != row.cost {
					t.Errorf("%+v", totals)
				}
			})
		})
	}
}
