package message_test

import (
	"strings"
	"testing"
	"time"
)

// A stranger who asks for a new password of addresses without an account makes
// messages for nobody: they are erased unsent, and nothing complains.
func TestAMessageForNobodyIsNoNews(t *testing.T) {
	h := build(t)
	m := &mailer{}
	o := h.outbox(m)
	h.run(o)
	useless := reset()
	useless.Expires = h.clock.Now().Add(-time.Second)
	h.post(o, useless)
	until(t, "the message is erased", func() bool {
		state, body, _ := h.row()
		return state == "failed" && body == 0
	})
	if m.tries() != 0 || strings.Contains(h.log.String(), "ERROR") {
		t.Errorf("it was handed over %d times, and the log says:\n%s", m.tries(), h.log)
	}
}
