package e2e_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rsc.io/qr"

	"countersign/e2e/browser"
	"countersign/e2e/fcm"
	"countersign/e2e/phone"
	"countersign/e2e/proc"
	"countersign/e2e/site"
)

// phoneHouse is an installation whose pushes reach a double of the browser vendor's
// service.
type phoneHouse struct {
	*house
	service *fcm.Service
	shared  *sharedPhone // of the scenarios; nil in a house of one test alone
}

func newPhoneHouse(t *testing.T) *phoneHouse {
	t.Helper()
	s, service := startWithPushes(t, site.Options{})
	return &phoneHouse{house: &house{s, t}, service: service}
}

func startWithPushes(t *testing.T, o site.Options) (*site.Site, *fcm.Service) {
	t.Helper()
	// The service needs the installation's clock, and the installation the service.
	var clock atomic.Pointer[proc.Clock]
	service := fcm.Start(t, func() time.Time {
		c := clock.Load()
		if c == nil {
			return time.Now()
		}
		return c.Now()
	})
	o.Env = append(o.Env, site.PushServices(t, service.Service))
	s := site.Start(t, o)
	clock.Store(s.Clock)
	return s, service
}

// pair pairs a new phone with the account that a page is signed in to, as its person
// would, and returns the phone and the app on it.
func (h *phoneHouse) pair(page *browser.Page, options ...phone.Option) (*phone.Phone, *browser.Page) {
	h.t.Helper()
	p := phone.New(h.t, h.service, h.URL, options...)
	return p, h.join(p, page)
}

// join pairs a phone, and returns the app on it.
func (h *phoneHouse) join(p *phone.Phone, page *browser.Page) *browser.Page {
	h.t.Helper()
	return h.scanned(p, page, h.reveal(page))
}

// scanned goes on where the phone has scanned the code on the page, which leads to the
// link, and returns the app on it.
func (h *phoneHouse) scanned(p *phone.Phone, page *browser.Page, link string) *browser.Page {
	h.t.Helper()
	app := p.Open(link)
	app.See("Is this your account?", "Acme")
	app.Click("Next")
	app.Click("Continue with screen lock")
	app.See("Step 3 of 4")
	if byCode := "Type a code from this phone on the computer"; app.Has(byCode) {
		app.Click(byCode) // where there is a choice
	}
	app.See("Type this on your computer")
	page.See("Is this your phone?")
	page.Type("Six digits from your phone", digitsIn(app.Text("main")))
	page.Click("Confirm")
	page.See("Try it once")
	p.Notification() // that of the first try
	h.approve(page, app)
	app.See("This phone is paired")
	app.Click("Done")
	page.See("Your phone is paired")
	page.Click("Done")
	return app
}

// reveal goes on from Devices to the code of a new pairing, and returns the path of the
// page that it leads to.
func (h *house) reveal(page *browser.Page) string {
	h.t.Helper()
	page.Open("/account/devices")
	page.Click("Pair new device")
	page.Click("Click to reveal")
	page.See("Scan this code with your phone")
	return h.pairingLink(page)
}

// pairingLink is where the QR code leads to; it stands behind "Use this device itself"
// as well.
func (h *house) pairingLink(page *browser.Page) string {
	h.t.Helper()
	address := page.Attr(`a[href*="/authenticator/#pair="]`, "href")
	want, err := qr.Encode(address, qr.M)
	must(h.t, err)
	if got := modules(h, page.Attr("svg.qr path:last-child", "d")); got != picture(want) {
		h.t.Errorf("the QR code is not that of %s:\n%s", address, got)
	}
	return strings.TrimPrefix(address, h.URL)
}

// digitsIn are the first six digits of a text.
func digitsIn(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r >= '0' && r <= '9' {
			out.WriteRune(r)
		}
		if out.Len() == 6 {
			break
		}
	}
	return out.String()
}

// approve types the number that a page shows into the app, where it shows one, and
// approves.
func (h *phoneHouse) approve(page, app *browser.Page) {
	h.t.Helper()
	if page.Count(".phone-number") > 0 {
		app.Type("Type the number on your other screen", page.Text(".phone-number"))
	}
	app.Click("Approve")
}

func TestAPhoneApprovesASignIn(t *testing.T) {
	t.Parallel()
	h := newPhoneHouse(t)
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	p, _ := h.pair(page)
	page.See("Your phone is paired", "Devices")
	h.mail(ada.Email, "A phone was paired")

	// The next sign-in rings it; nobody types a code.
	p.CloseAll()
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	n := p.Notification()
	if n.Title != "Sign-in request waiting" || strings.Contains(n.Body, "Acme") || strings.Contains(n.Body, "ada") {
		t.Errorf("the notification says %s", n)
	}
	p.Tap(n, "")
	app := p.Opened()
	app.See("Are you signing in to Acme?", "Chrome", "never signed in")
	h.approve(desk, app)
	app.See("You can go back to your computer")
	desk.See("Two-factor authentication")
	if !strings.HasPrefix(desk.Path(), "/account") {
		t.Errorf("the desktop is at %s", desk.Path())
	}
}
