package password

import "slices"

// lane is a queue that is fair by network: the networks take turns, and within
// a network who came first goes first. One that sends a thousand sign-ins
// delays its own, and any other network by one turn.
type lane struct {
	count int
	ring  []*networkLine // in the order of their turns; none is empty
}

type networkLine struct {
	network string
	waiting []*ticket
}

func (l *lane) line(network string) int {
	return slices.IndexFunc(l.ring, func(n *networkLine) bool { return n.network == network })
}

func (l *lane) push(t *ticket) {
	l.count++
	if i := l.line(t.network); i >= 0 {
		l.ring[i].waiting = append(l.ring[i].waiting, t)

		return
	}
	l.ring = append(l.ring, &networkLine{network: t.network, waiting: []*ticket{t}})
}

// pop takes the first caller of the network whose turn it is; that network's
// next turn comes after all others.
func (l *lane) pop() *ticket {
	if len(l.ring) == 0 {
		return nil
	}
	first := l.ring[0]
	t := first.waiting[0]
	l.count--
	l.ring = slices.Delete(l.ring, 0, 1)
	first.waiting = first.waiting[1:]
	if len(first.waiting) > 0 {
		l.ring = append(l.ring, first)
	}

	return t
}

// remove takes out a caller who gave up. One who is not there any more was
// dropped before.
func (l *lane) remove(t *ticket) {
	i := l.line(t.network)
	if i < 0 {
		return
	}
	at := slices.Index(l.ring[i].waiting, t)
	if at < 0 {
		return
	}
	l.count--
	l.ring[i].waiting = slices.Delete(l.ring[i].waiting, at, at+1)
	if len(l.ring[i].waiting) == 0 {
		l.ring = slices.Delete(l.ring, i, i+1)
	}
}

// dropFor takes out the last caller of the network that has most waiting, to
// make room for one of the given network; nil if that would not be fairer.
func (l *lane) dropFor(network string) *ticket {
	mine := 0
	if i := l.line(network); i >= 0 {
		mine = len(l.ring[i].waiting)
	}
	var longest *networkLine
	for _, n := range l.ring {
		if longest == nil || len(n.waiting) > len(longest.waiting) {
			longest = n
		}
	}
	if longest == nil || len(longest.waiting) <= mine+1 {
		return nil
	}
	t := longest.waiting[len(longest.waiting)-1]
	l.remove(t)

	return t
}
