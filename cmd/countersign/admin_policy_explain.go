package main

import (
	"context"
	"strings"

	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/server"
	"countersign/internal/signin"
)

// policyExplain tells how a sign-in would go.
type policyExplain struct {
	Known   bool   `name:"known" help:"In the browser that they signed in with last. Else in one that never saw them."`
	Trusted bool   `name:"trusted" help:"In a browser that they trust, where the settings allow that. It is a known one."`
	IP      string `name:"ip" placeholder:"ADDRESS" help:"From this address."`
	oneUser
}

func (*policyExplain) examples() []string {
	return []string{
		"countersign admin policy explain ada@example.com",
		"countersign admin policy explain ada@example.com --known --ip 192.0.2.7",
	}
}

// explainView is the result for a program.
type explainView struct {
	Required policy.Source `json:"required_by"`
	Paths    []pathView    `json:"ways_to_begin"`
	Lines    []policy.Line `json:"lines"`
}

type pathView struct {
	First   string   `json:"first"`
	Asked   string   `json:"asked"`
	Why     string   `json:"why"`
	Offered []string `json:"offered"`
	Trusted bool     `json:"trusted"`
}

// Run prints how it would go, sentence by sentence.
func (c *policyExplain) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, a account.Account) error {
		e, err := p.SignIn.Explain(ctx, a.User.WorkspaceID, a.User.ID, signin.Situation{IP: c.IP, Known: c.Known || c.Trusted, Trusted: c.Trusted})
		if err != nil {
			return err
		}
		lines := e.Lines(t.speaker())
		if t.json {
			view := explainView{Required: e.Required, Paths: []pathView{}, Lines: lines}
			for _, path := range e.Paths {
				view.Paths = append(view.Paths, pathView{
					path.First, path.Chosen.First, string(path.Chosen.Why), append([]string{}, path.Chosen.Offered...), path.Trusted,
				})
			}
			return t.printJSON(view)
		}
		for _, line := range lines {
			err = t.print(strings.Repeat("  ", line.Depth) + line.Text + "\n")
			if err != nil {
				return err
			}
		}
		return nil
	})
}
