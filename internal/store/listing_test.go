package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/fold"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// listed is one person as the test knows them.
type listed struct {
	rows.InsertUserParams

	holds  map[string]int64 // kinds, and the codes left of recovery
	signed bool
	locked bool
}

// crowd makes people in every state that a list is filtered by.
func crowd(t *testing.T, s *store.Store, now time.Time) []listed {
	t.Helper()
	first := []string{"Ada", "Ben", "Þórdís", "Łukasz", "美咲", "Zoë", "", "ada"}
	last := []string{"Adams", "Lovelace", "van den Berg", "Groß", "O’Neil"}
	holdings := []map[string]int64{
		{}, {"totp": 0}, {"totp": 0, "recovery": 3}, {"sms": 0}, {"sms": 0, "recovery": 0}, {"sms": 0, "push": 0, "recovery": 10}, {"recovery": 5}, {"passkey": 0, "recovery": 0},
	}
	states := []countersign.UserState{countersign.Active, countersign.Active, countersign.Active, countersign.Disabled, countersign.Invited}
	roles := []countersign.Role{countersign.Member, countersign.Member, countersign.Owner}
	pools := []countersign.PoolID{countersign.DefaultPool, "pool_other"}
	var all []listed
	write(t, s, func(tx *store.Tx) error {
		return tx.InsertPool(tx.Ctx, rows.InsertPoolParams{WorkspaceID: workspace, ID: "pool_other", Name: "Other", CreatedAt: 1})
	})
	for i := range 120 {
		p := listed{holds: holdings[i%len(holdings)], signed: i%3 > 0, locked: i%13 == 0}
		p.InsertUserParams = user(fmt.Sprintf("%c.person%d@example.org", 'a'+i%7, i))
		p.ID = countersign.UserID(seal.ID("usr"))
		p.Name = strings.TrimSpace(first[i%len(first)] + " " + last[i%len(last)])
		p.State, p.Role, p.PoolID = states[i%len(states)], roles[i%len(roles)], pools[i/3%2]
		write(t, s, func(tx *store.Tx) error {
			err := tx.InsertUser(tx.Ctx, p.InsertUserParams)
			if err == nil && p.signed {
				_, err = tx.TouchSignedIn(tx.Ctx, 5, workspace, p.ID)
			}
			if err == nil {
				_, err = tx.SetUserRequirement(tx.Ctx, personal(i, now), workspace, p.ID)
			}
			if err == nil && p.locked {
				g := rows.LockGuessesParams{WorkspaceID: workspace, Subject: string(p.ID), Sort: "second", Counter: "known", LockedUntil: now.Add(time.Hour).UnixMilli()}
				_, err = tx.TakeTry(tx.Ctx, rows.TakeTryParams{WorkspaceID: workspace, Subject: g.Subject, Sort: g.Sort, Counter: g.Counter, Now: now.UnixMilli(), Most: 10})
				if err == nil {
					_, err = tx.LockGuesses(tx.Ctx, g)
				}
			}
			return err
		})
		for kind, left := range p.holds {
			c := credential(p.ID, kind, kind, "active")
			c.Counter = left
			addCredential(t, s, c)
		}
		addCredential(t, s, credential(p.ID, "passkey", "pending", "pending")) // counts for nothing
		all = append(all, p)
	}
	return all
}

// personal is what is required of the one of a number: now, since today, from tomorrow on, or
// nothing.
func personal(i int, now time.Time) string {
	return map[int]string{0: "required", 4: "required from " + now.Format(time.DateOnly), 7: "required from " + now.Add(24*time.Hour).Format(time.DateOnly)}[i%11]
}

// in tells, in Go, whether a person is in a list.
func (p listed) in(l store.Listing, personally bool) bool {
	factors := 0
	for kind := range p.holds {
		if kind != "recovery" {
			factors++
		}
	}
	_, texts := p.holds["sms"]
	active, bare := p.State == countersign.Active, factors == 0
	if l.Pool != "" && p.PoolID != l.Pool || l.Role != "" && p.Role != l.Role {
		return false
	}
	switch l.Standing {
	case store.WithSecond:
		return active && !bare
	case store.Without:
		return active && bare
	case store.Missing:
		return active && bare && (personally || slices.Contains(l.Required, p.PoolID))
	case store.OnlyTexts:
		return active && texts && factors == 1
	case store.NoCodes:
		return active && !bare && p.holds["recovery"] == 0
	case store.Locked:
		return p.locked || p.State == countersign.Disabled
	case store.Never:
		return !p.signed
	}
	return true
}

