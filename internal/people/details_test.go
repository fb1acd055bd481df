package people_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/people"
)

// What a name, an address or a default was before and is after stands in the event, also
// when nothing else in the database knows it any more.
func TestEventsKeepBeforeAndAfter(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		b := e.Browser("192.0.2.1")
		ada := e.Guarded(t, "ada@example.com")
		b.SignIn(t, ada)
		h := b.Holder(t)
		accounttest.Want(t, "renaming", e.Enrol.Rename(ctx, h, ada.App, "Old phone"), "ok")
		accounttest.Want(t, "the default", e.Enrol.MakeDefault(ctx, h, ada.App), "ok")
		accounttest.Want(t, "asking for another address", e.Accounts.AskEmailChange(ctx, h, "ada@example.org"), "ok")
		_, err := e.Accounts.ChangeEmail(ctx, h, e.Link(t, message.EmailChangeConfirm, "ada@example.org", account.LinkEmail))
		accounttest.Want(t, "another address", err, "ok")
		ben, err := p.Create(ctx, ws, people.NewUser{Email: "ben@example.com", Name: "Ben Brown", Role: countersign.Auditor}, people.Shell())
		accounttest.Want(t, "creating", err, "ok")
		made, err := e.Accounts.Load(ctx, ws, ben.ID)
		accounttest.Want(t, "loading", err, "ok")
		accounttest.Want(t, "deleting", p.Delete(ctx, made, people.Shell()), "ok")
		want := map[string]map[string]string{
			"credential.renamed": {"name": "Phone", "before": "Phone", "after": "Old phone"},
			"default.changed":    {"name": "Old phone", "before": "", "after": "totp"},
			"email.changed":      {"before": "ada@example.com", "after": "ada@example.org"},
			"user.created":       {"name": "Ben Brown", "email": "ben@example.com", "role": "auditor", "pool": string(countersign.DefaultPool)},
			"user.deleted":       {"name": "Ben Brown", "email": "ben@example.com", "role": "auditor"},
		}
		found := map[string]map[string]string{}
		for _, event := range e.Events(t) {
			if want[event.Kind] == nil {
				continue
			}
			detail := map[string]string{}
			err := json.Unmarshal([]byte(event.Detail), &detail)
			if err != nil || found[event.Kind] != nil {
				t.Fatalf("%s once more, or with a detail that cannot be read: %v", event.Kind, err)
			}
			found[event.Kind] = detail
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("the details are others:\n%s", diff)
		}
	})
}
