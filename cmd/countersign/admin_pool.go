package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/server"
)

// poolCommands manage identity pools.
type poolCommands struct {
	List   poolList   `cmd:"" help:"List the identity pools and what they set."`
	Create poolCreate `cmd:"" help:"Make an identity pool."`
	Rename poolRename `cmd:"" help:"Give an identity pool another name."`
	Delete poolDelete `cmd:"" help:"Delete an empty identity pool."`
	Move   poolMove   `cmd:"" help:"Move a user into an identity pool."`
	Set    poolSet    `cmd:"" help:"Change one setting of an identity pool."`
	Rules  poolRules  `cmd:"" help:"Show or change which new users come into which identity pool."`
}

func (*poolCommands) examples() []string {
	return []string{
		"countersign admin pool create Contractors",
		"countersign admin pool set Contractors require_second_factor required",
		"countersign admin pool rules partner.example=Contractors",
		"countersign admin pool move ben@example.com Contractors",
	}
}

// poolView is a pool as a result for a program.
type poolView struct {
	ID     countersign.PoolID `json:"id"`
	Name   string             `json:"name"`
	People int64              `json:"people"`
	Set    policy.Document    `json:"set"`
}

type poolList struct{ workspaceSettings }

func (*poolList) examples() []string {
	return []string{"countersign admin pool list", "countersign admin pool list --json"}
}

// Run prints the pools.
func (c *poolList) Run(ctx context.Context, t *terminal) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		pools, _, err := p.People.Pools(ctx, workspace)
		if err != nil {
			return err
		}
		views, lines := []poolView{}, [][]string{}
		for _, pool := range pools {
			views = append(views, poolView{pool.ID, pool.Name, pool.People, pool.Document})
			var set []string
			for _, name := range pool.Document.Keys() {
				set = append(set, name+"="+policy.Spell(pool.Document[name]))
			}
			lines = append(lines, []string{string(pool.ID), pool.Name, strconv.FormatInt(pool.People, 10), strings.Join(set, " ")})
		}
		if t.json {
			return t.printJSON(views)
		}
		return t.table([]string{"ID", "NAME", "PEOPLE", "SETS"}, lines)
	})
}

// findPool returns the pool of an id or a name.
func findPool(ctx context.Context, p *server.Parts, workspace countersign.WorkspaceID, named string) (people.Pool, int64, error) {
	pools, version, err := p.People.Pools(ctx, workspace)
	if err != nil {
		return people.Pool{}, 0, err
	}
	for _, pool := range pools {
		if string(pool.ID) == named || account.NameKey(pool.Name) == account.NameKey(named) {
			return pool, version, nil
		}
	}
	return people.Pool{}, 0, countersign.Refuse(countersign.NotFound, "no_such_pool")
}

type poolCreate struct {
	Name string `arg:"" help:"The name of the pool."`
	workspaceSettings
}

func (*poolCreate) examples() []string { return []string{"countersign admin pool create Contractors"} }

// Run makes the pool and prints its id.
func (c *poolCreate) Run(ctx context.Context, t *terminal) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		pool, err := p.People.CreatePool(ctx, workspace, c.Name, people.Shell())
		if err != nil {
			return err
		}
		if t.json {
			return t.printJSON(poolView{pool.ID, pool.Name, 0, policy.Document{}})
		}
		return t.print(string(pool.ID) + "\n")
	})
}

// onePool is the argument of the commands about one pool.
type onePool struct {
	Pool string `arg:"" help:"The pool's name or id."`
	workspaceSettings
}

// with opens the installation and finds the pool.
func (c onePool) with(ctx context.Context, t *terminal, act func(p *server.Parts, pool people.Pool, version int64) error) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		pool, version, err := findPool(ctx, p, workspace, c.Pool)
		if err != nil {
			return err
		}
		return act(p, pool, version)
	})
}

type poolRename struct {
	onePool
	Name string `arg:"" help:"The new name."`
}

func (*poolRename) examples() []string {
	return []string{"countersign admin pool rename Contractors Partners"}
}

// Run renames the pool.
func (c *poolRename) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, pool people.Pool, _ int64) error {
		return p.People.RenamePool(ctx, pool.WorkspaceID, pool.ID, c.Name, people.Shell())
	})
}

type poolDelete struct{ onePool }

func (*poolDelete) examples() []string { return []string{"countersign admin pool delete Contractors"} }

// Run deletes the pool.
func (c *poolDelete) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, pool people.Pool, _ int64) error {
		return p.People.DeletePool(ctx, pool.WorkspaceID, pool.ID, people.Shell())
	})
}