// found is the word by which a person stands in a search, "" where the person is not
// found.
func (p listed) found(terms []string) string {
	words := fold.Words(p.Name, p.EmailKey)
	slices.Sort(words)
	at := ""
	for i, term := range terms {
		n := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, term) })
		if n < 0 {
			return ""
		}
		if i == 0 {
			at = words[n]
		}
	}
	return at
}

// Every filter, with every search, forward and backward in parts of any size, holds
// exactly those whom it should, each once, in one order.
func TestListsHoldWhomTheyShould(t *testing.T) {
	now := time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		all := crowd(t, s, now)
		var lists []store.Listing
		for _, standing := range store.Standings() {
			for _, typed := range []string{"", "ad", "ada lov", "example.org", "a.pers", "groß", "美", "nobody"} {
				lists = append(lists, store.Listing{Standing: standing, Terms: fold.Terms(typed)})
			}
			lists = append(lists, store.Listing{Standing: standing, Pool: "pool_other"}, store.Listing{Standing: standing, Role: countersign.Owner, Terms: fold.Terms("a")},
				store.Listing{Standing: standing, Required: []countersign.PoolID{"pool_other", countersign.DefaultPool}})
		}
		held := 0
		for _, l := range lists {
			l.Workspace, l.Now = workspace, now
			if l.Required == nil {
				l.Required = []countersign.PoolID{"pool_other"}
			}
			want := expected(all, l)
			held += len(want)
			for _, most := range []int{1000, 7} {
				if got := walk(t, s, l, most); !slices.Equal(got, want) {
					t.Errorf("%+v in parts of %d: %d people, want %d\n%v\n%v", l, most, len(got), len(want), got, want)
				}
			}
			l.Backward = true
			got := walk(t, s, l, 7)
			slices.Reverse(got)
			if !slices.Equal(got, want) {
				t.Errorf("%+v backward: %d people, want %d", l, len(got), len(want))
			}
		}
		if held < 1000 {
			t.Errorf("all lists hold %d people; the test is blind", held)
		}
	})
}

func expected(all []listed, l store.Listing) []countersign.UserID {
	var places []store.Place
	for i, p := range all {
		at := fold.Key(p.Name, p.EmailKey)
		if len(l.Terms) > 0 {
			at = p.found(l.Terms)
		}
		if at != "" && p.in(l, i%11 == 0 || i%11 == 4) {
			places = append(places, store.Place{Key: at, ID: p.ID})
		}
	}
	slices.SortFunc(places, func(a, b store.Place) int {
		return strings.Compare(a.Key+"\x00"+string(a.ID), b.Key+"\x00"+string(b.ID))
	})
	var ids []countersign.UserID
	for _, p := range places {
		ids = append(ids, p.ID)
	}
	return ids
}

// walk reads a list in parts.
func walk(t *testing.T, s *store.Store, l store.Listing, most int) []countersign.UserID {
	t.Helper()
	var ids []countersign.UserID
	l.Most = most
	for {
		part, err := s.ListPeople(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if l.Backward {
			slices.Reverse(part)
		}
		for _, p := range part {
			ids = append(ids, p.ID)
			l.From = p.At
		}
		if len(part) < most {
			return ids
		}
	}
}

// A person is sorted and found by the name and address of now.
func TestAPersonIsFoundByTheNewName(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		u := addUser(t, s, "ada@example.org")
		find := func(typed string) int {
			t.Helper()
			found, err := s.ListPeople(t.Context(), store.Listing{Workspace: workspace, Terms: fold.Terms(typed), Most: 10})
			if err != nil {
				t.Fatal(err)
			}
			return len(found)
		}
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.SetProfile(tx.Ctx, rows.SetProfileParams{Name: "Grace Hopper", WorkspaceID: workspace, ID: u})
			return err
		})
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.ChangeEmail(tx.Ctx, rows.ChangeEmailParams{Email: "Grace@navy.example", EmailKey: "grace@navy.example", WorkspaceID: workspace, ID: u})
			return err
		})
		for typed, want := range map[string]int{"hopper": 1, "gr": 1, "navy": 1, "grace@navy.example": 1, "ada@example.org": 0, "example.org": 0} {
			if got := find(typed); got != want {
				t.Errorf("%q finds %d, want %d", typed, got, want)
			}
		}
		row, err := s.Read().GetUser(t.Context(), workspace, u)
		if err != nil || row.NameKey != fold.Key("Grace Hopper", "") {
			t.Errorf("sorted by %q, %v", row.NameKey, err)
		}
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.DeleteUser(tx.Ctx, workspace, u)
			return err
		})
		if n := count(t, s, "person_words"); n != 0 {
			t.Errorf("%d words of nobody are left", n)
		}
	})
}
