package countersign

import "time"

// Milli is a moment of the audit log, or of what is read before it is, in unix milliseconds.
// What a hand in the database has made of it may be no number: SQLite keeps any. Such a one is
// read as 0, so that a log with it is shown, and its verification finds it changed instead of
// ending there.
type Milli int64

// Scan implements sql.Scanner. It returns no error.
func (m *Milli) Scan(value any) error {
	*m = Milli(number(value))
	return nil
}

// Number is a count or a number of these: like [Milli], 0 where a hand in the database has
// made something else of it.
type Number int64

// Scan implements sql.Scanner. It returns no error.
func (n *Number) Scan(value any) error {
	*n = Number(number(value))
	return nil
}

func number(value any) int64 {
	n, _ := value.(int64)
	return n
}

// latestMilli is the end of the year 9999, the last that RFC 3339 writes.
const latestMilli = 253402300799999

// Time is the moment in UTC: the zero time for 0, and for what no clock has said, which
// neither a page nor JSON could write.
func (m Milli) Time() time.Time {
	if m <= 0 || m > latestMilli {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}
