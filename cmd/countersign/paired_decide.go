package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"countersign"
	device "countersign/internal/terminal"
)

// approveCommand approves one request.
type approveCommand struct {
	Request string `arg:"" optional:"" help:"The request, where several wait."`
	Number  string `name:"number" placeholder:"NN" help:"The number beside the sign-in. Without it, it is asked for."`
	oneDevice
	pinFlag
}

func (*approveCommand) examples() []string {
	return []string{
		"countersign terminal approve --number 47",
		"countersign terminal approve req_… --number 47 --pin-file /run/secrets/pin",
	}
}

// Run approves.
func (c *approveCommand) Run(ctx context.Context, t *terminal) error {
	a, err := c.open(t)
	if err != nil {
		return err
	}
	r, now, err := a.one(ctx, c.Request)
	if err != nil {
		return err
	}
	err = t.show(r, now)
	if err != nil {
		return err
	}
	return a.approve(ctx, r, c.Number, c.pinFlag)
}

// denyCommand denies one request.
type denyCommand struct {
	Request string `arg:"" optional:"" help:"The request, where several wait."`
	Report  bool   `name:"report" help:"It was not you: somebody knows your password."`
	oneDevice
}

func (*denyCommand) examples() []string {
	return []string{"countersign terminal deny", "countersign terminal deny req_… --report"}
}

// Run denies; that needs no PIN.
func (c *denyCommand) Run(ctx context.Context, t *terminal) error {
	a, err := c.open(t)
	if err != nil {
		return err
	}
	r, now, err := a.one(ctx, c.Request)
	if err != nil {
		return err
	}
	err = t.show(r, now)
	if err != nil {
		return err
	}
	if c.Report {
		return a.decide(ctx, r, device.Report, "")
	}
	return a.decide(ctx, r, device.Deny, "")
}

// one is the request that is named, or the only one that waits, and the server's time.
func (a acting) one(ctx context.Context, id string) (device.Request, time.Time, error) {
	w, err := a.Requests(ctx, "", 0)
	if err != nil {
		return device.Request{}, w.Now, a.explain(err)
	}
	var names []string
	for _, r := range w.Requests {
		if r.ID == id {
			return r, w.Now, nil
		}
		names = append(names, plain(r.ID))
	}
	switch {
	case id != "":
		return device.Request{}, w.Now, a.past(ctx, id)
	case len(w.Requests) == 0:
		return device.Request{}, w.Now, countersign.Refuse(countersign.NotFound, "no_request_waits")
	case len(w.Requests) > 1:
		return device.Request{}, w.Now, usageError{errors.New(a.t.speaker().Say("cli.terminal_several_requests", "Requests", strings.Join(names, ", ")))}
	}
	return w.Requests[0], w.Now, nil
}

// past tells how a request ended that does not wait any more.
func (a acting) past(ctx context.Context, id string) error {
	all, err := a.History(ctx)
	if err != nil {
		return a.explain(err)
	}
	for _, r := range all {
		if r.ID == id {
			return refusalOf(a.t, &device.Problem{Status: 409, Code: device.RequestOver, State: r.State})
		}
	}
	return refusalOf(a.t, &device.Problem{Status: 404, Code: device.NoSuchRequest})
}

// approve asks for what is missing and approves.
func (a acting) approve(ctx context.Context, r device.Request, number string, pin pinFlag) error {
	number, err := a.number(ctx, r, number)
	if err != nil {
		return err
	}
	err = pin.unlock(ctx, a)
	if err != nil {
		return err
	}
	return a.decide(ctx, r, device.Approve, number)
}

// number is the one that is typed. One that cannot be right is not sent: there is one
// try.
func (a acting) number(ctx context.Context, r device.Request, given string) (string, error) {
	if r.Number.Digits == 0 {
		return "", nil
	}
	say := a.t.speaker().Say
	asked := given == ""
	for {
		if asked {
			var err error
			given, err = a.t.line(ctx, say("cli.terminal_number", "Digits", r.Number.Digits), say("cli.terminal_number_missing"))
			if err != nil {
				return "", err
			}
		}
		switch {
		case isNumber(given, r.Number.Digits):
			return given, nil
		case !asked:
			return "", usageError{errors.New("--number: " + say("cli.terminal_number_form", "Digits", r.Number.Digits))}
		case given == "":
			return "", a.t.interrupted()
		}
		a.t.tell("cli.terminal_number_form", "Digits", r.Number.Digits)
	}
}

func isNumber(text string, digits int) bool {
	return len(text) == digits && strings.Trim(text, "0123456789") == ""
}

// decided is the result for a program.
type decided struct {
	Request string `json:"request"`
	State   string `json:"state"`
}

// learn asks the server what it calls this device: the first approval makes it active,
// under a name that no other of the person's has.
func (a acting) learn(ctx context.Context) error {
	h, err := a.Hello(ctx)
	if err != nil {
		return a.explain(err)
	}
	return a.folder.Learn(a.Device, h)
}

// decide sends a decision and tells what became of the request. An approval with
// another number is denied.
func (a acting) decide(ctx context.Context, r device.Request, decision device.Decision, number string) error {
	state, err := a.Decide(ctx, r, decision, number)
	if err != nil {
		return a.explain(err)
	}
	if r.Kind == "test" && state == "approved" {
		err = a.learn(ctx)
		if err != nil {
			return err
		}
	}
	if a.t.json {
		err = a.t.printJSON(decided{r.ID, state})
		if err != nil {
			return err
		}
	}
	switch state {
	case "approved":
		a.t.tell("cli.terminal_approved")
	case "denied":
		a.t.tell("cli.terminal_denied")
	case "reported":
		a.t.tell("cli.terminal_reported")
	default:
		return countersign.Refuse(countersign.Forbidden, "number_other")
	}
	return nil
}
