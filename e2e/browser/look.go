package browser

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// visible is the text that a person sees in the scope, and whether there is one.
func (p *Page) visible() (string, bool, error) {
	var text *string
	err := p.tab.evaluate(fmt.Sprintf(`(e => e ? e.innerText ?? e.textContent : null)(%s)`, p.scope), &text)
	if err != nil || text == nil {
		return "", false, err
	}
	return squeeze(*text), true, nil
}

// See waits until all these texts are visible. White space counts as one blank.
func (p *Page) See(texts ...string) {
	p.tb.Helper()
	p.until(func() string {
		all, there, err := p.visible()
		if err != nil || !there {
			return fmt.Sprintf("no %s is visible (%v)", p.about, err)
		}
		for _, text := range texts {
			if !strings.Contains(all, squeeze(text)) {
				return fmt.Sprintf("%q is not visible in %s", text, p.about)
			}
		}
		return ""
	})
}

// NotSee waits until none of these texts is visible. A text that should never have
// been there is looked for once the page has settled, so See something first.
func (p *Page) NotSee(texts ...string) {
	p.tb.Helper()
	p.until(func() string {
		all, _, err := p.visible()
		if err != nil {
			return fmt.Sprintf("the page does not answer: %v", err)
		}
		for _, text := range texts {
			if strings.Contains(all, squeeze(text)) {
				return fmt.Sprintf("%q is visible in %s and should not be", text, p.about)
			}
		}
		return ""
	})
}

// Text is the visible text of the first element with this selector, with its line
// breaks.
func (p *Page) Text(selector string) string {
	p.tb.Helper()
	var text string
	p.first(selector, "e.innerText ?? e.textContent", &text)
	return strings.TrimSpace(text)
}

// Attr is an attribute of the first element with this selector, "" when it is not
// set.
func (p *Page) Attr(selector, name string) string {
	p.tb.Helper()
	var value string
	p.first(selector, "e.getAttribute("+quote(name)+") ?? ''", &value)
	return value
}

// first waits for an element and computes something of it.
func (p *Page) first(selector, expression string, out any) {
	p.tb.Helper()
	p.until(func() string {
		var there bool
		err := p.tab.evaluate(fmt.Sprintf("Boolean((%s)?.querySelector(%s))", p.scope, quote(selector)), &there)
		if err != nil || !there {
			return fmt.Sprintf("there is no %s in %s (%v)", selector, p.about, err)
		}
		return ""
	})
	p.value(fmt.Sprintf("(e => %s)((%s).querySelector(%s))", expression, p.scope, quote(selector)), out)
}

// Count is how many elements have this selector now.
func (p *Page) Count(selector string) int {
	p.tb.Helper()
	var n int
	p.value(fmt.Sprintf("((%s)?.querySelectorAll(%s) ?? []).length", p.scope, quote(selector)), &n)
	return n
}

// Value is what is in the field with this label.
func (p *Page) Value(label string) string {
	p.tb.Helper()
	var value string
	err := p.tab.call(p.find(field, label), "function () { return this.value ?? this.textContent }", &value)
	if err != nil {
		p.fail("read the field %q: %v", label, err)
	}
	return value
}

// Checked tells whether the check box or option with this label is chosen.
func (p *Page) Checked(label string) bool {
	p.tb.Helper()
	var checked bool
	err := p.tab.call(p.find(choice, label), `function () { return this.checked ?? this.getAttribute("aria-checked") === "true" }`, &checked)
	if err != nil {
		p.fail("look at the check box %q: %v", label, err)
	}
	return checked
}

// Has tells whether there is a button or link with this name now, without waiting.
func (p *Page) Has(name string) bool {
	p.tb.Helper()
	all, err := p.controls(clickable)
	if err != nil {
		return false
	}
	for _, f := range all {
		if f.name == squeeze(name) {
			return true
		}
	}
	return false
}

// Focused is the visible text, value or name of what has the focus, for messages
// and for pages that must put the focus somewhere.
func (p *Page) Focused() string {
	p.tb.Helper()
	var s string
	p.value(`(e => !e || e === document.body ? "" : (e.labels?.[0]?.innerText || e.innerText || e.getAttribute("aria-label") || e.id))(document.activeElement)`, &s)
	return squeeze(s)
}

// NotInstallable is what keeps the browser from offering to install the page as an app:
// nothing, where it can be. It needs a browser of one's own: one with windows, which is
// not private.
func (p *Page) NotInstallable() []string {
	p.tb.Helper()
	ctx, cancel := p.tab.limit()
	defer cancel()
	result, err := chromedp.Call(ctx, page.GetInstallabilityErrors, cdp.Empty{})
	if err != nil {
		p.fail("ask whether it can be installed: %v", err)
	}
	var all []string
	for _, e := range result.InstallabilityErrors {
		why := e.ErrorID
		for _, a := range e.ErrorArguments {
			why += " " + a.Name + "=" + a.Value
		}
		all = append(all, why)
	}
	return all
}
