package message_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/method/sms"
	"countersign/internal/store"
)

// The old number is told in one text, which is what the caps count, however the workspace
// and its site are called, in each language.
func TestTheOldNumberIsToldInOneText(t *testing.T) {
	long := strings.Repeat("s", 25) + ".login.example.com"
	for name, row := range map[string]struct{ workspace, host, says, not string }{
		"as usual":            {"Acme", "signin.example.com", "Acme: ", "at Acme"},
		"a long name":         {strings.Repeat("Long ", 9), "signin.example.com", "Long Long", "at Long"},
		"a long host":         {strings.Repeat("Long ", 9), long, long, "Long Long"},
		"a name without text": {"東京", "signin.example.com", "signin.example.com", ": c"},
		"a host too long":     {"Acme", strings.Repeat("s", 60) + ".example.com", "Acme", "example.com"},
	} {
		for _, language := range []string{"en", "de"} {
			t.Run(name+" "+language, func(t *testing.T) {
				h := build(t)
				h.ada()
				o, err := message.New(message.Options{
					Store: h.store, Ring: h.ring, Words: h.words, Hosts: h.book("https://" + row.host + ":8443"), Now: h.clock.Now, Log: slog.New(slog.DiscardHandler),
				})
				if err != nil {
					t.Fatal(err)
				}
				err = h.store.Write(t.Context(), func(tx *store.Tx) error {
					return o.PostText(tx, countersign.DefaultWorkspace, message.Text{
						Kind: message.TextChanged, User: "usr_ada", Number: phone, Language: language, Workspace: row.workspace, Expires: tx.Now.Add(time.Hour),
					})
				})
				if err != nil {
					t.Fatal(err)
				}
				h.run(o)
				var shown []message.Shown
				until(t, "it is kept", func() bool {
					shown, err = o.Kept(t.Context(), countersign.DefaultWorkspace, 10)
					return err != nil || len(shown) == 1
				})
				if err != nil {
					t.Fatal(err)
				}
				body := shown[0].Text
				if sms.Parts(body) != 1 || !strings.Contains(body, row.says) || strings.Contains(body, row.not) {
					t.Errorf("%d parts: %q", sms.Parts(body), body)
				}
			})
		}
	}
}
