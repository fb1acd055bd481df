// Package e2e holds the scenarios that are judged from the outside: a real
// browser, real messages and real processes, and nothing of the product's insides
// but what makes the people that a scenario is given.
//
// Its sub-packages are what the scenarios are written with, and tests only import
// them: browser (a person at Chromium), judge (what must hold for every page),
// mailbox (a mail server that can misbehave), proc (the server as a process that
// can be killed, with a clock that can be moved), site (an installation made of
// those, its people, and programs that speak HTTP with it); and, for what travels to a
// phone, fcm and autopush (the push services behind Chromium and Firefox), desktop
// (where notifications are seen and clicked), phone (a Chromium that gets real pushes),
// firefox (another browser's word on them) and proxy (a real nginx). A house is a site in
// the hands of one test; its methods are the language of the scenarios. A scenario
// is a function in the file of its document, listed there by its number, and reads
// like this:
//
//	func s3WrongCode(t *testing.T, h *house) {
//		ada := h.guarded("Ada Lovelace")
//		page := h.browser()
//		ada.first(page)
//		page.Type("6-digit code", ada.Wrong())
//		page.Click("Verify code")
//		page.See("That code is not right")
//	}
//
// One is run by its number: go test ./e2e -run 'TestScenario/S3-10', on one
// database with -database=sqlite. Some are told once more, as S0-16-amid-all, of people
// who have every method (see amid).
//
// Beside the scenarios, these tests go through all that there is: TestPages looks
// at every page, TestEveryFieldHasItsSentence fills every form in wrongly, and
// TestLevels, TestHeaders and TestMalformed knock at every route. TestFirstParagraph
// begins, as a newcomer does, with a server that has nothing configured.
package e2e
