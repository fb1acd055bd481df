package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	keys "golang.org/x/term"

	device "countersign/internal/terminal"
)

// pinFlag says where a PIN comes from when nobody is asked.
type pinFlag struct {
	PINFile string `name:"pin-file" placeholder:"FILE" help:"A file that holds the PIN; - is standard input. Without it the PIN is asked for."`
}

// asks tells whether a person sits there who can be asked.
func (t *terminal) asks() bool { return !t.noInput && isTerminal(t.in) }

// interrupted is a question that was left: the second answer to it does not come.
func (t *terminal) interrupted() error {
	return usageError{errors.New(t.speaker().Say("cli.terminal_interrupted"))}
}

type typedLine struct {
	text string
	err  error
}

// line is ask for a question that Ctrl-C leaves at once: whoever waits for a request
// waits long.
func (t *terminal) line(ctx context.Context, question, otherwise string) (string, error) {
	came := make(chan typedLine, 1)
	go func() {
		text, err := t.ask(question, otherwise)
		came <- typedLine{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", t.interrupted()
	case typed := <-came:
		return typed.text, typed.err
	}
}

// hidden is line for what is not shown while it is typed.
func (t *terminal) hidden(ctx context.Context, question, otherwise string) (string, error) {
	keyboard, isFile := t.in.(*os.File)
	if !t.asks() || !isFile {
		return "", usageError{errors.New(otherwise)}
	}
	number := int(keyboard.Fd())
	before, err := keys.GetState(number)
	if err != nil {
		return "", fmt.Errorf("look at the terminal: %w", err)
	}
	_, _ = fmt.Fprint(t.messages, question+" ")
	came := make(chan typedLine, 1)
	go func() {
		text, err := keys.ReadPassword(number)
		came <- typedLine{string(text), err}
	}()
	select {
	case <-ctx.Done():
		_ = keys.Restore(number, before) // or the shell shows nothing that is typed
		return "", t.interrupted()
	case typed := <-came:
		_, _ = fmt.Fprintln(t.messages)
		if errors.Is(typed.err, io.EOF) {
			return "", t.interrupted()
		}
		return typed.text, typed.err
	}
}

// newPIN gets one that was typed twice, or the one of a file. Errors: one that is too
// short; nobody to ask.
func (c pinFlag) newPIN(ctx context.Context, t *terminal) (string, error) {
	if c.PINFile != "" {
		pin, err := t.secret("--pin-file", c.PINFile)
		if err == nil && utf8.RuneCountInString(pin) < device.LeastPIN {
			err = shortPIN()
		}
		return pin, err
	}
	for {
		pin, err := t.hidden(ctx, t.speaker().Say("cli.terminal_new_pin", "Least", device.LeastPIN), t.noPIN())
		if err != nil {
			return "", err
		}
		if utf8.RuneCountInString(pin) < device.LeastPIN {
			t.tell("cli.terminal_pin_short", "Least", device.LeastPIN)
			continue
		}
		again, err := t.hidden(ctx, t.speaker().Say("cli.terminal_new_pin_again"), t.noPIN())
		if err != nil {
			return "", err
		}
		if pin == again {
			return pin, nil
		}
		t.tell("cli.terminal_pin_differs")
	}
}

func (t *terminal) noPIN() string { return t.speaker().Say("cli.terminal_pin_missing") }

// unlock opens the verifying key. A PIN that is typed may be typed again; an empty one
// leaves.
func (c pinFlag) unlock(ctx context.Context, a acting) error {
	if c.PINFile != "" {
		pin, err := a.t.secret("--pin-file", c.PINFile)
		if err != nil {
			return err
		}
		return refusalOf(a.t, a.Unlock(pin))
	}
	for {
		pin, err := a.t.hidden(ctx, a.t.speaker().Say("cli.terminal_pin"), a.t.noPIN())
		if err != nil {
			return err
		}
		if pin == "" {
			return a.t.interrupted()
		}
		err = a.Unlock(pin)
		if !errors.Is(err, device.ErrPIN) {
			return err
		}
		a.t.tell("cli.terminal_pin_wrong")
	}
}
