package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// TextsFile writes the file of those who send text messages on.
func TextsFile(tb testing.TB, entries ...string) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "texts.toml")
	must(tb, os.WriteFile(file, []byte(strings.Join(entries, "")), 0o600))
	return file
}

// WithTexts are settings under which people in Germany may have codes as texts.
func WithTexts() policy.Document {
	return policy.Document{
		"methods":        []any{"totp", policy.SMS, policy.Push, policy.Passkey, "recovery"},
		"second_factors": []any{"totp", policy.SMS, policy.Push, policy.Passkey}, "sms.countries": []any{"DE"},
	}
}

// AddNumber gives the person a confirmed number, which is asked first.
func (p *Person) AddNumber(tb testing.TB, number string) {
	tb.Helper()
	id := countersign.CredentialID(seal.ID("crd"))
	sealed, err := p.site.Engine.Ring.Seal([]byte(number), store.SecretPlace(id))
	must(tb, err)
	name := sms.Mask(number)
	p.site.Write(tb, func(tx *store.Tx) error {
		err := tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
			WorkspaceID: p.site.Workspace, ID: id, UserID: p.ID, Kind: string(method.SMS), State: "active", Name: name,
			NameKey: account.NameKey(name), Secret: sealed, CreatedAt: tx.NowMilli(), ConfirmedAt: tx.NowMilli(),
		})
		if err != nil {
			return err
		}
		_, err = tx.SetDefaultMethod(tx.Ctx, rows.SetDefaultMethodParams{
			DefaultMethod: policy.SMS, DefaultSetAt: tx.NowMilli(), WorkspaceID: p.site.Workspace, ID: p.ID,
		})
		return err
	})
}
