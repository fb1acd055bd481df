package judge

import (
	"fmt"
	"strings"
	"testing"

	"countersign/e2e/browser"
	"countersign/third_party/axe"
)

// Axe fails when axe-core finds a violation of WCAG 2.2 A and AA or of its best
// practices in the page as it is shown now. Scripts must not be switched off: axe
// would never end; block the page's own instead ([browser.BlockScripts]).
func Axe(tb testing.TB, p *browser.Page) {
	tb.Helper()
	complain(tb, p, "axe", violations(p, everything))
}

// Which rules axe runs. Most ask about the document, which no colour scheme changes: what
// is judged a second time in others are the rules that look at colours, a third of the time.
const (
	everything = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}`
	colours    = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

// Colours is [Axe] with the rules that look at colours alone: for a page that was judged
// in another colour scheme.
func Colours(tb testing.TB, p *browser.Page) {
	tb.Helper()
	complain(tb, p, "axe", violations(p, colours))
}

// violations runs these rules of axe and returns what it found, one for each rule.
func violations(p *browser.Page, rules string) []string {
	var there bool
	p.Evaluate(`typeof axe === "object"`, &there)
	if !there {
		p.Evaluate(axe.Script+"\n;void 0", nil)
	}
	var found []struct {
		ID, Impact, Help string
		Nodes            []struct{ Target, HTML, Why string }
	}
	p.Evaluate(`axe.run(document, {
		runOnly: `+rules+`,
		resultTypes: ["violations"],
	}).then(result => result.violations.map(v => ({
		ID: v.id, Impact: v.impact, Help: v.help,
		Nodes: v.nodes.map(n => ({Target: n.target.join(" "), HTML: n.html.slice(0, 200), Why: n.failureSummary.split("\n").slice(1).map(s => s.trim()).join("; ")})),
	})))`, &found)
	var all []string
	for _, v := range found {
		var s strings.Builder
		fmt.Fprintf(&s, "axe %s (%s): %s", v.ID, v.Impact, v.Help)
		for _, n := range v.Nodes {
			fmt.Fprintf(&s, "\n%s  %s\n  %s", n.Target, n.HTML, n.Why)
		}
		all = append(all, s.String())
	}
	return all
}
