package countersign

import (
	"errors"
	"time"
)

// Kind sorts errors by what the caller may do about them. What has no kind is
// Internal, and its text never leaves the process.
type Kind int

const (
	// Internal is a fault of ours; the person sees a request id and nothing else.
	Internal Kind = iota
	// Invalid is input that cannot be right; the Field says which (422).
	Invalid
	// Unauthenticated means that nobody is signed in, or no longer (401).
	Unauthenticated
	// Forbidden means that the session's level or the role does not reach (403).
	Forbidden
	// NotFound also answers for what belongs to somebody else (404).
	NotFound
	// Conflict means that the thing is in another state by now (409).
	Conflict
	// Gone is a link, an attempt or a code whose time is over (410).
	Gone
	// Limited means too many tries; RetryAfter says how long to wait (429).
	Limited
	// Unavailable means that something needed is missing now (503).
	Unavailable
)

// Error is what a rule answers when it refuses. Code is the stable name that
// the API shows and that the message catalogue says as "errors.<Code>"; Args
// fill that sentence. Err is the cause, for the log alone.
type Error struct {
	Kind       Kind
	Code       string
	Field      string
	Args       map[string]any
	RetryAfter time.Duration
	Err        error
}

// Error gives the text for logs. It holds the code and the cause, never what
// a person typed.
func (e *Error) Error() string {
	text := e.Code
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refuse makes an Error of a kind with a code.
func Refuse(kind Kind, code string) *Error { return &Error{Kind: kind, Code: code} }

// InvalidField makes an Error about one field of a form.
func InvalidField(field, code string) *Error {
	return &Error{Kind: Invalid, Field: field, Code: code}
}

// KindOf returns the kind of the first Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the code of the first Error in err's chain, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
