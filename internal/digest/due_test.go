package digest_test

import (
	"testing"
	"time"

	"countersign/internal/digest"
)

func TestWhenADigestIsDue(t *testing.T) {
	at := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		moment, err := time.Parse("2006-01-02 15:04:05 -0700", text+" +0000")
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	const long = "2026-01-01 00:00:00"
	for _, row := range []struct{ sentence, now, since, taken, want string }{
		{"on Monday at seven", "2026-11-23 07:00:00", long, "", "2026-11-16 00:00:00"},
		{"not a second before", "2026-11-23 06:59:59", long, "", ""},
		{"until Wednesday is over", "2026-11-25 23:59:59", long, "", "2026-11-16 00:00:00"},
		{"not on Thursday: the server was off", "2026-11-26 00:00:00", long, "", ""},
		{"not on Sunday", "2026-11-29 23:59:59", long, "", ""},
		{"where the turn was taken, not again", "2026-11-23 07:05:00", long, "2026-11-30 00:00:00", ""},
		{"nor on Wednesday", "2026-11-25 12:00:00", long, "2026-11-30 00:00:00", ""},
		{"the turn of the week before is over", "2026-11-23 07:00:00", long, "2026-11-23 00:00:00", "2026-11-16 00:00:00"},
		{"after months, of this week alone", "2026-11-23 07:00:00", long, "2026-03-02 00:00:00", "2026-11-16 00:00:00"},
		{"a clock that is a little behind does not send again", "2026-11-23 07:00:00", long, "2026-12-07 00:00:00", ""},
		{"a turn that a wrong clock took in the future counts for nothing", "2026-11-23 07:00:00", long, "2036-11-24 00:00:00", "2026-11-16 00:00:00"},
		{"where nobody is there yet", "2026-11-23 07:00:00", "", "", ""},
		{"not in the first week", "2026-11-23 07:00:00", "2026-11-18 09:00:00", "", ""},
		{"nor of a week that had begun", "2026-11-23 07:00:00", "2026-11-16 00:00:01", "", ""},
		{"of the first whole week", "2026-11-30 07:00:00", "2026-11-18 09:00:00", "", "2026-11-23 00:00:00"},
		{"over the turn of the year", "2027-01-04 08:00:00", long, "", "2026-12-28 00:00:00"},
	} {
		got, due := digest.Due(at(row.now), at(row.since), at(row.taken))
		if due != (row.want != "") || !got.Equal(at(row.want)) {
			t.Errorf("%s: got %v %v, want %q", row.sentence, got, due, row.want)
		}
	}
}

// The week is that of UTC, whatever zone the server's clock says.
func TestAWeekIsOfUTC(t *testing.T) {
	auckland := time.FixedZone("NZDT", 13*60*60)
	now := time.Date(2026, 11, 23, 19, 59, 59, 0, auckland)
	if _, due := digest.Due(now, time.Unix(0, 0), time.Time{}); due {
		t.Error("Monday, 06:59:59 UTC is too early, though it is evening in Auckland")
	}
	from, due := digest.Due(now.Add(time.Second), time.Unix(0, 0), time.Time{})
	if !due || !from.Equal(time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("at 07:00 UTC: %v %v", from, due)
	}
}
