// Package e2e holds the scenarios that are judged from the outside: a real
// browser, real messages and real processes, and nothing of the product's insides.
//
// Its sub-packages are what the scenarios are written with, and tests only import
// them: browser (a person at Chromium), judge (what must hold for every page),
// mailbox (a mail server that can misbehave), proc (the server as a process that
// can be killed, with a clock that can be moved). A scenario reads like this:
//
//	clock, mail := proc.NewClock(t), mailbox.Start(t)
//	addr := proc.FreeAddr(t)
//	server := proc.Start(t, "server", []string{clock.Env(), "COUNTERSIGN_SMTP_URL=" + mail.URL()}, "--listen", addr)
//	server.WaitReady("http://" + addr + "/readyz")
//	ada := browser.New(t, "http://"+addr)
//	ada.Open("/signin")
//	ada.Type("E-mail address", "ada@example.com")
//	ada.Click("Continue")
//	judge.Page(t, ada, "sign-in, password")
package e2e
