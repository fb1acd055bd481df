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
}

// Sender hands texts to one provider. It returns nil only where the provider's answer
// says that it took the text; any other answer is an error, whatever its status. An error
// repeats neither the number, nor the body, nor what the provider is told to know us by.
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

// Patience is how long one provider may take before the next one is asked. The person
// waits, and the code lives three minutes. A text may then come twice.
const Patience = 6 * time.Second

// Providers are asked in their order.
type Providers struct {
	list     []Provider
	patience time.Duration
}

// New makes a list. A patience of 0 is [Patience].
func New(list []Provider, patience time.Duration) *Providers {
	if patience == 0 {
		patience = Patience
	}
	return &Providers{list: list, patience: patience}
}

// Send hands the text to the first provider that takes it. The error names why each of
// them did not.
func (p *Providers) Send(ctx context.Context, m Message) (Taken, error) {
	var why []error
	for _, one := range p.list {
		reference, err := p.ask(ctx, one, m)
		if err == nil {
			return Taken{Provider: one.Name, Reference: reference, Price: one.Price, Currency: one.Currency}, nil
		}
		why = append(why, fmt.Errorf("%s: %w", one.Name, err))
		if ctx.Err() != nil {
			break
		}
	}
	if len(why) == 0 {
		return Taken{}, errors.New("nobody is named who would send it")
	}
	return Taken{}, joined(why)
}

func (p *Providers) ask(ctx context.Context, one Provider, m Message) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	return one.Sender.Send(ctx, m)
}

// joined says several errors in one line.
func joined(all []error) error {
	words := make([]string, len(all))
	for i, err := range all {
		words[i] = err.Error()
	}
	return errors.New(strings.Join(words, "; "))
}

// Find returns the provider of a name.
func (p *Providers) Find(name string) (Provider, bool) {
	for _, one := range p.list {
		if one.Name == name {
			return one, true
		}
	}
	return Provider{}, false
}
