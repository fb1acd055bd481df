package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store/rows"
	"countersign/internal/terminal"
	"countersign/internal/webpush/webpushtest"
)

// rung is somebody whose phone, a program, is subscribed at a double of a push service.
type rung struct {
	*person
	phone   *goPhone
	service *webpushtest.Service
	at      *webpushtest.Subscription
	says    *terminal.Subscription // what the phone says of it
}

func (h *house) rung(name string, service *webpushtest.Service) *rung {
	h.t.Helper()
	r := &rung{person: h.guarded(name), service: service, says: &terminal.Subscription{}}
	r.subscribe()
	o := h.Devices()
	o.Reach = terminal.Reach{Notifications: "granted", Push: r.says}
	r.phone = r.paired(o)
	// The question of the pairing rings too.
	r.comes("its phone is rung when it is paired", func(rows.Device) bool { return r.pushes() == 1 })
	return r
}

// subscribe makes another subscription, as a browser does.
func (r *rung) subscribe() {
	r.h.t.Helper()
	r.at = r.service.Subscribe(r.h.t, r.h.Engine.Devices.Vapid)
	*r.says = terminal.Subscription{
		Endpoint: r.at.Endpoint, P256DH: webpushtest.Octets(r.h.t, r.at.P256DH()), Auth: webpushtest.Octets(r.h.t, r.at.Auth()),
	}
}

// pushes is how many have come to the subscription.
func (r *rung) pushes() int {
	taken := r.service.Pushes()
	return len(slices.DeleteFunc(taken, func(p webpushtest.Push) bool { return p.Endpoint != r.at.Endpoint }))
}

// comes waits until something is so of the phone.
func (r *rung) comes(what string, so func(d rows.Device) bool) {
	r.h.t.Helper()
	var d rows.Device
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var err error
		d, err = r.h.Engine.Store.Read().GetDevice(r.h.t.Context(), countersign.DefaultWorkspace, countersign.DeviceID(r.phone.ID))
		must(r.h.t, err)
		if so(d) {
			return
		}
	}
	r.h.t.Fatalf("%s: not so; its pushes are %q", what, d.Delivery)
}

// said is what the person's page of devices says of the phone, and whether the phone is
// told that pushes reach it.
func (r *rung) said() (string, bool) {
	r.h.t.Helper()
	c := r.h.client()
	c.signIn(r.person)
	hello, err := r.phone.Hello(r.h.t.Context())
	must(r.h.t, err)
	return c.get("/account/devices").Body, hello.Pushes
}

// answers has the push service answer so from now on, and counts how often it does.
func answers(service *webpushtest.Service, status int, header ...string) *atomic.Int64 {
	var n atomic.Int64
	service.Trouble(func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	})
	return &n
}

// TestWhatAPushServiceSaysIsHeeded: the phone of a subscription that is gone is not
// pushed to, and told, a service that asks for patience gets it, and one that refuses
// this installation is what the administrators hear of.
func TestWhatAPushServiceSaysIsHeeded(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{site.SQLite, site.Postgres} {
		if *database != "" && *database != kind {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			service := webpushtest.Start(t, "push.double.example", time.Now)
			h := &house{site.Start(t, site.Options{Database: kind, Env: []string{site.PushServices(t, service)}}), t}
			gone(h, service, "Ada Lovelace", http.StatusNotFound)
			gone(h, service, "Grace Hopper", http.StatusGone)
			patient(h, service)
			refused(h, service)
		})
	}
}

func gone(h *house, service *webpushtest.Service, name string, status int) {
	h.t.Helper()
	who := h.rung(name, service)
	tried := answers(service, status)
	h.client().first(who.person)
	who.comes("its subscription is gone", func(d rows.Device) bool { return d.Delivery == "gone" })
	h.client().first(who.person)
	next, err := h.Engine.Store.Read().NextDue(h.t.Context(), "push")
	must(h.t, err)
	if next != 0 || tried.Load() != 1 {
		h.t.Errorf("%d: a push to what is gone waits until %d, and %d were tried", status, next, tried.Load())
	}
	service.Trouble(nil)
	// The browser believes in it still, and is told that it is no more.
	page, reached := who.said()
	if reached || !strings.Contains(page, "Its notifications ended.") {
		h.t.Errorf("%d: the phone is told that pushes reach it: %v, and the page says:\n%s", status, reached, page)
	}
	who.subscribe()
	page, reached = who.said()
	if !reached || strings.Contains(page, "Its notifications ended.") {
		h.t.Errorf("%d: a new subscription reaches the phone: %v, and the page says:\n%s", status, reached, page)
	}
	h.Clock.Advance(20 * time.Minute) // what nobody answered has kept the phone quiet
	h.client().first(who.person)
	who.comes("the new subscription is rung", func(rows.Device) bool { return who.pushes() == 1 })
}

func patient(h *house, service *webpushtest.Service) {
	h.t.Helper()
	who := h.rung("Joan Clarke", service)
	const wait = time.Minute
	tried := answers(service, http.StatusTooManyRequests, "Retry-After", "60")
	begun := h.Clock.Now()
	h.client().first(who.person)
	who.comes("it is tried", func(rows.Device) bool { return tried.Load() == 1 })
	var next time.Time
	who.comes("it waits", func(rows.Device) bool {
		due, err := h.Engine.Store.Read().NextDue(h.t.Context(), "push")
		must(h.t, err)
		next = time.UnixMilli(due)
		return next.After(h.Clock.Now())
	})
	if next.Before(begun.Add(wait)) || next.After(h.Clock.Now().Add(wait)) {
		h.t.Errorf("it is tried again %v after it began", next.Sub(begun))
	}
	service.Trouble(nil)
	h.Clock.Advance(wait)
	who.comes("it is rung a minute later", func(d rows.Device) bool { return who.pushes() == 2 && d.Delivery == "on" })
}

func refused(h *house, service *webpushtest.Service) {
	h.t.Helper()
	three := []*rung{h.rung("Hedy Lamarr", service), h.rung("Emmy Noether", service), h.rung("Mary Shelley", service)}
	for i, who := range three {
		tried := answers(service, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusForbidden}[i])
		h.client().first(who.person)
		who.comes("its push is refused", func(d rows.Device) bool { return d.Delivery == "refused" })
		if tried.Load() != 1 {
			h.t.Errorf("a push that is refused is tried %d times", tried.Load())
		}
	}
	if page, reached := three[0].said(); reached || !strings.Contains(page, "Its push service refuses our notifications.") {
		h.t.Errorf("the phone is told that pushes reach it: %v, and the page says:\n%s", reached, page)
	}
	mail := h.mail(site.Owner, "A push service refuses our notifications")
	if !strings.Contains(mail.Text, service.Host()) || strings.Contains(mail.Text, three[2].at.Endpoint) {
		h.t.Errorf("the mail says:\n%s", mail.Text)
	}
	events, err := h.Engine.Store.Read().ListEvents(h.t.Context(), countersign.DefaultWorkspace, "", 10_000)
	must(h.t, err)
	events = slices.DeleteFunc(events, func(e rows.Event) bool { return e.Kind != "push.refused" })
	if len(events) != 1 || events[0].Target != service.Host() {
		h.t.Errorf("the events of it are %+v", events)
	}
	service.Trouble(nil)
	h.client().first(three[0].person)
	three[0].comes("its pushes are taken again", func(d rows.Device) bool { return d.Delivery == "on" && three[0].pushes() == 2 })
}
