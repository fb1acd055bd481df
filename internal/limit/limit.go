// Package limit is the arithmetic of locks and rates, pure: numbers in,
// numbers out. The counts themselves are rows; account takes and gives back
// the tries.
package limit

import "time"

// Sort names what is counted.
type Sort string

// The sorts of count. Each has a Rule.
const (
	// SecondFactor counts wrong second factors of an account over all methods.
	SecondFactor Sort = "second"
	// Password counts wrong passwords of an account, existing or not.
	Password Sort = "password"
	// Mailed counts wrong mailed codes of an account. They are no second factor,
	// and have a row of their own: a sign-in with a stolen password, which ends
	// the other rows, must not end this one.
	Mailed Sort = "mailed"
	// Recovery counts wrong recovery codes of an account.
	Recovery Sort = "recovery"
	// Address counts wrong passwords from one network.
	Address Sort = "address"
	// Mismatch counts approvals of an account with another number than was shown:
	// somebody approves what they do not see.
	Mismatch Sort = "mismatch"
	// Reported says that an account's person reported a question as somebody else's.
	Reported Sort = "reported"
	// Source counts questions to people's phones that came from one network and ended
	// unanswered or refused, SourceReported those of one account that were reported.
	Source         Sort = "source"
	SourceReported Sort = "source_reported"
)

// Batch is how many wrong answers in a row bring a pause.
const Batch = 10

// Rule says how one sort of count slows guessing.
type Rule struct {
	Sort Sort
	// First is the pause after the first Batch; it doubles with each further
	// Batch up to Longest. Zero: no pauses, the window alone limits.
	First, Longest time.Duration
	// Most ends all tries until somebody resets the count.
	Most int64
	// Window, when set, lets the count start anew after that time.
	Window time.Duration
}

const unlimited = 1 << 40

// Lasting is a wait until somebody resets the count.
const Lasting time.Duration = 1<<63 - 1

// apart is how far the clocks of two nodes may differ. What ends later than it can
// was counted while the clock was wrong, and counts for nothing.
const apart = 2 * time.Minute

// Rules of security.md 10 and 10a. NIST SP 800-63B section 3.2.2 asks for no
// more than 100 failures in a row.
func rules() map[Sort]Rule {
	return map[Sort]Rule{
		SecondFactor: {Sort: SecondFactor, First: 15 * time.Minute, Longest: 24 * time.Hour, Most: 100},
		Mailed:       {Sort: Mailed, First: 15 * time.Minute, Longest: 24 * time.Hour, Most: 100},
		Password:     {Sort: Password, First: time.Minute, Longest: time.Hour, Most: unlimited},
		Recovery:     {Sort: Recovery, Most: 10, Window: time.Hour},
		Address:      {Sort: Address, Most: 100, Window: time.Hour},

		Mismatch:       {Sort: Mismatch, Most: 3, Window: 24 * time.Hour},
		Reported:       {Sort: Reported, Most: 1},
		Source:         {Sort: Source, Most: 10, Window: 10 * time.Minute},
		SourceReported: {Sort: SourceReported, Most: 1, Window: 24 * time.Hour},
	}
}

// RuleOf returns the rule of a sort.
func RuleOf(s Sort) Rule { return rules()[s] }

// Pause is how long the account waits after its tries-th wrong answer in a
// row: nothing, unless it completes a Batch.
func (r Rule) Pause(tries int64) time.Duration {
	if r.First == 0 || tries <= 0 || tries%Batch != 0 {
		return 0
	}
	pause := r.First
	for i := tries/Batch - 1; i > 0 && pause < r.Longest; i-- {
		pause *= 2
	}
	return min(pause, r.Longest)
}

// Left is how many tries remain before the next pause.
func (r Rule) Left(tries int64) int64 {
	if r.First == 0 {
		return max(r.Most-tries, 0)
	}
	return Batch - tries%Batch
}

// Wait is how long until another try is allowed, as the statements that take one
// judge a count: how many were taken, when its window began, and how long it pauses.
func (r Rule) Wait(tries int64, since, paused, now time.Time) time.Duration {
	switch {
	case r.Window > 0 && (tries < r.Most || since.After(now.Add(apart))):
		return 0
	case r.Window > 0:
		return max(since.Add(r.Window).Sub(now), 0)
	case tries >= r.Most:
		return Lasting
	case paused.After(now.Add(24*time.Hour + apart)):
		return 0
	}
	return max(paused.Sub(now), 0)
}

// Rate allows Burst acts at once and then one each Interval (GCRA).
type Rate struct {
	Interval time.Duration
	Burst    int64
}

// Tolerance is how far the theoretical arrival time may run ahead of now.
func (r Rate) Tolerance() time.Duration { return r.Interval * time.Duration(r.Burst) }

// Wait is how long until an act is allowed again, given the stored arrival.
func (r Rate) Wait(arrival, now time.Time) time.Duration {
	if arrival.After(now.Add(r.Tolerance() + apart)) {
		return 0
	}
	return max(arrival.Add(r.Interval).Sub(now.Add(r.Tolerance())), 0)
}
