package policy

import (
	"slices"
	"time"
)

// Scene is one sign-in that is to be explained: what is stored of a person and of the
// browser, and when it would be.
type Scene struct {
	Settings Settings
	// Shown are the settings by which the page goes that asks for the address: it does not
	// know yet whose it is.
	Shown Settings
	Now   time.Time

	// Active tells that the person may sign in at all, Personal is their own requirement.
	Active   bool
	Personal string
	// Password tells that they have one, Phones that one of their phones answers now.
	Password, Phones bool

	// Known tells that this browser completed a sign-in as this person before, Trust what
	// is stored of it.
	Known bool
	Trust Trust

	// Choice is all that decides what the second step asks first, after a password, and
	// AfterTap after a tap on the phone in its place.
	Choice, AfterTap Choice
	// Unrung is why the phone does not ring by itself although it could answer: it rests
	// after questions that came to nothing, or is left in peace. "" is for one that does.
	Unrung string

	// SecondFactors counts the active second factors, Others those that are no phone, Codes
	// the recovery codes left.
	SecondFactors, Others, Codes int64
	// Paused is how long wrong answers still keep the second step shut for such browsers.
	Paused time.Duration
}

// Explanation is how a sign-in would go.
type Explanation struct {
	// Paths are the ways to begin it, in the order in which the page offers them. None is
	// for somebody who cannot sign in.
	Paths []Path
	// Required tells who requires a second factor, Announced when one will be.
	Required  Source
	Announced time.Time
}

// Path is one way to begin, and what follows.
type Path struct {
	First string // password, passkey, push or push_tap
	// Step is what comes after it.
	Step Step
	// Trusted tells that the browser's trust stands in the place of the second factor.
	Trusted bool
	// Chosen is what the second step asks first, and offers, where there is one. Starts is
	// the kind that the right password starts by itself, "" for none: a question on the
	// phone, or a text. Unrung is why the phone is not asked by itself, where it would be.
	Chosen Chosen
	Starts string
	Unrung string
	// Paused is how long the second step is shut; a recovery code works all the same.
	Paused time.Duration
	// Ends are how far the session reaches, by what the second step is answered with; by ""
	// where there is none.
	Ends []End
}

// End is how far a session reaches.
type End struct {
	By        string
	Level     Level
	Reason    Reason
	AsksTrust bool
}

// Explain tells how a sign-in would go, by the functions that decide a real one.
func Explain(s Scene) Explanation {
	e := Explanation{Required: s.Settings.Required(s.Personal, s.Now), Announced: s.Settings.Announced(s.Personal, s.Now)}
	if !s.Active {
		return e
	}
	for _, first := range s.begins() {
		e.Paths = append(e.Paths, s.path(first))
	}
	return e
}

// begins are the first factors that would be accepted of this person.
func (s Scene) begins() []string {
	has := func(kind string) bool {
		return slices.ContainsFunc(s.Choice.Ways, func(w Way) bool { return w.Kind == kind })
	}
	var firsts []string
	for _, kind := range s.Shown.FirstFactors {
		switch {
		case kind == firstPassword && s.Password && slices.Contains(s.Settings.FirstFactors, firstPassword),
			kind == Passkey && has(Passkey) && s.Shown.PasskeyFirst() && s.Settings.PasskeyFirst():
			firsts = append(firsts, kind)
		case kind == Push && s.asksPhoneFirst():
			// A pool that wants more digits than the page shows does not take its number.
			first := Push
			if s.Shown.PushConfirm == ConfirmTap {
				first = FirstTap
			}
			firsts = append(firsts, first)
		}
	}
	return firsts
}

func (s Scene) asksPhoneFirst() bool {
	return s.Phones && s.Shown.PushFirst() && s.Settings.PushFirst() && s.Shown.TypesAsMuch(s.Settings)
}

func (s Scene) path(first string) Path {
	p := Path{First: first, Trusted: s.Known && s.Settings.TrustLetsIn(EntryForm, first, s.Trust, s.Now)}
	progress := Progress{First: first, SecondFactors: s.SecondFactors, Others: s.Others}
	if first == Push {
		progress.Second = Push // with its number, the approval is both
	}
	p.Trusted = p.Trusted && Next(progress) == StepSecond
	progress.Trusted = p.Trusted
	p.Step = Next(progress)
	if p.Step == StepDone {
		second := ""
		switch {
		case p.Trusted:
			second = TrustedBrowser
		case first == Passkey || first == Push:
			second = first // it is both in one
		}
		p.Ends = []End{s.end(first, second, "")}
		return p
	}
	choice := s.Choice
	if first == FirstTap {
		choice = s.AfterTap
	}
	p.Chosen, p.Paused = Choose(choice), s.Paused
	if first == firstPassword {
		p.Starts = s.starts(choice)
		if p.Chosen.First == Push && p.Starts != Push {
			p.Unrung = s.Unrung
		}
	}
	for _, kind := range p.Chosen.Offered {
		p.Ends = append(p.Ends, s.end(first, kind, kind))
	}
	return p
}

// starts is what the transaction that accepts the password starts. To it a phone that is
// left in peace is one that does not work.
func (s Scene) starts(c Choice) string {
	c.Ways = slices.Clone(c.Ways)
	for i, w := range c.Ways {
		if w.Kind == Push && w.Trouble == "" {
			c.Ways[i].Trouble = s.Unrung
		}
	}
	switch first := Choose(c).First; first {
	case Push:
		return first
	case SMS:
		if s.Paused == 0 {
			return first
		}
	}
	return ""
}

func (s Scene) end(first, second, by string) End {
	standing := Standing{
		First: first, Second: second, SecondFactors: s.SecondFactors, Others: s.Others, CodesLeft: s.Codes,
		Recovers: s.Settings.Recovers(), Required: s.Settings.Required(s.Personal, s.Now), Trusts: s.Settings.TrustedDays > 0,
	}
	if by == Recovery {
		standing.CodesLeft--
		if s.Settings.RecoveryEffect == EffectReset {
			standing.SecondFactors, standing.Others, standing.CodesLeft = 0, 0, 0
		}
	}
	e := End{By: by, AsksTrust: s.Settings.AsksTrust(EntryForm, first, second, s.Trust, s.Now)}
	e.Level, e.Reason = LevelOf(standing)
	return e
}
