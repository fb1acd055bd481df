package main

import (
	"context"
	"errors"
	"time"

	device "countersign/internal/terminal"
)

// pairedList lists the devices here.
type pairedList struct{}

func (*pairedList) examples() []string {
	return []string{"countersign terminal list", "countersign terminal list --json"}
}

// Run prints the list. It asks no server.
func (*pairedList) Run(t *terminal) error {
	folder, err := t.devices()
	if err != nil {
		return err
	}
	all, err := folder.List()
	if err != nil {
		return err
	}
	if t.json {
		return t.printJSON(append([]device.Identity{}, all...))
	}
	var rows [][]string
	for _, d := range all {
		rows = append(rows, []string{d.ID, plain(d.Name), plain(d.Account), plain(d.Workspace), plain(d.Issuer), d.PairedAt.UTC().Format(time.RFC3339)})
	}
	return t.table([]string{"DEVICE", "NAME", "ACCOUNT", "WORKSPACE", "SERVER", "PAIRED"}, rows)
}

// pairedSignOut stops requests.
type pairedSignOut struct{ oneDevice }

func (*pairedSignOut) examples() []string { return []string{"countersign terminal sign-out"} }

// Run signs the device out.
func (c *pairedSignOut) Run(ctx context.Context, t *terminal) error {
	a, err := c.open(t)
	if err != nil {
		return err
	}
	err = a.SignOut(ctx)
	if err != nil {
		return a.explain(err)
	}
	t.tell("cli.terminal_signed_out")
	return nil
}

// pairedSignIn lets requests come again.
type pairedSignIn struct {
	oneDevice
	pinFlag
}

func (*pairedSignIn) examples() []string { return []string{"countersign terminal sign-in"} }

// Run signs the device in, which needs the PIN.
func (c *pairedSignIn) Run(ctx context.Context, t *terminal) error {
	a, err := c.open(t)
	if err != nil {
		return err
	}
	err = c.unlock(ctx, a)
	if err != nil {
		return err
	}
	err = a.SignIn(ctx)
	if err != nil {
		return a.explain(err)
	}
	t.tell("cli.terminal_signed_in")
	return nil
}

// pairedRemove ends a device.
type pairedRemove struct {
	Device  string `arg:"" optional:"" help:"The device, by its id or name, where several are paired here."`
	Here    bool   `name:"here" help:"Remove the keys here alone, without the server: for one that is gone."`
	Confirm string `name:"confirm" placeholder:"NAME" help:"The device's name once more, instead of typing it."`
}

func (*pairedRemove) examples() []string {
	return []string{"countersign terminal remove", "countersign terminal remove 'Build host' --confirm 'Build host'"}
}

// Run tells the server and removes the keys.
func (c *pairedRemove) Run(ctx context.Context, t *terminal) error {
	folder, who, err := oneDevice{c.Device}.find(t)
	if err != nil {
		return err
	}
	say := t.speaker().Say
	typed := c.Confirm
	if typed == "" {
		question := say("cli.terminal_confirm_remove", "Name", plain(who.Name), "Workspace", plain(who.Workspace)) + "\n" + say("cli.terminal_confirm_type")
		typed, err = t.line(ctx, question, say("cli.terminal_confirm_missing", "Name", plain(who.Name)))
		if err != nil {
			return err
		}
	}
	if typed != who.Name {
		return usageError{errors.New(say("cli.terminal_confirm_other", "Name", plain(who.Name)))}
	}
	if !c.Here {
		d, err := folder.Open(who.ID, t.deviceOptions())
		if err != nil {
			return err
		}
		err = d.Remove(ctx)
		if err != nil && device.CodeOf(err) != device.DeviceUnknown {
			return refusalOf(t, err)
		}
	}
	err = folder.Forget(who.ID)
	if err != nil {
		return err
	}
	t.tell("cli.terminal_removed", "Name", plain(who.Name))
	return nil
}
