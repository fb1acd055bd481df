package bench_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver of the store, for one connection of our own

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// codeChecks measures the engine in this process. A check judges a code that was
// never given before, at a sign-in whose password was right, and returns when that is
// on the disk. Beside it, of which nothing is asked, the whole of what such a code does
// in the product: it finishes the sign-in and starts the session.
func codeChecks(t *testing.T, all *table) {
	for _, database := range []string{site.SQLite, site.Postgres} {
		s := installation(t, database)
		s.Nodes[0].Kill9() // the engine alone, without a server beside it
		n := size(100, 4000)
		crowd := s.Crowd(t, "check", n)
		var rates, limits, ratios, slowest, entries []float64
		for range *rounds {
			rate, _ := answers(t, s, crowd, 32, check)
			_, p99 := answers(t, s, crowd, 8, check)
			entered, _ := answers(t, s, crowd, 32, enter)
			rates, slowest, entries = append(rates, rate), append(slowest, p99.Seconds()*1000), append(entries, entered)
			if database == site.SQLite {
				limit := commits(t, filepath.Join(s.Data, "countersign.db"), n)
				limits, ratios = append(limits, limit), append(ratios, rate/limit)
				t.Logf("%.0f checks/s, one connection %.0f commits/s", rate, limit)
			}
		}
		what, figure, late := "code checks in process, durable and single-use, "+database, fmt.Sprintf("%.0f/s", median(rates)), fmt.Sprintf("%.1f ms", median(slowest))
		if database == site.Postgres {
			all.told(what+", 32 clients", figure)
			all.told(what+", 8 clients, 99th percentile", late)
		} else {
			all.atLeast(what+", 32 clients", figure, fmt.Sprintf("single-row commits on one connection: %.0f/s", median(limits)), median(ratios), 1)
			all.atMost(what+", 8 clients, 99th percentile", late, "", "at most 10 ms", median(slowest) <= 10)
		}
		all.told("codes that finish a sign-in, with its session and mail, in process, "+database+", 32 clients", fmt.Sprintf("%.0f/s", median(entries)))
	}
}

// visitor is everybody's browser.
func visitor() signin.Visitor {
	return signin.Visitor{Bind: "bench", Place: countersign.Place{IP: "127.0.0.1"}}
}

// begin begins a sign-in for everybody, whose password was right.
func begin(t *testing.T, s *site.Site, crowd []*site.Person) []signin.Attempt {
	t.Helper()
	ids := make([]countersign.AttemptID, len(crowd))
	const together = 200
	for from := 0; from < len(crowd); from += together {
		s.Write(t, func(tx *store.Tx) error {
			for i := from; i < min(from+together, len(crowd)); i++ {
				user, err := tx.GetUser(tx.Ctx, countersign.DefaultWorkspace, crowd[i].ID)
				if err != nil {
					return err
				}
				ids[i], err = s.Engine.SignIn.StartFromLink(tx, user, policy.EntryForm, visitor())
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	at := make([]signin.Attempt, len(crowd))
	for i, id := range ids {
		var err error
		at[i], err = s.Engine.SignIn.Load(t.Context(), countersign.DefaultWorkspace, id, visitor())
		must(t, err)
	}
	return at
}

// answer is what is measured of a code.
type answer func(ctx context.Context, s *site.Site, at signin.Attempt, code string) error

// check has the engine judge a code and note that in the sign-in.
func check(ctx context.Context, s *site.Site, at signin.Attempt, code string) error {
	_, err := s.Engine.Accounts.Answer(ctx, account.Answer{
		Account: at.Account, Kind: method.TOTP, Proof: code, Credentials: at.Credentials, Place: visitor().Place, Attempt: at.ID,
		Accept: func(tx *store.Tx, p account.Proven) error {
			n, err := tx.PassSecond(tx.Ctx, rows.PassSecondParams{
				Second: string(p.Kind), SecondAt: tx.NowMilli(), WorkspaceID: at.WorkspaceID, ID: at.ID,
			})
			if err == nil && n != 1 {
				err = errors.New("the sign-in does not wait for a code")
			}
			return err
		},
	})
	return err
}

// enter has a code finish the sign-in and start the session.
func enter(ctx context.Context, s *site.Site, at signin.Attempt, code string) error {
	sessions := session.Service{Accounts: s.Engine.Accounts, Store: s.Engine.Store, Now: s.Clock.Now}
	opening := sessions.Open(httptest.NewRequest(http.MethodPost, "/", nil), visitor().Place)
	_, err := s.Engine.SignIn.Second(ctx, at, method.TOTP, code, visitor(), opening.Redeem)
	return err
}

// answers begins a sign-in for everybody and answers its second step.
func answers(t *testing.T, s *site.Site, crowd []*site.Person, clients int, give answer) (float64, time.Duration) {
	t.Helper()
	s.Clock.Advance(time.Minute) // so that everybody has a new code
	waiting, codes, each := begin(t, s, crowd), make([]string, len(crowd)), make([]time.Duration, len(crowd))
	for i, p := range crowd {
		codes[i] = p.Shown()
	}
	took := shared(clients, len(crowd), func(i int) {
		start := time.Now()
		err := give(t.Context(), s, waiting[i], codes[i])
		if err != nil {
			t.Error(err)
		}
		each[i] = time.Since(start)
	})
	slices.Sort(each)
	return perSecond(len(crowd), took), each[len(each)*99/100]
}

// commits is how many single-row transactions a second one connection commits on
// the same file, each on the disk when it returns.
func commits(t *testing.T, file string, n int) float64 {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_txlock=immediate")
	must(t, err)
	return commitsOf(t, db, n)
}

// commitsOf is the same for any database, which it closes.
func commitsOf(t *testing.T, db *sql.DB, n int) float64 {
	t.Helper()
	defer func() { must(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	_, err := db.ExecContext(t.Context(), `CREATE TABLE IF NOT EXISTS bench (n INTEGER)`)
	must(t, err)
	insert, err := db.PrepareContext(t.Context(), `INSERT INTO bench VALUES ($1)`)
	must(t, err)
	defer func() { must(t, insert.Close()) }()
	start := time.Now()
	for i := range n {
		_, err := insert.ExecContext(t.Context(), i)
		must(t, err)
	}
	return perSecond(n, time.Since(start))
}
