package e2e_test

import (
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/browser"
	"countersign/internal/people"
)

// Names and addresses may be as long as they are allowed to be, without a blank: the tables
// stay on the page, and what stands beside them can be read.
func TestLongNamesStayOnThePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	label := strings.Repeat("d", 60)
	long := h.Person(t, strings.Repeat("N", 78), strings.Repeat("l", 60)+"@"+label+"."+label+".example", countersign.Member)
	page := h.session(h.owner())
	account, err := h.Engine.People.Find(t.Context(), countersign.DefaultWorkspace, long.Email)
	must(t, err)
	must(t, h.Engine.People.Disable(t.Context(), account, people.Shell()))
	h.mail(long.Email, "locked")
	page.Open("/console/invite/list")
	page.Type("One person on a line", "new@acme.example,"+strings.Repeat("x", 120))
	page.Click("Send the invitations")
	page.See("Use at most 80 characters")
	list := page.Copy()
	for _, width := range []int{1280, 900, 393} {
		wide := func(p *browser.Page, what string) {
			t.Helper()
			var over int
			p.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over)
			if over > 0 {
				t.Errorf("%s is %d pixels wider than a window of %d", what, over, width)
			}
		}
		list.Set(browser.Viewport(width, 800))
		wide(list, "what became of a list")
		page.Set(browser.Viewport(width, 800))
		for _, path := range []string{"/console/people", "/console/people/" + string(long.ID), "/console/log", "/console/messages", "/console/company"} {
			page.Open(path)
			wide(page, path)
			var narrow string
			page.Evaluate(`[...document.querySelectorAll(".table tbody th")].filter(th => th.clientWidth < 64).map(th => th.innerText).join(", ")`, &narrow)
			if narrow != "" {
				t.Errorf("%s at %d: too narrow to be read: %s", path, width, narrow)
			}
		}
	}
}

// A company's name may be one long word: it is not cut off where it stands at the head of
// the pages.
func TestALongCompanyStaysOnThePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := &house{h.Second(t, "Donaudampfschifffahrtsgesellschaft "+strings.Repeat("W", 40), "long.localhost"), t}
	page := other.session(other.owner())
	for _, path := range []string{"/console", "/account/security", "/help", "/signin"} {
		page.Open(path)
		for _, width := range []int{1280, 900, 393, 320} {
			page.Set(browser.Viewport(width, 800))
			var over int
			page.Evaluate(`(() => {
				const brand = document.querySelector("header .brand, .side .brand"), words = document.createRange(), frame = brand.closest("header, .side");
				words.selectNodeContents(brand);
				return Math.max(0, ...[...words.getClientRects()].map(r => Math.ceil(r.right - frame.getBoundingClientRect().right)), document.documentElement.scrollWidth - document.documentElement.clientWidth);
			})()`, &over)
			if over > 0 {
				t.Errorf("%s at %d: the name is cut off by %d pixels", path, width, over)
				page.Screenshot("cut")
			}
		}
	}
}
