package policy

import (
	"time"

	"countersign/internal/limit"
	"countersign/internal/words"
)

// Line is one sentence of an explanation. Those with Depth 1 belong to the last one before
// them with Depth 0.
type Line struct {
	Depth int    `json:"depth"`
	Text  string `json:"text"`
}

// Lines says an explanation, sentence by sentence, in the order in which a sign-in goes.
func (e Explanation) Lines(speaker *words.Speaker) []Line {
	say := func(id string, args ...any) Line { return Line{Text: speaker.Say("policy.explain_"+id, args...)} }
	if len(e.Paths) == 0 {
		return []Line{say("nobody")}
	}
	required := "optional"
	if e.Required != NotRequired {
		required = "required_" + string(e.Required)
	}
	lines := []Line{say(required)}
	if !e.Announced.IsZero() {
		lines = append(lines, say("announced", "Date", speaker.Date(e.Announced, time.UTC)))
	}
	for _, p := range e.Paths {
		lines = append(lines, say("first_"+p.First))
		for _, line := range p.lines(say, speaker) {
			line.Depth = 1
			lines = append(lines, line)
		}
	}
	return lines
}

type saying func(id string, args ...any) Line

func (p Path) lines(say saying, speaker *words.Speaker) []Line {
	if p.Step == StepDone {
		return append([]Line{say(p.alone())}, p.ending(say, speaker)...)
	}
	var lines []Line
	for _, w := range p.Chosen.Passed {
		lines = append(lines, say("passed", "Method", MethodList(speaker, []string{w.Kind}), "Why", say("trouble_"+w.Trouble).Text))
	}
	switch {
	case p.Chosen.First != "":
		lines = append(lines, say("asked", "Method", MethodList(speaker, []string{p.Chosen.First}), "Why", say("why_"+string(p.Chosen.Why)).Text))
	case len(p.Chosen.Offered) > 0:
		lines = append(lines, say("codes_only"))
	default:
		return append(lines, say("stuck"))
	}
	if p.Starts != "" {
		lines = append(lines, say("starts_"+p.Starts))
	}
	if p.Unrung != "" {
		lines = append(lines, say("unrung", "Why", say("trouble_"+p.Unrung).Text))
	}
	switch {
	case p.Paused == limit.Lasting:
		lines = append(lines, say("paused_lasting"))
	case p.Paused > 0:
		lines = append(lines, say("paused", "Wait", p.Paused))
	}
	var others []string
	for _, kind := range p.Chosen.Offered {
		if kind != p.Chosen.First {
			others = append(others, kind)
		}
	}
	if p.Chosen.First != "" && len(others) > 0 {
		lines = append(lines, say("offered", "List", MethodList(speaker, others)))
	}
	return append(lines, p.ending(say, speaker)...)
}

// alone says why no second step is asked.
func (p Path) alone() string {
	switch {
	case p.Trusted:
		return "trusted"
	case p.First == FirstTap:
		return "tap_alone"
	case completesAlone(p.First), p.First == Push:
		return "both"
	}
	return "none"
}

// ending says how far the session reaches, once where it is the same for all ways.
func (p Path) ending(say saying, speaker *words.Speaker) []Line {
	var lines []Line
	said := map[End]bool{}
	for _, e := range p.Ends {
		by := e.By
		e.By = ""
		if said[e] {
			continue
		}
		said[e] = true
		line := say(e.reach())
		if len(said) > 1 {
			line = say("end_by", "Method", MethodList(speaker, []string{by}), "Text", line.Text)
		}
		lines = append(lines, line)
		if e.AsksTrust {
			lines = append(lines, say("asks_trust"))
		}
	}
	return lines
}

func (e End) reach() string {
	switch {
	case e.Level == LevelFull:
		return "end_full"
	case e.Reason == ReasonNone:
		return "end_none"
	}
	return "end_" + string(e.Reason)
}
