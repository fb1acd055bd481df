package browser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// aim scrolls to an element and returns where a person would click on it, and what
// stands in the way. A control that is drawn by its label is clicked there.
const aim = `function () {
	const reach = (e) => {
		e.scrollIntoView({block: "center", inline: "nearest", behavior: "instant"});
		const r = [...e.getClientRects()].find(r => r.width > 0 && r.height > 0);
		if (!r) return {way: "it has no size"};
		const x = r.left + r.width / 2, y = r.top + r.height / 2;
		const top = document.elementFromPoint(x, y);
		if (!top) return {way: "it cannot be scrolled into view"};
		const label = top.closest("label");
		if (top === e || e.contains(top) || (label && label.control === this)) return {x, y};
		return {way: "it is covered by " + top.cloneNode().outerHTML};
	};
	if (this.disabled || this.getAttribute("aria-disabled") === "true") return {way: "it is disabled"};
	let at = reach(this);
	for (const label of at.way ? this.labels ?? [] : []) {
		const there = reach(label);
		if (!there.way) at = there;
	}
	const link = this.closest("a[href]"), form = this.form;
	at.leads = Boolean(link && !link.getAttribute("href").startsWith("#") && !link.target && !link.hasAttribute("download")) ||
		Boolean(form && form.method !== "dialog" && (this.type === "submit" || this.type === "image"));
	return at;
}`

// point is the answer of aim.
type point struct {
	X, Y  float64
	Way   string // what stands in the way
	Leads bool   // to another page
}

// Click clicks on the button, link, tab, menu entry or summary with this name, and
// waits for the page that it leads to.
func (p *Page) Click(name string) {
	p.tb.Helper()
	before := p.tab.begun()
	at := p.press(clickable, name)
	err := p.tab.settle(before, at.Leads)
	if err != nil {
		p.fail("click on %q: %v", name, err)
	}
}

// press finds a control and clicks on it, as soon as nothing stands in the way.
func (p *Page) press(k kind, name string) point {
	p.tb.Helper()
	var at point
	p.until(func() string {
		object := p.find(k, name)
		at = point{}
		err := p.tab.call(object, aim, &at)
		if err != nil {
			return fmt.Sprintf("%s %q went away: %v", k.name, name, err)
		}
		if at.Way != "" {
			return fmt.Sprintf("a person cannot click on %s %q: %s", k.name, name, at.Way)
		}
		return ""
	})
	err := p.tab.mouse(at.X, at.Y)
	if err != nil {
		p.fail("click on %s %q: %v", k.name, name, err)
	}
	return at
}

func (t *tab) mouse(x, y float64) error {
	ctx, cancel := t.limit()
	defer cancel()
	for _, e := range []input.DispatchMouseEventParams{
		{Type: input.DispatchMouseEventTypeMouseMoved},
		{Type: input.DispatchMouseEventTypeMousePressed, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1},
		{Type: input.DispatchMouseEventTypeMouseReleased, Button: input.MouseButtonLeft, ClickCount: 1},
	} {
		e.X, e.Y = x, y
		_, err := chromedp.Call(ctx, input.DispatchMouseEvent, e)
		if err != nil {
			return err
		}
	}
	return nil
}

// Type replaces what is in the field with this label.
func (p *Page) Type(label, text string) {
	p.tb.Helper()
	p.enter(label)
	p.insert(text)
}

// enter puts the cursor into a field and selects what is there.
func (p *Page) enter(label string) runtime.RemoteObjectID {
	p.tb.Helper()
	object := p.find(field, label)
	var way string
	err := p.tab.call(object, `function () {
		if (this.disabled) return "it is disabled";
		if (this.readOnly) return "it is read-only";
		this.scrollIntoView({block: "center", behavior: "instant"});
		this.focus();
		this.select?.();
		return document.activeElement === this ? "" : "it does not take the focus";
	}`, &way)
	if err != nil || way != "" {
		p.fail("a person cannot type into the field %q: %s %v", label, way, err)
	}
	return object
}

func (p *Page) insert(text string) {
	p.tb.Helper()
	if text == "" {
		p.Press("Delete")
		return
	}
	ctx, cancel := p.tab.limit()
	defer cancel()
	_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
	if err != nil {
		p.fail("type: %v", err)
	}
}

