package audit

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store/rows"
)

// Fault says what is wrong with a chain. It is a word of the interface.
type Fault string

// What can be wrong.
const (
	// SealMissing is a number that no seal has, or had when the chain went on after it was
	// found broken.
	SealMissing Fault = "seal_missing"
	// SealChanged is a seal that is not as it was made, or not at its place.
	SealChanged Fault = "seal_changed"
	// EventChanged is an event that is not as it was sealed.
	EventChanged Fault = "event_changed"
	// EventMissing is one that was removed; Event is the one behind it, "" at the end.
	EventMissing Fault = "event_missing"
	// EventAdded is one that was not there when its seal was made.
	EventAdded Fault = "event_added"
	// EventsChanged is a batch that is not as it was sealed, of which none can be named.
	EventsChanged Fault = "events_changed"
	// EventsRemoved is a batch that somebody else than retention removed, or that was not
	// whole when retention did.
	EventsRemoved Fault = "events_removed"
	// TailCut is a chain that once ended later; Seal is the first number that is missing.
	TailCut Fault = "tail_cut"
	// WorkspaceMissing is a log whose workspace is not there, or has another identifier. The
	// program removes a log with its workspace.
	WorkspaceMissing Fault = "workspace_missing"
	// WorkspaceChanged is a workspace whose row holds what no column of it can.
	WorkspaceChanged Fault = "workspace_changed"
	// HeadChanged is a note of the chain's end that is missing or not ours.
	HeadChanged Fault = "head_changed"
	// BegunLate is a chain that begins after a server was at work: it was taken away, and
	// begun anew. Event is the oldest, "" where a sign-in is older than all that is kept.
	BegunLate Fault = "begun_late"
)

// lateAfter is how long an event may wait for its seal before that is told. It also is how
// much later than what a server did a chain may begin.
const lateAfter = 24 * time.Hour

// Problem is one thing that is wrong, at which seal and, where it can be told, event.
type Problem struct {
	Fault Fault
	Seal  int64
	Event countersign.EventID
}

// Text is the id of its sentence in the catalogue; Seal and Event fill it.
func (p Problem) Text() string {
	switch {
	case p.Fault == EventChanged && p.Seal == 0:
		return "audit.fault_event_changed_unnumbered"
	case p.Fault == EventAdded && p.Seal == 0:
		return "audit.fault_event_added_unnumbered"
	case p.Fault == SealChanged && p.Seal == 0:
		return "audit.fault_seal_changed_unnumbered"
	case p.Fault == EventMissing && p.Event == "":
		return "audit.fault_event_missing_end"
	case p.Fault == BegunLate && p.Event == "":
		return "audit.fault_begun_late_people"
	}
	return "audit.fault_" + string(p.Fault)
}

// problemsKept is how many problems a report names; the rest is counted.
const problemsKept = 20

// Report says how the log of a workspace was found.
type Report struct {
	Workspace countersign.WorkspaceID
	// Seals and Events are how many hold, Retired how many seals the events of which
	// retention removed, in their time.
	Seals, Events, Retired int64
	// Unsealed events have no seal yet, the oldest of them since OldestUnsealed, in unix
	// milliseconds, 0 for none. More than those of a second or two are a sign that
	// something keeps the sealer from its work.
	Unsealed, OldestUnsealed int64
	// Began is when the first seal was made, in unix milliseconds, 0 for none.
	Began int64
	// Late events were sealed more than a day after they were written: what was done from
	// the shell while no server ran, or what somebody had sealed again.
	Late int64
	Head Head
	// Wrong is how many things are wrong, Problems the first of them.
	Wrong    int64
	Problems []Problem
}

// Holds tells that nothing was changed, removed, reordered, added or cut off.
func (r Report) Holds() bool { return r.Wrong == 0 }

// wrong notes a problem, in the order of seals. One that was found in two ways is one.
func (r *Report) wrong(p Problem) {
	if slices.Contains(r.Problems, p) {
		return
	}
	r.Wrong++
	at, _ := slices.BinarySearchFunc(r.Problems, p, func(have, p Problem) int {
		if have.Seal <= p.Seal {
			return -1 // what was found first stands first
		}
		return 1
	})
	if at >= problemsKept {
		return
	}
	r.Problems = slices.Insert(r.Problems, at, p)
	r.Problems = r.Problems[:min(len(r.Problems), problemsKept)]
}

// walk goes along a chain, seal by seal.
type walk struct {
	key    seal.MACKey
	report *Report
	next   int64  // the number that comes now
	most   int64  // the greatest that one can have: see greatest
	prev   []byte // the digest of the seal before it
}

