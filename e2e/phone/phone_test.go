package phone

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/fcm"
	"countersign/e2e/pushapp"
	"countersign/internal/notify"
)

func start(t *testing.T, options ...Option) (*Phone, *fcm.Service, *pushapp.App) {
	t.Helper()
	service := fcm.Start(t, time.Now)
	app := pushapp.Start(t, service.Service)
	return New(t, service, app.URL, options...), service, app
}

func send(t *testing.T, app *pushapp.App, text string) {
	t.Helper()
	err := app.Push(t, text, false)
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPushTravelsToAPageThatATapOpens(t *testing.T) {
	phone, service, app := start(t)
	page := phone.Open("/")
	page.Click("Turn on")
	page.See("On")
	if !strings.HasPrefix(app.Endpoint(), "https://"+fcm.Host+"/fcm/send/") || len(service.Endpoints()) != 1 {
		t.Fatalf("subscribed at %s; the service has %q", app.Endpoint(), service.Endpoints())
	}
	page.Click("Set up")
	page.See("Set up, present true, verified true, synced false")

	phone.CloseAll()
	begun := time.Now()
	send(t, app, "the first")
	n := phone.Notification()
	t.Logf("notification after %v: %s", time.Since(begun), n)
	if got := app.Told(t, "push"); got != "the first" || n.Title != "Sign-in waiting" || !strings.HasSuffix(n.Body, "the first") {
		t.Errorf("pushed %q, shown as %s", got, n)
	}
	phone.Tap(n, "Deny")
	if got := app.Told(t, "click"); got != "deny trusted true" {
		t.Errorf("a tap on Deny arrives as %q", got)
	}

	send(t, app, "the second")
	phone.Tap(phone.Notification(), "")
	if got := app.Told(t, "click"); got != " trusted true" {
		t.Errorf("a tap on the notification arrives as %q", got)
	}
	page = phone.Opened()
	page.See("Biometrics are there")
	if page.Path() != "/#opened" || len(phone.Notifications()) != 0 {
		t.Errorf("opened %s; still to be seen: %v", page.Path(), phone.Notifications())
	}
	page.Click("Approve") // with the finger that another tab set up
	page.See("Approved 2, present true, verified true")

	send(t, app, "the third")
	phone.Tap(phone.Notification(), "Review")
	if got := app.Told(t, "focused"); !strings.HasSuffix(got, "/#opened") {
		t.Errorf("the page was there, and the tap brought forward %s", got)
	}
}

func TestAPushServiceRefuses(t *testing.T) {
	phone, service, app := start(t)
	page := phone.Open("/")
	page.Click("Turn on")
	page.See("On")
	err := app.Push(t, "for another", true)
	if err != nil {
		t.Fatal(err) // only the browser can find out
	}
	phone.NoNotification(time.Second)
	service.Trouble(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	if app.Push(t, "too many", false) == nil {
		t.Error("a push is taken in times of trouble")
	}
	service.Trouble(nil)
	page.Click("Turn off")
	page.See("Off")
	for deadline := time.Now().Add(10 * time.Second); len(service.Endpoints()) > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // the browser tells the service behind the page's back
	}
	err = app.Push(t, "nobody there", false)
	if !notify.Gone(err) {
		t.Errorf("a push to a subscription that was given up: %v", err)
	}
}

func TestAPhoneThatIsOffGetsItLater(t *testing.T) {
	phone, _, app := start(t)
	page := phone.Open("/")
	page.Click("Turn on")
	page.See("On")
	phone.Off()
	send(t, app, "while it was off")
	phone.On()
	if n := phone.Notification(); !strings.HasSuffix(n.Body, "while it was off") {
		t.Errorf("shown: %s", n)
	}
}

func TestAPersonSetsThePhoneUp(t *testing.T) {
	phone, _, _ := start(t, Synced(), Looks(browser.Dark()))
	phone.AllowNotifications(browser.Denied)
	page := phone.Open("/")
	page.Click("Turn on")
	page.See("NotAllowedError: Registration failed - permission denied")
	page.Click("Set up")
	page.See("verified true, synced true")
	phone.Refuse(t)
	page.Click("Approve")
	page.See("NotAllowedError")
	phone.Ignore(t)
	page.Click("Approve")
	page.See("TimeoutError")
	phone.Accept(t)
	page.Click("Approve")
	page.See("Approved 2")
	other := phone.Open("/")
	other.Click("Approve")
	other.See("Approved 3")
	page.Click("Approve")
	page.See("Approved 4")
	phone.RemoveBiometrics()
	page.Reload()
	page.See("No biometrics")

	var looks string
	page.Evaluate(`[innerWidth, innerHeight, devicePixelRatio, navigator.maxTouchPoints > 0, matchMedia("(prefers-color-scheme: dark)").matches, /Android.* Mobile /.test(navigator.userAgent)].join()`, &looks)
	if looks != "393,851,2,true,true,true" {
		t.Errorf("the page looks like %s", looks)
	}
	page.Screenshot("a dark phone")
}
