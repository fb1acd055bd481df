package approve_test

import (
	"fmt"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/webpush/webpushtest"
)

// Only what rings is pushed, and only to where a device says that it is subscribed.
func TestWhatRingsIsPushed(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		pushed := func() bool {
			next, err := e.Store.Read().NextDue(ctx(), "push")
			must(t, err)
			return next != 0
		}
		for n := range 3 {
			if row := a.asked(t, fmt.Sprint("att_", n)); row.Rung != 1 || pushed() {
				t.Errorf("question %d rings %d, and a push to nowhere waits: %v", n, row.Rung, pushed())
			}
			a.withdraw(t, fmt.Sprint("att_", n))
		}
		keys, status := webpushtest.New(t), a.phone.Status
		status.Push = &message.Subscription{Endpoint: "https://fcm.googleapis.com/fcm/send/x", P256dh: keys.P256DH(), Auth: keys.Auth()}
		hello, err := e.Devices.Hello(ctx(), a.phone.Row(t), "1.0.0", status)
		if err != nil || !hello.Pushes {
			t.Fatalf("%+v, %v", hello, err)
		}
		if row := a.asked(t, "att_quiet"); row.Rung != 0 || pushed() {
			t.Errorf("the fourth rings %d, and a push waits: %v", row.Rung, pushed())
		}
		a.withdraw(t, "att_quiet")
		e.Advance(t, 5*time.Minute)
		if row := a.asked(t, "att_late"); row.Rung != 1 || !pushed() {
			t.Errorf("five minutes later it rings %d, and a push waits: %v", row.Rung, pushed())
		}
	})
}
