package attack_test

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store"
)

// TestFaultsStop asks a server to end while people's codes are being judged, held
// up by somebody else's transaction: each is answered, and the server ends in
// good order. In the long form somebody never finishes sending a form.
func TestFaultsStop(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		people := s.Crowd(t, "stop", scale(12, 100))
		clients, pages, codes := make([]*site.Client, len(people)), make([]string, len(people)), make([]string, len(people))
		crew(8, len(people), func(i int) {
			clients[i] = s.Client()
			clients[i].From = "127.2.0." + strconv.Itoa(i+1) // a connection of its own
			pages[i] = clients[i].First(people[i]).Location
			codes[i] = people[i].Shown()
		})
		if *long {
			line, err := net.Dial("tcp", s.Address(0))
			must(t, err)
			defer func() { _ = line.Close() }()
			_, err = fmt.Fprintf(line, "POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nident")
			must(t, err)
		}
		held, release := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() {
			once := sync.OnceFunc(func() { close(held) })
			s.Write(t, func(tx *store.Tx) error {
				for _, p := range people {
					_, err := tx.LockUser(tx.Ctx, countersign.DefaultWorkspace, p.ID)
					if err != nil {
						return err
					}
				}
				once()
				<-release
				return nil
			})
		})
		<-held
		answers := make([]site.Answer, len(people))
		for i := range people {
			all.Go(func() { answers[i] = clients[i].Post(pages[i], "code", codes[i]) })
		}
		time.Sleep(500 * time.Millisecond) // they are under way
		ended := make(chan int)
		began := time.Now()
		go func() { ended <- s.Nodes[0].Stop() }()
		time.Sleep(200 * time.Millisecond)
		close(release)
		all.Wait()
		if code := <-ended; code != 0 {
			t.Errorf("the server ended with %d:\n%s", code, s.Nodes[0].Log())
		}
		t.Logf("the server ended after %v", time.Since(began))
		s.Nodes[0].Restart()
		s.WaitReady(0)
		unheard := 0
		for i, a := range answers {
			if a.Status == 0 { // a slow machine: it was not under way yet
				unheard++
				a = clients[i].Post(pages[i], "code", codes[i])
			}
			if a.Status != http.StatusSeeOther || !inside(clients[i]) {
				t.Errorf("%s, whose code was being judged when the server was asked to end, was answered %s", people[i].Email, a)
			}
		}
		if unheard == len(people) {
			t.Error("nobody whose code was being judged was answered")
		}
	})
}
