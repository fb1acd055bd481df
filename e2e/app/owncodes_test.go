package app

import "testing"

// The secret of the phone's own codes is asked for until it has come, and by one at a
// time: of two answers at once nobody knows which is the last.
func TestALostSecretOfTheOwnCodes(t *testing.T) {
	d, p, page := claimed(t, "code")
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type this on your computer")
	d.Confirm()
	d.set(func() { d.Lost = "/v1/code" })
	approved(page)
	page.NotSee("this phone also makes a code of its own")
	page = again(p)
	page.See("Ready")
	page.Click("Codes")
	page.See("There are no codes here yet")
	glanced(t, page)
	d.set(func() { d.Lost = "" })
	before := d.count("code")
	page.Evaluate(`Promise.all([import("/authenticator/store.js"), import("/authenticator/device.js")]).then(async ([s, d]) => {
		const [a] = await s.accounts();
		await Promise.all([d.greet(a), d.greet(a), d.greet(a)]);
	})`, nil)
	if n := d.count("code") - before; n != 1 {
		t.Errorf("it was asked for %d times at once", n)
	}
	page = again(p)
	page.Click("Codes")
	page.Click("Show code")
	page.See("Code now")
	var code string
	page.Evaluate(`document.querySelector(".otp-digits").textContent.replace(" ", "")`, &code)
	if want := d.codes(t); code != want[0] && code != want[1] {
		t.Errorf("the phone shows %s, not one of %s", code, want)
	}
	if n := d.count("code") - before; n != 1 {
		t.Errorf("a phone that has it asked %d times", n)
	}
}
