package text

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Gateway hands texts to whatever speaks HTTP, as the operator describes it.
type Gateway struct {
	// URL, Headers and Body may hold {to}, {number} (without its +), {text} and {id};
	// each is written as its place wants it: escaped in the address, and in the body by
	// its Content-Type.
	URL, Method string
	Headers     map[string]string
	Body        string
	// Accepted are the statuses of a text that was taken, none for 200 to 299. Where
	// AcceptedField names a place in a JSON answer, its value must be one of
	// AcceptedValues, too; AcceptedText must stand in an answer of any kind.
	Accepted       []int
	AcceptedField  string
	AcceptedValues []string
	AcceptedText   string
	// ReferenceField is where the JSON answer says what it calls the text.
	ReferenceField string
	client         *http.Client
}

// Send makes the request and judges the answer.
func (g *Gateway) Send(ctx context.Context, m Message) (string, error) {
	request, err := g.request(ctx, m)
	if err != nil {
		return "", err
	}
	status, answer, err := exchange(g.client, request)
	if err != nil {
		return "", err
	}
	if len(g.Accepted) > 0 && !slices.Contains(g.Accepted, status) || len(g.Accepted) == 0 && (status < 200 || status > 299) {
		return "", fmt.Errorf("the server answered %d", status)
	}
	said := fieldsOf(answer)
	if g.AcceptedField != "" && said(g.AcceptedField) == "" {
		return "", unsure(fmt.Errorf("the server answered %d and not what it did with the text", status))
	}
	taken := strings.Contains(string(answer), g.AcceptedText) &&
		(g.AcceptedField == "" || slices.Contains(g.AcceptedValues, said(g.AcceptedField)))
	if !taken {
		return "", fmt.Errorf("the server answered %d and not that it took the text", status)
	}
	if g.ReferenceField == "" {
		return "", nil
	}
	reference := said(g.ReferenceField)
	if !referenceForm.MatchString(reference) {
		return "", nil // it was taken: asking again would send, and cost, a second one
	}
	return reference, nil
}

func (g *Gateway) request(ctx context.Context, m Message) (*http.Request, error) {
	headers := http.Header{}
	for name, value := range g.Headers {
		headers.Set(name, fill(value, m, inHeader))
	}
	kind := headers.Get("Content-Type")
	request, err := http.NewRequestWithContext(ctx, g.Method, fill(g.URL, m, url.QueryEscape), strings.NewReader(fill(g.Body, m, escapeFor(kind))))
	if err != nil {
		return nil, errors.New("its address is none")
	}
	request.Header = headers
	return request, nil
}

// fill puts a message's parts into a template; a part is never read as a template.
func fill(template string, m Message, escape func(string) string) string {
	return strings.NewReplacer(
		"{to}", escape(m.To), "{number}", escape(strings.TrimPrefix(m.To, "+")), "{text}", escape(m.Body), "{id}", escape(m.ID),
	).Replace(template)
}

func inHeader(value string) string { return strings.Join(strings.Fields(value), " ") }

// escapeFor is how a value stands in a body of a kind.
func escapeFor(kind string) func(string) string {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	switch strings.TrimSpace(kind) {
	case "application/json":
		return func(value string) string {
			text, err := json.Marshal(value)
			if err != nil {
				return ""
			}
			return string(text[1 : len(text)-1])
		}
	case "application/xml", "text/xml":
		return func(value string) string {
			var b strings.Builder
			if xml.EscapeText(&b, []byte(value)) != nil {
				return ""
			}
			return b.String()
		}
	case "text/plain":
		return func(value string) string { return value }
	}
	return url.QueryEscape
}

// fieldsOf reads a JSON answer: messages.0.status is the status of the first of the
// messages. What is not there, and what is no word or number, is "".
func fieldsOf(answer []byte) func(path string) string {
	var tree any
	decoder := json.NewDecoder(strings.NewReader(string(answer)))
	decoder.UseNumber()
	if decoder.Decode(&tree) != nil {
		tree = nil
	}
	return func(path string) string {
		at := tree
		for _, step := range strings.Split(path, ".") {
			switch node := at.(type) {
			case map[string]any:
				at = node[step]
			case []any:
				i, err := strconv.Atoi(step)
				if err != nil || i < 0 || i >= len(node) {
					return ""
				}
				at = node[i]
			default:
				return ""
			}
		}
		switch value := at.(type) {
		case string:
			return value
		case json.Number:
			return value.String()
		case bool:
			return strconv.FormatBool(value)
		}
		return ""
	}
}

// gatewayReceipts judges the reports of a gateway by a secret at the end of the address.
type gatewayReceipts struct {
	secret                            string
	reference, state, price, currency string // places in the report
	delivered, failed                 []string
}

// Judge reads a report: JSON, a form, or the address's own query.
func (g gatewayReceipts) Judge(r Report) (Receipt, error) {
	if subtle.ConstantTimeCompare([]byte(r.Secret), []byte(g.secret)) != 1 {
		return Receipt{}, ErrForged
	}
	said := fieldsOf(r.Body)
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/json") {
		said = func(name string) string {
			if r.Form.Has(name) {
				return r.Form.Get(name)
			}
			return r.Query.Get(name)
		}
	}
	out := Receipt{Reference: said(g.reference), State: Underway}
	if !referenceForm.MatchString(out.Reference) {
		return Receipt{}, ErrUnreadable
	}
	switch state := said(g.state); {
	case slices.Contains(g.delivered, state):
		out.State = Delivered
	case slices.Contains(g.failed, state):
		out.State = Failed
	}
	if g.price != "" {
		out.Cost, out.Currency, out.Priced = priced(said(g.price), or(said(g.currency), g.currency))
	}
	return out, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
