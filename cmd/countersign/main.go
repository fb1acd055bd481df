// Command countersign is the server, the administrator's tool on the machine,
// and the reader of its own configuration.
//
// It owns the command line: names of commands and flags, what is printed where,
// and exit codes. It decides nothing about people or sign-ins: a command reads
// the settings, calls one method of a package below, and prints the answer.
// Refusals, questions and messages come from package words, in the language of
// LANG; help texts, problems of the settings and faults are English, as logs are.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// The first signal asks for an orderly end; the second one is the system's
	// and ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
