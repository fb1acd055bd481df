package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"

	"countersign"
	"countersign/internal/config"
	"countersign/internal/words"
)

// speakerOf returns the texts in the language of the person at the terminal, as
// LC_ALL, LC_MESSAGES and LANG say it. The catalogue is read when somebody is
// first spoken to, and once.
func speakerOf(env []string) func() *words.Speaker {
	return sync.OnceValue(func() *words.Speaker {
		catalogue, err := words.Load()
		if err != nil {
			panic(fmt.Errorf("the program’s own texts do not load: %w", err))
		}
		return catalogue.Speaker(catalogue.Match(locale(env)))
	})
}

// locale is the language tag of the environment: de_DE.UTF-8 is de-DE.
func locale(env []string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		value := variable(env, name)
		if value == "" {
			continue
		}
		tag, _, _ := strings.Cut(value, ".")
		tag, _, _ = strings.Cut(tag, "@")
		return strings.ReplaceAll(tag, "_", "-")
	}
	return ""
}

// variable reads the environment as os.Environ gives it; the last one counts.
func variable(env []string, name string) string {
	found := ""
	for _, pair := range env {
		if value, is := strings.CutPrefix(pair, name+"="); is {
			found = value
		}
	}
	return found
}

// tell says a text of the catalogue to the person, on standard error.
func (t *terminal) tell(id string, args ...any) {
	_, _ = fmt.Fprintln(t.messages, harmless(t.speaker().Say(id, args...)))
}

// report says on standard error what went wrong and what to do about it, and
// returns what the shell is told.
func report(to io.Writer, speaker func() *words.Speaker, err error) int {
	if err == nil {
		return exitOK
	}
	lines, hint := explain(speaker, err)
	for _, line := range lines {
		_, _ = fmt.Fprintln(to, "countersign:", harmless(line))
	}
	if hint != "" {
		_, _ = fmt.Fprintln(to, speaker().Say("cli.hint", "Text", hint))
	}
	return exitCode(err)
}

// explain gives an error's lines and its hint, "" for none. A refusal is said
// by the catalogue; a fault, a mistake on the command line and the settings'
// problems are English as logs are.
func explain(speaker func() *words.Speaker, err error) ([]string, string) {
	var problems config.Problems
	if errors.As(err, &problems) {
		var lines []string
		for _, problem := range problems {
			lines = append(lines, problem.String())
		}
		return lines, ""
	}
	var refusal *countersign.Error
	if errors.As(err, &refusal) {
		return sayRefusal(speaker(), refusal, err)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return []string{err.Error()}, speaker().Say("cli.hint_address_in_use")
	}
	return []string{err.Error()}, ""
}

func sayRefusal(speaker *words.Speaker, refusal *countersign.Error, err error) ([]string, string) {
	id := "cli.error_" + refusal.Code
	if !speaker.Has(id) {
		id = "errors." + refusal.Code
	}
	lines := []string{err.Error()}
	if speaker.Has(id) {
		lines = []string{speaker.SayMap(id, refusal.Args)}
		if flag := flagOf(refusal.Field); flag != "" {
			lines[0] = flag + ": " + lines[0]
		}
	}
	if refusal.Code == "settings_invalid" || refusal.Kind == countersign.Unavailable {
		// Whoever sits at the machine is told the cause, which no page tells.
		lines = append(lines, causes(refusal.Err)...)
	}
	hint := ""
	if speaker.Has("cli.hint_" + refusal.Code) {
		hint = speaker.SayMap("cli.hint_"+refusal.Code, refusal.Args)
	}
	return lines, hint
}

func causes(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// flagOf is the flag that fills a field of the forms, which the engine names.
func flagOf(field string) string {
	switch field {
	case "email", "name", "role", "host", "accent", "sender", "logo", "confirm":
		return "--" + field
	case "language":
		return "--people-language"
	case "password", "new_password":
		return "--password-file"
	}
	return ""
}
