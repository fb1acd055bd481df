package main

import (
	"errors"
	"net/http"

	"countersign"
	device "countersign/internal/terminal"
)

// told is a refusal of a server in its own words, for a code that this program does not
// know.
type told struct {
	refusal *countersign.Error
	text    string
}

func (e told) Error() string { return e.text }

// Unwrap gives the refusal, whose kind decides the exit code.
func (e told) Unwrap() error { return e.refusal }

// refusalOf turns an error of package terminal into one that is said in the person's
// language, with the exit code of its kind.
func refusalOf(t *terminal, err error) error {
	var problem *device.Problem
	switch {
	case err == nil:
		return nil
	case errors.Is(err, device.ErrPIN):
		return countersign.Refuse(countersign.Unauthenticated, "pin_wrong")
	case errors.Is(err, device.ErrShortPIN):
		return shortPIN()
	case errors.Is(err, device.ErrNoDevice):
		return countersign.Refuse(countersign.NotFound, "no_such_device")
	case !errors.As(err, &problem):
		return err
	}
	refusal := &countersign.Error{Kind: kindOf(problem), Code: problem.Code, RetryAfter: problem.RetryAfter, Args: map[string]any{
		"State": stateText(t, problem.State), "Version": plain(problem.Version), "Wait": problem.RetryAfter,
	}}
	if t.speaker().Has("cli.error_" + problem.Code) {
		return refusal
	}
	refusal.Code = ""
	return told{refusal, plain(problem.Error())}
}

func shortPIN() error {
	return &countersign.Error{Kind: countersign.Invalid, Code: "pin_short", Args: map[string]any{"Least": device.LeastPIN}}
}

// kindOf sorts the server's problems. A device that is signed out is one that nobody
// signed in; other devices that may not act are denied.
func kindOf(p *device.Problem) countersign.Kind {
	switch p.Status {
	case http.StatusUnauthorized:
		return countersign.Unauthenticated
	case http.StatusForbidden:
		if p.Code == device.DeviceSignedOut {
			return countersign.Unauthenticated
		}
		return countersign.Forbidden
	case http.StatusNotFound:
		return countersign.NotFound
	case http.StatusConflict:
		return countersign.Conflict
	case http.StatusGone:
		return countersign.Gone
	case http.StatusTooManyRequests:
		return countersign.Limited
	case http.StatusServiceUnavailable:
		return countersign.Unavailable
	}
	return countersign.Internal
}

// stateText says how a request ended.
func stateText(t *terminal, state string) string {
	var id string
	switch state {
	case "approved":
		id = "cli.terminal_was_approved"
	case "denied":
		id = "cli.terminal_was_denied"
	case "reported":
		id = "cli.terminal_was_reported"
	case "mismatch":
		id = "cli.terminal_was_mismatch"
	case "expired":
		id = "cli.terminal_was_expired"
	case "superseded":
		id = "cli.terminal_was_superseded"
	case "cancelled":
		id = "cli.terminal_was_cancelled"
	default:
		return plain(state)
	}
	return t.speaker().Say(id)
}
