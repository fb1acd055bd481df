package accounttest

import (
	"context"
	"regexp"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/enrol"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// AllowTexts lets people of some countries have codes as texts.
func (e *Engine) AllowTexts(tb testing.TB, countries ...any) {
	tb.Helper()
	e.Set(tb, policy.Document{
		"methods": []any{"totp", policy.SMS, policy.Push, policy.Passkey, "recovery"}, "second_factors": []any{"totp", policy.SMS, policy.Push, policy.Passkey},
		"sms.countries": countries,
	})
}

// WithNumber gives the person a confirmed number, as the default.
func (p *Person) WithNumber(tb testing.TB, number string) *Person {
	tb.Helper()
	id := countersign.CredentialID(seal.ID("crd"))
	sealed, err := p.e.Ring.Seal([]byte(number), store.SecretPlace(id))
	must(tb, err)
	name := sms.Mask(number)
	p.insert(tb, rows.InsertCredentialParams{ID: id, Kind: string(method.SMS), Name: name, NameKey: account.NameKey(name), Secret: sealed})
	p.e.Write(tb, func(tx *store.Tx) error {
		_, err := tx.SetDefaultMethod(tx.Ctx, rows.SetDefaultMethodParams{DefaultMethod: policy.SMS, DefaultSetAt: tx.NowMilli(), WorkspaceID: Workspace, ID: p.ID})
		return err
	})
	return p
}

// Texts returns the bodies of the texts that went to a number, the newest first.
func (e *Engine) Texts(tb testing.TB, number string) []string {
	tb.Helper()
	var found []string
	for _, one := range e.Mails(tb) {
		if (one.Kind == message.TextCode || one.Kind == message.TextChanged) && one.To == number {
			found = append(found, one.Text)
		}
	}
	return found
}

// TextedCode returns the code of the newest text to a number.
func (e *Engine) TextedCode(tb testing.TB, number string) string {
	tb.Helper()
	for _, body := range e.Texts(tb, number) {
		if found := regexp.MustCompile(`(?m)^@signin\.example\.com #(\d{6})$`).FindStringSubmatch(body); found != nil {
			return found[1]
		}
	}
	tb.Fatalf("no code was sent to %s: %q", number, e.Texts(tb, number))
	return ""
}

// AskText has a text sent for this attempt.
func (b *Browser) AskText(at signin.Attempt) error {
	return b.e.SignIn.AskText(context.Background(), at, b.Visitor())
}

// AddNumber types a number in this browser's session.
func (b *Browser) AddNumber(tb testing.TB, number string) error {
	tb.Helper()
	return b.e.Enrol.BeginNumber(context.Background(), b.Holder(tb), number)
}

// ConfirmNumber types the code that came to a number. It keeps the new token.
func (b *Browser) ConfirmNumber(tb testing.TB, code string) (enrol.Confirmed, error) {
	tb.Helper()
	done, err := b.e.Enrol.ConfirmNumber(context.Background(), b.Holder(tb), code)
	if err == nil {
		b.SetToken(done.Token)
	}
	return done, err
}

// Owner makes an account that manages the workspace.
func (e *Engine) Owner(tb testing.TB, email string) {
	tb.Helper()
	e.Write(tb, func(tx *store.Tx) error {
		return tx.InsertUser(tx.Ctx, rows.InsertUserParams{
			WorkspaceID: Workspace, ID: countersign.UserID(seal.ID("usr")), PoolID: countersign.DefaultPool, Email: email, EmailKey: account.EmailKey(email),
			Name: "Grace Hopper", Role: countersign.Owner, State: countersign.Active, PasswordChangedAt: tx.NowMilli(), CreatedAt: tx.NowMilli(),
		})
	})
}
