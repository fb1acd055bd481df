package main

import (
	"bufio"
	"context"
	"log/slog"
	"os"
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
	var lines [][]string
	for _, a := range d.Accounts {
		lines = append(lines, []string{a.Email, string(a.Role), say("cli." + a.About), orDash(strings.Join(totp.Groups(a.Key), " ")), orDash(firstOf(a.Codes))})
	}
	err = t.table([]string{"E-MAIL", "ROLE", "STATE", "SETUP KEY", "A CODE LEFT"}, lines)
	if err != nil {
		return err
	}
	t.tell("cli.demo_codes", "Email", d.Accounts[0].Email, "Number", d.Accounts[0].Code(time.Now()))
	t.tell("cli.demo_messages", "Address", d.URL()+"/dev/messages")
	if isTerminal(t.in) && isTerminal(t.out) {
		t.tell("cli.demo_enter")
	}
	t.tell("cli.demo_end")
	return nil
}

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

// codes prints the codes of all apps each time that Enter is pressed, so that
// nobody needs a phone for a look.
func (c *demoCommand) codes(t *terminal, d *server.Demo) {
	in, isFile := t.in.(*os.File)
	if !isFile {
		return
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		now := time.Now()
		var rows [][]string
		for _, a := range d.Accounts {
			if a.Key != "" {
				rows = append(rows, []string{a.Email, a.Code(now)})
			}
		}
		if t.table([]string{"E-MAIL", "CODE"}, rows) != nil {
			return
		}
		t.tell("cli.demo_until", "Length", time.Unix((totp.Step(now)+1)*30, 0).Sub(now).Round(time.Second))
	}
}
