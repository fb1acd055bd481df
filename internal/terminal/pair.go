package terminal

import (
	"context"
	"errors"
	"fmt"
)

// Person is what a person does while a device is paired. The functions are called in
// this order, each at most once.
type Person struct {
	// Digits are shown by the device; the person types them on the page.
	Digits func(ctx context.Context, digits string) error
	// Number gives what the page shows beside the first request, "" where it shows
	// nothing.
	Number func(ctx context.Context, r Request) (string, error)
}

// Pair does all of a pairing that is confirmed by digits: it claims the code, joins,
// waits for the confirmation, and approves the first request. The device is active, and
// unlocked; it is kept nowhere. Errors: [*Problem]; those of the person.
func Pair(ctx context.Context, c *Client, code Code, about About, person Person) (*Device, error) {
	p, err := c.Claim(ctx, code, about)
	if err != nil {
		return nil, fmt.Errorf("claim the pairing: %w", err)
	}
	d, digits, err := p.Join(ctx)
	if err != nil {
		return nil, fmt.Errorf("join the pairing: %w", err)
	}
	err = person.Digits(ctx, digits)
	if err != nil {
		return nil, err
	}
	err = p.Await(ctx, Confirmed)
	if err != nil {
		return nil, fmt.Errorf("wait for the confirmation: %w", err)
	}
	r, err := d.First(ctx)
	if err != nil {
		return nil, err
	}
	number, err := person.Number(ctx, r)
	if err != nil {
		return nil, err
	}
	state, err := d.Decide(ctx, r, Approve, number)
	if err == nil && state != "approved" {
		err = errors.New("the first request is " + state)
	}
	if err != nil {
		return nil, fmt.Errorf("answer the first request: %w", err)
	}
	return d, p.Await(ctx, Active)
}

// First waits for a request and returns the newest: after the confirmation of a pairing
// there is one.
func (d *Device) First(ctx context.Context) (Request, error) {
	cursor := ""
	for {
		began := d.client.Now()
		w, err := d.Requests(ctx, cursor, LongestWait)
		if err != nil {
			return Request{}, fmt.Errorf("wait for a request: %w", err)
		}
		if len(w.Requests) > 0 {
			return w.Requests[0], nil
		}
		if w.Cursor == cursor {
			err = d.Rest(ctx, began)
			if err != nil {
				return Request{}, err
			}
		}
		cursor = w.Cursor
	}
}
