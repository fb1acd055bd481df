package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"countersign"
	"countersign/internal/method/sms"
	"countersign/internal/notify/text"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/words"
)

// byText is the channel of text messages.
const byText = "text"

// parallelTexts are under way at once; a person waits for each.
const parallelTexts = 16

// The text messages.
const (
	// TextCode carries a code.
	TextCode Kind = "text_code"
	// TextChanged tells the number that was, that another took its place.
	TextChanged Kind = "text_changed"
	// TextTest shows that texts arrive.
	TextTest Kind = "text_test"
)

// Text is one text message to post.
type Text struct {
	Kind Kind
	// Row is the code's own row, where what became of it is noted; "" for none.
	Row       countersign.TextID
	User      countersign.UserID
	Number    string // ITU-T E.164
	Language  string
	Workspace string // its name
	Code      string
	Expires   time.Time
}

// written is what lies sealed in messages.body.
type written struct {
	Row       countersign.TextID `json:"row,omitempty"`
	Number    string             `json:"number"`
	Language  string             `json:"language,omitempty"`
	Workspace string             `json:"workspace"`
	Code      string             `json:"code,omitempty"`
}

// PostText puts a text into the outbox, in the transaction of what it tells. The number
// lies sealed, as the code does.
func (o *Outbox) PostText(tx *store.Tx, workspace countersign.WorkspaceID, t Text) error {
	plain, err := json.Marshal(written{Row: t.Row, Number: t.Number, Language: t.Language, Workspace: t.Workspace, Code: t.Code})
	if err != nil {
		return fmt.Errorf("write the text: %w", err)
	}
	id := countersign.MessageID(seal.SortableID("msg", tx.Now, tx.Next()))
	body, err := o.ring.Seal(plain, store.BodyPlace(id))
	if err != nil {
		return fmt.Errorf("seal the text: %w", err)
	}
	urgency := Urgent
	if t.Kind == TextChanged {
		urgency = Notice
	}
	err = tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
		WorkspaceID: workspace, ID: id, Kind: string(t.Kind), Channel: byText, Urgency: int64(urgency), UserID: t.User, Recipient: sms.Mask(t.Number), Body: body,
		CreatedAt: tx.NowMilli(), ExpiresAt: t.Expires.UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("post the text: %w", err)
	}
	tx.After(func() { o.store.Ring(topic(byText)) })
	return nil
}

// textOf opens a row and says its text.
func (o *Outbox) textOf(row rows.Message) (written, string, error) {
	var w written
	plain, err := o.ring.Open(row.Body, store.BodyPlace(row.ID))
	if errors.Is(err, seal.ErrOpen) {
		return w, "", fmt.Errorf("%w: %w", errBroken, err)
	}
	if err != nil {
		return w, "", err
	}
	err = json.Unmarshal(plain, &w)
	if err != nil {
		return w, "", errBroken // the decoder's error may quote what it read
	}
	speaker := o.words.Speaker(o.words.Match(w.Language)).With(words.Terms{})
	host := hostName(o.hosts.Of(row.WorkspaceID).URL)
	if Kind(row.Kind) == TextChanged {
		full := func(name, host string) string { return speaker.Say("texts.changed_body", "Name", name, "Host", host) }
		short := func(where string) string { return speaker.Say("texts.changed_body_short", "Where", where) }
		return w, sms.Changed(full, short, w.Workspace, host), nil
	}
	if Kind(row.Kind) == TextTest {
		full := func(name, host string) string { return speaker.Say("texts.test_body", "Name", name, "Host", host) }
		short := func(where string) string { return speaker.Say("texts.test_body_short", "Where", where) }
		return w, sms.Changed(full, short, w.Workspace, host), nil
	}
	say := func(name string) string {
		return speaker.Say("texts.code_body", "Code", w.Code, "Name", name, "Minutes", int(sms.Life/time.Minute))
	}
	return w, sms.Body(say, w.Workspace, host, w.Code), nil
}

