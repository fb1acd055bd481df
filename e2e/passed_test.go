package e2e_test

import "testing"

// Who is used to a question on the phone, and is asked for a code, reads why.
func TestAPhoneThatWouldHaveBeenAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	must(t, d.SignOut(t.Context()))
	desk := h.browser()
	ada.first(desk)
	desk.See("Type the code from your authenticator app", "Pixel 9 is signed out of the Countersign app")
	desk.Click("Try another way")
	desk.See("Asked first: the most secure that you have")
}
