package bench_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/fold"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const workspace = countersign.DefaultWorkspace

// pools is how many identity pools the workspace has; the people are spread over them.
const pools = 20

// world is a large workspace: its people, and what they have left behind.
type world struct {
	*site.Site

	owner    *site.Person
	people   []countersign.UserID
	bare     countersign.UserID // somebody without a second factor
	invited  countersign.UserID
	disabled countersign.UserID
	pools    []countersign.PoolID
	campaign countersign.CampaignID
	messages int
	events   []rows.InsertEventParams // some of them, evenly
}

// populate makes n people directly in the store, ten events and a message for each, and
// what is waited for.
func populate(t *testing.T, s *site.Site, n int) *world {
	t.Helper()
	w := &world{Site: s}
	w.owner = s.Person(t, "Olga Owner", "olga@acme.example", countersign.Owner)
	w.owner.AddApp(t, "Phone")
	w.owner.AddCodes(t, 10)
	s.Write(t, func(tx *store.Tx) error {
		w.pools = []countersign.PoolID{countersign.DefaultPool}
		for i := 1; i < pools; i++ {
			id := countersign.PoolID(seal.ID("pool"))
			w.pools = append(w.pools, id)
			err := tx.InsertPool(tx.Ctx, rows.InsertPoolParams{WorkspaceID: workspace, ID: id, Name: fmt.Sprintf("Department %d", i), CreatedAt: tx.NowMilli() + int64(i)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	start := time.Now()
	w.makePeople(t, n)
	t.Logf("%d people made in %v", n, time.Since(start))
	settle(t, s)
	w.makeCampaigns(t)
	w.makeResets(t)
	w.makeMessages(t, n)
	start = time.Now()
	w.makeEvents(t, 10*n)
	t.Logf("%d events made in %v", 10*n, time.Since(start))
	start = time.Now()
	w.sealEvents(t)
	t.Logf("sealed in %v", time.Since(start))
	settle(t, s)
	return w
}

// userColumns and credentialColumns are those that [world.makePeople] fills in.
func userColumns() []string {
	return []string{
		"workspace_id", "id", "pool_id", "email", "email_key", "email_verified_at", "name", "role", "state", "language", "zone", "password_hash", "password_version",
		"password_changed_at", "require_second_factor", "default_method", "default_set_at", "created_at", "signed_in_at", "name_key",
	}
}

func credentialColumns() []string {
	return []string{
		"workspace_id", "id", "user_id", "kind", "name", "name_key", "state", "replaces", "secret", "counter", "version", "created_at", "expires_at", "confirmed_at", "used_at",
		"used_from",
	}
}

// makePeople makes people: one in a hundred without a second factor, one in fifty with text
// messages alone, one in seventy without recovery codes, some who are locked or have not
// come yet.
func (w *world) makePeople(t *testing.T, n int) {
	t.Helper()
	first := []string{"Ada", "Ben", "Cleo", "Dora", "Emil", "Fatma", "Gerd", "Hanna", "Ida", "Jan", "Łukasz", "Þórdís"}
	last := []string{"Adams", "Becker", "Curie", "Dijkstra", "Euler", "Fourier", "Gauss", "Hopper", "Ito", "Jónsdóttir", "Kowalska", "Lovelace", "Müller"}
	now := w.Clock.Now().UnixMilli()
	w.people = make([]countersign.UserID, n)
	var words, held [][]any
	users := func(i int) []any {
		id := countersign.UserID(seal.ID("usr"))
		w.people[i] = id
		name, email := fmt.Sprintf("%s %s %d", first[i%len(first)], last[i/len(first)%len(last)], i), emailOf(i)
		state, hash, seen := countersign.Active, "$argon2id$", now
		switch {
		case i%500 == 0:
			state, w.disabled = countersign.Disabled, id
		case i%1000 == 7:
			state, hash, seen, w.invited = countersign.Invited, "", 0, id
		case i%100 == 1:
			w.bare = id
		}
		for _, word := range fold.Words(name, email) {
			words = append(words, []any{workspace, word, id})
		}
		held = append(held, w.held(t, i, id, state)...)
		return []any{
			workspace, id, w.pools[i%pools], email, account.EmailKey(email), now, name, countersign.Member, state, []string{"", "de"}[i/7%2], "", hash, 1, now, "", "", 0, now, seen,
			fold.Key(name, email),
		}
	}
	bulk(t, w.Site, "users", userColumns(), n, users)
	bulk(t, w.Site, "person_words", []string{"workspace_id", "word", "user_id"}, len(words), func(i int) []any { return words[i] })
	bulk(t, w.Site, "credentials", credentialColumns(), len(held), func(i int) []any { return held[i] })
}

func emailOf(i int) string { return fmt.Sprintf("person%d@acme.example", i) }

// held are the rows of what somebody has to prove themselves with.
func (w *world) held(t *testing.T, i int, user countersign.UserID, state countersign.UserState) [][]any {
	t.Helper()
	if state == countersign.Invited || i%100 == 1 {
		return nil
	}
	now, kind, secret, left := w.Clock.Now().UnixMilli(), "totp", "12345678901234567890", int64(10)
	if i%50 == 2 {
		kind, secret = "sms", fmt.Sprintf("+4930%07d", i)
	}
	if i%70 == 3 {
		left = 0
	}
	var all [][]any
	for kind, counter := range map[string]int64{kind: 0, "recovery": left} {
		id := countersign.CredentialID(seal.ID("crd"))
		sealed, err := w.Engine.Ring.Seal([]byte(secret), store.SecretPlace(id))
		must(t, err)
		all = append(all, []any{workspace, id, user, kind, "Phone", id, "active", "", sealed, counter, 1, now, 0, now, now, "192.0.2.1"})
	}
	return all
}

// makeCampaigns writes down mails to everybody without a second factor, the latest of them
// to all there are: that is how it begins.
func (w *world) makeCampaigns(t *testing.T) {
	t.Helper()
	const rounds = 5
	now := w.Clock.Now()
	for i := range rounds {
		w.campaign = countersign.CampaignID(seal.ID("cmp"))
		at := now.Add(time.Duration(i-rounds) * 24 * time.Hour).UnixMilli()
		w.Write(t, func(tx *store.Tx) error {
			_, err := tx.InsertCampaign(tx.Ctx, rows.InsertCampaignParams{WorkspaceID: workspace, ID: w.campaign, CreatedBy: w.owner.ID, CreatedAt: at})
			if err == nil && i < rounds-1 {
				_, err = tx.GatherCampaign(tx.Ctx, string(w.campaign), workspace, "")
			}
			if err == nil {
				_, err = tx.FinishCampaign(tx.Ctx, at, workspace, w.campaign)
			}
			return err
		})
	}
	bulk(t, w.Site, "campaign_people", []string{"workspace_id", "campaign_id", "user_id", "round", "mailed_at"}, len(w.people), func(i int) []any {
		return []any{workspace, w.campaign, w.people[i], 1, now.UnixMilli()}
	})
}

// makeResets lets some wait for a second administrator.
func (w *world) makeResets(t *testing.T) {
	t.Helper()
	now := w.Clock.Now()
	columns := []string{"workspace_id", "id", "user_id", "asked_by", "reason", "state", "created_at", "expires_at", "decided_by", "decided_at"}
	bulk(t, w.Site, "reset_requests", columns, min(50, len(w.people)), func(i int) []any {
		return []any{workspace, seal.ID("rst"), w.people[i], w.owner.ID, "Lost phone", "waiting", now.UnixMilli(), now.Add(24 * time.Hour).UnixMilli(), "", 0}
	})
}

// makeMessages writes down what was sent in the last days: one in fifty failed.
func (w *world) makeMessages(t *testing.T, n int) {
	t.Helper()
	w.messages = n
	end := w.Clock.Now().Add(-time.Hour)
	columns := []string{
		"workspace_id", "id", "kind", "channel", "user_id", "recipient", "body", "state", "tries", "next_at", "lease_until", "expires_at", "created_at", "sent_at", "problem",
	}
	channels := []string{"email", "email", "email", "push", "text"}
	bulk(t, w.Site, "messages", columns, n, func(i int) []any {
		at := end.Add(-5 * 24 * time.Hour * time.Duration(n-i) / time.Duration(n))
		state, problem := "sent", ""
		if i%50 == 9 {
			state, problem = "failed", "550 no such mailbox"
		}
		return []any{
			workspace, seal.SortableID("msg", at, 0), "signed_in", channels[i%len(channels)], w.people[i], emailOf(i),
			[]byte{},
			state, 1, 0, 0,
			at.Add(24 * time.Hour).UnixMilli(), at.UnixMilli(), at.UnixMilli(), problem,
		}
	})
}

// event is the i-th of n: sign-ins of four events each, one in forty with a wrong code, and
// now and then an act of an administrator, over ninety days.
func (w *world) event(t *testing.T, i, n int) rows.InsertEventParams {
	t.Helper()
	const days = 90
	at := w.Clock.Now().Add(-time.Hour).Add(-days * 24 * time.Hour * time.Duration(n-i) / time.Duration(n))
	signIn := i / 4
	user := w.people[signIn*7919%len(w.people)]
	e := audit.Event{
		Kind: "proof.accepted", User: user, Actor: countersign.Actor{Kind: countersign.ByUser, User: user}, Attempt: countersign.AttemptID(fmt.Sprintf("att_%026d", signIn)),
		Place: countersign.Place{
			RequestID: fmt.Sprintf("req_%026d", i), IP: addressOf(signIn), UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		},
		Detail: map[string]string{"method": "password"},
	}
	switch {
	case i%2000 == 0:
		e.Kind, e.Actor.User, e.Attempt, e.Detail = "user.disabled", w.owner.ID, "", map[string]string{"reason": "Left the company"}
	case i%4 == 1 && signIn%40 == 3:
		e.Kind, e.Outcome, e.Detail = "proof.refused", audit.Refused, map[string]string{"method": "totp", "why": "wrong"}
	case i%4 == 2:
		e.Detail = map[string]string{"method": "totp"}
	case i%4 == 3:
		e.Kind, e.Session, e.Detail = "signin.completed", countersign.SessionID(fmt.Sprintf("ses_%026d", signIn)), nil
	}
	row, err := audit.Row(workspace, e, at, i%1000)
	must(t, err)
	return row
}

// addressOf is where a sign-in comes from: a third of them from one office.
func addressOf(signIn int) string {
	if signIn%3 == 0 {
		return "198.51.100.7"
	}
	return fmt.Sprintf("203.0.%d.%d", signIn/250%250, signIn%250)
}

func (w *world) makeEvents(t *testing.T, n int) {
	t.Helper()
	columns := []string{
		"workspace_id", "id", "at", "kind", "outcome", "actor_kind", "actor_id", "user_id", "target", "session_id", "attempt_id", "request_id", "ip", "user_agent", "detail",
	}
	bulk(t, w.Site, "events", columns, n, func(i int) []any {
		e := w.event(t, i, n)
		if i%(n/20) == 3 {
			w.events = append(w.events, e)
		}
		return []any{
			e.WorkspaceID, e.ID, e.At, e.Kind, e.Outcome, e.ActorKind, e.ActorID, e.UserID, e.Target, e.SessionID, e.AttemptID, e.RequestID, e.IP, e.UserAgent, e.Detail,
		}
	})
}

// sealEvents has everything sealed, in turns with the server.
func (w *world) sealEvents(t *testing.T) {
	t.Helper()
	sealer := audit.NewSealer(w.Engine.Audit, slog.New(slog.DiscardHandler))
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		must(t, sealer.Look(context.WithoutCancel(t.Context())))
		left, err := w.Engine.Store.Read().CountUnsealed(t.Context(), workspace)
		must(t, err)
		if left.Events == 0 {
			return
		}
	}
	t.Fatal("what was written is not sealed")
}
