package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"countersign"
	"countersign/internal/notify"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/webpush"
)

// Push rings one device for one request. Neither the push nor its row says more.
type Push struct {
	User    countersign.UserID
	Device  countersign.DeviceID
	Request countersign.RequestID
	// Language is a BCP 47 tag; "" means the default.
	Language string
	Expires  time.Time
}

// Subscription is a browser's at its push service, as a device's row keeps it, sealed
// (Push API, PushSubscription.toJSON).
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"`
	Auth     string `json:"auth"`
}

// ring is what lies sealed in messages.body.
type ring struct {
	Device   countersign.DeviceID  `json:"device"`
	Request  countersign.RequestID `json:"request"`
	Language string                `json:"language,omitempty"`
}

// PostPush puts a push into the outbox, in the transaction of its request.
func (o *Outbox) PostPush(tx *store.Tx, workspace countersign.WorkspaceID, p Push) error {
	plain, err := json.Marshal(ring{Device: p.Device, Request: p.Request, Language: p.Language})
	if err != nil {
		return fmt.Errorf("write the push: %w", err)
	}
	id := countersign.MessageID(seal.SortableID("msg", tx.Now, tx.Next()))
	body, err := o.ring.Seal(plain, store.BodyPlace(id))
	if err != nil {
		return fmt.Errorf("seal the push: %w", err)
	}
	err = tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
		WorkspaceID: workspace, ID: id, Kind: "push", Channel: byPush, Urgency: int64(Urgent), UserID: p.User, Recipient: string(p.Device), Body: body,
		CreatedAt: tx.NowMilli(), ExpiresAt: p.Expires.UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("post the push: %w", err)
	}
	tx.After(func() { o.store.Ring(topic(byPush)) })
	return nil
}

// How a push may end without having been sent, and nobody's fault.
var errNoPhone = errors.New("the device has no subscription any more")

// pushPause is how long a push waits after its nth try failed: somebody looks at a
// screen meanwhile.
func pushPause(tries int64, asked time.Duration) time.Duration {
	return max(time.Duration(min(max(tries, 1), 5))*2*time.Second, asked)
}

// Deliveries of a device's row: whether pushes reach it.
const (
	DeliveryNone    = ""        // there is nowhere to push to
	DeliveryOn      = "on"      // as far as is known
	DeliveryGone    = "gone"    // the push service says that the subscription is no more: see Reachable
	DeliveryRefused = "refused" // the push service takes it from another sender
)

// Reachable tells whether a device has a subscription that may be pushed to. One that is
// gone stays in its row (RFC 8030, section 7.3: nothing is sent to it any more): the
// browser may believe in it for long, and is told better when it names it again.
func Reachable(d rows.Device) bool { return len(d.Subscription) > 0 && d.Delivery != DeliveryGone }

// push hands one push over, and notes in the device's row what became of it.
func (o *Outbox) push(ctx context.Context, row rows.Message) {
	device, push, err := o.sealed(ctx, row)
	if errors.Is(err, errBroken) {
		o.erase(ctx, row, err.Error())
		return
	}
	if errors.Is(err, errNoPhone) || o.pusher == nil {
		o.fail(ctx, row, problemOf(err))
		return
	}
	if err != nil {
		o.retryAfter(ctx, row, "the database cannot be read", pushPause(row.Tries, 0))
		return
	}
	err = o.pusher.Send(ctx, push)
	service := hostOf(push.Endpoint)
	switch {
	case err == nil:
		o.refusals.taken(service)
		o.record(ctx, row, "sent", func(tx *store.Tx) error {
			err := o.deliveredTo(tx, device, DeliveryOn)
			if err != nil {
				return err
			}
			return markSent(tx, row)
		})
	case notify.Gone(err):
		o.note(ctx, device, DeliveryGone)
		o.fail(ctx, row, err.Error())
	case notify.Refused(err):
		// One browser can bring that about by itself, so it is its device's state; that
		// nobody gets pushes any more is seen in all of them.
		o.note(ctx, device, DeliveryRefused)
		o.fail(ctx, row, err.Error())
		if o.refusals.refused(service, device.ID, o.now()) && o.alarm != nil {
			o.alarm(ctx, row.WorkspaceID, service)
		}
	case notify.Temporary(err):
		o.retryAfter(ctx, row, err.Error(), pushPause(row.Tries, notify.Wait(err)))
	default:
		o.fail(ctx, row, err.Error())
	}
}

