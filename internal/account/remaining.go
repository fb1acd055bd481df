package account

import (
	"countersign"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
)

// Remaining counts the second factors that still let a person in when one of them is
// gone. Those that the workspace does not take any more do not count: who kept nothing
// else would stand before a question that nothing answers.
func Remaining(all []rows.Credential, without countersign.CredentialID, s policy.Settings) int {
	n := 0
	for _, c := range all {
		if c.State == "active" && c.Kind != string(method.Recovery) && c.ID != without && s.Takes(c.Kind) {
			n++
		}
	}
	return n
}
