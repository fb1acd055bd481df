package audit_test

import (
	"testing"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// The event of a wrong answer stands in the transaction of its count. Text that
// PostgreSQL refuses must not take the count with it.
func TestAnyTextCanBeWritten(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return audit.Write(tx, countersign.DefaultWorkspace, audit.Event{
				Kind: "proof.refused", Place: countersign.Place{IP: "\xff", UserAgent: "caf\xe9 \x00", RequestID: "\xc3"},
				Detail: map[string]string{"name": "\xe9\x00"},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		events, err := s.Read().ListEvents(t.Context(), countersign.DefaultWorkspace, "", 10)
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		if got := events[0].UserAgent; got != "caf? ?" {
			t.Errorf("kept as %q", got)
		}
	})
}
