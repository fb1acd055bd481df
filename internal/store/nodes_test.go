package store_test

import (
	"fmt"
	"testing"
	"time"

	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// heard waits for a ring.
func heard(t *testing.T, sentence string, bell <-chan struct{}) {
	t.Helper()
	select {
	case <-bell:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: nothing was heard", sentence)
	}
}

// settled listens on one node until it hears the other: from then on it hears all.
func settled(t *testing.T, here, there *store.Store) {
	t.Helper()
	bell, unheard := here.Listen("settled")
	defer unheard()
	rings := 0
	for range 200 {
		there.Wake("settled")
		select {
		case <-bell:
			rings++
		case <-time.After(50 * time.Millisecond):
		}
		if rings > 2 { // the first may be the one that comes with the connection
			return
		}
	}
	t.Fatal("one node does not hear the other")
}

func silent(t *testing.T, sentence string, bell <-chan struct{}) {
	t.Helper()
	select {
	case <-bell:
		t.Errorf("%s is heard", sentence)
	default:
	}
}

func TestARingIsHeardByWhoeverListens(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		one, unheard := s.Listen("req_1")
		same, unheardToo := s.Listen("req_1")
		other, _ := s.Listen("req_2")
		s.Ring("req_1")
		heard(t, "a ring", one)
		heard(t, "a ring, by another", same)
		if s.SQLite() {
			silent(t, "a ring for something else", other)
		}
		unheard()
		s.Wake("req_1")
		silent(t, "a ring after the end", one)
		heard(t, "a ring for those who stay", same)
		unheardToo()
		if n := s.Listeners(); n != 1 {
			t.Errorf("%d topics are kept, want one", n)
		}
	})
}

func TestARingOfAnotherNode(t *testing.T) {
	url := storetest.Migrated(t)
	here, there := storetest.Open(t, url), storetest.Open(t, url)
	settled(t, here, there)
	bell, unheard := here.Listen("req_1")
	defer unheard()
	other, unheardToo := here.Listen("req_2")
	defer unheardToo()
	slowest := time.Duration(0)
	for range 100 {
		began := time.Now()
		there.Wake("req_1")
		heard(t, "a ring of the other node", bell)
		slowest = max(slowest, time.Since(began))
	}
	silent(t, "a ring for something else", other)
	there.Ring("req_2")
	time.Sleep(50 * time.Millisecond)
	silent(t, "a ring within the other node", other)
	t.Logf("the slowest of a hundred took %v", slowest)
}

// A connection that was lost is made again, and whoever listens is woken to look.
func TestRingsAfterAnOutage(t *testing.T) {
	url := storetest.Migrated(t)
	here, there := storetest.Open(t, url), storetest.Open(t, url)
	settled(t, here, there)
	bell, unheard := here.Listen("req_1")
	defer unheard()
	storetest.StopPostgres(t)
	there.Wake("req_1") // nobody hears it, and it holds nobody up
	time.Sleep(100 * time.Millisecond)
	silent(t, "a ring without a database", bell)
	storetest.StartPostgres(t)
	heard(t, "the end of the outage", bell)
	settled(t, here, there)
}

// A connection is tried when nothing was heard on it for a while; one that works
// stays.
func TestAnIdleConnectionIsTried(t *testing.T) {
	url := storetest.Migrated(t)
	here, there := storetest.Open(t, url), storetest.Open(t, url)
	here.TryEvery(20 * time.Millisecond)
	quiet, unheardToo := here.Listen("req_2")
	defer unheardToo()
	settled(t, here, there)
	bell, unheard := here.Listen("req_1")
	defer unheard()
	time.Sleep(300 * time.Millisecond)
	silent(t, "a try of the connection", bell)
	there.Wake("req_1")
	heard(t, "a ring after it was tried", bell)
	select {
	case <-quiet: // the one that comes with the connection
	default:
	}
	time.Sleep(100 * time.Millisecond)
	silent(t, "what a node says to itself", quiet)
}

// More rings than can be sent hold nobody up.
func TestAFloodOfRings(t *testing.T) {
	url := storetest.Migrated(t)
	here, there := storetest.Open(t, url), storetest.Open(t, url)
	settled(t, here, there)
	began := time.Now()
	bell, unheard := here.Listen("req_last")
	defer unheard()
	for i := range 20_000 {
		there.Wake(fmt.Sprintf("req_%d", i))
	}
	there.Wake("req_last")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("ringing took %v", took)
	}
	heard(t, "the last of more rings than can wait", bell)
	settled(t, here, there)
}

// What was rung before a node ends is heard: it ends in the middle of a busy morning,
// when it gets a new version.
func TestARingJustBeforeTheEnd(t *testing.T) {
	url := storetest.Migrated(t)
	here := storetest.Open(t, url)
	bell, unheard := here.Listen("req_1")
	defer unheard()
	for range 10 {
		there := storetest.Open(t, url)
		settled(t, here, there)
		there.Wake("req_1")
		err := there.Close()
		if err != nil {
			t.Fatal(err)
		}
		heard(t, "a ring just before the end", bell)
	}
}
