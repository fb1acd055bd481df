package main

import (
	"errors"

	"countersign"
	"countersign/internal/config"
)

// The exit codes are part of the interface: scripts depend on them.
const (
	exitOK              = 0
	exitFailed          = 1
	exitUsage           = 2
	exitUnauthenticated = 4
	exitNotFound        = 5
	exitConflict        = 6
	exitTimedOut        = 7
	exitDenied          = 8
)

const exitCodesTopic = `Exit codes

  0  done
  1  failed: the reason is on standard error
  2  the command line or the configuration is not right, or you cancelled
  4  not signed in, or a fresh proof is needed; of a terminal: not paired, signed
     out, or the PIN is wrong
  5  not found; of a terminal: no request waits
  6  conflict: it exists already, or is in another state; of a request: it is over,
     and standard error says how it ended
  7  timed out: nobody answered, or the time of a link or code is over
  8  denied; of an approval: the number was another one
`

// usageError is a mistake on the command line, or a question answered with no.
type usageError struct{ error }

// Unwrap gives the mistake itself.
func (e usageError) Unwrap() error { return e.error }

// exitCode tells the shell what kind of failure it was.
func exitCode(err error) int {
	var usage usageError
	var problems config.Problems
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.As(err, &problems):
		return exitUsage
	}
	switch countersign.KindOf(err) {
	case countersign.Invalid:
		return exitUsage
	case countersign.Unauthenticated:
		return exitUnauthenticated
	case countersign.NotFound:
		return exitNotFound
	case countersign.Conflict:
		return exitConflict
	case countersign.Gone:
		return exitTimedOut
	case countersign.Forbidden:
		return exitDenied
	case countersign.Internal, countersign.Limited, countersign.Unavailable:
		return exitFailed
	default:
		return exitFailed
	}
}
