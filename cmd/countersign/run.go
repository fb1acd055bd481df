package main

import (
	"context"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// program is the whole command line. Kong reads the tags.
type program struct {
	Serve    serveCommand     `cmd:"" help:"Start the server."`
	Demo     demoCommand      `cmd:"" help:"Start a temporary demonstration with people in many states."`
	Admin    adminCommands    `cmd:"" help:"Manage users, settings, keys and data on this machine."`
	Config   configCommands   `cmd:"" help:"Write, check and show the configuration."`
	Terminal terminalCommands `cmd:"" help:"Approve sign-ins from this command line, as one of your devices."`
	Version  versionCommand   `cmd:"" help:"Print the version."`
	Help     helpCommand      `cmd:"" help:"Explain a command or a topic."`

	JSON    bool `name:"json" help:"Print the result as JSON."`
	Quiet   bool `name:"quiet" short:"q" help:"Print no messages, only results and errors."`
	NoInput bool `name:"no-input" help:"Never ask; fail instead."`
}

// run is the program without its process: everything it touches is handed in,
// so a test can be its terminal. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	var p program
	helped := false
	speaker := speakerOf(env)
	parser, err := kong.New(
		&p,
		kong.Name("countersign"),
		kong.Description("Sign-in with a second factor, in one program."),
		kong.Writers(stdout, stderr),
		kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Exit(func(int) { helped = true }),
		settingHelp(),
		kong.ExplicitGroups([]kong.Group{{Key: "settings", Title: "Settings (--smtp-from is also COUNTERSIGN_SMTP_FROM, and smtp_from in the file):"}}),
	)
	if err != nil {
		return report(stderr, speaker, fmt.Errorf("read the command line’s own description: %w", err))
	}
	command, err := parser.Parse(spoken(args))
	if helped {
		return exitOK // --help was answered; what else stands on the line does not matter
	}
	if err != nil {
		return report(stderr, speaker, usageError{fmt.Errorf("%w; see `countersign --help`", err)})
	}
	t := &terminal{
		in: stdin, out: stdout, messages: stderr, errors: stderr, env: env, speaker: speaker, json: p.JSON, noInput: p.NoInput,
	}
	if p.Quiet {
		t.messages = io.Discard
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return report(stderr, speaker, command.Run(t, parser))
}

// spoken turns what people try first into the command they mean.
func spoken(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	default:
		return args
	}
}
