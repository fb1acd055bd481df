package main

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"
)

// exampler is a command that shows how it is used; its help begins with that.
type exampler interface{ examples() []string }

// examples of the program itself.
func (*program) examples() []string {
	return []string{
		"countersign serve",
		"countersign demo",
		"countersign admin user list",
		"countersign config init",
	}
}

// printHelp prints the examples, then the usage, then where to read on.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	node := ctx.Selected()
	if node == nil {
		node = ctx.Model.Node
	}
	if e, has := node.Target.Addr().Interface().(exampler); has {
		text := "Examples:\n  " + strings.Join(e.examples(), "\n  ") + "\n\n"
		if _, err := ctx.Stdout.Write([]byte(text)); err != nil {
			return err
		}
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	_, err := ctx.Stdout.Write([]byte("\nExit codes: countersign help exit-codes. Settings: countersign config init -\n"))
	return err
}

// helpCommand explains a topic, or a command as its --help does.
type helpCommand struct {
	Topic []string `arg:"" optional:"" help:"A command, or exit-codes."`
}

func (*helpCommand) examples() []string {
	return []string{"countersign help exit-codes", "countersign help config show"}
}

// Run prints the topic.
func (c *helpCommand) Run(t *terminal, parser *kong.Kong) error {
	if len(c.Topic) == 1 && c.Topic[0] == "exit-codes" {
		return t.print(exitCodesTopic)
	}
	for _, word := range c.Topic {
		if strings.HasPrefix(word, "-") {
			return usageError{errors.New("help takes a command, for example `countersign help config show`")}
		}
	}
	if _, err := parser.Parse(append(c.Topic, "--help")); err != nil && !isMissingArgument(err) {
		return usageError{err}
	}
	return nil
}

// isMissingArgument tells whether a command was found and only lacks what its
// help has just explained.
func isMissingArgument(err error) bool {
	var parse *kong.ParseError
	return errors.As(err, &parse) && !strings.HasPrefix(err.Error(), "unexpected argument")
}