// seal looks at the next seal, and tells whether its events are to be looked at: those of
// one that is not ours say nothing.
func (w *walk) seal(s *rows.Seal) bool {
	switch {
	case s.ID < w.next, s.ID > w.most:
		// Numbers begin with 1. What has one that none can have is not where the chain ends.
		w.report.wrong(Problem{Fault: SealChanged, Seal: s.ID})
		return false
	case s.ID > w.next:
		w.report.wrong(Problem{Fault: SealMissing, Seal: w.next})
	}
	ours := seal.Equal(s.Mac, macOf(w.key, s, w.prev))
	w.next, w.prev = s.ID+1, s.Mac
	w.report.Head = Head{Seal: s.ID, MAC: s.Mac}
	if !ours {
		w.report.wrong(Problem{Fault: SealChanged, Seal: s.ID})
		return false
	}
	if s.ID == 1 {
		w.report.Began = int64(s.At)
	}
	if s.RetiredAt == 0 {
		return true
	}
	// An event that is younger than its retirement was not old enough.
	if age(s) >= s.RetiredAt || !seal.Equal(s.RetiredMac, retiredMAC(w.key, s, s.RetiredAt)) {
		w.report.wrong(Problem{Fault: EventsRemoved, Seal: s.ID})
		return false
	}
	if len(s.Marks) > 0 {
		w.report.wrong(Problem{Fault: SealChanged, Seal: s.ID})
		return false
	}
	w.report.Seals++
	w.report.Retired++
	return false
}

// events looks at the events of a seal that is ours.
func (w *walk) events(s *rows.Seal, events []rows.Event) {
	b := digestOf(w.key, events)
	for i := range events {
		if late(events[i].At, s.At) {
			w.report.Late++
		}
	}
	if b.events != s.Events || !seal.Equal(b.digest, s.Digest) {
		w.report.wrong(locate(s, b, events))
		return
	}
	// What is not under the seal's digest follows from what is.
	if !bytes.Equal(b.marks, s.Marks) || len(s.RetiredMac) > 0 {
		w.report.wrong(Problem{Fault: SealChanged, Seal: s.ID})
		return
	}
	w.report.Seals++
	w.report.Events += int64(b.events)
}

// late tells that what happened at one moment was sealed long after.
func late(at, sealed countersign.Milli) bool {
	return at < sealed-countersign.Milli(lateAfter.Milliseconds())
}

// begin compares when the chain began with the oldest that a server is known to have done:
// an event of what somebody did at it, whose zero value is none, and a sign-in, 0 for none.
func (r *Report) begin(oldest rows.OldestServedRow, signedIn int64) {
	switch {
	case r.Began == 0:
	case oldest.ID != "" && late(oldest.At, countersign.Milli(r.Began)):
		r.wrong(Problem{Fault: BegunLate, Seal: 1, Event: oldest.ID})
	case signedIn != 0 && late(countersign.Milli(signedIn), countersign.Milli(r.Began)):
		r.wrong(Problem{Fault: BegunLate, Seal: 1})
	}
}

// end compares where the chain ends with what was noted of that.
func (w *walk) end(noted rows.SealHead) {
	head := w.report.Head
	switch {
	case noted.WorkspaceID == "" && head.Seal == 0:
	case int64(noted.SealID) > head.Seal:
		w.report.wrong(Problem{Fault: TailCut, Seal: head.Seal + 1})
	case int64(noted.SealID) < head.Seal, !seal.Equal(noted.Mac, headMAC(w.key, w.report.Workspace, head)):
		w.report.wrong(Problem{Fault: HeadChanged, Seal: head.Seal})
	}
}

// locate names the first event of a batch that is not as it was sealed, by the marks that
// the seal keeps of them. The marks are not under the seal's digest: whoever scrambles them
// is found all the same, but the event is not told.
func locate(s *rows.Seal, b batch, events []rows.Event) Problem {
	is, was := marksOf(b.marks), marksOf(s.Marks)
	if len(was) != int(s.Events) {
		return Problem{Fault: EventsChanged, Seal: s.ID}
	}
	at := 0
	for at < len(is) && at < len(was) && is[at] == was[at] {
		at++
	}
	p := Problem{Seal: s.ID}
	if at < len(is) {
		p.Event = events[at].ID
	}
	switch {
	case at == len(is) && at == len(was):
		p.Fault = EventsChanged
	case at == len(is), at+1 < len(was) && was[at+1] == is[at]:
		p.Fault = EventMissing
	case at == len(was), at+1 < len(is) && is[at+1] == was[at]:
		p.Fault = EventAdded
	default:
		p.Fault = byCount(len(is), len(was))
	}
	return p
}

// byCount is the likeliest fault where more than one event in a row is not as it was.
func byCount(is, was int) Fault {
	switch cmp.Compare(is, was) {
	case -1:
		return EventMissing
	case 1:
		return EventAdded
	default:
		return EventChanged
	}
}

func marksOf(all []byte) [][markSize]byte {
	var marks [][markSize]byte
	for mark := range slices.Chunk(all, markSize) {
		if len(mark) == markSize {
			marks = append(marks, [markSize]byte(mark))
		}
	}
	return marks
}
