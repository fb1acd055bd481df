package message

import (
	"slices"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/trouble"
)

// Urgency is how long a message may wait for others.
type Urgency int64

// The urgencies, as messages.urgency keeps them: those of a lower number first.
const (
	// Urgent is what somebody sits and waits for, and what somebody must know before more
	// happens: codes, links, alarms.
	Urgent Urgency = iota
	// Notice tells of what is done.
	Notice
	// Bulk goes to many: campaigns, invitations of a list, digests.
	Bulk
)

// Urgencies lists them, the most urgent first.
func Urgencies() []Urgency { return []Urgency{Urgent, Notice, Bulk} }

// lane is one channel's workers, and whose turn it is. Within an urgency the workspaces
// take turns: who writes to thousands holds up nobody but themselves.
type lane struct {
	channel  string
	parallel int                               // workers
	under    [Bulk + 1]int                     // messages under way
	served   [Bulk + 1]countersign.WorkspaceID // who had the last turn
	unread   *trouble.Trouble                  // that the database does not say what is due
}

func (l *lane) free() int { return l.parallel - l.under[Urgent] - l.under[Notice] - l.under[Bulk] }

// room is how many messages of an urgency may be begun now; waiting counts the
// workspaces of which something waits, by urgency.
//
// What is not urgent never has the last worker: a mail server that takes minutes for each
// mail of a campaign still takes a code at once. And each urgency leaves one worker to one
// below it that waits and has none, so that nothing waits for ever.
func (l *lane) room(u Urgency, waiting [Bulk + 1]int) int {
	others := l.parallel - 1 - l.under[Notice] - l.under[Bulk]
	left := 0
	for below := u + 1; below <= Bulk; below++ {
		if waiting[below] > 0 && l.under[below] == 0 {
			left++
		}
	}
	if u == Urgent {
		return l.free() - min(left, max(others, 0))
	}
	return min(l.free(), others) - left
}

// due counts by urgency the workspaces of which something waits.
func due(turns []rows.ListTurnsRow) [Bulk + 1]int {
	var n [Bulk + 1]int
	for _, turn := range turns {
		n[turn.Urgency]++
	}
	return n
}

// any tells whether something of what waits may be begun now: asking for nothing would hold
// up those who write.
func (l *lane) any(turns []rows.ListTurnsRow) bool {
	n := due(turns)
	return slices.ContainsFunc(Urgencies(), func(u Urgency) bool { return n[u] > 0 && l.room(u, n) > 0 })
}

// claim takes as many messages as there are workers for, in the lane's order.
func (l *lane) claim(tx *store.Tx, turns []rows.ListTurnsRow) ([]rows.Message, error) {
	var waiting [Bulk + 1][]countersign.WorkspaceID
	for _, turn := range turns {
		waiting[turn.Urgency] = append(waiting[turn.Urgency], countersign.WorkspaceID(turn.WorkspaceID))
	}
	var claimed []rows.Message
	for _, u := range Urgencies() {
		some, err := l.serve(tx, u, inTurn(waiting[u], l.served[u]), l.room(u, due(turns)))
		if err != nil {
			return nil, err
		}
		claimed = append(claimed, some...)
	}
	return claimed, nil
}

// inTurn begins a list of workspaces behind the one that had the last turn.
func inTurn(list []countersign.WorkspaceID, served countersign.WorkspaceID) []countersign.WorkspaceID {
	slices.Sort(list) // whatever order the database has
	at, found := slices.BinarySearch(list, served)
	if found {
		at++
	}
	return slices.Concat(list[at:], list[:at])
}

// serve goes round the workspaces until there is no room, or nothing left.
func (l *lane) serve(tx *store.Tx, u Urgency, list []countersign.WorkspaceID, room int) ([]rows.Message, error) {
	var claimed []rows.Message
	for room > 0 && len(list) > 0 {
		share := (room + len(list) - 1) / len(list)
		var more []countersign.WorkspaceID
		for _, workspace := range list {
			most := min(share, room)
			if most == 0 {
				break
			}
			some, err := tx.ClaimMessages(tx.Ctx, rows.ClaimMessagesParams{
				LeaseUntil: tx.Now.Add(lease).UnixMilli(), Now: tx.NowMilli(), Channel: l.channel, Urgency: int64(u), WorkspaceID: workspace,
				Most: int32(most), //nolint:gosec // at most the number of workers
			})
			if err != nil {
				return nil, err
			}
			claimed = append(claimed, some...)
			l.served[u] = workspace
			l.under[u] += len(some)
			room -= len(some)
			if len(some) == most {
				more = append(more, workspace)
			}
		}
		list = more
	}
	return claimed, nil
}
