package message

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/mail"
	"time"

	"countersign"
	"countersign/internal/hosts"
	"countersign/internal/notify"
	"countersign/internal/notify/text"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/words"
)

// Options are what an outbox works with.
type Options struct {
	Store *store.Store
	Ring  *seal.Ring
	Words *words.Catalogue
	// Mailer hands mails over. nil is development: messages are kept, sealed,
	// for [Outbox.Kept].
	Mailer notify.Mailer
	// Pusher hands pushes to the phones' push services; nil where nobody does.
	Pusher *notify.WebPush
	// Texter hands text messages to those who send them on; nil where nobody does. Without
	// it, and without a Mailer, they are kept as mails are.
	Texter Texter
	// Alarm is told that a push service refuses this installation's pushes to several
	// devices and takes none. It may be nil.
	Alarm func(ctx context.Context, workspace countersign.WorkspaceID, service string)
	// Hosts knows the address of each workspace, to which its pushes lead, and what its
	// mails look like.
	Hosts *hosts.Book
	// From is the sender of the mails of all workspaces that have no address for theirs. Its
	// name is that of the default workspace's mails alone; see [Outbox.sender].
	From mail.Address
	Now  func() time.Time
	// Log gets one line for each outcome, without address or content.
	Log *slog.Logger
}

// Texter hands text messages over; text.Providers is one. It returns nil only where
// somebody promised to send the text on, and text.ErrUnknown where somebody may send it:
// the text is not handed over again. Its errors are fit for the log.
type Texter interface {
	Send(ctx context.Context, m text.Message) (text.Taken, error)
}

// Outbox takes messages in and gets them out. It may be used by many
// goroutines, and by several processes on one database.
type Outbox struct {
	store    *store.Store
	ring     *seal.Ring
	words    *words.Catalogue
	template *template.Template
	mailer   notify.Mailer
	pusher   *notify.WebPush
	texter   Texter
	hosts    *hosts.Book
	alarm    func(ctx context.Context, workspace countersign.WorkspaceID, service string)
	refusals refusals
	from     mail.Address
	now      func() time.Time
	log      *slog.Logger
}

// New makes an outbox. Nothing goes out until [Outbox.Run].
func New(o Options) (*Outbox, error) {
	t, err := parseHTML()
	if err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{
		store: o.Store, ring: o.Ring, words: o.Words, template: t,
		mailer: o.Mailer, pusher: o.Pusher, texter: o.Texter, hosts: o.Hosts, alarm: o.Alarm, from: o.From, now: o.Now, log: log,
	}, nil
}

// longestAgent bounds what is kept of a User-Agent header, in bytes.
const longestAgent = 512

// Post puts a mail into the outbox, in the transaction of what it tells. It
// goes out after the commit. One that has expired is for nobody: it is written
// with as much work as any other, and never leaves; what somebody typed as an
// address is not kept, for it may be a password. An error is a mistake of the
// caller (a kind that does not exist, a missing link), or the database's.
func (o *Outbox) Post(tx *store.Tx, workspace countersign.WorkspaceID, m Mail) error {
	r, err := m.check()
	if err != nil {
		return err
	}
	expires := m.Expires
	if expires.IsZero() {
		expires = tx.Now.Add(r.life)
	}
	if len(m.Data.UserAgent) > longestAgent {
		m.Data.UserAgent = m.Data.UserAgent[:longestAgent]
	}
	plain, err := json.Marshal(envelope{Language: m.Language, Zone: m.Zone, Data: m.Data})
	if err != nil {
		return fmt.Errorf("write the message: %w", err)
	}
	id := countersign.MessageID(seal.SortableID("msg", tx.Now, tx.Next()))
	body, err := o.ring.Seal(plain, store.BodyPlace(id))
	if err != nil {
		return fmt.Errorf("seal the message: %w", err)
	}
	if !expires.After(tx.Now) {
		body, m.To = []byte{}, ""
	}
	err = tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
		WorkspaceID: workspace, ID: id, Kind: string(m.Kind), Channel: byEmail, Urgency: m.urgency(r),
		UserID: m.User, Recipient: m.To, Body: body,
		CreatedAt: tx.NowMilli(), ExpiresAt: expires.UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("post the message: %w", err)
	}
	if !r.unhurried || o.mailer == nil {
		tx.After(func() { o.store.Ring(topic(byEmail)) })
	}
	return nil
}

// Preview shows a mail as it would go out now, and posts nothing. Errors as of Post.
func (o *Outbox) Preview(m Mail, now time.Time) (Shown, error) {
	_, err := m.check()
	if err != nil {
		return Shown{}, err
	}
	row := rows.Message{Kind: string(m.Kind), Recipient: m.To, CreatedAt: now.UnixMilli(), ExpiresAt: m.Expires.UnixMilli()}
	mail, err := o.compose(row, envelope{Language: m.Language, Zone: m.Zone, Data: m.Data})
	if err != nil {
		return Shown{}, err
	}
	return Shown{Kind: m.Kind, To: m.To, Subject: mail.subject, Text: mail.text, HTML: mail.html, CreatedAt: now}, nil
}

// Shown is a message as people see it: one that was kept, for development, or a preview.
type Shown struct {
	ID        countersign.MessageID
	Kind      Kind
	To        string
	Subject   string
	Text      string
	HTML      string
	CreatedAt time.Time
}

// Kept lists what was kept because there is no Mailer, newest first. What does
// not open any more is left out.
func (o *Outbox) Kept(ctx context.Context, workspace countersign.WorkspaceID, most int) ([]Shown, error) {
	list, err := o.store.Read().ListKept(ctx, workspace, int32(min(max(most, 0), 1000)))
	if err != nil {
		return nil, store.Classify(fmt.Errorf("list the kept messages: %w", err))
	}
	out := make([]Shown, 0, len(list))
	for _, row := range list {
		if row.Channel == byText {
			shown, err := o.shownText(row)
			if err == nil {
				out = append(out, shown)
			}
			continue
		}
		mail, err := o.render(row)
		if err != nil {
			o.log.WarnContext(ctx, "a kept message cannot be shown", "message", row.ID, "kind", row.Kind, "err", err)
			continue
		}
		out = append(out, Shown{
			ID: row.ID, Kind: Kind(row.Kind), To: row.Recipient, Subject: mail.subject,
			Text: mail.text, HTML: mail.html, CreatedAt: time.UnixMilli(row.CreatedAt).UTC(),
		})
	}
	return out, nil
}
