package main

import (
	"context"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/server"
)

// policyCommands show and change the settings of the workspace.
type policyCommands struct {
	Show    policyShow    `cmd:"" help:"Show every setting, its value, and where it comes from."`
	Set     policySet     `cmd:"" help:"Change one setting."`
	Export  policyExport  `cmd:"" help:"Write all settings, those of the pools too, as one file."`
	Diff    policyDiff    `cmd:"" help:"Show what a file or a preset would change."`
	Apply   policyApply   `cmd:"" help:"Change all the settings that a file or a preset names."`
	Explain policyExplain `cmd:"" help:"Tell how a sign-in of somebody would go, and why."`
}

func (*policyCommands) examples() []string {
	return []string{
		"countersign admin policy show",
		"countersign admin policy set require_second_factor required",
		"countersign admin policy apply company-required --dry-run",
		"countersign admin policy explain ada@example.com",
	}
}

// policyShow lists the settings.
type policyShow struct {
	Pool string `name:"pool" placeholder:"POOL" help:"As they are in force in this identity pool."`
	workspaceSettings
}

func (*policyShow) examples() []string {
	return []string{"countersign admin policy show", "countersign admin policy show --json", "countersign admin policy show --pool Everybody"}
}

// settingsView is the result for a program.
type settingsView struct {
	Version  int64                    `json:"version"`
	Settings policy.Document          `json:"settings"`
	Set      policy.Document          `json:"set"`
	From     map[string]policy.Origin `json:"from"`
}

// Run prints the settings.
func (c *policyShow) Run(ctx context.Context, t *terminal) error {
	return c.within(ctx, t, func(p *server.Parts, workspace countersign.WorkspaceID) error {
		stored, err := p.People.Rules(ctx, workspace)
		if err != nil {
			return err
		}
		set, own := stored.Workspace, policy.Document(nil)
		if c.Pool != "" {
			name, err := poolNamed(stored, c.Pool)
			if err != nil {
				return err
			}
			own = stored.Pools[name]
			set = own
		}
		all, err := policy.EffectiveOf(stored.Workspace, own)
		if err != nil {
			return err
		}
		view := settingsView{stored.Version, policy.Document{}, set, map[string]policy.Origin{}}
		var lines [][]string
		for _, e := range all {
			view.Settings[e.Key.Name], view.From[e.Key.Name] = e.Value, e.Origin
			lines = append(lines, []string{e.Key.Name, policy.Spell(e.Value), string(e.Origin), e.Key.Values})
		}
		if t.json {
			return t.printJSON(view)
		}
		return t.table([]string{"SETTING", "VALUE", "FROM", "MAY BE"}, lines)
	})
}

// poolNamed is the name by which the rules know a pool of a name or an id.
func poolNamed(stored people.Stored, typed string) (string, error) {
	if name := stored.PoolName(countersign.PoolID(typed)); name != "" {
		return name, nil
	}
	for _, name := range stored.PoolNames() {
		if account.NameKey(name) == account.NameKey(typed) {
			return name, nil
		}
	}
	return "", countersign.Refuse(countersign.NotFound, "no_such_pool")
}

// withEngine opens the installation for act.
func (s storeSettings) withEngine(ctx context.Context, t *terminal, act func(*server.Parts) error) error {
	loaded, err := s.load(t)
	if err != nil {
		return err
	}
	err = installed(loaded)
	if err != nil {
		return err
	}
	p, err := openEngine(ctx, t, loaded)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	return act(p)
}

// howToChange are the flags of both commands that change settings.
type howToChange struct {
	Accept []string `name:"accept" placeholder:"KEY" help:"Accept the warning about this setting, KEY or KEY=VALUE, instead of typing yes. locked-out accepts that people are shut out. May be given several times."`
	DryRun bool     `name:"dry-run" help:"Show what would change, and whom it would shut out, and change nothing."`
	workspaceSettings
}

// policySet changes one setting.
type policySet struct {
	Key   string   `arg:"" help:"The setting, as policy show names it."`
	Value []string `arg:"" help:"Its value; several for a list; default takes the setting back."`
	howToChange
}

func (*policySet) examples() []string {
	return []string{
		"countersign admin policy set require_second_factor required",
		"countersign admin policy set require_second_factor required from 2027-01-31",
		"countersign admin policy set recovery.delivery email --accept recovery.delivery",
		"countersign admin policy set totp.max default",
	}
}

// Run changes the setting.
func (c *policySet) Run(ctx context.Context, t *terminal) error {
	return c.edit(ctx, t, func(was people.Stored) (policy.Rules, error) {
		doc, err := changedBy(was.Workspace, c.Key, c.Value)
		if err != nil {
			return policy.Rules{}, usageError{err}
		}
		return was.With(policy.Rules{Workspace: doc}, true), nil
	})
}

// changedBy is a document with one setting as it was typed; "default" takes it out.
func changedBy(doc policy.Document, key string, typed []string) (policy.Document, error) {
	if len(typed) == 1 && typed[0] == "default" {
		if !isSetting(key) {
			return nil, policy.Document{key: "default"}.Check()
		}
		next := doc.With(nil)
		delete(next, key)
		return next, nil
	}
	separator := " "
	if isList(key) {
		separator = ","
	}
	value, err := policy.ParseValue(key, strings.Join(typed, separator))
	if err != nil {
		return nil, err
	}
	return doc.With(policy.Document{key: value}), nil
}

func isSetting(name string) bool {
	return slices.ContainsFunc(policy.Table(), func(key policy.Key) bool { return key.Name == name })
}

func isList(name string) bool {
	return slices.ContainsFunc(policy.Table(), func(key policy.Key) bool { return key.Name == name && key.List })
}
