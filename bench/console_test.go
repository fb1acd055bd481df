package bench_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/console"
)

// consolePages measures the pages of a workspace of 100,000 people, a million events and
// 100,000 messages: how long one takes over HTTP, beside how long the database takes for
// the same questions, asked one after the other through the store from this process. The
// pages are those of the console's own table, of which none may be left out.
func consolePages(t *testing.T, all *table) {
	for _, database := range []string{site.SQLite, site.Postgres} {
		t.Run(database, func(t *testing.T) { consoleOn(t, database, all) })
	}
}

func consoleOn(t *testing.T, database string, figures *table) {
	t.Helper()
	s := installation(t, database)
	n := size(500, 100_000)
	w := populate(t, s, n)
	c := s.Client()
	if in := c.SignIn(w.owner); in.Status != http.StatusSeeOther {
		t.Fatalf("the owner cannot sign in: %v", in)
	}
	m := measured{world: w, client: c, what: fmt.Sprintf("console, %d people, %s, ", n, database), all: figures}
	_ = c.Get("/console/invite") // the first page of a server finds everything cold
	m.page(t, consolePage{"overview, counted anew", "/console", []asking{w.asksCount, w.asksWeek}}, 1)
	all := w.pages(t)
	complete(t, all)
	wanted, err := regexp.Compile(*pages)
	must(t, err)
	for _, route := range console.Routes() {
		for _, page := range all[route.Pattern] {
			if wanted.MatchString(page.name) {
				m.page(t, page, size(1, max(*rounds, 3)))
			}
		}
	}
	t.Logf("nearest to its bound is %s, at %.2f of it", m.nearest, m.worst)
}

// complete fails where a page of the console has no figure, or a figure no page.
func complete(t *testing.T, pages map[string][]consolePage) {
	t.Helper()
	var known []string
	for _, route := range console.Routes() {
		known = append(known, route.Pattern)
		if _, is := unmeasured()[route.Pattern]; is || !strings.HasPrefix(route.Pattern, http.MethodGet+" ") {
			continue
		}
		if len(pages[route.Pattern]) == 0 {
			t.Errorf("%s has no figure: say in pages what the page asks", route.Pattern)
		}
	}
	for pattern, of := range pages {
		if !slices.Contains(known, pattern) {
			t.Errorf("%s is no page of the console", pattern)
		}
		for _, page := range of {
			mux := http.NewServeMux()
			for _, pattern := range known {
				mux.Handle(pattern, http.NotFoundHandler())
			}
			asked, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page.path, nil)
			must(t, err)
			if _, found := mux.Handler(asked); found != pattern {
				t.Errorf("%s stands for %s, and is answered by %s", page.path, pattern, found)
			}
		}
	}
}

// measured measures pages, and knows which was nearest to its bound.
type measured struct {
	*world

	client  *site.Client
	what    string
	all     *table
	worst   float64
	nearest string
}

// page measures one page so many times, in turns with its questions; one that is quick,
// and of which anything else on the machine is a good part, more often.
func (m *measured) page(t *testing.T, page consolePage, times int) {
	t.Helper()
	const often, quick = 15, 300 // milliseconds for all of them
	var takes, asks []float64
	for spent := 0.0; len(takes) < times || times > 1 && *full && len(takes) < often && spent < quick; spent = sum(takes) + sum(asks) {
		takes = append(takes, timed(t, func() error {
			if got := m.client.Get(page.path); got.Status != http.StatusOK {
				return fmt.Errorf("%s is answered %v", page.path, got)
			}
			return nil
		}))
		asks = append(asks, timed(t, func() error { return page.ask(t.Context(), m.world) }))
	}
	take, ask := median(takes), median(asks)
	most := 3*ask + 10
	m.all.atMost(m.what+page.name, fmt.Sprintf("%.1f ms", take), fmt.Sprintf("the database alone: %.1f ms", ask), "at most 3 times and 10 ms", take <= most)
	t.Logf("%.2f of its bound: %s%s, %.1f ms, the database %.1f ms", take/most, m.what, page.name, take, ask)
	if take/most > m.worst {
		m.worst, m.nearest = take/most, page.path
	}
}

func sum(figures []float64) float64 {
	all := 0.0
	for _, figure := range figures {
		all += figure
	}
	return all
}

// timed is how long act takes, in milliseconds.
func timed(t *testing.T, act func() error) float64 {
	t.Helper()
	start := time.Now()
	must(t, act())
	return time.Since(start).Seconds() * 1000
}