// hostName is the host of an address, without its port.
func hostName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// text hands one text over, and notes what became of it.
func (o *Outbox) text(ctx context.Context, row rows.Message) {
	w, body, err := o.textOf(row)
	switch {
	case errors.Is(err, errBroken):
		o.failText(ctx, row, w, err.Error())
		return
	case err != nil:
		o.retryAfter(ctx, row, err.Error(), textPause(row.Tries))
		return
	case row.ExpiresAt <= o.now().UnixMilli():
		o.failText(ctx, row, w, "expired before it could be handed over")
		return
	case o.texter == nil && o.mailer == nil:
		o.record(ctx, row, "kept", func(tx *store.Tx) error {
			_, err := tx.MarkKept(tx.Ctx, tx.NowMilli(), row.WorkspaceID, row.ID)
			if err != nil {
				return err
			}
			return noteText(tx, row, w, text.Taken{Provider: "development"}, body)
		})
		return
	case o.texter == nil:
		o.failText(ctx, row, w, "nobody is named who would send it")
		return
	}
	if w.Row != "" {
		awaited, err := o.store.Read().TextAwaited(ctx, row.WorkspaceID, w.Row, o.now().UnixMilli())
		switch {
		case err != nil:
			o.retryAfter(ctx, row, "whether the code is awaited cannot be read", textPause(row.Tries))
			return
		case awaited == 0:
			// A newer code would come first, and the person would type this one; and each costs.
			o.drop(ctx, row, "nobody waits for its code any more")
			return
		}
	}
	life := time.UnixMilli(row.ExpiresAt).Sub(o.now())
	taken, err := o.texter.Send(ctx, text.Message{To: w.Number, Body: body, ID: string(row.ID), Report: string(w.Row), Life: life})
	if errors.Is(err, text.ErrUnknown) && len(taken.Maybe) > 0 {
		// Asked again it would be sent, and paid, once more; the page waits for it as long
		// as the code lives.
		maybe := taken.Maybe[0]
		maybe.Maybe = taken.Maybe[1:]
		o.record(ctx, row, "unknown", func(tx *store.Tx) error { return sentText(tx, row, w, maybe, body) }, "problem", err.Error())
		return
	}
	if err != nil {
		next := o.now().Add(textPause(row.Tries))
		if next.UnixMilli() >= row.ExpiresAt || row.Tries >= mostTextTries {
			o.failText(ctx, row, w, err.Error())
			return
		}
		o.retryAfter(ctx, row, err.Error(), textPause(row.Tries))
		return
	}
	o.record(ctx, row, "sent", func(tx *store.Tx) error { return sentText(tx, row, w, taken, body) }, "provider", taken.Provider)
}

// sentText notes a text that was handed over, and that it is done.
func sentText(tx *store.Tx, row rows.Message, w written, taken text.Taken, body string) error {
	err := noteText(tx, row, w, taken, body)
	if err != nil {
		return err
	}
	return markSent(tx, row)
}

// All may ask, and what came of it be written, before another worker takes the text: it
// would ask them again. This does not compile where the lease is too short for both.
const _ = uint64(lease - markWithin - text.Together)

// mostTextTries is how often the whole list is asked where all refuse.
const mostTextTries = 3

// textPause is how long to wait after the nth try failed: the person is there.
func textPause(tries int64) time.Duration { return time.Duration(max(tries, 1)) * 5 * time.Second }

// TextTopic is the bell of what becomes of one text.
func TextTopic(id countersign.TextID) string { return "text:" + string(id) }

// failText gives a text up, and lets the page that waits for it know.
func (o *Outbox) failText(ctx context.Context, row rows.Message, w written, problem string) {
	if w.Row != "" {
		err := o.mark(ctx, func(tx *store.Tx) error {
			_, err := tx.ReportText(tx.Ctx, string(text.Failed), row.WorkspaceID, w.Row)
			tx.After(func() { o.store.Wake(TextTopic(w.Row)) })
			return err
		})
		if err != nil {
			o.log.ErrorContext(ctx, "what became of a text cannot be written", "message", row.ID, "err", err)
		}
	}
	if w == (written{}) {
		o.erase(ctx, row, problem) // it does not open
		return
	}
	o.fail(ctx, row, problem)
}

// day is how long one row of the totals lasts.
const day = 24 * time.Hour

// noteText writes who took a text, what it is called there, and what it costs, there and
// with all that may have taken it too.
func noteText(tx *store.Tx, row rows.Message, w written, taken text.Taken, body string) error {
	parts := sms.Parts(body)
	cost := parts * taken.Price
	all := append([]text.Taken{taken}, taken.Maybe...)
	counted := make([]rows.AddTextTotalParams, 0, len(all)+1)
	for _, one := range all {
		counted = append(counted, rows.AddTextTotalParams{Provider: one.Provider, Currency: one.Currency, Texts: 1, Parts: parts, Cost: parts * one.Price})
	}
	if w.Row != "" {
		now, err := tx.MarkText(tx.Ctx, rows.MarkTextParams{
			State: string(text.Underway), Provider: taken.Provider, Reference: taken.Reference, Parts: parts, Cost: cost, Currency: taken.Currency,
			WorkspaceID: row.WorkspaceID, ID: w.Row,
		})
		if err != nil && !store.NotFound(err) { // the person was deleted meanwhile
			return fmt.Errorf("note the text: %w", err)
		}
		if err == nil && (now.Cost != cost || now.Currency != taken.Currency) { // a receipt came first, and said what it cost
			counted[0].Cost = 0
			counted = append(counted, rows.AddTextTotalParams{Provider: taken.Provider, Currency: now.Currency, Cost: now.Cost})
		}
	}
	for _, one := range counted {
		one.WorkspaceID, one.Country = row.WorkspaceID, sms.CountryOf(w.Number)
		one.Day = time.UnixMilli(row.CreatedAt).UTC().Truncate(day).UnixMilli()
		err := tx.AddTextTotal(tx.Ctx, one)
		if err != nil {
			return fmt.Errorf("count the text: %w", err)
		}
	}
	return nil
}

// shownText is a kept text, for development.
func (o *Outbox) shownText(row rows.Message) (Shown, error) {
	w, body, err := o.textOf(row)
	return Shown{
		ID: row.ID, Kind: Kind(row.Kind), To: w.Number, Subject: o.words.Speaker(o.words.Match(w.Language)).Say("texts.subject"), Text: body,
		CreatedAt: time.UnixMilli(row.CreatedAt).UTC(),
	}, err
}
