package audit_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/seal"
	"countersign/internal/store/rows"
)

// chained is a chain in memory.
type chained struct {
	key    seal.MACKey
	seals  []rows.Seal
	events map[int64][]rows.Event
	noted  rows.SealHead
}

// newChained makes five seals of four events each: evt_10 to evt_13, evt_20 to evt_23, …
func newChained() *chained {
	c := &chained{key: seal.MACKey("0123456789abcdef0123456789abcdef"), events: map[int64][]rows.Event{}}
	var prev []byte
	for id := int64(1); id <= 5; id++ {
		number := countersign.Number(id)
		for n := range int64(4) {
			c.events[id] = append(c.events[id], rows.Event{
				WorkspaceID: workspace, ID: countersign.EventID(fmt.Sprintf("evt_%d%d", id, n)), At: countersign.Milli(100*id + n), Kind: "signin.completed", SealID: &number,
			})
		}
		s := audit.SealOf(c.key, workspace, id, prev, countersign.Milli(100*id+50), c.events[id])
		prev = s.Mac
		c.seals = append(c.seals, s)
	}
	c.noted = audit.HeadOf(c.key, c.seals[4])
	return c
}

func (c *chained) walk() audit.Report {
	return audit.Walk(c.key, workspace, c.seals, c.events, c.noted)
}

// retire does what retention does with a seal.
func (c *chained) retire(id int64, at countersign.Milli) {
	s := &c.seals[id-1]
	s.RetiredAt, s.RetiredMac, s.Marks = at, audit.Retired(c.key, *s, at), nil
	delete(c.events, id)
}

