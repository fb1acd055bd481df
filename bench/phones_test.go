package bench_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/approve"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/terminal"
)

// phone is a person's paired device. It signs everything that a real one signs.
type phone struct {
	*terminal.Device

	person *site.Person
	road   *road
}

// road is how a phone's calls get to the servers.
type road struct {
	nodes []http.RoundTripper
	node  atomic.Int32
	left  atomic.Int64 // when the last call was sent off, signed and whole
	keeps bool         // the next call is not sent, but kept
	kept  *http.Request
}

var errKept = errors.New("the call is kept")

// RoundTrip sends the request.
func (r *road) RoundTrip(request *http.Request) (*http.Response, error) {
	if r.keeps {
		r.kept = request
		return nil, errKept
	}
	r.left.Store(time.Now().UnixNano())
	return r.nodes[r.node.Load()].RoundTrip(request)
}

// signed is the call by which the phone approves, signed and whole, to be sent later.
func (q *question) signed(t *testing.T, s *site.Site) *http.Request {
	t.Helper()
	r := q.by.road
	r.keeps = true
	err := q.approve(t.Context(), s)
	r.keeps = false
	if !errors.Is(err, errKept) {
		t.Fatal(err)
	}
	body, err := r.kept.GetBody()
	must(t, err)
	call := r.kept.Clone(t.Context()) // the kept one's time ended with its call
	call.Body = body
	return call
}

// send sends a call that was signed before.
func (q *question) send(call *http.Request) error {
	response, err := q.by.road.RoundTrip(call)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if !bytes.Contains(body, []byte(`"approved"`)) {
		err = fmt.Errorf("the decision is answered %s: %s", response.Status, body)
	}
	return errors.Join(err, response.Body.Close())
}

// phones gives so many people a phone, by the pages and the device protocol. Each comes
// from an address of its own: one alone may begin ten pairings.
func phones(t *testing.T, s *site.Site, prefix string, n int) []*phone {
	t.Helper()
	crowd, all := s.Crowd(t, prefix, n), make([]*phone, n)
	shared(8, n, func(i int) {
		from := fmt.Sprintf("127.0.%d.%d", 1+i/250, 1+i%250)
		c := s.Client()
		c.From = from
		if answer := c.SignIn(crowd[i]); sessionCookie(c) == "" {
			t.Errorf("signing in was answered %s", answer)
			return
		}
		p := &phone{person: crowd[i], road: &road{}}
		for node := range s.Nodes {
			p.road.nodes = append(p.road.nodes, s.Road(node, from))
		}
		o := s.Devices()
		o.Transport = p.road
		var err error
		p.Device, err = c.Pair(t.Context(), terminal.About{Kind: "app", Name: "Phone", Platform: "Android", Client: "Firefox"}, o)
		if err != nil {
			t.Error(err)
		}
		all[i] = p
	})
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// question waits for a phone's answer, and an attempt waits for that.
type question struct {
	by      *phone
	attempt countersign.AttemptID
	row     rows.Request
}

// ask begins a sign-in on each phone's account, whose password was right, and asks.
func ask(t *testing.T, s *site.Site, phones []*phone) []*question {
	t.Helper()
	all := make([]*question, len(phones))
	const together = 100
	for from := 0; from < len(phones); from += together {
		s.Write(t, func(tx *store.Tx) error {
			for i := from; i < min(from+together, len(phones)); i++ {
				q, err := askOne(tx, s, phones[i])
				if err != nil {
					return err
				}
				all[i] = q
			}
			return nil
		})
	}
	return all
}

func askOne(tx *store.Tx, s *site.Site, p *phone) (*question, error) {
	user, err := tx.GetUser(tx.Ctx, countersign.DefaultWorkspace, p.person.ID)
	if err != nil {
		return nil, err
	}
	id, err := s.Engine.SignIn.StartFromLink(tx, user, policy.EntryForm, visitor())
	if err != nil {
		return nil, err
	}
	a, err := s.Engine.Accounts.Within(tx, user)
	if err != nil {
		return nil, err
	}
	row, err := s.Engine.Approvals.Make(tx, approve.Ask{
		Account: a, Kind: approve.SignIn, Requester: string(id), Known: true, FirstAt: tx.Now, Place: visitor().Place,
	})
	return &question{p, id, row}, err
}

// more puts further sign-ins beside one, each with a question like that one's. A person
// could not ask as many; what a page costs that waits does not depend on whose it is.
func more(t *testing.T, s *site.Site, like *question, n int) []*question {
	t.Helper()
	all := make([]*question, 0, n)
	const together = 500
	for len(all) < n {
		s.Write(t, func(tx *store.Tx) error {
			user, err := tx.GetUser(tx.Ctx, countersign.DefaultWorkspace, like.by.person.ID)
			if err != nil {
				return err
			}
			for range min(together, n-len(all)) {
				id, err := s.Engine.SignIn.StartFromLink(tx, user, policy.EntryForm, visitor())
				if err != nil {
					return err
				}
				row := like.row
				row.ID, row.Requester = countersign.RequestID(seal.ID("req")), string(id)
				row.ExpiresAt = tx.Now.Add(10 * time.Minute).UnixMilli()
				err = tx.InsertRequest(tx.Ctx, rows.InsertRequestParams{
					WorkspaceID: row.WorkspaceID, ID: row.ID, UserID: row.UserID, Kind: row.Kind, Requester: row.Requester, Mode: row.Mode,
					Number: row.Number, Display: row.Display, IP: row.IP, Known: row.Known, FirstAt: row.FirstAt, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
				})
				if err != nil {
					return err
				}
				all = append(all, &question{like.by, id, row})
			}
			return nil
		})
	}
	return all
}

// approve has the phone approve, with the number that the page shows.
func (q *question) approve(ctx context.Context, s *site.Site) error {
	signed := s.Engine.Approvals.Signed(q.row, countersign.DeviceID(q.by.ID))
	state, err := q.by.Decide(ctx, terminal.Request{
		ID: signed.ID, Kind: q.row.Kind, Nonce: signed.Nonce, Expires: signed.Expires, Display: signed.Display,
	}, terminal.Approve, q.row.Number)
	if err == nil && state != "approved" {
		err = fmt.Errorf("the decision came to %q", state)
	}
	return err
}
