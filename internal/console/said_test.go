package console

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/policy"
	"countersign/internal/web/webtest"
	"countersign/internal/words"
)

// What a page says of how things stand is true in each of its states.
func TestWhatPagesSayIsTrue(t *testing.T) {
	const agree, some, one, never, before = "Here two administrators have to agree", "In some identity pools two administrators have to agree",
		"no reset needs a second administrator", "Here nobody resets", "What waits was asked for before"
	const went, way, waits, failed, kept, left = "The mails have gone out.", "On their way", "2 wait to go out.", "3 mails could not be sent", "153 were kept on the server", "were left out"
	const once, rounds, first, second, unwritten = "Mailed once.", "2 rounds of mails.", "The first round of mails is under way.", "Round 2 of mails is under way.", "Nobody was written to."
	const everybody, nobody, last = "Everybody has set one up.", "There is nobody whom this mail is for.", "Nobody comes after these."
	const button, daily, from = "Remind again", "They can be reminded at most once a day.", "They can be reminded again from"
	for _, row := range []struct {
		page, state string
		says, not   []string
	}{
		{"resets", "", []string{agree}, []string{some, one, never, before}},
		{"resets", "read", []string{some}, []string{agree, one, never, before}},
		{"resets", "none", []string{one}, []string{agree, some, never, before}},
		{"resets", "never", []string{never}, []string{agree, some, one, before}},
		{"resets", "allowed since", []string{one, before}, []string{agree, some, never}},
		{"campaign", "", []string{went, rounds, left}, []string{way, once, first, second, unwritten, everybody, nobody}},
		{"campaign", "under way", []string{way, first, "7 wait to go out."}, []string{went, once, rounds, unwritten, everybody, nobody}},
		{"campaign", "under way again", []string{way, second, last}, []string{went, once, rounds, first, everybody, nobody}},
		{"campaign", "done", []string{went, once, everybody}, []string{way, rounds, first, unwritten, nobody, left}},
		{"campaign", "nobody", []string{unwritten, nobody}, []string{went, way, once, first, everybody, "%"}},
		{"campaign", "waiting", []string{waits, once}, []string{went, way, failed}},
		{"campaign", "failed", []string{failed, once, "/console/messages?state=failed"}, []string{went, way, waits}},
		{"campaign", "kept", []string{kept, once}, []string{went, way}},
		{"campaign", "all left out", []string{unwritten, left}, []string{went, way, once}},
		{"campaign", "today", []string{rounds, from}, []string{button, daily}},
		{"campaign", "long ago", []string{rounds, button, daily}, []string{went, way, failed, from}},
	} {
		said := webtest.Fetch(t, gallery(t, words.Terms{}), webtest.Sample{Page: row.page, State: row.state}.At(), "language=en")
		for _, text := range row.says {
			if !strings.Contains(said, text) {
				t.Errorf("%s, %s does not say %q", row.page, row.state, text)
			}
		}
		for _, text := range row.not {
			if strings.Contains(said, text) {
				t.Errorf("%s, %s says %q", row.page, row.state, text)
			}
		}
	}
}

// The day of a requirement is the one that was typed, 00:00 UTC, wherever the reader is; and
// it is said to be of somebody alone where nothing else announces it.
func TestTheDayFromWhichItIsRequired(t *testing.T) {
	for state, says := range map[string]string{"announced": "Required from 31 January 2027 on", "announced alone": "Required of this person from 31 January 2027 on"} {
		said := webtest.Fetch(t, gallery(t, words.Terms{}), webtest.Sample{Page: "person", State: state}.At(), "language=en; tz=America/New_York")
		if !strings.Contains(said, says) {
			t.Errorf("%s does not say %q", state, says)
		}
	}
	now := time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		sentence, workspace, personal, from string
		alone                               bool
	}{
		{"nothing", "optional", "", "0001-01-01", false},
		{"of everybody", "required from 2027-01-31", "", "2027-01-31", false},
		{"of them alone", "optional", "required from 2027-01-31", "2027-01-31", true},
		{"of them before the others", "required from 2027-02-28", "required from 2027-01-31", "2027-01-31", true},
		{"of everybody before", "required from 2027-01-31", "required from 2027-02-28", "2027-01-31", false},
		{"of everybody on the same day", "required from 2027-01-31", "required from 2027-01-31", "2027-01-31", false},
		{"a day that has come", "optional", "required from 2026-11-01", "0001-01-01", false},
	} {
		settings, err := policy.Resolve(policy.Document{requirement: row.workspace}, nil)
		if err != nil {
			t.Fatal(err)
		}
		from, alone := announcedTo(settings, row.personal, now)
		if from.Format(time.DateOnly) != row.from || alone != row.alone {
			t.Errorf("%s: from %s, alone %v", row.sentence, from.Format(time.DateOnly), alone)
		}
	}
}
