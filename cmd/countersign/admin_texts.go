package main

import (
	"context"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/server"
)

// adminTexts shows how many text messages were sent, and what they cost.
type adminTexts struct {
	Days int `name:"days" default:"30" help:"How many days to go back, at most 800."`
	workspaceSettings
}

func (*adminTexts) examples() []string {
	return []string{"countersign admin texts", "countersign admin texts --days 365 --json"}
}

// textsView is one line as a result for a program. The cost is a decimal number, "" where
// nobody has said what a text costs.
type textsView struct {
	Day       string `json:"day"`
	Country   string `json:"country"`
	Provider  string `json:"provider"`
	Texts     int64  `json:"texts"`
	Parts     int64  `json:"parts"`
	Delivered int64  `json:"delivered"`
	Failed    int64  `json:"failed"`
	Cost      string `json:"cost"`
	Currency  string `json:"currency"`
}

// Run prints a line for each day, country and provider.
func (c *adminTexts) Run(ctx context.Context, t *terminal) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		totals, err := p.Accounts.TextTotals(ctx, workspace, c.Days)
		if err != nil {
			return err
		}
		views, lines := []textsView{}, [][]string{}
		for _, one := range totals {
			v := textsView{
				Day: time.UnixMilli(one.Day).UTC().Format(time.DateOnly), Country: one.Country, Provider: one.Provider, Texts: one.Texts, Parts: one.Parts,
				Delivered: one.Delivered, Failed: one.Failed, Cost: account.Cost(one), Currency: one.Currency,
			}
			views = append(views, v)
			lines = append(lines, []string{
				v.Day, v.Country, v.Provider, strconv.FormatInt(v.Texts, 10), strconv.FormatInt(v.Parts, 10), strconv.FormatInt(v.Delivered, 10),
				strconv.FormatInt(v.Failed, 10), v.Cost, v.Currency,
			})
		}
		if t.json {
			return t.printJSON(views)
		}
		return t.table([]string{"DAY", "COUNTRY", "PROVIDER", "TEXTS", "PARTS", "DELIVERED", "FAILED", "COST", "CURRENCY"}, lines)
	})
}
