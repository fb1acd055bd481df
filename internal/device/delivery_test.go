package device_test

import (
	"testing"

	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/webpush/webpushtest"
)

// A phone that names the subscription that it named before is told what became of pushes
// to it, however often it asks, and one that names another begins anew.
func TestWhatIsKnownOfASubscriptionIsNotForgotten(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		phone := e.Guarded(t, "ada@example.com").WithPhone(t, "Pixel 9")
		at := func(path string) *message.Subscription {
			keys := webpushtest.New(t)
			return &message.Subscription{Endpoint: "https://fcm.googleapis.com/fcm/send/" + path, P256dh: keys.P256DH(), Auth: keys.Auth()}
		}
		hello := func(named *message.Subscription) bool {
			status := phone.Status
			status.Push = named
			answer, err := e.Devices.Hello(ctx(), phone.Row(t), "1.0.0", status)
			must(t, err)
			return answer.Pushes
		}
		for _, row := range []struct {
			became    string
			reachable bool // may it be pushed to?
		}{
			{message.DeliveryOn, true},
			{message.DeliveryRefused, true}, // the service may change its mind
			{message.DeliveryGone, false},
		} {
			first, second := at("first"), at("second")
			if !hello(first) {
				t.Fatalf("a new subscription, after one that is %q: pushes do not reach the phone", row.became)
			}
			e.Write(t, func(tx *store.Tx) error {
				d := phone.Row(t)
				_, err := tx.SetDelivery(tx.Ctx, rows.SetDeliveryParams{
					Delivery: row.became, WorkspaceID: d.WorkspaceID, ID: d.ID, Subscription: d.Subscription,
				})
				return err
			})
			for range 2 {
				if told := hello(first); told != (row.became == message.DeliveryOn) || message.Reachable(phone.Row(t)) != row.reachable {
					t.Errorf("the subscription is %q: the phone is told that pushes reach it: %v, and it may be pushed to: %v",
						row.became, told, message.Reachable(phone.Row(t)))
				}
			}
			if !hello(second) || !message.Reachable(phone.Row(t)) {
				t.Errorf("after one that is %q, another is not taken for new", row.became)
			}
			if hello(nil) || message.Reachable(phone.Row(t)) {
				t.Error("without a subscription the phone is pushed to")
			}
		}
	})
}
