package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"countersign"
	device "countersign/internal/terminal"
)

// watchCommand shows requests as they come.
type watchCommand struct {
	oneDevice
	pinFlag
}

func (*watchCommand) examples() []string {
	return []string{"countersign terminal watch", "countersign terminal watch --json"}
}

// Run waits for requests until it is interrupted.
func (c *watchCommand) Run(ctx context.Context, t *terminal) error {
	a, err := c.open(t)
	if err != nil {
		return err
	}
	h, err := a.Hello(ctx)
	if err != nil {
		return a.explain(err)
	}
	if h.State == "signed_out" {
		return refusalOf(t, &device.Problem{Status: 403, Code: device.DeviceSignedOut})
	}
	t.tell("cli.terminal_watching", "Account", plain(h.Account), "Server", a.Issuer)
	w := watch{acting: a, pin: c.pinFlag}
	for ctx.Err() == nil && err == nil {
		err = w.next(ctx)
	}
	if ctx.Err() != nil {
		err = nil // asked to end, and nothing is left undone
	}
	return err
}

// watch is what was seen so far.
type watch struct {
	acting
	pin    pinFlag
	cursor string
	seen   []string
	failed bool
}

// next waits for news and shows what is new, the oldest first.
func (w *watch) next(ctx context.Context) error {
	began := time.Now()
	list, err := w.Requests(ctx, w.cursor, device.LongestWait)
	if pause, again := device.Again(err); again {
		if !w.failed {
			w.t.tell("cli.terminal_unreachable", "Text", plain(err.Error()))
		}
		w.failed = true
		return device.Pause(ctx, pause)
	}
	if err != nil {
		return w.explain(err)
	}
	w.failed = false
	if list.Cursor == w.cursor {
		return w.Rest(ctx, began)
	}
	w.cursor = list.Cursor
	var here []string
	for _, r := range slices.Backward(list.Requests) {
		here = append(here, r.ID)
		if slices.Contains(w.seen, r.ID) {
			continue
		}
		err = w.meet(ctx, r, list.Now)
		if err != nil {
			return err
		}
	}
	w.seen = here
	return nil
}

// meet shows one request, and asks where somebody sits.
func (w *watch) meet(ctx context.Context, r device.Request, now time.Time) error {
	if !w.t.asks() || w.t.json {
		return w.t.listRequest(r)
	}
	err := w.t.show(r, now)
	if err != nil {
		return err
	}
	err = w.ask(ctx, r)
	var left usageError
	var refusal *countersign.Error
	switch {
	case errors.As(err, &left):
		return nil // it stays where it is, and can be decided elsewhere
	case errors.As(err, &refusal) && (refusal.Kind == countersign.Conflict || refusal.Kind == countersign.NotFound || refusal.Kind == countersign.Forbidden || refusal.Kind == countersign.Limited):
		report(w.t.errors, w.t.speaker, err)
		return nil
	}
	return err
}

// ask asks what is to become of a request.
func (w *watch) ask(ctx context.Context, r device.Request) error {
	question := w.t.speaker().Say("cli.terminal_ask", "Digits", r.Number.Digits)
	if r.Number.Digits == 0 {
		question = w.t.speaker().Say("cli.terminal_ask_tap")
	}
	for {
		typed, err := w.t.line(ctx, question, "")
		if err != nil {
			return err
		}
		switch {
		case typed == "":
			return nil
		case typed == "d":
			return w.decide(ctx, r, device.Deny, "")
		case typed == "r":
			return w.decide(ctx, r, device.Report, "")
		case r.Number.Digits == 0 && typed == "a", r.Number.Digits > 0 && isNumber(typed, r.Number.Digits):
			return w.approve(ctx, r, typed, w.pin)
		}
	}
}
