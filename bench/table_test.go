package bench_test

import (
	"fmt"
	"strings"
)

// row is one line of the table: what was measured, the figure beside its limit of
// the same run, and what is asked of their ratio.
type row struct {
	what   string
	figure string
	beside string
	ratio  float64 // 0: there is none
	asked  string
	kept   bool
}

type table struct{ rows []row }

// atLeast notes a figure that must reach a part of its limit.
func (t *table) atLeast(what, figure, beside string, ratio, part float64) {
	t.rows = append(t.rows, row{what, figure, beside, ratio, fmt.Sprintf("at least %.2f", part), ratio >= part})
}

// within notes a figure that may be so many times its limit.
func (t *table) within(what, figure, beside string, ratio, most float64) {
	t.rows = append(t.rows, row{what, figure, beside, ratio, fmt.Sprintf("at most %.2f", most), ratio <= most})
}

// atMost notes a figure with a bound of its own.
func (t *table) atMost(what, figure, beside, asked string, kept bool) {
	t.rows = append(t.rows, row{what: what, figure: figure, beside: beside, asked: asked, kept: kept})
}

// told notes a figure of which nothing is asked.
func (t *table) told(what, figure string) {
	t.rows = append(t.rows, row{what: what, figure: figure, kept: true})
}

func (t *table) markdown() string {
	var b strings.Builder
	b.WriteString("| what | figure | beside, in the same run | ratio | asked | |\n|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		ratio, verdict := "", "kept"
		if r.ratio != 0 {
			ratio = fmt.Sprintf("%.2f", r.ratio)
		}
		switch {
		case r.asked == "":
			verdict = ""
		case !r.kept:
			verdict = "**missed**"
		}
		_, _ = fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.figure, r.beside, ratio, r.asked, verdict)
	}
	return b.String()
}