// Paste replaces what is in the field with this label by pasting from the
// clipboard, and returns what the field then has.
func (p *Page) Paste(label, text string) string {
	p.tb.Helper()
	p.tab.browser.clipboard.Lock()
	defer p.tab.browser.clipboard.Unlock()
	// The text comes from a field of our own: the page's may refuse to hold it.
	p.value(`void document.body.append(Object.assign(document.createElement("textarea"), {id: "clip-board", value: `+quote(text)+`}))`, nil)
	p.value(`document.getElementById("clip-board").select()`, nil)
	p.command("c", "Copy")
	p.value(`document.getElementById("clip-board").remove()`, nil)
	object := p.enter(label)
	p.command("v", "Paste")
	var got string
	err := p.tab.call(object, "function () { return this.value }", &got)
	if err != nil {
		p.fail("read the field %q: %v", label, err)
	}
	return got
}

// command presses Ctrl and a letter, with what the browser's menu does for it.
func (p *Page) command(letter, name string) {
	p.tb.Helper()
	ctx, cancel := p.tab.limit()
	defer cancel()
	capital := strings.ToUpper(letter)
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		e := input.DispatchKeyEventParams{Type: kind, Modifiers: 2, Key: letter, Code: "Key" + capital, WindowsVirtualKeyCode: int64(capital[0])}
		if kind == input.DispatchKeyEventTypeRawKeyDown {
			e.Commands = []string{name}
		}
		_, err := chromedp.Call(ctx, input.DispatchKeyEvent, e)
		if err != nil {
			p.fail("press Ctrl+%s: %v", letter, err)
		}
	}
}

// key is what the browser wants to know about a key.
type key struct {
	code int64
	text string
}

// keys are those that [Page.Press] knows.
var keys = map[string]key{
	"Tab": {9, ""}, "Enter": {13, "\r"}, "Escape": {27, ""}, "Delete": {46, ""}, "Backspace": {8, ""}, " ": {32, " "},
	"ArrowLeft": {37, ""}, "ArrowUp": {38, ""}, "ArrowRight": {39, ""}, "ArrowDown": {40, ""}, "Home": {36, ""}, "End": {35, ""},
}

// Press presses a key by its DOM name: Tab, Enter, Escape, " " and the like,
// Shift+Tab for backwards. It waits for the page that Enter may lead to.
func (p *Page) Press(name string) {
	p.tb.Helper()
	var shift int64
	if name == "Shift+Tab" {
		name, shift = "Tab", 8
	}
	k, ok := keys[name]
	if !ok {
		p.tb.Fatalf("the browser tests know no key %q", name)
	}
	before := p.tab.begun()
	ctx, cancel := p.tab.limit()
	defer cancel()
	down := input.DispatchKeyEventTypeRawKeyDown
	if k.text != "" {
		down = input.DispatchKeyEventTypeKeyDown
	}
	for _, kind := range []input.DispatchKeyEventType{down, input.DispatchKeyEventTypeKeyUp} {
		e := input.DispatchKeyEventParams{Type: kind, Modifiers: shift, Key: name, Code: name, WindowsVirtualKeyCode: k.code}
		if kind == down {
			e.Text = k.text
		}
		_, err := chromedp.Call(ctx, input.DispatchKeyEvent, e)
		if err != nil {
			p.fail("press %s: %v", name, err)
		}
	}
	if slices.Contains([]string{"Enter", " "}, name) {
		err := p.tab.settle(before, false)
		if err != nil {
			p.fail("press %s: %v", name, err)
		}
	}
}

// Check ticks the check box, or chooses the option (radio button), with this label.
func (p *Page) Check(label string) {
	p.tb.Helper()
	p.tick(label, true)
}

// Uncheck unticks the check box with this label.
func (p *Page) Uncheck(label string) {
	p.tb.Helper()
	p.tick(label, false)
}

func (p *Page) tick(label string, want bool) {
	p.tb.Helper()
	if p.Checked(label) == want {
		return
	}
	p.press(choice, label)
	p.until(func() string {
		if p.Checked(label) != want {
			return fmt.Sprintf("the check box %q does not change when it is clicked", label)
		}
		return ""
	})
}

// Choose chooses an entry of the list (select) with this label.
func (p *Page) Choose(label, entry string) {
	p.tb.Helper()
	object := p.find(list, label)
	var others []string
	before := p.tab.begun()
	err := p.tab.call(object, `function (entry) {
		const squeeze = s => s.replace(/\s+/g, " ").trim();
		const option = [...this.options].find(o => squeeze(o.label) === squeeze(entry) && !o.disabled);
		if (!option) return [...this.options].map(o => squeeze(o.label));
		this.focus();
		this.value = option.value;
		this.dispatchEvent(new Event("input", {bubbles: true}));
		this.dispatchEvent(new Event("change", {bubbles: true}));
		return null;
	}`, &others, entry)
	if err == nil && others != nil {
		err = fmt.Errorf("there are only %q", others)
	}
	if err == nil {
		err = p.tab.settle(before, false)
	}
	if err != nil {
		p.fail("choose %q from %q: %v", entry, label, err)
	}
}
