package attack_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store/rows"
)

// TestFaultsHangUp gives codes to servers and hangs up on many of them, while
// others wait for their answers: what shares a commit with somebody who went
// away, or with an answer that fails, is neither lost nor refused.
func TestFaultsHangUp(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		r := chance(t)
		doors := make([]*hasty, scale(40, 400))
		for i, p := range s.Crowd(t, "hasty", len(doors)) {
			doors[i] = &hasty{p: p, haste: r.Float64()}
		}
		crew(8, len(doors), func(i int) {
			d := doors[i]
			d.stays, d.leaves = s.Client().On(i%len(s.Nodes)), s.Client().On((i+1)%len(s.Nodes))
			d.left = d.leaves.First(d.p).Location
			began := time.Now()
			d.page = d.stays.First(d.p).Location
			// Two answers took that long; many leave after less than one takes.
			d.leaves.Patience = time.Duration(d.haste * float64(time.Since(began)))
		})
		crew(20, len(doors), func(i int) { doors[i].guess(t) })
		told := 0
		for _, d := range doors {
			row, err := s.Engine.Store.Read().GetGuesses(t.Context(), rows.GetGuessesParams{
				WorkspaceID: countersign.DefaultWorkspace, Subject: string(d.p.ID), Sort: "second", Counter: "other",
			})
			must(t, err)
			if row.Tries < d.told.Load() || row.Tries > 6 {
				t.Errorf("%s gave six wrong codes, %d of them were answered, and %d are counted", d.p.Email, d.told.Load(), row.Tries)
			}
			told += int(d.told.Load())
		}
		t.Logf("of %d wrong codes %d were waited for", 6*len(doors), told)
		crew(20, len(doors), func(i int) { doors[i].enter(t) })
		crew(8, len(doors), func(i int) {
			again := s.Client().On(i % len(s.Nodes))
			if a := again.Post(again.First(doors[i].p).Location, "code", doors[i].code); a.Status != http.StatusUnprocessableEntity || inside(again) {
				t.Errorf("the code of %s, given twice before, was answered %s the third time", doors[i].p.Email, a)
			}
		})
		for n := range s.Nodes {
			for line := range strings.Lines(s.Nodes[n].Log()) {
				if strings.Contains(line, "level=ERROR") {
					t.Errorf("node %d wrote %s", n, line)
				}
			}
		}
	})
}

// hasty is somebody with two browsers: one that waits for its answers, and one
// that goes away before most of them.
type hasty struct {
	p             *site.Person
	stays, leaves *site.Client
	page, left    string
	haste         float64 // how soon the other one goes away: 0 is at once
	code          string
	told          atomic.Int64 // wrong codes that were answered
}

// guess gives three wrong codes in each browser.
func (d *hasty) guess(t *testing.T) {
	t.Helper()
	give := func(c *site.Client, page string) {
		for range 3 {
			a := c.Post(page, "code", d.p.Wrong())
			switch {
			case a.Status == http.StatusUnprocessableEntity:
				d.told.Add(1)
			case a.Status != 0 || c == d.stays:
				t.Errorf("a wrong code of %s was answered %s", d.p.Email, a)
			}
		}
	}
	var pair sync.WaitGroup
	pair.Go(func() { give(d.leaves, d.left) })
	pair.Go(func() { give(d.stays, d.page) })
	pair.Wait()
}

// enter gives the right code twice at once for one sign-in, and hangs up on one
// of the two. The other one leads in, or to the page that does.
func (d *hasty) enter(t *testing.T) {
	t.Helper()
	d.code = d.p.Shown()
	off := *d.stays
	off.Patience = d.leaves.Patience
	var pair sync.WaitGroup
	var lost, a site.Answer
	pair.Go(func() { lost = off.Post(d.page, "code", d.code) })
	pair.Go(func() { a = d.stays.Post(d.page, "code", d.code) })
	pair.Wait()
	// The session may have gone to the one that nobody heard.
	if a.Status == http.StatusSeeOther && a.Location == "/account/security" && lost.Status != 0 && !inside(d.stays) {
		t.Errorf("%s was welcomed and is not in", d.p.Email)
	}
	if a.Status != http.StatusSeeOther && a.Status != http.StatusGone {
		t.Errorf("the right code of %s was answered %s", d.p.Email, a)
	}
}
