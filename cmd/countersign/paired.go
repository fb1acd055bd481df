package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"countersign"
	"countersign/internal/seal"
	device "countersign/internal/terminal"
)

// terminalCommands make of this command line one of a person's devices. It speaks the
// public protocol alone, from any machine, and needs no installation here.
type terminalCommands struct {
	Pair    pairCommand    `cmd:"" help:"Make this command line one of your devices."`
	Watch   watchCommand   `cmd:"" help:"Show each request as it comes, and answer it."`
	Approve approveCommand `cmd:"" help:"Approve what waits, with the number beside it."`
	Deny    denyCommand    `cmd:"" help:"Deny what waits, or report it."`
	List    pairedList     `cmd:"" help:"List the devices that are paired here."`
	SignOut pairedSignOut  `cmd:"" name:"sign-out" help:"Stop requests to this command line; its keys stay."`
	SignIn  pairedSignIn   `cmd:"" name:"sign-in" help:"Let requests come again."`
	Remove  pairedRemove   `cmd:"" help:"End the pairing, and remove the keys."`
}

func (*terminalCommands) examples() []string {
	return []string{
		"countersign terminal pair 'https://signin.example.com/authenticator/#pair=…'",
		"countersign terminal pair K7Q2-9FMX --server https://signin.example.com",
		"countersign terminal watch",
		"countersign terminal approve --number 47",
	}
}

// deviceOptions are what a device is made with here.
func (t *terminal) deviceOptions() device.Options {
	return device.Options{Now: time.Now, Random: seal.Bytes, Version: semantic(thisBuild().Version), Language: t.speaker().Lang()}
}

var semanticVersion = regexp.MustCompile(`^v?([0-9]+\.[0-9]+\.[0-9]+(?:[-+].*)?)$`)

// semantic is a version as the protocol wants it; what was built by hand has none.
func semantic(version string) string {
	if found := semanticVersion.FindStringSubmatch(version); found != nil {
		return found[1]
	}
	return "0.0.0-development"
}

// devices is the folder of the devices of whoever runs this.
func (t *terminal) devices() (device.Folder, error) {
	base := variable(t.env, "XDG_CONFIG_HOME")
	if base == "" {
		home := variable(t.env, "HOME")
		if home == "" {
			var err error
			home, err = os.UserHomeDir()
			if err != nil {
				return device.Folder{}, err
			}
		}
		base = filepath.Join(home, ".config")
	}
	return device.Folder{Path: filepath.Join(base, "countersign", "devices")}, nil
}

// oneDevice says which of the devices here acts.
type oneDevice struct {
	Device string `name:"device" placeholder:"DEVICE" help:"The device that acts, by its id or name, where several are paired here."`
}

// find tells which device is meant: the only one where none is named.
func (c oneDevice) find(t *terminal) (device.Folder, device.Identity, error) {
	folder, err := t.devices()
	if err != nil {
		return folder, device.Identity{}, err
	}
	all, err := folder.List()
	if err != nil {
		return folder, device.Identity{}, err
	}
	if len(all) == 0 {
		return folder, device.Identity{}, countersign.Refuse(countersign.Unauthenticated, "not_paired")
	}
	var found []device.Identity
	var names []string
	for _, d := range all {
		names = append(names, d.ID)
		if c.Device == d.ID {
			return folder, d, nil
		}
		if c.Device == "" || c.Device == d.Name {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return folder, device.Identity{}, countersign.Refuse(countersign.NotFound, "no_such_device")
	case 1:
		return folder, found[0], nil
	}
	return folder, device.Identity{}, usageError{errors.New(t.speaker().Say("cli.terminal_several_devices", "Devices", strings.Join(names, ", ")))}
}

// acting is a device that is used by a command.
type acting struct {
	*device.Device
	t      *terminal
	folder device.Folder
}

func (c oneDevice) open(t *terminal) (acting, error) {
	folder, who, err := c.find(t)
	if err != nil {
		return acting{}, err
	}
	d, err := folder.Open(who.ID, t.deviceOptions())
	return acting{d, t, folder}, err
}

// explain turns what a call came to into what the person is told. A device that the
// server does not know any more forgets its keys: they serve nothing.
func (a acting) explain(err error) error {
	if device.CodeOf(err) == device.DeviceUnknown {
		forgotten := a.folder.Forget(a.ID)
		if forgotten != nil && !errors.Is(forgotten, device.ErrNoDevice) {
			return errors.Join(refusalOf(a.t, err), forgotten)
		}
	}
	return refusalOf(a.t, err)
}