func TestWhatAChainTells(t *testing.T) {
	type problems []audit.Problem
	for _, row := range []struct {
		sentence string
		change   func(c *chained)
		want     problems
	}{
		{"nothing was done", func(*chained) {}, nil},
		{"an event says something else", func(c *chained) { c.events[3][2].IP = "192.0.2.1" }, problems{{audit.EventChanged, 3, "evt_32"}}},
		{"the first event says something else", func(c *chained) { c.events[1][0].Detail = "{}" }, problems{{audit.EventChanged, 1, "evt_10"}}},
		{"the last event says something else", func(c *chained) { c.events[5][3].At++ }, problems{{audit.EventChanged, 5, "evt_53"}}},
		{"an event is of another workspace", func(c *chained) { c.events[3][2].WorkspaceID = "wsp_other" }, problems{{audit.EventChanged, 3, "evt_32"}}},
		{"an event was removed", func(c *chained) { c.events[3] = slices.Delete(c.events[3], 1, 2) }, problems{{audit.EventMissing, 3, "evt_32"}}},
		{"the first of a batch was removed", func(c *chained) { c.events[3] = c.events[3][1:] }, problems{{audit.EventMissing, 3, "evt_31"}}},
		{"the last of a batch was removed", func(c *chained) { c.events[3] = c.events[3][:3] }, problems{{audit.EventMissing, 3, ""}}},
		{"two were removed", func(c *chained) { c.events[3] = slices.Delete(c.events[3], 1, 3) }, problems{{audit.EventMissing, 3, "evt_33"}}},
		{"a whole batch was removed", func(c *chained) { delete(c.events, 3) }, problems{{audit.EventMissing, 3, ""}}},
		{"an event was added in between", func(c *chained) {
			c.events[3] = append(c.events[3], rows.Event{WorkspaceID: workspace, ID: "evt_315"})
		}, problems{{audit.EventAdded, 3, "evt_315"}}},
		{"an event was added at the end", func(c *chained) {
			c.events[3] = append(c.events[3], rows.Event{WorkspaceID: workspace, ID: "evt_39"})
		}, problems{{audit.EventAdded, 3, "evt_39"}}},
		{"two were added", func(c *chained) {
			c.events[3] = append(c.events[3], rows.Event{WorkspaceID: workspace, ID: "evt_315"}, rows.Event{WorkspaceID: workspace, ID: "evt_316"})
		}, problems{{audit.EventAdded, 3, "evt_315"}}},
		{"two events exchanged their identifiers", func(c *chained) {
			c.events[3][1].Kind = "signin.cancelled"
			c.seals[2] = audit.SealOf(c.key, workspace, 3, c.seals[1].Mac, c.seals[2].At, c.events[3])
			c.seals[3] = audit.SealOf(c.key, workspace, 4, c.seals[2].Mac, c.seals[3].At, c.events[4])
			c.seals[4] = audit.SealOf(c.key, workspace, 5, c.seals[3].Mac, c.seals[4].At, c.events[5])
			c.noted = audit.HeadOf(c.key, c.seals[4])
			c.events[3][1].ID, c.events[3][2].ID = c.events[3][2].ID, c.events[3][1].ID
		}, problems{{audit.EventChanged, 3, "evt_31"}}},
		{"an event was moved into another batch", func(c *chained) {
			c.events[4] = append(c.events[4], c.events[3][3])
			c.events[3] = c.events[3][:3]
		}, problems{{audit.EventMissing, 3, ""}, {audit.EventAdded, 4, "evt_33"}}},
		{"the marks were scrambled", func(c *chained) { c.seals[2].Marks[9] ^= 1 }, problems{{audit.SealChanged, 3, ""}}},
		{"a seal has the proof of a retirement that was not", func(c *chained) { c.seals[2].RetiredMac = c.seals[2].Mac }, problems{{audit.SealChanged, 3, ""}}},
		{"a retired seal has marks", func(c *chained) {
			c.retire(1, 1000)
			c.seals[0].Marks = []byte("12345678")
		}, problems{{audit.SealChanged, 1, ""}}},
		{"a seal has a number that none can come to", func(c *chained) { c.seals[4].ID = math.MaxInt64 }, problems{{audit.TailCut, 5, ""}, {audit.SealChanged, math.MaxInt64, ""}}},
		{"an event and all marks", func(c *chained) {
			c.events[3][2].IP = "192.0.2.1"
			c.seals[2].Marks = c.seals[2].Marks[:8]
		}, problems{{audit.EventsChanged, 3, ""}}},
		{"a seal says another number of events", func(c *chained) { c.seals[2].Events = 1 << 40 }, problems{{audit.SealChanged, 3, ""}}},
		{"a seal says another time", func(c *chained) { c.seals[2].At++ }, problems{{audit.SealChanged, 3, ""}}},
		{"a seal encloses something else", func(c *chained) { c.seals[2].FirstID = "evt_00" }, problems{{audit.SealChanged, 3, ""}}},
		{"a seal is as old as it likes", func(c *chained) { c.seals[2].NewestAt = 0 }, problems{{audit.SealChanged, 3, ""}}},
		{"a seal has another digest", func(c *chained) { c.seals[2].Digest[0] ^= 1 }, problems{{audit.SealChanged, 3, ""}}},
		{"a seal has another keyed digest, and what follows does not follow", func(c *chained) { c.seals[2].Mac[0] ^= 1 }, problems{{audit.SealChanged, 3, ""}, {audit.SealChanged, 4, ""}}},
		{"a seal is of another key", func(c *chained) {
			c.seals[4] = audit.SealOf(seal.MACKey("another"), workspace, 5, c.seals[3].Mac, c.seals[4].At, c.events[5])
		}, problems{{audit.SealChanged, 5, ""}, {audit.HeadChanged, 5, ""}}},
		{"two seals exchanged their places", func(c *chained) {
			c.seals[2].ID, c.seals[3].ID = 4, 3
			c.seals[2], c.seals[3] = c.seals[3], c.seals[2]
		}, problems{{audit.SealChanged, 3, ""}, {audit.SealChanged, 4, ""}, {audit.SealChanged, 5, ""}}},
		{"a seal was removed", func(c *chained) { c.seals = slices.Delete(c.seals, 2, 3) }, problems{{audit.SealMissing, 3, ""}, {audit.SealChanged, 4, ""}}},
		{"the first seal was removed", func(c *chained) { c.seals = c.seals[1:] }, problems{{audit.SealMissing, 1, ""}, {audit.SealChanged, 2, ""}}},
		{"a seal was put before the first", func(c *chained) {
			c.seals = slices.Insert(c.seals, 0, audit.SealOf(c.key, workspace, 0, nil, 0, nil))
		}, problems{{audit.SealChanged, 0, ""}}},
		{"the tail was cut off", func(c *chained) { c.seals = c.seals[:3] }, problems{{audit.TailCut, 4, ""}}},
		{"all was cut off", func(c *chained) { c.seals = nil }, problems{{audit.TailCut, 1, ""}}},
		{"the tail was cut off, and the note made shorter", func(c *chained) { c.seals, c.noted.SealID = c.seals[:3], 3 }, problems{{audit.HeadChanged, 3, ""}}},
		{"the tail was cut off, and the note removed", func(c *chained) { c.seals, c.noted = c.seals[:3], rows.SealHead{} }, problems{{audit.HeadChanged, 3, ""}}},
		{"the note of another workspace was taken", func(c *chained) {
			c.seals = c.seals[:3]
			other := c.seals[2]
			other.WorkspaceID = "wsp_other"
			c.noted = audit.HeadOf(c.key, other)
		}, problems{{audit.HeadChanged, 3, ""}}},
		{"the oldest are retired", func(c *chained) { c.retire(1, 1000); c.retire(2, 1000) }, nil},
		{"all are retired", func(c *chained) {
			for id := range int64(5) {
				c.retire(id+1, 1000)
			}
		}, nil},
		{"a batch was removed and called retired", func(c *chained) {
			c.seals[2].RetiredAt = 1000
			delete(c.events, 3)
		}, problems{{audit.EventsRemoved, 3, ""}}},
		{"the proof of another seal's retirement was taken", func(c *chained) {
			c.retire(1, 1000)
			c.seals[2].RetiredAt, c.seals[2].RetiredMac = 1000, c.seals[0].RetiredMac
			delete(c.events, 3)
		}, problems{{audit.EventsRemoved, 3, ""}}},
		{"a retirement says another time", func(c *chained) { c.retire(1, 1000); c.seals[0].RetiredAt++ }, problems{{audit.EventsRemoved, 1, ""}}},
		{"what was retired was younger than that", func(c *chained) { c.retire(1, 103) }, problems{{audit.EventsRemoved, 1, ""}}},
		{"a seal that is retired says something else", func(c *chained) { c.retire(1, 1000); c.seals[0].Events++ }, problems{{audit.SealChanged, 1, ""}}},
		{"a chain that was broken goes on after a gap", func(c *chained) {
			c.seals = c.seals[:3]
			c.seals = append(c.seals, audit.SealOf(c.key, workspace, 5, c.seals[2].Mac, 600, c.events[5]))
			c.noted = audit.HeadOf(c.key, c.seals[3])
		}, problems{{audit.SealMissing, 4, ""}}},
		{"several things are told in the order of seals", func(c *chained) {
			c.events[4][0].Kind, c.events[2] = "x", nil
			c.seals = c.seals[:4]
		}, problems{{audit.EventMissing, 2, ""}, {audit.EventChanged, 4, "evt_40"}, {audit.TailCut, 5, ""}}},
	} {
		c := newChained()
		row.change(c)
		r := c.walk()
		if diff := cmp.Diff([]audit.Problem(row.want), r.Problems); diff != "" {
			t.Errorf("%s:\n%s", row.sentence, diff)
		}
		if r.Holds() != (row.want == nil) || r.Wrong != int64(len(row.want)) {
			t.Errorf("%s: %d wrong, holds: %v", row.sentence, r.Wrong, r.Holds())
		}
	}
}

