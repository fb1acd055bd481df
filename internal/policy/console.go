package policy

import "time"

// ConsoleIdle is how long the console stays open without a request to it.
const ConsoleIdle = time.Hour

// Visit is a session that wants into the console: what it has proven, and when it was
// there last.
type Visit struct {
	First, Second string
	// HadSecond tells that a second factor was proven in this session: not by a browser's
	// trust, and not by a code that the help desk gave.
	HadSecond bool
	// SecondAt is when that was, and ForOther that it was for one other act alone.
	SecondAt time.Time
	ForOther bool
	// UsedAt is when the session was in the console last, zero for never.
	UsedAt time.Time
}

// ConsoleNeed is what a visit lacks.
type ConsoleNeed string

// What can be lacking.
const (
	NeedsNothing ConsoleNeed = ""
	// NeedsSecond is a second factor, or a fresh one.
	NeedsSecond ConsoleNeed = "second"
	// NeedsAnother is a second factor of another kind: taps on the phone are one factor,
	// however many.
	NeedsAnother ConsoleNeed = "another"
)

// OpensConsole tells what a visit lacks. The console opens with two factors that this
// session proved itself, and stays open for an hour after the second of them, or after
// the last request to it: whoever comes to a desk that was left finds it shut, and using
// the rest of the account does not hold it open.
func OpensConsole(v Visit, now time.Time) ConsoleNeed {
	within := func(t time.Time) bool {
		return !t.IsZero() && now.Sub(t) < ConsoleIdle && !t.After(now.Add(time.Minute))
	}
	switch {
	case v.First == FirstTap && (v.Second == Push || v.Second == "terminal"):
		return NeedsAnother
	case !v.HadSecond:
		return NeedsSecond
	case within(v.UsedAt), !v.ForOther && within(v.SecondAt):
		return NeedsNothing
	}
	return NeedsSecond
}
