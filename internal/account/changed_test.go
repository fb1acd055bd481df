package account_test

import (
	"testing"

	"countersign/internal/account/accounttest"
)

// Whoever takes another name, or another address, stands in the log with the one before:
// lists show what somebody is called now.
func TestTheLogKeepsFormerNames(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		h := ada.Desk(t)
		want(t, "another name", e.Accounts.SetProfile(ctx(), h, "Olga Owner", "de", "Europe/Berlin"), "ok")
		want(t, "another address", e.Accounts.AskEmailChange(ctx(), h, "olga@example.com"), "ok")
		want(t, "a name that hides something", e.Accounts.SetProfile(ctx(), h, "Olga\u200b Owner", "de", ""), "name_characters")
		for kind, details := range map[string][]string{
			"profile.changed":    {`"before":"Ada Lovelace"`, `"after":"Olga Owner"`, `"language":"`, ` → de"`, ` → Europe/Berlin"`},
			"email.change_asked": {`"before":"ada@example.com"`, `"after":"olga@example.com"`},
		} {
			for _, detail := range details {
				if e.Count(t, kind, detail) != 1 {
					t.Errorf("%s does not keep %s", kind, detail)
				}
			}
		}
	})
}
