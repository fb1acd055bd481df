package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"countersign/internal/account"
)

// secretLimit bounds what is read as a secret; it is far above any.
const secretLimit = 64 << 10

// secret reads a secret from the file that a flag names, - being standard input,
// without the line break that editors and echo put behind it. It is never an
// argument itself: everybody on the machine can read a command line.
func (t *terminal) secret(flag, file string) (string, error) {
	in := t.in
	if file != "-" {
		f, err := os.Open(file) // #nosec G304 -- the operator names this file
		if err != nil {
			return "", usageError{fmt.Errorf("%s: %w", flag, err)}
		}
		defer func() { _ = f.Close() }()
		in = f
	} else if isTerminal(t.in) {
		t.tell("cli.type_secret")
	}
	text, err := io.ReadAll(io.LimitReader(in, secretLimit+1))
	if err != nil {
		return "", usageError{fmt.Errorf("%s: %w", flag, err)}
	}
	if len(text) > secretLimit {
		return "", usageError{fmt.Errorf("%s: %s is longer than a secret can be", flag, file)}
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", usageError{fmt.Errorf("%s: %s", flag, t.speaker().Say("cli.secret_empty"))}
	}
	return secret, nil
}

// ask puts a question and returns the line that was typed. It refuses when
// nobody sits there who could answer.
func (t *terminal) ask(question, otherwise string) (string, error) {
	if t.noInput || !isTerminal(t.in) {
		return "", usageError{errors.New(otherwise)}
	}
	_, _ = fmt.Fprint(t.messages, question+" ")
	line, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// confirm lets a person type the address of the account that an act is about,
// or compares the one given with --confirm: the act cannot be taken back.
func (t *terminal) confirm(given, email, what string) error {
	typed := given
	if typed == "" {
		var err error
		question := t.speaker().Say(what, "Email", email) + "\n" + t.speaker().Say("cli.confirm_type", "Email", email)
		typed, err = t.ask(question, t.speaker().Say("cli.confirm_missing", "Email", email))
		if err != nil {
			return err
		}
	}
	if account.EmailKey(typed) != account.EmailKey(email) {
		return usageError{errors.New(t.speaker().Say("cli.confirm_other", "Email", email))}
	}
	return nil
}
