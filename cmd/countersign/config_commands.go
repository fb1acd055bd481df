package main

import (
	"errors"
	"fmt"
	"os"

	"countersign/internal/config"
)

// configCommands are what one does with the configuration.
type configCommands struct {
	Init     configInit     `cmd:"" help:"Write a configuration file that documents itself."`
	Validate configValidate `cmd:"" help:"Check everything that the server would be started with."`
	Show     configShow     `cmd:"" help:"Show every setting and where it comes from, with secrets masked."`
}

// configInit writes the commented file.
type configInit struct {
	File string `arg:"" optional:"" default:"countersign.toml" help:"Where to write; - is standard output."`
}

func (*configInit) examples() []string {
	return []string{"countersign config init", "countersign config init /etc/countersign.toml", "countersign config init -"}
}

// Run writes the file, and never over another one.
func (c *configInit) Run(t *terminal) error {
	if c.File == "-" {
		return t.print(config.Template())
	}
	// 0600, because passwords are likely to be written into it.
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return exists(c.File, err)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.WriteString(config.Template())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	t.tell("cli.config_written", "File", c.File)
	return nil
}

// configValidate checks the file, the environment and the flags together.
type configValidate struct {
	File string `arg:"" optional:"" help:"The configuration file, as with --config."`
	allSettings
}

func (*configValidate) examples() []string {
	return []string{"countersign config validate", "countersign config validate /etc/countersign.toml"}
}

// verdict is the result for a program.
type verdict struct {
	Valid    bool            `json:"valid"`
	Problems config.Problems `json:"problems"`
}

// Run checks as `serve` does when it starts.
func (c *configValidate) Run(t *terminal) error {
	if c.File != "" {
		c.ConfigFile = c.File
	}
	loaded, err := config.Load(c.inputs(t.env, true))
	if t.json {
		result := verdict{Valid: err == nil, Problems: config.Problems{}}
		if err != nil && !errors.As(err, &result.Problems) {
			return err
		}
		if err := t.printJSON(result); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	for _, warning := range loaded.Warnings() {
		t.tell("cli.config_warning", "Text", warning)
	}
	t.tell("cli.config_right")
	return nil
}

// configShow lists the settings in force.
type configShow struct{ allSettings }

func (*configShow) examples() []string {
	return []string{"countersign config show", "COUNTERSIGN_LISTEN=:8443 countersign config show --json"}
}

// Run prints the list.
func (c *configShow) Run(t *terminal) error {
	loaded, err := config.Load(c.inputs(t.env, false))
	if err != nil {
		return err
	}
	if t.json {
		return t.printJSON(loaded.Show())
	}
	var rows [][]string
	for _, s := range loaded.Show() {
		rows = append(rows, []string{s.Name, s.Value, s.From})
	}
	return t.table([]string{"SETTING", "VALUE", "FROM"}, rows)
}