type poolMove struct {
	oneUser
	Pool   string   `arg:"" help:"The pool's name or id."`
	Accept []string `name:"accept" placeholder:"KEY" help:"locked-out accepts that the person cannot sign in there, instead of typing yes."`
}

func (*poolMove) examples() []string {
	return []string{"countersign admin pool move ben@example.com Contractors"}
}

// Run moves the user.
func (c *poolMove) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, a account.Account) error {
		pool, _, err := findPool(ctx, p, a.User.WorkspaceID, c.Pool)
		if err != nil {
			return err
		}
		impact, effect, err := p.People.MoveImpact(ctx, a, pool.ID)
		if err != nil {
			return err
		}
		t.tellImpact(impact)
		err = t.accept(nil, impact, c.Accept)
		if err != nil {
			return err
		}
		err = p.People.Move(ctx, a, pool.ID, effect, people.Shell())
		if err != nil {
			return err
		}
		t.tell("cli.user_moved", "Email", a.User.Email, "Pool", pool.Name)
		return t.changed(ctx, p, a.User)
	})
}

// poolSet changes one setting of a pool.
type poolSet struct {
	Pool  string   `arg:"" help:"The pool's name or id."`
	Key   string   `arg:"" help:"The setting, as policy show names it."`
	Value []string `arg:"" help:"Its value; several for a list; default has the workspace's count again."`
	howToChange
}

func (*poolSet) examples() []string {
	return []string{
		"countersign admin pool set Contractors second_factors totp,passkey",
		"countersign admin pool set Contractors require_second_factor default",
	}
}

// Run changes the setting.
func (c *poolSet) Run(ctx context.Context, t *terminal) error {
	return c.edit(ctx, t, func(was people.Stored) (policy.Rules, error) {
		name, err := poolNamed(was, c.Pool)
		if err != nil {
			return policy.Rules{}, err
		}
		doc, err := changedBy(was.Pools[name], c.Key, c.Value)
		if err == nil {
			err = doc.CheckPool()
		}
		if err != nil {
			return policy.Rules{}, usageError{err}
		}
		next := was.With(policy.Rules{}, false)
		next.Pools[name] = doc
		return next, nil
	})
}

// poolRules shows or changes the rules.
type poolRules struct {
	Rules []string `arg:"" optional:"" placeholder:"DOMAIN=POOL" help:"All the rules, in the order in which they are asked; none takes all of them back."`
	workspaceSettings
}

func (*poolRules) examples() []string {
	return []string{
		"countersign admin pool rules",
		"countersign admin pool rules example.com=Staff partner.example=Contractors",
		"countersign admin pool rules none",
	}
}

// ruleView is a rule as a result for a program.
type ruleView struct {
	Domain string             `json:"domain"`
	Pool   countersign.PoolID `json:"pool"`
}

// Run stores the rules, where there are some, and prints those in force.
func (c *poolRules) Run(ctx context.Context, t *terminal) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		rules, version, err := p.People.PoolRules(ctx, workspace)
		if err != nil {
			return err
		}
		if len(c.Rules) > 0 {
			rules, err = c.typed(ctx, p, workspace)
			if err != nil {
				return err
			}
			err = p.People.StorePoolRules(ctx, workspace, rules, version, people.Shell())
			if err != nil {
				return err
			}
		}
		views, lines := []ruleView{}, [][]string{}
		for _, rule := range rules {
			pool, _, err := p.People.Pool(ctx, workspace, rule.Pool)
			if err != nil {
				return err
			}
			views = append(views, ruleView{rule.Value, rule.Pool})
			lines = append(lines, []string{rule.Value, pool.Name})
		}
		if t.json {
			return t.printJSON(views)
		}
		return t.table([]string{"DOMAIN", "POOL"}, lines)
	})
}

func (c *poolRules) typed(ctx context.Context, p *server.Parts, workspace countersign.WorkspaceID) ([]policy.PoolRule, error) {
	if len(c.Rules) == 1 && c.Rules[0] == "none" {
		return nil, nil
	}
	var rules []policy.PoolRule
	for _, text := range c.Rules {
		domain, name, found := strings.Cut(text, "=")
		if !found {
			return nil, usageError{fmt.Errorf("%q is not DOMAIN=POOL", text)}
		}
		folded, err := policy.FoldDomain(domain)
		if err != nil {
			return nil, usageError{err}
		}
		pool, _, err := findPool(ctx, p, workspace, name)
		if err != nil {
			return nil, err
		}
		rules = append(rules, policy.PoolRule{Kind: policy.ByDomain, Value: folded, Pool: pool.ID})
	}
	return rules, nil
}
