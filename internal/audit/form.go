package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store/rows"
)

const (
	macSize = 32
	// markSize is how much is kept of the keyed digest of each event: enough to tell one
	// that was changed, as the digest of the whole batch is what decides.
	markSize = 8
)

// What the installation's key is used for here: none answers for another.
const (
	purposeSeal    = "audit.seal"
	purposeMark    = "audit.mark"
	purposeHead    = "audit.head"
	purposeRetired = "audit.retired"
)

// encode appends an event to dst, all of it but for the seal that it belongs to. Each text
// stands behind its length, as eight bytes, so no two different events are encoded alike:
// nothing of one column can be moved into the next. A column that events get later goes to
// the end, and only where it holds something: what was sealed before must stay as it was.
func encode(dst []byte, e *rows.Event) []byte {
	text := func(s string) {
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	text(string(e.WorkspaceID))
	text(string(e.ID))
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.At)) //nolint:gosec // the same bits
	text(e.Kind)
	text(e.Outcome)
	text(string(e.ActorKind))
	text(e.ActorID)
	text(string(e.UserID))
	text(e.Target)
	text(string(e.SessionID))
	text(string(e.AttemptID))
	text(e.RequestID)
	text(e.IP)
	text(e.UserAgent)
	text(e.Detail)
	return dst
}

// batch is what a seal says of its events.
type batch struct {
	events      countersign.Number
	first, last countersign.EventID
	newest      countersign.Milli
	digest      []byte
	marks       []byte
}

// digestOf puts events into the order of their identifiers and digests them.
func digestOf(key seal.MACKey, events []rows.Event) batch {
	slices.SortFunc(events, func(a, b rows.Event) int { return cmp.Compare(a.ID, b.ID) })
	b := batch{events: countersign.Number(len(events))}
	whole := sha256.New()
	var one []byte
	for i := range events {
		e := &events[i]
		one = encode(one[:0], e)
		_, _ = whole.Write(one) // a hash never fails
		b.marks = append(b.marks, key.Sum(purposeMark, string(one))[:markSize]...)
		b.newest = max(b.newest, e.At)
	}
	if len(events) > 0 {
		b.first, b.last = events[0].ID, events[len(events)-1].ID
	}
	b.digest = whole.Sum(nil)
	return b
}

// macOf is the keyed digest of a seal: over its row and that of the seal before it, nil for
// the first. It leaves out what changes when the events are retired.
func macOf(key seal.MACKey, s *rows.Seal, prev []byte) []byte {
	return key.Sum(purposeSeal,
		string(s.WorkspaceID), string(prev), number(s.ID), number(int64(s.At)), number(int64(s.Events)), string(s.FirstID), string(s.LastID),
		number(int64(s.NewestAt)), string(s.Digest))
}

// headMAC proves that a chain ended with a seal.
func headMAC(key seal.MACKey, workspace countersign.WorkspaceID, h Head) []byte {
	return key.Sum(purposeHead, string(workspace), number(h.Seal), string(h.MAC))
}

// retiredMAC proves that retention removed the events of a seal, whole and in their time.
func retiredMAC(key seal.MACKey, s *rows.Seal, at countersign.Milli) []byte {
	return key.Sum(purposeRetired, string(s.WorkspaceID), number(s.ID), number(int64(at)), string(s.Mac))
}

// number is a number in a keyed digest, always eight bytes.
func number(n int64) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // the same bits
}

// sealOf is the row of the seal over events, in the order that they are put into.
func sealOf(key seal.MACKey, workspace countersign.WorkspaceID, id int64, prev []byte, at countersign.Milli, events []rows.Event) rows.Seal {
	b := digestOf(key, events)
	s := rows.Seal{
		WorkspaceID: workspace, ID: id, At: at, Events: b.events, FirstID: b.first, LastID: b.last, NewestAt: b.newest,
		Digest: b.digest, Marks: b.marks, RetiredMac: []byte{},
	}
	s.Mac = macOf(key, &s, prev)
	return s
}
