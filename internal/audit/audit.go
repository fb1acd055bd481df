// Package audit writes the events: each act and each refusal, in the same
// transaction as what it tells, so that neither exists without the other. It
// does not decide what is worth an event; whoever acts does.
//
// It also owns the chain over them (doc/decisions/0067): it seals events when they are
// committed, looks whether they are as they were sealed, and removes the old ones. The
// server runs the sealer on every node, account sweeps, the command line verifies.
package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Outcome says how an act ended.
type Outcome string

// An act was done, or refused by a rule.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused"
)

// Event is one line of the audit log.
type Event struct {
	// Kind is "noun.verb": "signin.completed".
	Kind    string
	Outcome Outcome
	Actor   countersign.Actor
	// User is whose account it is about.
	User countersign.UserID
	// Target names the thing acted on, when it is not the account itself.
	Target  string
	Session countersign.SessionID
	Attempt countersign.AttemptID
	Place   countersign.Place
	// Detail holds no secret, ever.
	Detail map[string]string
}

// Write adds e to the log of a workspace. The first thousand events and mails of one
// transaction are listed in the order in which they were written.
func Write(tx *store.Tx, workspace countersign.WorkspaceID, e Event) error {
	row, err := Row(workspace, e, tx.Now, tx.Next())
	if err != nil {
		return err
	}
	err = tx.InsertEvent(tx.Ctx, row)
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.Kind, err)
	}
	return nil
}

// Row is e as the log keeps it: the n-th of what was written at a moment, from 0.
func Row(workspace countersign.WorkspaceID, e Event, now time.Time, n int) (rows.InsertEventParams, error) {
	detail := []byte("{}")
	if len(e.Detail) > 0 {
		encoded, err := json.Marshal(e.Detail)
		if err != nil {
			return rows.InsertEventParams{}, fmt.Errorf("encode event: %w", err)
		}
		detail = encoded
	}
	if e.Outcome == "" {
		e.Outcome = OK
	}
	return rows.InsertEventParams{
		WorkspaceID: workspace, ID: countersign.EventID(seal.SortableID("evt", now, n)), At: countersign.Milli(now.UnixMilli()),
		Kind: e.Kind, Outcome: string(e.Outcome), ActorKind: e.Actor.Kind, ActorID: string(e.Actor.User),
		UserID: e.User, Target: e.Target, SessionID: e.Session, AttemptID: e.Attempt,
		RequestID: storable(e.Place.RequestID), IP: storable(e.Place.IP), UserAgent: storable(e.Place.UserAgent), Detail: string(detail),
	}, nil
}

// FirstAt is the least identifier that an event of a moment can have: identifiers begin
// with the time, so two of them enclose what happened in between.
func FirstAt(t time.Time) countersign.EventID {
	id := seal.SortableID("evt", t, 0)
	return countersign.EventID(id[:len("evt_")+10])
}

// storable makes any text one that both databases keep. The event of a wrong
// answer stands in the transaction of its count: were the text refused, the
// count would be lost with it.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?")
}

// Detail reads the details of a stored event; what cannot be read is empty.
func Detail(e rows.Event) map[string]string {
	detail := map[string]string{}
	if json.Unmarshal([]byte(e.Detail), &detail) != nil {
		return map[string]string{}
	}
	return detail
}
