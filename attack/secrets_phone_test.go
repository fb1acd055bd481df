package attack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/method/push"
	"countersign/internal/webpush/webpushtest"
)

// phones pairs a phone, asks it, and takes it away again. What only the phone or only the
// page knows comes up where it must, and nowhere else.
func (j *journey) phones() {
	p := j.s.Guarded(j.t, "Lise Zanzibar", "lise.zanzibar@acme.example")
	j.plant(secret{is: "the bytes of an app's secret", value: string(p.Secret)})
	h := j.browser(p)
	h.signIn()
	phone := (&handsets{j.s}).new(j.t)
	phone.hears = j.heard
	const page, endpoint = "/account/devices/pairing", "https://" + pushHost + "/wpush/v2/walnut-quokka-5521"
	phone.subscription = subscribed(j.t, endpoint)
	j.plant(secret{is: "the endpoint of a phone", value: endpoint})
	j.plant(secret{is: "the secret of a subscription", value: phone.subscription["auth"]})

	h.post("/account/devices/new")
	// The page is read past the journey: its codes come up here.
	open := h.Get(page)
	code, short := pairCode.FindStringSubmatch(open.Body), found(j.t, `[0-9A-Z]{4}-[0-9A-Z]{4}`, open.Body)
	if code == nil {
		j.t.Fatalf("the page of the pairing shows no code: %s", open)
	}
	waits := true
	onPage := func(asked string) bool { return waits && strings.HasSuffix(asked, " "+page) }
	j.plant(secret{is: "the code of a pairing", value: code[1], shown: onPage})
	j.plant(secret{is: "the short code of a pairing", value: short, shown: onPage})
	h.get(page)
	waits = false
	phone.code = code[1]
	must(j.t, phone.take())
	j.plant(secret{is: "the token of a pairing", value: phone.token})
	digits, err := phone.about().Confirmation()
	must(j.t, err)
	j.plant(secret{is: "the digits of a pairing", value: digits})
	h.get(page)
	h.post(page, "code", digits)
	for _, q := range phone.waiting(0) {
		phone.decide(0, q, push.Approve, site.ShownNumber(h.get(page)))
	}
	j.want("the pairing", h.post(page, "act", "done"), "/account/devices?done=paired")

	given := phone.call(0, http.MethodPost, "/device/v1/code", map[string]any{})
	j.plant(secret{is: "the secret of a phone's own codes", value: string(given.octets("secret"))})
	if len(given.octets("secret")) != 20 {
		j.t.Fatalf("the phone's own secret: %s %s", given.Answer, given.Body)
	}
	phone.call(0, http.MethodPost, "/device/v1/code", map[string]any{})
	for _, decision := range []push.Decision{push.Deny, push.Approve} {
		desk := j.browser(p)
		step := desk.post(desk.post("/signin", "identifier", p.Email).Location, "password", p.Password)
		shown := desk.get(step.Location)
		for _, q := range phone.waiting(0) {
			phone.decide(0, q, decision, site.ShownNumber(shown))
		}
		desk.post(step.Location)
		desk.get(step.Location + "/events")
	}
	for _, path := range []string{"history", "requests"} {
		phone.call(0, http.MethodGet, "/device/v1/"+path, nil)
	}
	phone.call(0, http.MethodPost, "/device/v1/hello", map[string]any{"version": "1.0.1", "push": phone.subscription})
	h.get("/account/devices")
	phone.call(0, http.MethodPost, "/device/v1/remove", map[string]any{})
}

// pushHost is a push service that the journey's installation reaches; it knows no
// subscription.
const pushHost = "push.near.example"

// pushService starts it, and is the setting by which servers reach it.
func pushService(t *testing.T) string {
	t.Helper()
	return site.PushServices(t, webpushtest.Start(t, pushHost, time.Now))
}
