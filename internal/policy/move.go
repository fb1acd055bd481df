package policy

import "slices"

// Held is one thing that a person proves to be themselves with.
type Held struct {
	ID, Kind, Name string
	// Terminal is for a command line, Synced for a passkey that is kept elsewhere too:
	// neither goes with a phone.
	Terminal, Synced bool
	Added            int64 // unix milliseconds
}

// Move is what somebody has who goes from one phone to another.
type Move struct {
	Lost  bool  // the old phone is out of reach
	Since int64 // when they began, unix milliseconds
	Held  []Held
	// Recovers tells that there are recovery codes, CodesMade when they were made, and
	// CodesFew that they go to their end.
	Recovers  bool
	CodesMade int64
	CodesFew  bool
	// Pairs tells that a phone may be paired, Paired that one was when they began.
	Pairs, Paired bool
}

// What there is to do.
const (
	MoveChange = "change" // have another authenticator app answer in this one's place
	MovePair   = "pair"   // pair the new phone
	MoveRemove = "remove" // remove what was on the old one
	MoveCodes  = "codes"  // make new recovery codes
)

// MoveStep is one thing to do, with what it is done to.
type MoveStep struct {
	Do   string
	Of   Held // empty for codes, and for pairing
	Done bool
}

// Steps are what is to be done, in an order in which nobody is stranded: what takes the
// place of something comes before that is removed. But a phone that others may have found
// is removed first where another way is left. What was done since the beginning is told
// as done, as far as it left something behind.
func (m Move) Steps() []MoveStep {
	var apps, pairs, removes, rest []MoveStep
	paired := MoveStep{Do: MovePair}
	for _, h := range m.Held {
		added := h.Added > m.Since
		switch {
		case h.Kind == "totp":
			apps = append(apps, MoveStep{Do: MoveChange, Of: h, Done: added})
		case h.Kind == Push && !h.Terminal && added:
			paired = MoveStep{Do: MovePair, Of: h, Done: true}
		case h.Kind == Push && !h.Terminal:
			removes = append(removes, MoveStep{Do: MoveRemove, Of: h})
		case (h.Kind == Passkey && !h.Synced || h.Kind == "sms") && !added && m.Lost:
			rest = append(rest, MoveStep{Do: MoveRemove, Of: h})
		}
	}
	if m.Pairs && (m.Paired || paired.Done) {
		pairs = append(pairs, paired)
	}
	// Made before and not used up, they are as good as they were; but a list that was in
	// a lost phone is somebody else's.
	if renewed := m.CodesMade > m.Since; m.Recovers && (m.Lost || m.CodesFew || renewed) {
		rest = append(rest, MoveStep{Do: MoveCodes, Done: renewed})
	}
	if m.Lost && len(m.Held) > len(removes) {
		return slices.Concat(removes, apps, pairs, rest)
	}
	return slices.Concat(apps, pairs, removes, rest)
}
