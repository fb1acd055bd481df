package countersign

// Milli is a moment of the audit log, in unix milliseconds. What a hand in the database has
// made of it may be no number: SQLite keeps any. Such a one is read as 0, so that a log with
// it is shown, and its verification finds the event changed instead of ending there.
type Milli int64

// Scan implements sql.Scanner. It returns no error.
func (m *Milli) Scan(value any) error {
	n, _ := value.(int64)
	*m = Milli(n)
	return nil
}
