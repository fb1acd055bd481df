package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"countersign/internal/method"
	"countersign/internal/policy"
)

// Whoever has lost the phone and the codes, and what the company has decided about them.

func s4LostBoth(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.browser()
	ada.first(page)
	page.Click("Can’t access two-factor device?")
	page.Click("I have no backup code either")
	page.See("Then there is no way in that you can take yourself.", "for anybody")
	page.Open("/help")
	page.See("There is no way in that you can take yourself")
	page.NotSee("Ask your administrator")

	// A new password by mail is none: the second step stays.
	c := h.client()
	c.post("/forgot", "email", ada.Email)
	ada.Password = "eleven chestnuts by the stove"
	if set := c.post(h.link(h.mail(ada.Email, "new password")), "password", ada.Password); set.Status != http.StatusSeeOther {
		t.Fatalf("a new password is answered %s:\n%s", set, set.Body)
	}
	if step := c.first(ada); !strings.HasSuffix(step, "/code") || c.SignedIn() {
		t.Errorf("with the new password the sign-in is at %s", step)
	}

	// An administrator is offered no way to let her in, and has none.
	desk := h.session(h.grace())
	desk.Open("/console/people/" + string(ada.ID))
	desk.See("Whoever has lost everything cannot be let in again by anybody here.")
	for _, act := range []string{"Reset the second step", "Give a help-desk code"} {
		if desk.Has(act) {
			t.Errorf("the administrator is offered %q", act)
		}
	}
	administrator := h.client()
	for _, cookie := range desk.Cookies() {
		administrator.SetCookie(cookie.Name, cookie.Value)
	}
	for _, act := range []string{"reset", "code"} {
		path := "/console/people/" + string(ada.ID) + "/" + act
		shown, done := administrator.get(path), administrator.post(path, "reason", "She has lost everything", "minutes", "10")
		if shown.Status != http.StatusForbidden || done.Status != http.StatusForbidden {
			t.Errorf("%s is answered %d, and pressing its button %d", path, shown.Status, done.Status)
		}
	}
	if ada.has(method.TOTP) != 1 || ada.has(method.Recovery) != 1 {
		t.Error("her second factors are gone")
	}

	// Nor is a code of the help desk of any use that was given before that was decided.
	h.policy("mailed-codes", policy.Document{"recovery.admin_reset": "allowed"})
	code := h.helped(ada)
	h.policy("mailed-codes", nil)
	c = h.client()
	step := strings.TrimSuffix(c.first(ada), "/code") + "/recovery"
	if c.post(step, "recovery", code); c.SignedIn() {
		t.Error("a code of the help desk lets her in")
	}
}

// s1NoFalsePromise goes through the values of the setting: what is told at the set-up, in
// the help and at the sign-in is what can be had.
func s1NoFalsePromise(_ *testing.T, h *house) {
	ada, bob := h.guarded("Ada Lovelace"), h.guarded("Bob Builder")
	own, lost := h.session(ada), h.browser()
	bob.first(lost)
	lost.Click("Can’t access two-factor device?")
	for _, row := range []struct{ value, setUp, help, signIn string }{
		{"allowed", "Your administrator may not be able to let you back in without them.", "They may not be able to if they cannot be sure that it is you.", "Ask your administrator at Acme to reset"},
		{"two_admins", "two of them have to agree.", "Two of them have to agree, so it can take a while. They may not be able to", "Two of them have to agree, and they will want to be sure that it is you."},
		{"never", "Nobody can let you back in without them", "your administrators do not reset two-factor authentication for anybody", "Then there is no way in that you can take yourself."},
	} {
		h.policy("standard", policy.Document{"recovery.admin_reset": row.value})
		own.Open("/account/recovery")
		own.Click("Create new recovery codes")
		own.See(row.setUp)
		own.Open("/help")
		own.In(".prose").See(row.help)
		lost.Reload()
		lost.Click("I have no recovery code either")
		lost.See(row.signIn)
	}
}
