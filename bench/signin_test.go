package bench_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/argon2"

	"countersign/e2e/site"
	"countersign/internal/password"
)

// hashes is what argon2id alone reaches on all cores, a second.
func hashes(n int) float64 {
	p := password.Default
	return perSecond(n, shared(cores(), n, func(int) {
		argon2.IDKey([]byte(site.GoodPassword), make([]byte, 16), p.Time, p.Memory, p.Lanes, 32)
	}))
}

// rush signs everybody in, each with a cookie jar of their own, by so many clients
// at once, through the posts of the pages. It returns the sign-ins a second and how
// many failed. Clients come from several addresses: one alone may begin 200 sign-ins
// a second.
func rush(s *site.Site, crowd []*site.Person, clients int) (float64, int) {
	var failed atomic.Int64
	took := shared(clients, len(crowd), func(i int) {
		c := s.Client()
		c.From = fmt.Sprintf("127.0.0.%d", 1+i%16)
		if c.SignIn(crowd[i]).Status != http.StatusSeeOther || sessionCookie(c) == "" {
			failed.Add(1)
		}
	})
	return perSecond(len(crowd), took), int(failed.Load())
}

// sessionCookie is the client's session cookie.
func sessionCookie(c *site.Client) string {
	for _, cookie := range c.Cookies() {
		if cookie.Name == "countersign_session" {
			return cookie.Value
		}
	}
	return ""
}

// signIns compares complete sign-ins with argon2id alone, measured before and after
// on the same cores: a machine that others share is not the same from one moment to
// the next.
func signIns(t *testing.T, all *table) {
	s := installation(t, site.SQLite)
	n, levels := size(20, 400), []int{8, 32}
	crowd := s.Crowd(t, "rush", len(levels)*n*(*rounds)+n)
	rush(s, crowd[:n], 8) // the first ones find everything cold
	crowd = crowd[n:]
	rates, limits, ratios := map[int][]float64{}, map[int][]float64{}, map[int][]float64{}
	for range *rounds {
		for _, clients := range levels {
			before := hashes(n / 2)
			rate, failed := rush(s, crowd[:n], clients)
			crowd = crowd[n:]
			limit := (before + hashes(n/2)) / 2
			if failed > 0 {
				t.Errorf("%d of %d sign-ins failed at %d clients", failed, n, clients)
			}
			rates[clients] = append(rates[clients], rate)
			limits[clients] = append(limits[clients], limit)
			ratios[clients] = append(ratios[clients], rate/limit)
			t.Logf("%d clients: %.1f/s, argon2id alone %.1f/s", clients, rate, limit)
		}
	}
	for _, clients := range levels {
		all.atLeast(
			fmt.Sprintf("complete sign-ins (password and code) over HTTP, SQLite, %d clients", clients),
			fmt.Sprintf("%.0f/s", median(rates[clients])), fmt.Sprintf("argon2id alone: %.0f/s", median(limits[clients])),
			median(ratios[clients]), 0.80,
		)
	}
}

// manySignIns counts failures in a long rush, on both databases.
func manySignIns(t *testing.T, all *table) {
	for _, database := range []string{site.SQLite, site.Postgres} {
		n := size(40, 1200)
		s := installation(t, database)
		rate, failed := rush(s, s.Crowd(t, "many", n), 32)
		if failed > 0 {
			t.Errorf("%s: %d of %d correct sign-ins failed", database, failed, n)
		}
		all.atMost(fmt.Sprintf("%d correct sign-ins at 32 clients, %s", n, database),
			fmt.Sprintf("%d failed", failed), fmt.Sprintf("%.0f/s", rate), "none failed", failed == 0)
	}
}
