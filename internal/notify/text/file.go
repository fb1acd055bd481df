package text

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"countersign/internal/outside"
)

// Options are what providers are made with.
type Options struct {
	// Public is the address of this server without a slash at the end: where reports go.
	Public string
	Now    func() time.Time
	// Outside is what tests hand in.
	Outside outside.Options
	// Patience is how long one provider may take, 0 for [Patience].
	Patience time.Duration
}

// entry is one provider as the file has it.
type entry struct {
	Name     string `toml:"name"`
	Kind     string `toml:"kind"`
	Price    string `toml:"price"`
	Currency string `toml:"currency"`
	URL      string `toml:"url"`
	Inside   bool   `toml:"inside"`
	Receipts bool   `toml:"receipts"`

	Account string `toml:"account"`
	Token   string `toml:"token"`
	Key     string `toml:"key"`
	Secret  string `toml:"secret"`
	From    string `toml:"from"`
	Service string `toml:"service"`

	Region   string `toml:"region"`
	KeyID    string `toml:"key_id"`
	SenderID string `toml:"sender_id"`

	Method         string            `toml:"method"`
	Headers        map[string]string `toml:"headers"`
	Body           string            `toml:"body"`
	Accepted       []int             `toml:"accepted"`
	AcceptedField  string            `toml:"accepted_field"`
	AcceptedValues []string          `toml:"accepted_values"`
	AcceptedText   string            `toml:"accepted_text"`
	ReferenceField string            `toml:"reference_field"`

	ReceiptSecret    string   `toml:"receipt_secret"`
	ReceiptReference string   `toml:"receipt_reference"`
	ReceiptState     string   `toml:"receipt_state"`
	ReceiptDelivered []string `toml:"receipt_delivered"`
	ReceiptFailed    []string `toml:"receipt_failed"`
	ReceiptPrice     string   `toml:"receipt_price"`
	ReceiptCurrency  string   `toml:"receipt_currency"`
}

// ReadFile reads the file of the setting texts_file. No error repeats a value of it.
func ReadFile(path string, o Options) (*Providers, error) {
	text, err := os.ReadFile(path) // #nosec G304 -- the operator names this file
	if err != nil {
		return nil, fmt.Errorf("texts_file: %w", err)
	}
	providers, err := Parse(text, o)
	if err != nil {
		return nil, fmt.Errorf("texts_file %s: %w", path, err)
	}
	return providers, nil
}

// Parse reads the providers, in the order in which they are asked.
func Parse(text []byte, o Options) (*Providers, error) {
	var file struct {
		Provider []entry `toml:"provider"`
	}
	read, err := toml.Decode(string(text), &file)
	if err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("line %d is no TOML, or a value of another type than its key has", syntax.Position.Line)
		}
		return nil, errors.New("it is no TOML, or a value has another type than its key")
	}
	if unknown := read.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("there is no key %s", unknown[0])
	}
	if len(file.Provider) == 0 {
		return nil, errors.New("it names no [[provider]]")
	}
	if len(file.Provider) > Most {
		return nil, fmt.Errorf("it names more than %d providers", Most)
	}
	var list []Provider
	for i, e := range file.Provider {
		one, err := e.provider(o)
		if err == nil && slices.ContainsFunc(list, func(p Provider) bool { return p.Name == one.Name }) {
			err = errors.New("its name is there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("provider %d: %w", i+1, err)
		}
		list = append(list, one)
	}
	return New(list, o.Patience), nil
}

var providerName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (e entry) provider(o Options) (Provider, error) {
	p := Provider{Name: or(e.Name, e.Kind), Currency: e.Currency}
	if !providerName.MatchString(p.Name) {
		return p, errors.New("its name must be of small letters, digits and hyphens")
	}
	if e.Price != "" || e.Currency != "" {
		price, ok := Micros(e.Price)
		if !ok || !currencyCode.MatchString(e.Currency) {
			return p, errors.New(`price and currency go together, such as "0.0075" and "EUR"`)
		}
		p.Price = price
	}
	receipts := o.Public + "/texts/receipts/" + p.Name
	var err error
	switch e.Kind {
	case "twilio":
		p.Sender, p.Receipts, err = e.twilio(o, receipts)
	case "sns":
		p.Sender, err = e.sns(o)
	case "gateway":
		p.Sender, p.Receipts, err = e.gateway(o)
	default:
		err = errors.New("its kind must be gateway, twilio or sns")
	}
	return p, err
}