// hostOf is the push service of an endpoint; the rest of it is a secret.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}

func problemOf(err error) string {
	if err == nil {
		return "this installation sends no pushes"
	}
	return err.Error()
}

func (o *Outbox) note(ctx context.Context, device rows.Device, delivery string) {
	err := o.mark(ctx, func(tx *store.Tx) error { return o.deliveredTo(tx, device, delivery) })
	if err != nil {
		o.log.ErrorContext(ctx, "what became of a push cannot be written", "device", device.ID, "err", err)
	}
}

func (o *Outbox) deliveredTo(tx *store.Tx, device rows.Device, delivery string) error {
	if device.Delivery == delivery {
		return nil
	}
	_, err := tx.SetDelivery(tx.Ctx, rows.SetDeliveryParams{
		Delivery: delivery, WorkspaceID: device.WorkspaceID, ID: device.ID, Subscription: device.Subscription,
	})
	return err
}

// sealed puts together what is sent, to where the device is subscribed now.
func (o *Outbox) sealed(ctx context.Context, row rows.Message) (rows.Device, notify.Push, error) {
	plain, err := o.ring.Open(row.Body, store.BodyPlace(row.ID))
	if err != nil {
		return rows.Device{}, notify.Push{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	var r ring
	err = json.Unmarshal(plain, &r)
	if err != nil {
		return rows.Device{}, notify.Push{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	device, err := o.store.Read().GetDevice(ctx, row.WorkspaceID, r.Device)
	if store.NotFound(err) || (err == nil && !Reachable(device)) {
		return rows.Device{}, notify.Push{}, errNoPhone
	}
	if err != nil {
		return rows.Device{}, notify.Push{}, store.Classify(err)
	}
	s, err := OpenSubscription(o.ring, device)
	if err != nil {
		return rows.Device{}, notify.Push{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	keys, err := webpush.ParseKeys(s.P256dh, s.Auth)
	if err != nil {
		return rows.Device{}, notify.Push{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	body, err := o.declare(row.WorkspaceID, r)
	return device, notify.Push{
		Endpoint: s.Endpoint, Keys: keys, Body: body, Topic: string(r.Request), Life: time.UnixMilli(row.ExpiresAt).Sub(o.now()),
	}, err
}

// OpenSubscription opens what a device's row keeps sealed.
func OpenSubscription(keys *seal.Ring, device rows.Device) (Subscription, error) {
	var s Subscription
	plain, err := keys.Open(device.Subscription, store.SubscriptionPlace(device.ID))
	if err != nil {
		return s, fmt.Errorf("open the subscription: %w", err)
	}
	return s, json.Unmarshal(plain, &s)
}

// declare is the content of a push: a declarative one (Declarative Web Push), which is
// shown even where no script runs, and the same for a script. It says nothing that may
// not stand on a locked screen.
func (o *Outbox) declare(workspace countersign.WorkspaceID, r ring) ([]byte, error) {
	tag := r.Language
	if tag == "" {
		tag = "en"
	}
	speaker := o.words.Speaker(tag)
	body, err := json.Marshal(map[string]any{
		"web_push": 8030,
		"notification": map[string]string{
			"title": speaker.Say("push.title"), "body": speaker.Say("push.body"), "lang": speaker.Lang(), "dir": speaker.Dir(),
			"navigate": o.hosts.Of(workspace).URL + "/authenticator/#req=" + string(r.Request), "tag": string(r.Request),
		},
		"v": 1, "r": r.Request,
	})
	if err != nil {
		return nil, fmt.Errorf("write the push: %w", err)
	}
	return body, nil
}
