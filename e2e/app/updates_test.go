package app

import "testing"

func TestANewVersionWaitsUntilItIsWanted(t *testing.T) {
	d, _, page := paired(t)
	asked(t, d, page)
	d.set(func() { d.Newer = true })
	page.Evaluate(`navigator.serviceWorker.getRegistration().then(async (r) => {
		await r.update();
		while (!r.waiting) await new Promise((next) => setTimeout(next, 20));
	})`, nil)
	page.NotSee("A new version is ready")
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("You can go back to your computer")
	page.Click("Done")
	page.See("A new version is ready")
	shoot(t, page, "update")
	page.Click("Update now")
	page.See("Ready")
	page.NotSee("A new version is ready")
	asked(t, d, page)
}
