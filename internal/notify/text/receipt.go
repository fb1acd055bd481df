package text

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
)

// referenceForm is what a provider may call a text: visible US-ASCII, at most 200 octets.
// PostgreSQL takes no NUL, and nothing that is not UTF-8.
var referenceForm = regexp.MustCompile(`^[\x21-\x7e]{1,200}$`)

// State is what a provider says became of a text.
type State string

// The states. What is neither is Underway.
const (
	Underway  State = "sent"
	Delivered State = "delivered"
	Failed    State = "failed"
)

// Receipt is a report on one text.
type Receipt struct {
	// Reference is what the provider called it, Report the Message.Report that it was told,
	// "" where it does not say.
	Reference, Report string
	// Listed is the currency of the operator's price, "" for none.
	Listed string
	State  State
	// Cost is what it cost, in millionths of Currency, where Priced.
	Cost     int64
	Currency string
	Priced   bool
}

// reportForm is what this server calls a text.
var reportForm = regexp.MustCompile(`^txt_[A-Za-z0-9_-]{1,64}$`)

// ErrForged is a report that cannot be from the provider.
var ErrForged = errors.New("the report is not signed by the provider")

// ErrUnreadable is a report that says nothing.
var ErrUnreadable = errors.New("the report cannot be read")

// Report is one request of a provider.
type Report struct {
	// URL is the address as the provider was told it, with what it added.
	URL    string
	Header http.Header
	Query  url.Values
	// Form is a body that was a form, Body any other.
	Form url.Values
	Body []byte
	// Secret is the end of the path: of an address that only the provider was told, or that
	// is signed.
	Secret string
}

// Receipts judges reports. Errors: [ErrForged], [ErrUnreadable].
type Receipts interface {
	Judge(r Report) (Receipt, error)
}
