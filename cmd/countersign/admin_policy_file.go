package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/server"
)

// policyExport writes the rules as a file.
type policyExport struct{ workspaceSettings }

func (*policyExport) examples() []string {
	return []string{"countersign admin policy export > settings.toml"}
}

// Run prints the file.
func (c *policyExport) Run(ctx context.Context, t *terminal) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		stored, err := p.People.Rules(ctx, workspace)
		if err != nil {
			return err
		}
		if t.json {
			return t.printJSON(exported(stored.Rules))
		}
		return t.print(stored.TOML())
	})
}

// exported are rules as apply reads them from JSON.
func exported(r policy.Rules) map[string]any {
	out := map[string]any{}
	for name, value := range r.Workspace {
		out[name] = value
	}
	pools := map[string]policy.Document{}
	for name, doc := range r.Pools {
		pools[name] = doc
		if name == r.Default {
			pools[name] = pools[name].With(policy.Document{"default": true})
		}
		if domains := r.Domains[name]; len(domains) > 0 {
			pools[name] = pools[name].With(policy.Document{policy.DomainsOfPool: domains})
		}
	}
	if len(pools) > 0 {
		out["pool"] = pools
	}
	return out
}

// fromFile is what both commands that take a file have.
type fromFile struct {
	From    string `arg:"" name:"file-or-preset" help:"A TOML or JSON file, - for standard input, or a preset, such as standard or company-required."`
	Replace bool   `name:"replace" help:"Take back every setting that is not named in it. Pools that it does not name are left alone."`
}

// next are the rules with those of the file over them.
func (f fromFile) next(t *terminal, was people.Stored) (policy.Rules, error) {
	named, err := t.rules(f.From)
	if err != nil {
		return policy.Rules{}, usageError{fmt.Errorf("%s: %w", f.From, err)}
	}
	if named.Default != "" && named.Default != was.Default {
		t.tell("policy.pool_called", "Was", was.Default, "Name", named.Default)
	}
	made, err := was.Makes(named)
	if err != nil {
		return policy.Rules{}, err
	}
	for _, name := range made {
		t.tell("policy.pool_made", "Name", name)
	}
	for _, name := range was.Calling(named.Default).PoolNames() {
		_, is := named.Pools[name]
		if !is && len(named.Pools) > 0 {
			t.tell("policy.pool_left", "Name", name)
		}
	}
	next := was.With(named, f.Replace)
	err = next.Check() // what is there may make too much of it
	if err != nil {
		return policy.Rules{}, usageError{fmt.Errorf("%s: %w", f.From, err)}
	}
	return next, nil
}

// policyDiff compares.
type policyDiff struct {
	fromFile
	workspaceSettings
}

func (*policyDiff) examples() []string {
	return []string{"countersign admin policy diff settings.toml", "countersign admin policy diff push-first --replace"}
}

// Run prints what would change.
func (c *policyDiff) Run(ctx context.Context, t *terminal) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		stored, err := p.People.Rules(ctx, workspace)
		if err != nil {
			return err
		}
		next, err := c.next(t, stored)
		if err != nil {
			return err
		}
		err = p.People.InTime(stored.Rules, next)
		if err != nil {
			return err
		}
		changes := policy.Changes(stored.Rules, next)
		if len(changes) == 0 && !makesPools(stored, next) {
			t.tell("cli.policy_same")
		}
		return t.printChanges(changes)
	})
}

// policyApply changes what a file or a preset names.
type policyApply struct {
	fromFile
	howToChange
}

func (*policyApply) examples() []string {
	return []string{
		"countersign admin policy apply company-required",
		"countersign admin policy apply mailed-codes --accept recovery.delivery --accept totp.key_chars",
		"countersign admin policy apply settings.toml --replace --dry-run",
	}
}

// Run changes the settings.
func (c *policyApply) Run(ctx context.Context, t *terminal) error {
	return c.edit(ctx, t, func(was people.Stored) (policy.Rules, error) { return c.next(t, was) })
}

// rules reads a preset or a file.
func (t *terminal) rules(from string) (policy.Rules, error) {
	if slices.Contains(policy.Presets(), from) {
		doc, err := policy.Preset(from)
		return policy.Rules{Workspace: doc}, err
	}
	var text []byte
	var err error
	if from == "-" {
		text, err = io.ReadAll(io.LimitReader(t.in, 1<<20))
	} else {
		text, err = os.ReadFile(from) // #nosec G304 -- the operator names this file
	}
	if errors.Is(err, os.ErrNotExist) {
		return policy.Rules{}, fmt.Errorf("there is no such file, and the presets are %s", strings.Join(policy.Presets(), ", "))
	}
	if err != nil {
		return policy.Rules{}, err
	}
	return policy.ParseRules(text)
}

// edit shows what changes and whom it affects, asks where that deserves a warning, and
// stores the rules, unless somebody else has changed them meanwhile.
func (c howToChange) edit(ctx context.Context, t *terminal, change func(people.Stored) (policy.Rules, error)) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		was, err := p.People.Rules(ctx, workspace)
		if err != nil {
			return err
		}
		next, err := change(was)
		if err == nil {
			err = p.People.InTime(was.Rules, next)
		}
		if err != nil {
			return err
		}
		changes := policy.Changes(was.Rules, next)
		was = was.Calling(next.Default)
		impact, err := p.People.Impact(ctx, workspace, was, next)
		if err != nil {
			return err
		}
		if t.json && c.DryRun {
			err = t.printJSON(dryRun{changes, impact})
		} else {
			err = t.printChanges(changes)
		}
		if err != nil {
			return err
		}
		if len(changes) == 0 && !makesPools(was, next) {
			t.tell("cli.policy_same")
			return nil
		}
		t.tellImpact(impact)
		if c.DryRun {
			t.warn(changes, impact)
			t.tell("cli.policy_dry_run")
			return nil
		}
		if impact.NoOwner {
			return countersign.Refuse(countersign.Conflict, "owners_locked_out")
		}
		err = t.accept(changes, impact, c.Accept)
		if err != nil {
			return err
		}
		err = p.People.StoreRules(ctx, workspace, next, was.Version, people.Shell())
		if err != nil {
			return err
		}
		t.tell("cli.policy_changed")
		return nil
	})
}

// dryRun is the result of a dry run for a program.
type dryRun struct {
	Changes []policy.Change `json:"changes"`
	Impact  people.Impact   `json:"impact"`
}

func makesPools(was people.Stored, next policy.Rules) bool {
	return slices.ContainsFunc(next.PoolNames(), func(name string) bool { return was.PoolNamed(name) == "" })
}
