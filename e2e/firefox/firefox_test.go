package firefox

import (
	"strings"
	"testing"
	"time"

	"countersign/e2e/autopush"
	"countersign/e2e/pushapp"
)

// Firefox opens what we seal, says so, and drops what is sealed for another.
func TestFirefoxOpensOurPushes(t *testing.T) {
	begun := time.Now()
	service := autopush.Start(t, time.Now)
	app := pushapp.Start(t, service.Service)
	f := Start(t, service, app.URL)
	t.Logf("started after %v", time.Since(begun))
	f.Open("/")
	f.Click("Turn on")
	f.See("On")
	if !strings.HasPrefix(app.Endpoint(), "https://"+autopush.Host+"/wpush/") {
		t.Fatalf("subscribed at %s", app.Endpoint())
	}
	for _, row := range []struct {
		text          string
		garbled       bool
		code          int
		click, action string
	}{
		{"the first", false, autopush.Delivered, "Deny", "deny"},
		{"for another", true, autopush.Garbled, "", ""},
		{"the second", false, autopush.Delivered, "Review", "open"},
	} {
		begun = time.Now()
		err := app.Push(t, row.text, row.garbled)
		if err != nil {
			t.Fatal(err)
		}
		if code := service.Acknowledged(t); code != row.code {
			t.Errorf("%q is acknowledged with %d; want %d", row.text, code, row.code)
		}
		t.Logf("%q acknowledged after %v", row.text, time.Since(begun))
		if row.garbled {
			continue
		}
		n := f.Screen().Next(t)
		if n.Title != "Sign-in waiting" || !strings.Contains(n.Body, row.text) || app.Told(t, "push") != row.text {
			t.Errorf("shown: %s", n)
		}
		f.Screen().Click(t, n, row.click)
		if got := app.Told(t, "click"); got != row.action+" trusted true" {
			t.Errorf("a click on %q arrives as %q", row.click, got)
		}
	}
	if got := app.Told(t, "focused"); got != app.URL+"/" {
		t.Errorf("the click brought %s forward", got)
	}
	f.Screen().None(t, 100*time.Millisecond)
}

func TestAFingerIsKnownToFirefox(t *testing.T) {
	service := autopush.Start(t, time.Now)
	app := pushapp.Start(t, service.Service)
	f := Start(t, service, app.URL)
	f.AddAuthenticator()
	f.Open("/")
	f.Click("Set up")
	f.See("Set up, present true, verified true")
	f.Verify(false)
	f.Click("Approve")
	f.See("NotAllowedError")
	f.Verify(true)
	f.Click("Approve")
	f.See("Approved")
	if f.URL() != app.URL+"/" || f.Windows() != 1 || !strings.HasPrefix(string(f.PNG()), "\x89PNG") {
		t.Errorf("at %s with %d tabs", f.URL(), f.Windows())
	}
}
