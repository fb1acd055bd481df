package attack_test

import (
	"net/http"
	"testing"

	"countersign/e2e/site"
)

// TestOnceCode submits one code from many browsers at the same moment.
func TestOnceCode(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		n := scale(100, 1000)
		clients, pages := make([]*site.Client, n), make([]string, n)
		crew(4, n, func(i int) {
			clients[i] = s.Client().On(i % len(s.Nodes))
			pages[i] = clients[i].First(ada).Location
		})
		code := ada.Code()
		in := 0
		for i, a := range together(n, func(i int) site.Answer { return clients[i].Post(pages[i], "code", code) }) {
			if a.Status == http.StatusSeeOther && clients[i].SignedIn() {
				in++
			}
		}
		if in != 1 {
			t.Errorf("one code let %d browsers in, want 1", in)
		}
	})
}
