package text

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Message is one text for one phone.
type Message struct {
	// To is the number as machines write it (ITU-T E.164), Body what stands in the text.
	To, Body string
	// ID names the message, for a gateway that tells second deliveries by it.
	ID string
	// Report is by what a report may name the text before its provider's answer is kept,
	// "" where nothing is noted of it. It proves nothing.
	Report string
	// Life is how long the text is of use.
	Life time.Duration
}

// Taken is a text that somebody promised to send.
type Taken struct {
	// Provider is the name under which the operator listed whom, Reference what they call
	// the text, "" where they do not say.
	Provider, Reference string
	// Price is what one part of it costs by the operator's list, in millionths of
	// Currency.
	Price    int64
	Currency string
	// Maybe are those that were asked as well, and may have taken the text: each may send
	// it, and want to be paid.
	Maybe []Taken
}

// ErrUnknown is the outcome where a provider was reached and did not say what it did. It
// may have taken the text, and costs if it has.
var ErrUnknown = errors.New("it may have been taken")

// Sender hands texts to one provider. It returns nil only where the provider's answer
// says that it took the text; any other answer is an error, whatever its status, and
// [ErrUnknown] where it may have taken it for all that. An error repeats neither the number, nor the body, nor what the provider is told to know us by.
type Sender interface {
	Send(ctx context.Context, m Message) (reference string, err error)
}

// A Provider is one sender with what the operator says of it.
type Provider struct {
	Name     string
	Sender   Sender
	Price    int64 // of one part, in millionths of Currency
	Currency string
	// Receipts judges what the provider reports later; nil where it reports nothing.
	Receipts Receipts
}

const (
	// Patience is how long one provider may take before the next one is asked. The person
	// waits, and the code lives three minutes. A text may then come twice.
	Patience = 6 * time.Second
	// Together is how long all of them may take: less than the outbox keeps a text for one
	// worker, after which another one would ask them again.
	Together = inTurn * Patience
	inTurn   = 3
	// Most is how many may be listed.
	Most = 5
	// mostMaybe is how many may have taken one text before no other is asked.
	mostMaybe = 2
)

// Providers are asked in their order.
type Providers struct {
	list               []Provider
	patience, together time.Duration
}

// New makes a list. A patience of 0 is [Patience]; all together have three times as long.
func New(list []Provider, patience time.Duration) *Providers {
	if patience == 0 {
		patience = Patience
	}
	return &Providers{list: list, patience: patience, together: inTurn * patience}
}

// Send asks each provider once, until one takes the text or two may have. The error names
// why each of them did not; it is [ErrUnknown] where one may have, and Taken.Maybe says
// who. Such a text must not be handed to Send again.
func (p *Providers) Send(ctx context.Context, m Message) (Taken, error) {
	ctx, cancel := context.WithTimeout(ctx, p.together)
	defer cancel()
	var why refusalsError
	var maybe []Taken
	for _, one := range p.list {
		taken := Taken{Provider: one.Name, Price: one.Price, Currency: one.Currency}
		reference, err := p.ask(ctx, one, m)
		if err == nil {
			taken.Reference, taken.Maybe = reference, maybe
			return taken, nil
		}
		why = append(why, fmt.Errorf("%s: %w", one.Name, err))
		if errors.Is(err, ErrUnknown) {
			maybe = append(maybe, taken)
		}
		if ctx.Err() != nil || len(maybe) == mostMaybe {
			break
		}
	}
	if len(why) == 0 {
		return Taken{}, errors.New("nobody is named who would send it")
	}
	return Taken{Maybe: maybe}, why
}

func (p *Providers) ask(ctx context.Context, one Provider, m Message) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	return one.Sender.Send(ctx, m)
}

// refusalsError says several errors in one line.
type refusalsError []error

// Error joins them.
func (r refusalsError) Error() string {
	words := make([]string, len(r))
	for i, err := range r {
		words[i] = err.Error()
	}
	return strings.Join(words, "; ")
}

// Unwrap returns them, for [errors.Is].
func (r refusalsError) Unwrap() []error { return r }

// Find returns the provider of a name.
func (p *Providers) Find(name string) (Provider, bool) {
	for _, one := range p.list {
		if one.Name == name {
			return one, true
		}
	}
	return Provider{}, false
}
