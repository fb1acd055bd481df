package account_test

import (
	"testing"

	"countersign/internal/account"
)

func TestMissingProof(t *testing.T) {
	for _, row := range []struct {
		sentence string
		holder   account.Holder
		factors  int
		owner    bool
		want     string
	}{
		{"a stale session with a second factor", account.Holder{}, 1, false, account.ProofSecond},
		{"a stale session without one", account.Holder{}, 0, true, account.ProofPassword},
		{"a fresh one is enough for most acts", account.Holder{Fresh: true}, 0, false, ""},
		{"a password alone does not make a thief the owner", account.Holder{Fresh: true}, 0, true, account.ProofMailed},
		{"a browser or a link that vouches does", account.Holder{Fresh: true, MayEnrolFirst: true}, 0, true, ""},
		{"a second factor does", account.Holder{Fresh: true}, 1, true, ""},
	} {
		got := row.holder.Missing(row.factors, row.owner)
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}
