package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	device "countersign/internal/terminal"
)

// mostShown is how much of a text by others is shown, in characters.
const mostShown = 300

// plain is a text by others as it may stand on a terminal: without the characters that
// move the cursor, colour, or turn the direction of what is read.
func plain(text string) string {
	clean := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text))
	if len(clean) > mostShown {
		return string(clean[:mostShown]) + "…"
	}
	return string(clean)
}

// computer is the other computer's program and system.
func computer(t *terminal, s device.Shown) string {
	browser, system := plain(s.Browser), plain(s.System)
	if browser != "" && system != "" {
		return t.speaker().Say("cli.terminal_browser_on", "Browser", browser, "System", system)
	}
	return browser + system
}

// what is a request in a few words.
func what(t *terminal, r device.Request, s device.Shown) string {
	switch {
	case s.Act != "" && s.App != "":
		return plain(s.App) + ": " + plain(s.Act)
	case s.Act != "":
		return plain(s.Act)
	case r.Kind == "test":
		return t.speaker().Say("cli.terminal_what_test")
	case r.Kind == "signin":
		return t.speaker().Say("cli.terminal_what_signin", "App", plain(s.App))
	}
	return plain(s.App)
}

// localMoment is a time of RFC 3339 as people here read it.
func localMoment(t *terminal, text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return plain(text)
	}
	return t.speaker().Near(at, time.Now(), time.Local)
}

// show prints a request for whoever decides it.
func (t *terminal) show(r device.Request, now time.Time) error {
	s, err := r.Shown()
	if err != nil {
		return err
	}
	say := t.speaker().Say
	lines := [][2]string{
		{say("cli.terminal_label_account"), plain(s.Account)},
		{say("cli.terminal_label_computer"), computer(t, s)},
		{say("cli.terminal_label_address"), plain(s.IP)},
		{say("cli.terminal_label_time"), localMoment(t, s.Time)},
		{say("cli.terminal_label_ends"), say("cli.terminal_ends_in", "Length", max(r.Expires.Sub(now), 0))},
	}
	w := tabwriter.NewWriter(t.messages, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "\n%s\n", what(t, r, s))
	for _, line := range lines {
		if line[1] != "" {
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", line[0], line[1])
		}
	}
	if s.New == "yes" {
		_, _ = fmt.Fprintf(w, "  %s\n", say("cli.terminal_new_browser"))
	}
	return w.Flush()
}

// requestView is a request as a result for a program.
type requestView struct {
	Request   string        `json:"request"`
	Kind      string        `json:"kind"`
	ExpiresAt time.Time     `json:"expires_at"`
	Number    device.Number `json:"number"`
	Display   device.Shown  `json:"display"`
}

// listRequest prints a request as one line: JSON for a program that asked for it, else
// separated by tabs.
func (t *terminal) listRequest(r device.Request) error {
	s, err := r.Shown()
	if err != nil {
		return err
	}
	if !t.json {
		return t.print(strings.Join([]string{
			plain(r.ID), plain(r.Kind), what(t, r, s), plain(s.Account), computer(t, s), plain(s.IP), plain(s.Time), r.Expires.UTC().Format(time.RFC3339),
		}, "\t") + "\n")
	}
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(requestView{r.ID, r.Kind, r.Expires.UTC(), r.Number, s})
}