func TestAReportNamesTheFirstProblemsAndCountsAll(t *testing.T) {
	c := newChained()
	for range 60 { // another three hundred seals, all of one event that is not there
		last := c.seals[len(c.seals)-1]
		for range 5 {
			next := audit.SealOf(c.key, workspace, last.ID+1, last.Mac, last.At, []rows.Event{{ID: "evt_x"}})
			c.seals, last = append(c.seals, next), next
		}
	}
	c.noted = audit.HeadOf(c.key, c.seals[len(c.seals)-1])
	r := c.walk()
	if r.Wrong != 300 || len(r.Problems) != 20 || r.Problems[0].Seal != 6 || r.Problems[19].Seal != 25 {
		t.Errorf("%d wrong, %d named, from %v", r.Wrong, len(r.Problems), r.Problems)
	}
	if r.Seals != 5 || r.Events != 20 || r.Head.Seal != 305 {
		t.Errorf("the report says %+v", r)
	}
}

func TestWhoseTurnItIs(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		sentence string
		holder   string
		until    time.Time
		want     bool
	}{
		{"one's own", "nod_1", now.Add(4 * time.Second), true},
		{"one's own that is over", "nod_1", now.Add(-time.Second), true},
		{"another node's", "nod_2", now.Add(time.Millisecond), false},
		{"another node's, whose clock is ahead", "nod_2", now.Add(time.Minute), false},
		{"another node's that is over", "nod_2", now, true},
		{"one that a wrong clock took for a year", "nod_2", now.AddDate(1, 0, 0), true},
	} {
		if got := audit.Mine(rows.Lease{Holder: row.holder, Until: countersign.Milli(row.until.UnixMilli())}, "nod_1", now); got != row.want {
			t.Errorf("%s: %v", row.sentence, got)
		}
	}
}

func TestWhatFollows(t *testing.T) {
	c := newChained()
	last := c.seals[4]
	for _, row := range []struct {
		sentence string
		last     rows.Seal
		noted    rows.SealHead
		want     int64
		broken   bool
	}{
		{"a chain begins with 1", rows.Seal{}, rows.SealHead{}, 1, false},
		{"and goes on", last, c.noted, 6, false},
		{"after a tail that was cut off a number is left out", c.seals[2], c.noted, 5, true},
		{"after all was cut off as well", rows.Seal{}, c.noted, 2, true},
		{"without the note too", last, rows.SealHead{}, 7, true},
		{"and with one of somebody else", last, audit.HeadOf(seal.MACKey("another"), last), 7, true},
	} {
		got, broken := audit.Follow(c.key, workspace, row.last, row.noted)
		if got != row.want || broken != row.broken {
			t.Errorf("%s: %d, %v", row.sentence, got, broken)
		}
	}
}

func TestWhatIsOldEnoughToGo(t *testing.T) {
	for _, row := range []struct {
		now  string
		days int
		want string
	}{
		{"2026-11-23T00:00:00Z", 1, "2026-11-22T00:00:00Z"},
		{"2026-11-23T23:59:59Z", 1, "2026-11-22T00:00:00Z"},
		{"2026-11-24T08:00:00+13:00", 365, "2025-11-23T00:00:00Z"},
		{"2027-01-01T12:00:00Z", 36500, "1927-01-26T00:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, row.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.UnixMilli(int64(audit.Cutoff(now, row.days))).UTC().Format(time.RFC3339); got != row.want {
			t.Errorf("%d days at %s: %s, want %s", row.days, row.now, got, row.want)
		}
	}
}
