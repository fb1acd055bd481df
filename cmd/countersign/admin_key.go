package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"countersign/internal/server"
	"countersign/internal/store"
)

// keyCommands are about the master key.
type keyCommands struct {
	Rotate keyRotate `cmd:"" help:"Seal everything under a new master key, and forget the old one."`
}

// keyRotate changes the master key.
type keyRotate struct{ storeSettings }

func (*keyRotate) examples() []string {
	return []string{"countersign admin master-key rotate"}
}

// rotated is the result for a program.
type rotated struct {
	File     string `json:"file"`
	Resealed int    `json:"resealed"`
}

// settle is longer than any transaction of the product may last. On SQLite one
// writer goes after the other, so nothing has to be waited for.
const settle = 12 * time.Second

// Run adds a key, seals every value anew under it, and drops the older ones. A
// server may run meanwhile: it notices the new key at its next value. Were it
// interrupted, all keys are still there, and the command can be given again.
func (c *keyRotate) Run(ctx context.Context, t *terminal) error {
	return c.withEngine(ctx, t, func(p *server.Parts) error {
		err := p.Ring.Rotate()
		if err != nil {
			return err
		}
		n, err := store.Reseal(ctx, p.Store, p.Ring)
		if err != nil {
			return fmt.Errorf("the new key is in force, and the older ones were kept, because something is still sealed under them: %w", err)
		}
		if !p.Store.SQLite() {
			t.tell("cli.key_settle", "Length", settle)
			err = wait(ctx, settle)
			if err != nil {
				return err
			}
		}
		// The event goes after every write that began before the new key, and the
		// second round finds what such a write has left.
		err = note(ctx, p.Store, "master_key.rotated", map[string]string{"resealed": strconv.Itoa(n)})
		if err != nil {
			return err
		}
		more, err := store.Reseal(ctx, p.Store, p.Ring)
		if err != nil {
			return fmt.Errorf("the new key is in force, and the older ones were kept, because something is still sealed under them: %w", err)
		}
		err = p.Ring.Drop()
		if err != nil {
			return err
		}
		t.tell("cli.key_rotated", "File", p.Ring.File(), "Count", n+more)
		if t.json {
			return t.printJSON(rotated{p.Ring.File(), n + more})
		}
		return nil
	})
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("interrupted; nothing is lost, and all keys were kept: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}
