package judge

import (
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// installTidy is what a person reads whose machine has no tidy.
const installTidy = `no tidy found: install it ("apt-get install tidy" on Debian, "brew install tidy-html5" on a Mac)`

// aged are messages that show the age of Debian's tidy (5.6, of 2017), not a fault
// of the page. For each of them the own check of this package knows the rule of
// today's HTML.
var aged = []*regexp.Regexp{
	// Attributes that came later, or that tidy does not know on this element.
	regexp.MustCompile(`proprietary attribute "(aria-[a-z]+|autocapitalize|autocorrect|blocking|command|commandfor|decoding|enterkeyhint|` +
		`fetchpriority|focusable|imagesizes|imagesrcset|inert|inputmode|loading|name|nonce|popover|popovertarget|popovertargetaction|shape-rendering|writingsuggestions)"`),
	// Since HTML 5.2 a <div> may group <dt> and <dd>; tidy takes the list apart.
	regexp.MustCompile(`inserting implicit <dl>|missing </div> before <d[td]>|missing </dl> before </div>|missing <dd>`),
	// A <summary> and a <legend> may hold a heading.
	regexp.MustCompile(`missing </(summary|legend)> before <h[1-6]>|discarding unexpected </(summary|legend)>|inserting implicit <legend>`),
	// It names each element that we told it of.
	regexp.MustCompile(`<(search|hgroup|slot)> is not approved by W3C`),
	// An empty element may be there for a script or a style to fill.
	regexp.MustCompile(`trimming empty <`),
}

// message is a line of tidy's.
var message = regexp.MustCompile(`^line (\d+) column \d+ - (?:Warning|Error): (.*)$`)

// tidy runs the program tidy over the HTML.
func tidy(tb testing.TB, source string) []string {
	tb.Helper()
	program, err := exec.LookPath("tidy")
	if err != nil {
		tb.Fatal(installTidy)
	}
	cmd := exec.CommandContext(tb.Context(), program, // #nosec G204 -- tidy, from the path
		"-e", "-q", "-utf8", "--drop-empty-elements", "no", "--new-blocklevel-tags", "search,hgroup,slot")
	cmd.Stdin = strings.NewReader(source)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError // 1 for warnings, 2 for errors
	if err != nil && !errors.As(err, &exit) {
		tb.Fatalf("run tidy: %v", err)
	}
	var all []string
next:
	for line := range strings.Lines(string(out)) {
		m := message.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		for _, old := range aged {
			if old.MatchString(m[2]) {
				continue next
			}
		}
		all = append(all, "tidy, line "+m[1]+": "+m[2])
	}
	return all
}
