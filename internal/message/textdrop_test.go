package message_test

import (
	"testing"
	"time"

	"countersign"
	"countersign/internal/notify/text/texttest"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// onBoth runs a test on a new database of each kind.
func onBoth(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, build(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, buildOn(t, storetest.Migrated(t))) })
}

// A code that nobody waits for any more does not go: after a newer one it would be typed,
// and be wrong. Whoever still waits gets theirs.
func TestACodeThatNobodyAwaitsIsNotSent(t *testing.T) {
	const workspace, newer = countersign.DefaultWorkspace, countersign.TextID("txt_2")
	for name, row := range map[string]struct {
		over func(tx *store.Tx) error
		sent []string
	}{
		"a newer one": {func(tx *store.Tx) error {
			_, err := tx.VoidTexts(tx.Ctx, workspace, string(holder))
			return err
		}, []string{"654321"}},
		"a used one": {func(tx *store.Tx) error {
			_, err := tx.SpendText(tx.Ctx, tx.NowMilli(), workspace, waiting)
			return err
		}, []string{"654321"}},
		"a sign-in cancelled": {func(tx *store.Tx) error { _, err := tx.CancelAttempt(tx.Ctx, workspace, holder); return err }, nil},
		"a number removed": {func(tx *store.Tx) error {
			_, err := tx.DeleteCredential(tx.Ctx, workspace, "usr_ada", number)
			return err
		}, nil},
		"all sign-ins made void": {func(tx *store.Tx) error { _, err := tx.VoidProvenAttempts(tx.Ctx, workspace, "usr_ada"); return err }, nil},
		"a person deleted":       {func(tx *store.Tx) error { _, err := tx.DeleteUser(tx.Ctx, workspace, "usr_ada"); return err }, nil},
		"nothing":                {func(*store.Tx) error { return nil }, []string{"123456", "654321"}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *house) {
				h.ada()
				gateway := texttest.NewGateway(t)
				gateway.Be(texttest.Down)
				o := h.texting(gateway.Entry("p"))
				h.text(o)
				h.run(o)
				until(t, "it is tried and waits", func() bool { return gateway.Asked() == 1 && h.dueText() > h.clock.Now().UnixMilli() })
				h.write(row.over)
				if len(row.sent) != 0 {
					h.clock.add(4 * time.Second)
					h.write(func(tx *store.Tx) error { return post(tx, o, newer, "654321") })
				}
				gateway.Be(texttest.Well)
				h.clock.add(15 * time.Second)
				h.store.Ring("outbox:text")
				until(t, "nothing is due", func() bool { return h.dueText() == 0 })
				got := map[string]bool{}
				for _, one := range gateway.Texts() {
					got[one.Code()] = true
				}
				if len(got) != len(row.sent) {
					t.Fatalf("%v went out, want %v", got, row.sent)
				}
				for _, code := range row.sent {
					if !got[code] {
						t.Errorf("%s did not go out", code)
					}
				}
			})
		})
	}
}

// dueText is when the next text is to be tried, 0 for none.
func (h *house) dueText() int64 {
	h.t.Helper()
	next, err := h.store.Read().NextDue(h.t.Context(), "text")
	if err != nil {
		h.t.Fatal(err)
	}
	return next
}
