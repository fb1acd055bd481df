package main

import (
	"context"
	"encoding/json"
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

// policyCommands show and change the settings of the workspace.
type policyCommands struct {
	Show  policyShow  `cmd:"" help:"Show every setting, its value, and whether it was set."`
	Set   policySet   `cmd:"" help:"Change one setting."`
	Apply policyApply `cmd:"" help:"Change all the settings that a file or a preset names."`
}

func (*policyCommands) examples() []string {
	return []string{
		"countersign admin policy show",
		"countersign admin policy set require_second_factor required",
		"countersign admin policy apply company-required --dry-run",
	}
}

// policyShow lists the settings.
type policyShow struct{ storeSettings }

func (*policyShow) examples() []string {
	return []string{"countersign admin policy show", "countersign admin policy show --json"}
}

// settingsView is the result for a program.
type settingsView struct {
	Version  int64           `json:"version"`
	Settings policy.Document `json:"settings"`
	Set      policy.Document `json:"set"`
}

// Run prints the settings.
func (c *policyShow) Run(ctx context.Context, t *terminal) error {
	return c.withEngine(ctx, t, func(p *server.Parts) error {
		doc, version, err := p.People.Document(ctx, countersign.DefaultWorkspace)
		if err != nil {
			return err
		}
		if t.json {
			return t.printJSON(settingsView{version, effective(doc), doc})
		}
		var lines [][]string
		for _, key := range policy.Table() {
			from := "default"
			if _, set := doc[key.Name]; set {
				from = "set"
			}
			lines = append(lines, []string{key.Name, spell(effective(doc)[key.Name]), from, key.Values})
		}
		return t.table([]string{"SETTING", "VALUE", "FROM", "MAY BE"}, lines)
	})
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

// effective is the document with the defaults under it.
func effective(doc policy.Document) policy.Document {
	defaults := policy.Document{}
	for _, key := range policy.Table() {
		defaults[key.Name] = key.Default
	}
	return defaults.With(doc)
}

// spell writes a value as it is typed.
func spell(value any) string {
	switch list := value.(type) {
	case []string:
		return strings.Join(list, ",")
	case []any:
		texts := make([]string, 0, len(list))
		for _, item := range list {
			texts = append(texts, fmt.Sprint(item))
		}
		return strings.Join(texts, ",")
	}
	return fmt.Sprint(value)
}

// howToChange are the flags of both commands that change settings.
type howToChange struct {
	Accept []string `name:"accept" placeholder:"KEY" help:"Accept the warning about this setting, instead of typing yes. May be given several times."`
	DryRun bool     `name:"dry-run" help:"Show what would change, and change nothing."`
	storeSettings
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
	return c.edit(ctx, t, func(doc policy.Document) (policy.Document, error) { return changedBy(doc, c.Key, c.Value) })
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
	_, list := effective(nil)[name].([]string)
	return list
}

// policyApply changes what a file or a preset names.
type policyApply struct {
	From    string `arg:"" name:"file-or-preset" help:"A TOML or JSON file, - for standard input, or a preset: standard, company-required, mailed-codes."`
	Replace bool   `name:"replace" help:"Take back every setting that is not named in it."`
	howToChange
}

func (*policyApply) examples() []string {
	return []string{
		"countersign admin policy apply company-required",
		"countersign admin policy apply mailed-codes --accept recovery.delivery --accept totp.key_chars",
		"countersign admin policy apply settings.toml --dry-run",
	}
}

// Run changes the settings.
func (c *policyApply) Run(ctx context.Context, t *terminal) error {
	named, err := t.document(c.From)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", c.From, err)}
	}
	return c.edit(ctx, t, func(doc policy.Document) (policy.Document, error) {
		if c.Replace {
			return named, nil
		}
		return doc.With(named), nil
	})
}

// document reads a preset or a file.
func (t *terminal) document(from string) (policy.Document, error) {
	if slices.Contains(policy.Presets(), from) {
		return policy.Preset(from)
	}
	var text []byte
	var err error
	if from == "-" {
		text, err = io.ReadAll(io.LimitReader(t.in, 1<<20))
	} else {
		text, err = os.ReadFile(from) // #nosec G304 -- the operator names this file
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no such file, and the presets are %s", strings.Join(policy.Presets(), ", "))
	}
	if err != nil {
		return nil, err
	}
	if json.Valid(text) {
		return policy.ParseDocument(text)
	}
	return policy.ParseTOML(text)
}

// edit changes the document of the workspace, unless somebody else has changed it
// meanwhile.
func (c howToChange) edit(ctx context.Context, t *terminal, change func(policy.Document) (policy.Document, error)) error {
	return c.withEngine(ctx, t, func(p *server.Parts) error {
		doc, version, err := p.People.Document(ctx, countersign.DefaultWorkspace)
		if err != nil {
			return err
		}
		next, err := change(doc)
		if err != nil {
			return usageError{err}
		}
		return c.store(t, doc, next, func() error {
			return p.People.StoreDocument(ctx, countersign.DefaultWorkspace, next, version, people.Shell())
		})
	})
}

// store shows the difference, asks where a value deserves a warning, and stores.
func (c howToChange) store(t *terminal, doc, next policy.Document, do func() error) error {
	differences := compare(doc, next)
	err := t.printDifferences(differences)
	if err != nil {
		return err
	}
	if c.DryRun {
		t.warn(differences)
		t.tell("cli.policy_dry_run")
		return nil
	}
	if len(differences) == 0 {
		t.tell("cli.policy_same")
		return nil
	}
	err = t.accept(differences, c.Accept)
	if err != nil {
		return err
	}
	err = do()
	if err != nil {
		return err
	}
	t.tell("cli.policy_changed")
	return nil
}
