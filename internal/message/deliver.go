package message

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"countersign"
	"countersign/internal/notify"
	"countersign/internal/sender"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// pauseAfter is how long to wait after the nth try failed.
func pauseAfter(tries int64) time.Duration {
	pauses := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}
	return pauses[min(max(tries, 1), int64(len(pauses)))-1]
}

// deliver hands one claimed message over and records what became of it.
func (o *Outbox) deliver(ctx context.Context, row rows.Message) {
	if row.Channel == byText {
		o.text(ctx, row)
		return
	}
	if row.ExpiresAt < row.CreatedAt {
		o.drop(ctx, row, "it was for nobody")
		return
	}
	if row.ExpiresAt <= o.now().UnixMilli() {
		o.fail(ctx, row, "expired before it could be handed over")
		return
	}
	if row.Channel == byPush {
		o.push(ctx, row)
		return
	}
	letter, err := o.render(row)
	switch {
	case errors.Is(err, errBroken):
		o.erase(ctx, row, err.Error())
		return
	case err != nil:
		o.retry(ctx, row, err.Error())
		return
	case o.mailer == nil:
		o.record(ctx, row, "kept", func(tx *store.Tx) error {
			_, err := tx.MarkKept(tx.Ctx, tx.NowMilli(), row.WorkspaceID, row.ID)
			return err
		})
		return
	}
	from, err := o.sender(row.WorkspaceID, letter.workspace)
	if err != nil {
		o.retry(ctx, row, err.Error())
		return
	}
	err = o.mailer.Send(ctx, notify.Mail{
		From: from.Address, FromName: from.Name, To: row.Recipient, Subject: letter.subject,
		Text: letter.text, HTML: letter.html, Language: letter.language, ID: string(row.ID),
	})
	switch {
	case err == nil:
		o.record(ctx, row, "sent", func(tx *store.Tx) error { return markSent(tx, row) })
	case notify.Temporary(err):
		o.retry(ctx, row, letter.problem(err, row.Recipient))
	default:
		o.fail(ctx, row, letter.problem(err, row.Recipient))
	}
}

// sender is whom a workspace's mails come from: the name and the address that are set for
// it; else its own name and the configured address. The configured name is that of who runs
// the installation, and stands for the default workspace alone: the people of the others do
// not know it. A workspace that cannot be read, or whose sender is none, sends nothing:
// what its owners gave an address of its own does not go out from another.
func (o *Outbox) sender(workspace countersign.WorkspaceID, name string) (mail.Address, error) {
	home := o.hosts.Of(workspace)
	if home.ID != workspace {
		return mail.Address{}, errors.New("its workspace cannot be read, and so not whom its mails come from")
	}
	from, err := sender.Parse(home.Sender)
	if err != nil {
		return mail.Address{}, fmt.Errorf("the sender of its workspace has %w", err)
	}
	if home.Host == "" {
		from.Name = cmp.Or(from.Name, o.from.Name)
	}
	return mail.Address{Name: cmp.Or(from.Name, name), Address: cmp.Or(from.Address, o.from.Address)}, nil
}

func markSent(tx *store.Tx, row rows.Message) error {
	_, err := tx.MarkSent(tx.Ctx, rows.MarkSentParams{
		Body: []byte{}, SentAt: tx.NowMilli(), WorkspaceID: row.WorkspaceID, ID: row.ID,
	})
	return err
}

// problem is an error for the row and the log: no secret of the mail, and no
// address of a person.
func (r rendered) problem(err error, recipient string) string {
	text := err.Error()
	for _, secret := range append(r.secrets, recipient) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "•••")
		}
	}
	return text
}

// retry lets the message wait; when that would be longer than it is of use, it
// is given up.
func (o *Outbox) retry(ctx context.Context, row rows.Message, problem string) {
	o.retryAfter(ctx, row, problem, pauseAfter(row.Tries))
}

