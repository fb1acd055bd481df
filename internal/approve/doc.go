// Package approve owns one question to a person's phones: how it is asked, who may be
// asked how often, how it is decided, and that it is used once.
//
//	pending ─┬─ approve, both signatures, the number right ─► approved ─ Redeem ─► consumed
//	         ├─ another number ─► mismatch     (one try)
//	         ├─ deny, report ───► denied, reported
//	         ├─ the time ───────► expired
//	         └─ the one who asked ─► superseded (asked anew), cancelled (left, or used a code)
//
// A row is the truth, whichever node a phone or a page talks to; waking is a hint. What
// is asked for, a sign-in, a fresh proof, a test, is of no concern here: the asker
// redeems the answer in a transaction of its own.
package approve
