package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/words"
)

// rendered is a mail as it goes out.
type rendered struct {
	subject, text, html string
	language            string
	workspace           string
	secrets             []string // what must not come back in a problem's text
}

// errBroken is a body that will never be a mail.
var errBroken = errors.New("the message cannot be read")

// render opens a row's body and makes the mail. errBroken is for good; any
// other error may pass (the key file is away).
func (o *Outbox) render(row rows.Message) (rendered, error) {
	e, err := o.open(row)
	if err != nil {
		return rendered{}, err
	}
	var out rendered
	err = errBroken
	func() {
		// What people typed is in here. A fault in one mail must not end the
		// server, and would again after every start.
		defer func() {
			p := recover()
			if p != nil {
				err = fmt.Errorf("%w: panic: %v", errBroken, p)
			}
		}()
		out, err = o.compose(row, e)
	}()
	return out, err
}

func (o *Outbox) open(row rows.Message) (envelope, error) {
	var e envelope
	plain, err := o.ring.Open(row.Body, store.BodyPlace(row.ID))
	if errors.Is(err, seal.ErrOpen) {
		return e, fmt.Errorf("%w: %w", errBroken, err)
	}
	if err != nil {
		return e, err
	}
	err = json.Unmarshal(plain, &e)
	if err != nil {
		// The decoder's error may quote what it read.
		return e, errBroken
	}
	return e, nil
}

func (o *Outbox) compose(row rows.Message, e envelope) (rendered, error) {
	r, ok := recipeOf(Kind(row.Kind))
	if !ok {
		return rendered{}, fmt.Errorf("%w: its kind is not known", errBroken)
	}
	data := e.Data
	if data.Workspace == "" {
		data.Workspace = "Countersign"
	}
	at := data.At
	if at == 0 {
		at = row.CreatedAt
	}
	c := composer{
		speaker: o.words.Speaker(o.words.Match(e.Language)).With(words.Terms{Backup: data.Backup, Codes: data.CodesTotal}),
		kind:    Kind(row.Kind), recipe: r, to: row.Recipient, data: data,
		at: time.UnixMilli(at), expires: time.UnixMilli(row.ExpiresAt), zone: zone(e.Zone),
	}
	d := c.document()
	d.Look = lookOf(o.hosts.Of(row.WorkspaceID).Accent)
	html, err := d.html(o.template)
	if err != nil {
		return rendered{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	return rendered{
		subject: d.Subject, text: d.text(), html: html,
		language: d.Lang, workspace: d.From, secrets: secrets(data),
	}, nil
}

// shortestToken is the length from which a piece of a link may be its token.
const shortestToken = 12

// secrets lists what of a mail is a permission in itself. A server may repeat a
// part of the link, so the pieces behind the host count as well.
func secrets(d Data) []string {
	out := append([]string{d.Link, d.Code}, d.Codes...)
	u, err := url.Parse(d.Link)
	if err != nil {
		return out
	}
	pieces := strings.FieldsFunc(u.EscapedPath()+"?"+u.RawQuery+"#"+u.EscapedFragment(), func(r rune) bool {
		return strings.ContainsRune("/?&=#", r)
	})
	for _, piece := range pieces {
		if len(piece) >= shortestToken {
			out = append(out, piece)
		}
	}
	return out
}
