package app

import (
	"testing"

	"countersign/e2e/browser"
	"countersign/e2e/phone"
)

func TestTheCameraReadsTheCode(t *testing.T) {
	d := start(t, nil)
	link, _ := d.Pair()
	camera := phone.NewCamera(t)
	camera.Show(t, d.url+link)
	b := browser.Launch(t, browser.Process{Profile: t.TempDir(), Flags: camera.Flags()})
	b.Permit(t, d.url, "camera", browser.Denied)
	page := b.New(t, d.url, browser.Phone(), browser.Density(2), browser.Android())
	browser.NewAuthenticator(false).Join(page)
	page.Open("/authenticator/")
	page.Click("Go on in the browser")
	page.Click("QR Scan")
	page.See("There is no picture", "The app may not use the camera")
	shoot(t, page, "camera-refused")
	b.Permit(t, d.url, "camera", browser.Granted)
	page.Click("Try the camera again")
	page.See("Is this your account?", "Acme")
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type this on your computer")
	// Without pushes the app still asks by itself.
	d.Confirm()
	page.See("This is a test")
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("This phone is paired")
	page.Click("Done")
	asked(t, d, page)
}

// On an iPhone the keys are made in the app on the Home Screen, so a tab of its browser
// only shows the way there, and leaves the code as it is.
func TestAnIPhoneIsShownTheWay(t *testing.T) {
	d := start(t, nil)
	link, _ := d.Pair()
	b := browser.Launch(t, browser.Process{Profile: t.TempDir(), Flags: map[string]string{
		"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
	}})
	page := b.New(t, d.url, browser.Phone(), browser.Density(2))
	page.Open(link)
	page.See("Put Countersign on this device", "Choose “Add to Home Screen”", "Why first?")
	if page.Has("Go on in the browser") || d.pairings[0].state != "waiting" {
		t.Errorf("the code is %s", d.pairings[0].state)
	}
	judged(t, page, "install-iphone")
}
