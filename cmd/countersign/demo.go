package main

import (
	"bufio"
	"context"
	"log/slog"
	"strings"
	"time"

	"countersign/internal/config"
	"countersign/internal/method/totp"
	"countersign/internal/server"
)

// demoCommand is a temporary installation to look at.
type demoCommand struct {
	Listen   string `name:"listen" placeholder:"HOST:PORT" help:"The address and port on this machine. Default: localhost:8080, or the next free port"`
	Language string `name:"language" placeholder:"TAG" help:"The language for people who have chosen none."`
}

func (*demoCommand) examples() []string {
	return []string{"countersign demo", "countersign demo --listen localhost:9000 --language de"}
}

// demoView is the result for a program.
type demoView struct {
	URL      string            `json:"url"`
	Password string            `json:"password"`
	Accounts []demoAccountView `json:"accounts"`
}

type demoAccountView struct {
	Email         string   `json:"email"`
	Name          string   `json:"name"`
	Role          string   `json:"role"`
	About         string   `json:"about"`
	SignsIn       bool     `json:"signs_in"`
	SetupKey      string   `json:"setup_key,omitempty"`
	RecoveryCodes []string `json:"recovery_codes,omitempty"`
}

// Run makes the demonstration, says who is in it, and serves until it is asked
// to end. Then nothing of it is left.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	d, err := server.NewDemo(ctx, server.DemoOptions{
		Listen: c.Listen, Language: c.Language, Now: time.Now, Log: logger(config.Config{}, t.errors, slog.LevelWarn),
	})
	if err != nil {
		return err
	}
	err = c.introduce(t, d)
	if err != nil {
		_ = d.Close()
		return err
	}
	if isTerminal(t.in) && isTerminal(t.out) && !t.json {
		go c.codes(t, d)
	}
	return d.Run(ctx)
}

// introduce prints the address and the accounts.
func (c *demoCommand) introduce(t *terminal, d *server.Demo) error {
	say := t.speaker().Say
	if t.json {
		view := demoView{URL: d.URL(), Password: server.DemoPassword}
		for _, a := range d.Accounts {
			view.Accounts = append(view.Accounts, demoAccountView{
				a.Email, a.Name, string(a.Role), say("cli." + a.About), a.Password, a.Key, a.Codes,
			})
		}
		return t.printJSON(view)
	}
	err := t.print(say("cli.demo_ready", "Address", d.URL()) + "\n")
	if err != nil {
		return err
	}
	t.tell("cli.demo_password", "Password", server.DemoPassword)
	watched := isTerminal(t.out)
	err = printCast(t, d, watched)
	if err != nil {
		return err
	}
	t.tell("cli.demo_messages", "Address", d.URL()+"/dev/messages")
	if watched {
		t.tell("cli.demo_codes")
		err = printCodes(t, d)
		if err == nil && isTerminal(t.in) {
			t.tell("cli.demo_enter")
		}
	}
	t.tell("cli.demo_end")
	return err
}

// printCast lists everybody; with what they sign in by for a pipe, where it need
// not fit a screen and is not listed once more.
func printCast(t *terminal, d *server.Demo, watched bool) error {
	heading := []string{"E-MAIL", "ROLE", "STATE"}
	var lines [][]string
	for _, a := range d.Accounts {
		line := []string{a.Email, string(a.Role), t.speaker().Say("cli." + a.About)}
		if !watched {
			line = append(line, orDash(keyOf(a)), orDash(firstOf(a.Codes)))
		}
		lines = append(lines, line)
	}
	return t.table(heading, lines)
}

// printCodes lists the authenticator apps with the codes of this moment, so that
// nobody needs a phone for a look.
func printCodes(t *terminal, d *server.Demo) error {
	now := time.Now()
	var lines [][]string
	for _, a := range d.Accounts {
		if a.Key != "" && a.Password {
			lines = append(lines, []string{a.Email, a.Code(now), keyOf(a), orDash(firstOf(a.Codes))})
		}
	}
	err := t.table([]string{"E-MAIL", "CODE NOW", "SETUP KEY", "A CODE LEFT"}, lines)
	t.tell("cli.demo_until", "Length", time.Unix((totp.Step(now)+1)*30, 0).Sub(now).Round(time.Second))
	return err
}

// keyOf is the setup key as pages show it.
func keyOf(a server.DemoAccount) string { return strings.Join(totp.Groups(a.Key), " ") }

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// codes prints the codes again each time that Enter is pressed.
func (c *demoCommand) codes(t *terminal, d *server.Demo) {
	for lines := bufio.NewScanner(t.in); lines.Scan(); {
		if printCodes(t, d) != nil {
			return
		}
	}
}
