package app

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"countersign/e2e/browser"
	"countersign/e2e/judge"
	"countersign/e2e/phone"
)

// shoot keeps a picture for those who want to see.
func shoot(t *testing.T, page *browser.Page, name string) {
	t.Helper()
	if os.Getenv("SCREENSHOTS") != "" {
		page.Screenshot(name)
	}
}

// judged looks at a screen as every page is looked at: in each colour scheme, on the
// narrowest phone and with text twice as large.
func judged(t *testing.T, page *browser.Page, name string) {
	t.Helper()
	for scheme, option := range map[string]browser.Option{"light": browser.Light(), "dark": browser.Dark(), "forced": browser.ForcedColors()} {
		page.Set(option)
		for _, width := range []int{393, 320} {
			page.Set(browser.Viewport(width, 851))
			judge.Axe(t, page)
			judge.NoSidewaysScroll(t, page)
			shoot(t, page, fmt.Sprintf("judged-%s-%s-%d", name, scheme, width))
		}
	}
	page.Set(browser.Light(), browser.Viewport(320, 851))
	page.Evaluate(`void (document.documentElement.style.fontSize = "200%")`, nil)
	judge.NoSidewaysScroll(t, page)
	shoot(t, page, "judged-"+name+"-large")
	page.Evaluate(`void (document.documentElement.style.fontSize = "")`, nil)
	var heading string
	page.Evaluate(`String(document.activeElement?.tagName) + document.querySelectorAll("h1").length`, &heading)
	if !strings.HasSuffix(heading, "1") {
		t.Errorf("%s: the focus and the headings are %s", name, heading)
	}
	page.Set(browser.Phone())
}

// glanced looks at a screen of the kind that others were judged for: at what tells that
// something is wrong.
func glanced(t *testing.T, page *browser.Page) {
	t.Helper()
	for _, scheme := range []browser.Option{browser.Light(), browser.Dark()} {
		page.Set(scheme)
		judge.Axe(t, page)
	}
	page.Set(browser.Viewport(320, 851))
	judge.NoSidewaysScroll(t, page)
	shoot(t, page, "glanced")
	page.Set(browser.Light(), browser.Phone())
}

func TestEveryScreenIsForEverybody(t *testing.T) {
	d, p := unpaired(t)
	page := p.Open("/authenticator/")
	page.See("Put Countersign on this device")
	judged(t, page, "install")
	page.Click("Go on in the browser")
	judged(t, page, "start")
	link, _ := d.Pair()
	d.set(func() { d.Confirms = []string{"code", "email"} })
	page.Open(link)
	page.See("Is this your account?")
	judged(t, page, "account-card")
	page.Click("Next")
	judged(t, page, "lock")
	page.Click("Continue with screen lock")
	page.See("How do you want to confirm?")
	judged(t, page, "choose")
	page.Click("Type a code from this phone on the computer")
	judged(t, page, "digits")
	d.Confirm()
	page.See("This is a test")
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("This phone is paired")
	judged(t, page, "paired")
	page.Click("Done")
	page.See("Nothing is waiting")
	judged(t, page, "home")
	judge.TabWalk(t, page)
	asked(t, d, page)
	judged(t, page, "request")
	judge.TabWalk(t, page)
	page.Click("It was not me")
	page.See("Is somebody else signing in?")
	judged(t, page, "report")
	page.Click("Back to the request")
	page.Type(numberField, "1")
	page.Click("Approve")
	page.See("The number has 2 digits")
	judged(t, page, "request-wrong")
	page.Click("Back")
	page.See("1 request is waiting")
	judged(t, page, "waiting")
	page.Click("Codes")
	page.Click("Show code")
	page.See("Code now")
	judged(t, page, "codes")
	page.Click("History")
	page.See("Test")
	judged(t, page, "history")
	page.Click("Accounts")
	page.Click("Acme")
	page.See("Send me a test")
	judged(t, page, "account")
	page.Click("Back")
	d.stop()
	page.Click("Codes")
	page.See("No connection")
	judged(t, page, "offline")
}

func TestItSpeaksAndReadsAsThePersonDoes(t *testing.T) {
	d, p := unpaired(t, phone.Looks(browser.Language("de-AT")))
	link, _ := d.Pair()
	page := p.Open(link)
	page.See("Ist das Ihr Konto?")
	shoot(t, page, "german-card")
	page.Click("Weiter")
	page.Click("Mit Bildschirmsperre weiter")
	page.See("Tippen Sie das am Computer ein")
	d.Confirm()
	page.See("Das ist ein Test")
	page.Type("Tippen Sie die Zahl auf Ihrem anderen Bildschirm ein", "47")
	judged(t, page, "german-request")
	page.Click("Freigeben")
	page.See("Dieses Telefon ist gekoppelt")
	page.Click("Fertig")
	page.Set(browser.Cookie("lang", mirrored))
	page.Reload()
	page.See("‹Accounts›", "‹Ready›")
	judged(t, page, "rtl-home")
	d.Ask("signin", signin())
	page.See("‹Are you signing in to Payroll?›")
	judged(t, page, "rtl-request")
	var untold string
	page.Evaluate(`document.body.innerText`, &untold)
	if strings.Contains(untold, "⟦") {
		t.Errorf("a text is missing in %q", untold)
	}
}

// mirrored is the language from right to left that is made for tests.
const mirrored = "ar-XB"
