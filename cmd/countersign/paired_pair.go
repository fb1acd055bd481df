package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	device "countersign/internal/terminal"
)

// pairCommand makes of this command line a device.
type pairCommand struct {
	Link   string `arg:"" name:"link-or-code" help:"The link behind the QR code, or the short code with --server; - is standard input."`
	Server string `name:"server" placeholder:"URL" help:"The server's address, for a short code."`
	Name   string `name:"name" placeholder:"NAME" help:"What you call this device. Default: the name of this machine"`
	Email  bool   `name:"email" help:"Confirm by a code that is mailed to you, instead of digits typed on the page."`
	pinFlag
}

func (*pairCommand) examples() []string {
	return []string{
		"countersign terminal pair 'https://signin.example.com/authenticator/#pair=…'",
		"countersign terminal pair K7Q2-9FMX --server https://signin.example.com --name 'Build host'",
	}
}

// pairedView is a device as a result for a program.
type pairedView struct {
	device.Identity
	// State is "confirmed" before the first request was approved, "active" then.
	State string `json:"state,omitempty"`
}

// Run pairs, and prints the device's id.
func (c *pairCommand) Run(ctx context.Context, t *terminal) error {
	link := c.Link
	if link == "-" {
		// Others on this machine see a command line, if only for the moment until the
		// code is claimed.
		var err error
		link, err = t.secret("link-or-code", "-")
		if err != nil {
			return err
		}
	}
	server, code, err := device.ParseLink(link, c.Server)
	if err != nil {
		return usageError{err}
	}
	client, err := device.New(server, t.deviceOptions())
	if err != nil {
		return usageError{err}
	}
	pin := ""
	if c.PINFile != "" || !t.asks() {
		// Before the code is claimed: it serves once.
		pin, err = c.newPIN(ctx, t)
		if err != nil {
			return err
		}
	}
	p, err := client.Claim(ctx, code, c.about())
	if err != nil {
		return refusalOf(t, err)
	}
	t.tell("cli.terminal_claimed", "Account", plain(p.Account), "Workspace", plain(p.Workspace), "Server", server)
	if pin == "" {
		pin, err = c.newPIN(ctx, t)
		if err != nil {
			return err
		}
	}
	return c.join(ctx, t, p, pin)
}

// about is what this device says of itself.
func (c *pairCommand) about() device.About {
	name := c.Name
	if name == "" {
		name, _ = os.Hostname() // without one there is another name
	}
	if name == "" {
		name = "terminal"
	}
	platform := runtime.GOOS
	switch platform {
	case "linux":
		platform = "Linux"
	case "darwin":
		platform = "macOS"
	case "windows":
		platform = "Windows"
	}
	short := []rune(name)
	return device.About{Kind: "terminal", Name: string(short[:min(len(short), 40)]), Platform: platform, Client: "countersign"}
}

// join makes the keys, keeps them, and waits until the person has confirmed them. What
// comes to nothing leaves no file.
func (c *pairCommand) join(ctx context.Context, t *terminal, p *device.Pairing, pin string) error {
	d, digits, err := p.Join(ctx)
	if err != nil {
		return refusalOf(t, err)
	}
	folder, err := t.devices()
	if err == nil {
		err = d.Lock(pin)
	}
	if err == nil {
		err = folder.Save(d)
	}
	if err != nil {
		return refusalOf(t, err)
	}
	err = c.confirm(ctx, t, p, digits)
	if err != nil {
		if ctx.Err() != nil {
			err = t.interrupted()
		}
		return errors.Join(refusalOf(t, err), folder.Forget(d.ID))
	}
	// The PIN is asked again for the first request, as for every later one.
	d, err = folder.Open(d.ID, t.deviceOptions())
	if err != nil {
		return err
	}
	return c.first(ctx, acting{d, t, folder})
}

// confirm shows the digits, or asks for the code that was mailed.
func (c *pairCommand) confirm(ctx context.Context, t *terminal, p *device.Pairing, digits string) error {
	if !c.Email && (slices.Contains(p.Confirm, "code") || !slices.Contains(p.Confirm, "email")) {
		t.tell("cli.terminal_digits", "Digits", digits[:3]+" "+digits[3:])
		return p.Await(ctx, device.Confirmed)
	}
	to, err := p.SendCode(ctx)
	if err != nil {
		return err
	}
	t.tell("cli.terminal_mailed", "To", plain(to))
	for {
		code, err := t.line(ctx, t.speaker().Say("cli.terminal_mailed_code"), t.speaker().Say("cli.terminal_code_missing"))
		if err != nil {
			return err
		}
		err = p.ConfirmCode(ctx, code)
		if device.CodeOf(err) != device.ConfirmWrong {
			return err
		}
		t.tell("cli.error_" + device.ConfirmWrong)
	}
}

// first answers the first request, which makes the device active. Where nobody can be
// asked, that is left to approve.
func (c *pairCommand) first(ctx context.Context, a acting) error {
	state, t := device.Confirmed, a.t
	if t.asks() {
		r, err := a.First(ctx)
		if err != nil {
			return a.explain(err)
		}
		t.tell("cli.terminal_first")
		err = t.show(r, time.Now())
		if err == nil {
			err = a.approve(ctx, r, "", pinFlag{})
		}
		if err != nil {
			return err
		}
		state = device.Active
		t.tell("cli.terminal_paired", "Workspace", plain(a.Workspace))
	} else {
		t.tell("cli.terminal_first_later")
	}
	if t.json {
		return t.printJSON(pairedView{a.Identity, state})
	}
	return t.print(a.ID + "\n")
}