// address checks where requests go. Secrets travel there, so only what is inside may be
// spoken to in the clear.
func (e entry) address(standard string) (string, error) {
	text := strings.TrimSuffix(or(e.URL, standard), "/")
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(text))
	switch {
	case err != nil || u.Host == "" || u.Fragment != "":
		return "", errors.New("url must be an address such as https://sms.example.com/send")
	case u.Scheme != "https" && (u.Scheme != "http" || !e.Inside):
		return "", errors.New("url must begin with https://; http:// needs inside = true")
	case strings.ContainsAny(beforePath(text), "{}"):
		return "", errors.New("the host of url must not hold a part of the message")
	}
	return text, nil
}

// beforePath is the scheme, the host and all that stands between them.
func beforePath(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return scheme + rest[:end]
}

func (e entry) twilio(o Options, callback string) (Sender, Receipts, error) {
	base, err := e.address("https://api.twilio.com")
	switch {
	case err != nil:
		return nil, nil, err
	case e.Account == "" || (e.From == "") == (e.Service == ""):
		return nil, nil, errors.New("twilio needs account, and one of from and service")
	case (e.Key == "") != (e.Secret == "") || e.Key == "" && e.Token == "":
		return nil, nil, errors.New("twilio needs token, or key and secret")
	case e.Receipts && e.Token == "":
		return nil, nil, errors.New("the receipts of twilio are signed with token")
	}
	t := &Twilio{Base: base, Account: e.Account, Key: or(e.Key, e.Account), Secret: or(e.Secret, e.Token), From: e.From, Service: e.Service, client: client(e.Inside, o.Outside)}
	if !e.Receipts {
		return t, nil, nil
	}
	t.Callback = callback
	return t, twilioReceipts{token: e.Token, callback: callback, listed: e.Currency}, nil
}

func (e entry) sns(o Options) (Sender, error) {
	if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(e.Region) || e.KeyID == "" || e.Secret == "" {
		return nil, errors.New("sns needs region, key_id and secret")
	}
	if e.Receipts {
		return nil, errors.New("sns sends no receipts to an address")
	}
	base, err := e.address("https://sns." + e.Region + ".amazonaws.com")
	return &SNS{Base: base, Region: e.Region, KeyID: e.KeyID, Secret: e.Secret, SenderID: e.SenderID, now: o.Now, client: client(e.Inside, o.Outside)}, err
}

func (e entry) gateway(o Options) (Sender, Receipts, error) {
	address, err := e.address("")
	method := or(e.Method, "POST")
	switch {
	case err != nil:
		return nil, nil, err
	case !slices.Contains([]string{"GET", "POST", "PUT"}, method):
		return nil, nil, errors.New("method must be GET, POST or PUT")
	case !strings.Contains(address+e.Body, "{text}") || !strings.Contains(address+e.Body, "{to}") && !strings.Contains(address+e.Body, "{number}"):
		return nil, nil, errors.New("url or body must hold {text}, and {to} or {number}")
	case (e.AcceptedField == "") != (len(e.AcceptedValues) == 0):
		return nil, nil, errors.New("accepted_field and accepted_values go together")
	case e.AcceptedField == "" && e.AcceptedText == "" && len(e.Accepted) == 0:
		return nil, nil, errors.New("say what a text that was taken is answered: accepted_field with accepted_values, accepted_text, or accepted")
	}
	g := &Gateway{
		URL: address, Method: method, Headers: e.Headers, Body: e.Body, Accepted: e.Accepted, AcceptedField: e.AcceptedField,
		AcceptedValues: e.AcceptedValues, AcceptedText: e.AcceptedText, ReferenceField: e.ReferenceField, client: client(e.Inside, o.Outside),
	}
	if !e.Receipts {
		return g, nil, nil
	}
	const shortestSecret = 16
	if len(e.ReceiptSecret) < shortestSecret || url.PathEscape(e.ReceiptSecret) != e.ReceiptSecret || e.ReceiptReference == "" || e.ReceiptState == "" || len(e.ReceiptDelivered) == 0 || e.ReferenceField == "" {
		return nil, nil, errors.New("receipts need reference_field, receipt_secret (16 letters and digits or more), receipt_reference, receipt_state and receipt_delivered")
	}
	return g, gatewayReceipts{
		secret: e.ReceiptSecret, reference: e.ReceiptReference, state: e.ReceiptState, price: e.ReceiptPrice, currency: e.ReceiptCurrency,
		delivered: e.ReceiptDelivered, failed: e.ReceiptFailed,
	}, nil
}
