package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign"
)

// A Form keeps what a person typed and what was wrong with it, so that the
// page can come again with both. Never put a secret back: call Forget.
type Form struct {
	Values map[string]string
	Errors []FieldError

	limited bool // an error is that it was asked too often
}

// A FieldError is one thing wrong. Field is the input's name, or "" for the
// form as a whole; the text is "errors.<Code>".
type FieldError struct {
	Field string
	Code  string
	Args  map[string]any
}

// ReadForm takes the posted values. Of a name sent twice the first counts.
func ReadForm(r *http.Request) (*Form, error) {
	err := r.ParseForm()
	if err != nil {
		return nil, formError(err)
	}
	f := &Form{Values: map[string]string{}}
	for name, values := range r.PostForm {
		if len(values) > 0 {
			f.Values[name] = values[0]
		}
	}
	return f, nil
}

// formError turns what reading a form can fail with into a refusal.
func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	var escape url.EscapeError
	if errors.As(err, &escape) || strings.Contains(err.Error(), "semicolon") {
		return errBadForm
	}
	return &countersign.Error{Kind: countersign.Invalid, Code: errBadForm.Code, Err: err}
}

// ReadBody takes the body of a program's call, of at most MaxBody bytes. One that is cut
// off, or framed wrongly, is what was sent: nothing failed here.
func ReadBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return body, err
	}
	return nil, &countersign.Error{Kind: errBadBody.Kind, Code: errBadBody.Code, Err: err}
}

// NewForm is a form nobody has filled in yet, with values to begin with:
// alternating name and value.
func NewForm(values ...string) *Form {
	f := &Form{Values: map[string]string{}}
	for i := 0; i+1 < len(values); i += 2 {
		f.Values[values[i]] = values[i+1]
	}
	return f
}

// Value is what was typed in the field, without spaces around it.
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	return strings.TrimSpace(f.Values[name])
}

// Raw is what was typed, spaces and all: for passwords.
func (f *Form) Raw(name string) string {
	if f == nil {
		return ""
	}
	return f.Values[name]
}

// Forget drops values that must not be shown again.
func (f *Form) Forget(names ...string) {
	for _, name := range names {
		delete(f.Values, name)
	}
}

// Wrong adds an error about a field, with arguments for its text.
func (f *Form) Wrong(field, code string, args ...any) {
	e := FieldError{Field: field, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = map[string]any{}
		}
		name, _ := args[i].(string)
		e.Args[name] = args[i+1]
	}
	f.Errors = append(f.Errors, e)
}

// Take puts err on the form and answers true, when err is something the person
// can mend here: of kind Invalid, Conflict or Limited. Joined errors are taken
// one by one; if one of them is another kind, nothing is taken. An error
// without a field goes to the one named here.
func (f *Form) Take(err error, field string) bool {
	refusals := refusalsOf(err)
	for _, e := range refusals {
		if e == nil || !slices.Contains([]countersign.Kind{countersign.Invalid, countersign.Conflict, countersign.Limited}, e.Kind) {
			return false
		}
	}
	for _, e := range refusals {
		on := e.Field
		if on == "" {
			on = field
		}
		args := withWait(e.Args, retrySeconds(e.Kind, e.RetryAfter))
		f.Errors = append(f.Errors, FieldError{Field: on, Code: e.Code, Args: args})
		f.limited = f.limited || e.Kind == countersign.Limited
	}
	return len(refusals) > 0
}

// Busy puts err on the form and answers true when it says to come back later, and a
// person sent the form: with status 503 its page is then shown again, and nobody
// types twice what is no secret. To a program, and to nobody, [Site.Fail] answers.
// The log is told as it is there, and the page does not wait for the database.
func (f *Form) Busy(w http.ResponseWriter, r *http.Request, err error) bool {
	var refusal *countersign.Error
	if !errors.As(err, &refusal) || refusal.Kind != countersign.Unavailable || refusal.Code != "busy" || WantsJSON(r) || gone(r, err) {
		return false
	}
	st := stateOf(r.Context())
	if st != nil {
		st.hurry, st.level = true, slog.LevelWarn
		st.notes = append(st.notes, slog.String("code", refusal.Code), slog.Any("err", err))
	}
	wait := retrySeconds(refusal.Kind, refusal.RetryAfter)
	w.Header().Set("Retry-After", strconv.Itoa(wait))
	f.Errors = append(f.Errors, FieldError{Code: refusal.Code, Args: withWait(refusal.Args, wait)})
	return true
}

// refusalsOf lists the refusals in err; a nil entry stands for a fault.
func refusalsOf(err error) []*countersign.Error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if ok {
		var all []*countersign.Error
		for _, one := range joined.Unwrap() {
			all = append(all, refusalsOf(one)...)
		}
		return all
	}
	var e *countersign.Error
	if !errors.As(err, &e) {
		return []*countersign.Error{nil}
	}
	return []*countersign.Error{e}
}

// Gather lets what is wrong with other fields than this one stand above the form:
// the page has no other, so there is nothing to lead to.
func (f *Form) Gather(field string) {
	for i := range f.Errors {
		if f.Errors[i].Field != field {
			f.Errors[i].Field = ""
		}
	}
}

// Has tells whether something is wrong with a field.
func (f *Form) Has(field string) bool { return f.of(field) != nil }

// Failed tells whether something is wrong.
func (f *Form) Failed() bool { return f != nil && len(f.Errors) > 0 }

// Status is what a page with this form is answered with: 429 when it was asked too often,
// 422 when something else is wrong, else 200.
func (f *Form) Status() int {
	switch {
	case f != nil && f.limited:
		return http.StatusTooManyRequests
	case f.Failed():
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// of returns the first error about a field.
func (f *Form) of(name string) *FieldError {
	if f == nil {
		return nil
	}
	for i := range f.Errors {
		if f.Errors[i].Field == name {
			return &f.Errors[i]
		}
	}
	return nil
}
