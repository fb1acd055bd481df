package signin_test

import (
	"os"
	"testing"

	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func TestBothStepsLeadToASession(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		proof := b.SignIn(t, ada)
		if proof.First != "password" || proof.Second != string(method.TOTP) || proof.CodesLeft != 10 {
			t.Errorf("proof %+v", proof)
		}
		if c := b.Session(t); c.Level != policy.LevelFull || c.UserID != ada.ID {
			t.Errorf("level %v of %s", c.Level, c.UserID)
		}
	})
}
