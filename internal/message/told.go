package message

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign"
	"countersign/internal/notify"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Delivered is what the delivery log tells of one message: never what it says.
type Delivered struct {
	rows.ListDeliveredRow

	// Again tells that it failed and may be tried once more.
	Again bool
	// SenderRefused tells that the mail server does not take mail from the sender: the
	// recipient has nothing to do with it.
	SenderRefused bool
}

// The states of a message.
const (
	StateQueued = "queued"
	StateSent   = "sent"
	StateKept   = "kept" // in development, for /dev/messages
	StateFailed = "failed"
)

// Channels lists how messages go out, States how they can stand.
func Channels() []string { return []string{byEmail, byText, byPush} }

// States lists them.
func States() []string { return []string{StateQueued, StateSent, StateKept, StateFailed} }

// last is behind every identifier of a message, however a database sorts: they begin
// with "msg_".
const last = "n"

// Told lists the messages of a workspace, the newest first: those of one channel and of
// one state ("" for all), older than before ("" for the newest), at most so many.
func (o *Outbox) Told(ctx context.Context, workspace countersign.WorkspaceID, channel, state string, before countersign.MessageID, most int) ([]Delivered, error) {
	if before == "" {
		before = last
	}
	most = min(max(most, 0), 1000)
	var list []rows.ListDeliveredRow
	var err error
	if channel == "" && state == "" {
		list, err = o.store.Read().ListDelivered(ctx, rows.ListDeliveredParams{Empty: []byte{}, WorkspaceID: workspace, Before: before, Most: int32(most)})
	} else {
		list, err = o.toldBy(ctx, workspace, channel, state, before, most)
	}
	if err != nil {
		return nil, fmt.Errorf("list the messages: %w", store.Classify(err))
	}
	now := o.now().UnixMilli()
	out := make([]Delivered, 0, len(list))
	for _, row := range list {
		one := Delivered{ListDeliveredRow: row, SenderRefused: strings.HasPrefix(row.Problem, notify.SenderRefused)}
		if row.State == StateFailed && row.Kept == 1 && row.ExpiresAt > now {
			one.Again, err = ofUse(ctx, o.store.Read(), workspace, row.ID, row.Kind, now)
			if err != nil {
				return nil, store.Classify(err)
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// toldBy reads the newest of each channel and state that is wished, which an index answers,
// and takes the newest of those.
func (o *Outbox) toldBy(ctx context.Context, workspace countersign.WorkspaceID, channel, state string, before countersign.MessageID, most int) ([]rows.ListDeliveredRow, error) {
	var all []rows.ListDeliveredRow
	for _, c := range Channels() {
		for _, s := range States() {
			if channel != "" && c != channel || state != "" && s != state {
				continue
			}
			some, err := o.store.Read().ListDeliveredBy(ctx, rows.ListDeliveredByParams{
				Empty: []byte{}, WorkspaceID: workspace, Channel: c, State: s, Before: before, Most: int32(most), //nolint:gosec // at most a thousand
			})
			if err != nil {
				return nil, err
			}
			for _, row := range some {
				all = append(all, rows.ListDeliveredRow(row))
			}
		}
	}
	slices.SortFunc(all, func(a, b rows.ListDeliveredRow) int { return strings.Compare(string(b.ID), string(a.ID)) })
	return all[:min(len(all), most)], nil
}

// triedEvery is how often [Outbox.Tried] looks.
const triedEvery = 50 * time.Millisecond

// Tried waits until the newest message of a kind to somebody was tried once, at most for so
// long, and returns what went wrong: "" where it went out, and where nobody knows yet.
func (o *Outbox) Tried(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID, kind Kind, within time.Duration) (string, error) {
	tick := time.NewTicker(triedEvery)
	defer tick.Stop()
	over := time.NewTimer(within)
	defer over.Stop()
	for {
		last, err := o.store.Read().LastMessage(ctx, workspace, user, string(kind))
		if err != nil {
			return "", fmt.Errorf("look how a message stands: %w", store.Classify(err))
		}
		switch {
		case last.State == StateSent, last.State == StateKept:
			return "", nil
		case last.State == StateFailed, last.Problem != "":
			return last.Problem, nil
		}
		select {
		case <-ctx.Done():
			return "", nil
		case <-over.C:
			return "", nil
		case <-tick.C:
		}
	}
}

// Mails tells whether a mail server is configured.
func (o *Outbox) Mails() bool { return o.mailer != nil }

// Texts tells whether somebody is named who sends text messages.
func (o *Outbox) Texts() bool { return o.texter != nil }

// single tells whether a message of a kind is of no use beside a newer one.
func single(kind string) bool {
	if kind == string(TextCode) || kind == byPush {
		return true
	}
	r, ok := recipeOf(Kind(kind))
	return ok && slices.Contains([]need{needsLink, needsCode, needsCodes}, r.needs)
}

// ofUse tells whether a message that failed is still worth sending, at a moment in unix
// milliseconds.
func ofUse(ctx context.Context, q *rows.Queries, workspace countersign.WorkspaceID, id countersign.MessageID, kind string, now int64) (bool, error) {
	alone := int64(0)
	if single(kind) {
		alone = 1
	}
	n, err := q.MessageOfUse(ctx, rows.MessageOfUseParams{WorkspaceID: workspace, ID: id, Now: now, Empty: []byte{}, Single: alone})
	if err != nil {
		return false, fmt.Errorf("look whether the message is of use: %w", err)
	}
	return n > 0, nil
}

// TryAgain lets a message that failed go out once more, as it was written. What was
// handed over is never sent again, nor what has expired, nor a code or link that was used,
// or that a newer one has replaced.
//
// Errors: NotFound "no_message"; Conflict "message_over".
func (o *Outbox) TryAgain(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.MessageID) (rows.Message, error) {
	row, err := tx.GetMessage(tx.Ctx, workspace, id)
	if store.NotFound(err) {
		return row, countersign.Refuse(countersign.NotFound, "no_message")
	}
	if err != nil {
		return row, fmt.Errorf("load the message: %w", err)
	}
	over := countersign.Refuse(countersign.Conflict, "message_over")
	of, err := ofUse(tx.Ctx, tx.Queries, workspace, id, row.Kind, tx.NowMilli())
	if err != nil {
		return row, err
	}
	if !of {
		return row, over
	}
	row, err = tx.TryAgain(tx.Ctx, rows.TryAgainParams{Now: tx.NowMilli(), WorkspaceID: workspace, ID: id, Empty: []byte{}})
	if store.NotFound(err) {
		return row, over
	}
	if err != nil {
		return row, fmt.Errorf("try the message again: %w", err)
	}
	tx.After(func() { o.store.Ring(topic(row.Channel)) })
	return row, nil
}

// FirstAt is the least identifier that a message of a moment can have: identifiers begin
// with the time, so what was posted since is what comes after it.
func FirstAt(t time.Time) countersign.MessageID {
	id := seal.SortableID("msg", t, 0)
	return countersign.MessageID(id[:len("msg_")+10])
}