func (o *Outbox) retryAfter(ctx context.Context, row rows.Message, problem string, pause time.Duration) {
	next := o.now().Add(pause).UnixMilli()
	if next >= row.ExpiresAt {
		o.fail(ctx, row, problem)
		return
	}
	o.record(ctx, row, "waits", func(tx *store.Tx) error {
		_, err := tx.MarkRetry(tx.Ctx, rows.MarkRetryParams{
			NextAt: next, Problem: problem, WorkspaceID: row.WorkspaceID, ID: row.ID,
		})
		return err
	}, "problem", problem)
}

// fail gives the message up. Its body stays sealed as long as it is of use, for
// [Outbox.TryAgain]; then it is erased.
func (o *Outbox) fail(ctx context.Context, row rows.Message, problem string) {
	if row.ExpiresAt > o.now().UnixMilli() {
		o.record(ctx, row, "failed", func(tx *store.Tx) error {
			_, err := tx.MarkUnsent(tx.Ctx, problem, row.WorkspaceID, row.ID)
			return err
		}, "problem", problem)
		return
	}
	o.erase(ctx, row, problem)
}

// erase gives a message up that nobody can use any more, or open.
func (o *Outbox) erase(ctx context.Context, row rows.Message, problem string) {
	o.record(ctx, row, "failed", func(tx *store.Tx) error {
		_, err := tx.MarkFailed(tx.Ctx, rows.MarkFailedParams{
			Body: []byte{}, Problem: problem, WorkspaceID: row.WorkspaceID, ID: row.ID,
		})
		return err
	}, "problem", problem)
}

// drop erases a message that is not to go: the one that is written for an address
// without an account, or a code that nobody waits for any more. It is no fault and no
// news, or anybody could fill the log with complaints.
func (o *Outbox) drop(ctx context.Context, row rows.Message, problem string) {
	o.record(ctx, row, "dropped", func(tx *store.Tx) error {
		_, err := tx.MarkFailed(tx.Ctx, rows.MarkFailedParams{
			Body: []byte{}, Problem: problem, WorkspaceID: row.WorkspaceID, ID: row.ID,
		})
		return err
	})
}

// markWithin is how long the outcome of a delivery is tried to be written while
// the database is away. It ends before the lease does, after which another worker
// delivers the message again.
const markWithin = lease * 2 / 3

// mark writes the outcome. The write is not bound to ctx: what was handed over
// must be marked, or it is handed over again. While the database is away it is
// tried again, so that an outage doubles no mail; when ctx has ended, which is
// when the server stops, it is tried once.
func (o *Outbox) mark(ctx context.Context, mark func(*store.Tx) error) error {
	giveUp := time.NewTimer(markWithin)
	defer giveUp.Stop()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := o.store.Write(context.WithoutCancel(ctx), mark)
		if countersign.KindOf(err) != countersign.Unavailable {
			return err
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-giveUp.C:
			again.Stop()
			return err
		case <-ctx.Done():
			again.Stop()
			return err
		}
	}
}

// record writes and logs the outcome.
func (o *Outbox) record(ctx context.Context, row rows.Message, outcome string, mark func(*store.Tx) error, more ...any) {
	about := append([]any{"message", row.ID, "workspace", row.WorkspaceID, "kind", row.Kind, "user", row.UserID, "outcome", outcome, "try", row.Tries}, more...)
	err := o.mark(ctx, mark)
	switch {
	case err != nil:
		o.log.ErrorContext(ctx, "a message's outcome cannot be written; it will be sent again", append(about, "err", err)...)
	case outcome == "failed":
		o.log.ErrorContext(ctx, "message", about...)
	case outcome == "waits", outcome == "unknown":
		o.log.WarnContext(ctx, "message", about...)
	case outcome == "dropped":
		o.log.DebugContext(ctx, "message", about...)
	default:
		o.log.InfoContext(ctx, "message", about...)
	}
}
