package audit

import (
	"context"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store/rows"
)

// Encode is the canonical form of an event.
func Encode(e rows.Event) []byte { return encode(nil, &e) }

// SealOf is the row of a seal.
func SealOf(key seal.MACKey, workspace countersign.WorkspaceID, id int64, prev []byte, at countersign.Milli, events []rows.Event) rows.Seal {
	return sealOf(key, workspace, id, prev, at, events)
}

// HeadOf is the note of a chain's end.
func HeadOf(key seal.MACKey, s rows.Seal) rows.SealHead {
	return rows.SealHead{WorkspaceID: s.WorkspaceID, SealID: countersign.Number(s.ID), Mac: headMAC(key, s.WorkspaceID, Head{Seal: s.ID, MAC: s.Mac})}
}

// Retired is what proves that a seal's events were retired.
func Retired(key seal.MACKey, s rows.Seal, at countersign.Milli) []byte {
	return retiredMAC(key, &s, at)
}

// Walk goes along seals with their events.
func Walk(key seal.MACKey, workspace countersign.WorkspaceID, seals []rows.Seal, events map[int64][]rows.Event, noted rows.SealHead) Report {
	r := Report{Workspace: workspace}
	w := &walk{key: key, report: &r, next: 1, most: greatest(time.Time{})}
	for i := range seals {
		if w.seal(&seals[i]) {
			w.events(&seals[i], events[seals[i].ID])
		}
	}
	w.end(noted)
	return r
}

// The rules of whose turn it is, and of what comes next.
var (
	Mine   = mine
	Follow = follow
	Cutoff = cutoff
)

// Seal seals the events of a workspace between two, as a look does with what it has read.
func (s *Sealer) Seal(ctx context.Context, workspace countersign.WorkspaceID, from, to countersign.EventID) (int, error) {
	return s.seal(ctx, workspace, from, to)
}

// BatchSize is about the most events of one seal.
const BatchSize = batchSize
