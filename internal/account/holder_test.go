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
		act      account.Act
		want     string
	}{
		{"a stale session with a second factor", account.Holder{}, 1, account.ActRename, account.ProofSecond},
		{"a stale session without one", account.Holder{}, 0, account.ActSecondFactor, account.ProofPassword},
		{"a fresh one is enough for most acts", account.Holder{Fresh: true}, 0, account.ActPassword, ""},
		{"a password alone does not make a thief the owner", account.Holder{Fresh: true}, 0, account.ActEmail, account.ProofMailed},
		{"a browser or a link that vouches does", account.Holder{Fresh: true, MayEnrolFirst: true}, 0, account.ActSecondFactor, ""},
		{"a second factor does", account.Holder{Fresh: true}, 1, account.ActSecondFactor, ""},
		{"an approval is good for what the phone showed", account.Holder{Fresh: true, FreshFor: account.ActRename.Of("crd_1")}, 1, account.ActRename.Of("crd_1"), ""},
		{"not for another act", account.Holder{Fresh: true, FreshFor: account.ActRename.Of("crd_1")}, 1, account.ActRemove.Of("crd_1"), account.ProofSecond},
		{"nor for the act upon another", account.Holder{Fresh: true, FreshFor: account.ActRename.Of("crd_1")}, 1, account.ActRename.Of("crd_2"), account.ProofSecond},
		{"and not when it is stale", account.Holder{FreshFor: account.ActRename.Of("crd_1")}, 1, account.ActRename.Of("crd_1"), account.ProofSecond},
	} {
		got := row.holder.Missing(row.factors, row.act)
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}
