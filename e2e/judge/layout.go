package judge

import (
	"fmt"
	"testing"

	"countersign/e2e/browser"
)

// NoSidewaysScroll fails when the page is wider than what is visible, or hides
// what sticks out. A table that scrolls in a box of its own is fine.
func NoSidewaysScroll(tb testing.TB, p *browser.Page) {
	tb.Helper()
	complain(tb, p, "sideways", sideways(p))
}

func sideways(p *browser.Page) []string {
	var out []string
	p.Evaluate(`(() => {
		const root = document.scrollingElement, width = root.clientWidth;
		const clips = e => e && /hidden|clip/.test(getComputedStyle(e).overflowX);
		const hides = clips(document.documentElement) || clips(document.body);
		if (root.scrollWidth <= width && !hides) return [];
		const out = [];
		for (const e of document.body.querySelectorAll("*")) {
			const r = e.getBoundingClientRect();
			if (r.width < 2 || r.height < 2 || r.right <= width + 0.5) continue;
			let box = e.parentElement; // one that scrolls by itself, or cuts on purpose
			while (box && box !== document.body && getComputedStyle(box).overflowX === "visible") box = box.parentElement;
			if (box && box !== document.body) continue;
			if ([...e.children].some(c => c.getBoundingClientRect().right >= r.right - 0.5)) continue; // the innermost says it
			out.push(e.cloneNode().outerHTML.slice(0, 160) + " ends at " + Math.round(r.right));
		}
		if (root.scrollWidth > width) out.unshift("the page is " + root.scrollWidth + " wide");
		return out;
	})()`, &out)
	var all []string
	for _, o := range out {
		all = append(all, "sticks out sideways: "+o)
	}
	return all
}

// remember notes how everything looks before anything has the focus.
const remember = `(() => {
	const start = document.createElement("span");
	start.tabIndex = -1;
	document.body.prepend(start);
	start.focus(); // the walk begins where the focus last was, even after blur
	start.remove();
	scrollTo({top: 0, left: 0, behavior: "instant"});
	const look = e => { const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow].join(" ") };
	const before = new Map();
	for (const e of document.querySelectorAll("*")) before.set(e, look(e));
	const shown = e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0;
	const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex], iframe, audio[controls], video[controls]")].filter(e =>
		e.tabIndex >= 0 && !e.disabled && e.type !== "hidden" && !e.closest("[inert]") && shown(e) &&
		!(e.localName === "summary" && e.parentElement.localName !== "details") &&
		!(e.type === "radio" && !e.checked && document.querySelector('input[type=radio][name="' + CSS.escape(e.name) + '"]') !== e));
	window.judgeWalk = {look, before, stops, seen: new Set()};
})()`

// step looks at what has the focus now. It answers null at the end of the walk.
const step = `(() => {
	const {look, before, seen} = window.judgeWalk, e = document.activeElement;
	if (!e || e === document.body || e === document.documentElement || seen.has(e)) return null;
	seen.add(e);
	const name = e.cloneNode().outerHTML.slice(0, 160);
	const marked = x => {
		const s = getComputedStyle(x);
		return look(x) !== before.get(x) && ((s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none");
	};
	const faint = ![e, e.parentElement, ...(e.labels ?? [])].some(x => x && marked(x));
	const boxes = [e, ...(e.labels ?? [])].map(x => x.getBoundingClientRect()).filter(r => r.width > 0 && r.height > 0);
	const free = boxes.some(r => [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].some(([x, y]) => {
		const top = document.elementFromPoint(r.left + r.width * x, r.top + r.height * y);
		return top && (top === e || e.contains(top) || top.contains(e) && top !== document.body && top !== document.documentElement || [...(e.labels ?? [])].some(l => l.contains(top)));
	}));
	return {name, faint, hidden: !free};
})()`

// missed are the stops that the walk did not come to. What a list that follows what comes
// has replaced meanwhile can have no focus any more.
const missed = `window.judgeWalk.stops.filter(e => e.isConnected && !window.judgeWalk.seen.has(e) &&
	!(e.type === "radio" && [...window.judgeWalk.seen].some(s => s.type === "radio" && s.name === e.name))).map(e => e.cloneNode().outerHTML.slice(0, 160))`

// TabWalk goes through the page with the Tab key and fails at each stop where the
// focus cannot be seen (no outline or shadow that was not there before) or is under
// something else, and for each control that Tab does not reach.
func TabWalk(tb testing.TB, p *browser.Page) {
	tb.Helper()
	complain(tb, p, "Tab", walk(p))
}

func walk(p *browser.Page) []string {
	const most = 500 // stops; more is a trap
	p.Evaluate(remember, nil)
	var all []string
	for range most {
		p.Press("Tab")
		var at *struct {
			Name          string
			Faint, Hidden bool
		}
		p.Evaluate(step, &at)
		if at == nil {
			var left []string
			p.Evaluate(missed, &left)
			for _, name := range left {
				all = append(all, "the Tab key does not reach "+name)
			}
			return all
		}
		if at.Faint {
			all = append(all, "the focus cannot be seen on "+at.Name)
		}
		if at.Hidden {
			all = append(all, "with the focus, something covers "+at.Name)
		}
	}
	return append(all, fmt.Sprintf("the Tab key has not come round after %d stops", most))
}
