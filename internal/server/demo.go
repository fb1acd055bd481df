package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"countersign"
	"countersign/internal/config"
	"countersign/internal/method/totp"
)

// DemoOptions are what the demonstration is handed.
type DemoOptions struct {
	// Listen is the address; empty is localhost:8080, or the next free port.
	Listen string
	// Language is that of people who have chosen none; empty is the default.
	Language string
	Log      *slog.Logger
	Now      func() time.Time
}

// Demo is a temporary installation with made-up people in many states. Their
// past was lived through the engine, by a clock that ran through the last weeks.
type Demo struct {
	// Accounts are the people, the most useful ones first.
	Accounts []DemoAccount

	server *Server
	folder string
	now    func() time.Time
}

// DemoPassword is the password of everybody in the demonstration.
const DemoPassword = "quiet harbour at seven"

// DemoAccount is one of the people, and how to become them.
type DemoAccount struct {
	Name, Email string
	Role        countersign.Role
	// About is what is particular, as a key of the catalogue.
	About string
	// Password tells whether this account can sign in with DemoPassword.
	Password bool
	// Key is the setup key of the authenticator app, for any such app; empty
	// when there is none.
	Key string
	// Codes are recovery codes that were not used yet.
	Codes []string

	secret []byte
}

// Code is the code that the authenticator app shows now, or "".
func (a DemoAccount) Code(now time.Time) string {
	if len(a.secret) == 0 {
		return ""
	}
	return totp.Code(a.secret, totp.Step(now))
}

// defaultDemoPort is where the demonstration listens when nobody else does, and
// demoPorts how many ports are tried after it.
const (
	defaultDemoPort = 8080
	demoPorts       = 20
)

// NewDemo makes the demonstration in a temporary folder. It listens on this
// machine only, because its passwords are known to everybody.
func NewDemo(ctx context.Context, o DemoOptions) (*Demo, error) {
	folder, err := os.MkdirTemp("", "countersign-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the demonstration: %w", err)
	}
	d := &Demo{folder: folder, now: o.Now}
	clock := &storyClock{real: o.Now}
	d.server, err = demoServer(ctx, o, folder, clock)
	if err == nil {
		d.Accounts, err = tellStories(ctx, d.server, clock)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func demoServer(ctx context.Context, o DemoOptions, folder string, clock *storyClock) (*Server, error) {
	if o.Listen != "" {
		return listenDemo(ctx, o, o.Listen, folder, clock)
	}
	for port := defaultDemoPort; port <= defaultDemoPort+demoPorts; port++ {
		s, err := listenDemo(ctx, o, net.JoinHostPort("localhost", strconv.Itoa(port)), folder, clock)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return s, err
		}
	}
	return listenDemo(ctx, o, "localhost:0", folder, clock)
}

func listenDemo(ctx context.Context, o DemoOptions, listen, folder string, clock *storyClock) (*Server, error) {
	flags := map[string]string{"data": folder, "listen": listen}
	if o.Language != "" {
		flags["language"] = o.Language
	}
	// Nothing but these: the demonstration must not find the settings, and so
	// the database, of an installation that is real.
	c, err := config.Load(config.Inputs{Flags: flags, File: os.DevNull})
	if err != nil {
		return nil, err
	}
	if !c.Development() {
		return nil, &countersign.Error{Kind: countersign.Invalid, Code: "demo_not_local", Args: map[string]any{"Listen": listen}}
	}
	return New(ctx, Options{Config: c, Log: o.Log, Now: clock.Now, Demo: true})
}

// URL is the address that people open.
func (d *Demo) URL() string { return d.server.URL() }

// Run serves until ctx ends, and removes everything.
func (d *Demo) Run(ctx context.Context) error {
	return errors.Join(d.server.Run(ctx), d.Close())
}

// Close removes everything. It may be called twice.
func (d *Demo) Close() error {
	var err error
	if d.server != nil {
		err = d.server.Close()
	}
	return errors.Join(err, os.RemoveAll(d.folder))
}

// storyClock is the real clock, except while the past is told.
type storyClock struct {
	real func() time.Time
	told atomic.Pointer[time.Time]
}

// Now is the moment in the story, or the real one.
func (c *storyClock) Now() time.Time {
	if at := c.told.Load(); at != nil {
		return *at
	}
	return c.real()
}

// set moves the story to a moment; pass lets time go by in it.
func (c *storyClock) set(at time.Time)     { c.told.Store(&at) }
func (c *storyClock) pass(d time.Duration) { c.set(c.Now().Add(d)) }

// end goes back to the real time.
func (c *storyClock) end() { c.told.Store(nil) }
