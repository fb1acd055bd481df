package policy

import (
	"testing"
	"time"
)

func TestTrust(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, row := range []struct {
		sentence string
		days     int
		trust    Trust
		want     bool
	}{
		{"a browser that nobody trusted", 30, Trust{}, false},
		{"one that was trusted a moment ago", 30, Trust{At: now, Until: now.Add(30 * day)}, true},
		{"a moment before its end", 30, Trust{At: ago(30*day - time.Second), Until: now.Add(time.Second)}, true},
		{"at its end", 30, Trust{At: ago(30 * day), Until: now}, false},
		{"with the setting off", 0, Trust{At: now, Until: now.Add(30 * day)}, false},
		{"with fewer days than when it was trusted, and they are over", 7, Trust{At: ago(7 * day), Until: now.Add(23 * day)}, false},
		{"with fewer days than when it was trusted, and some are left", 7, Trust{At: ago(7*day - time.Second), Until: now.Add(23 * day)}, true},
		{"with more days than when it was trusted: what was said then holds", 90, Trust{At: ago(8 * day), Until: ago(day)}, false},
		{"an end without a beginning", 30, Trust{Until: now.Add(30 * day)}, false},
		{"a beginning without an end", 30, Trust{At: now}, false},
		{"trusted on a day that has not come", 30, Trust{At: now.Add(day), Until: now.Add(30 * day)}, false},
		{"trusted by a node whose clock is a little ahead", 30, Trust{At: now.Add(time.Second), Until: now.Add(30 * day)}, true},
	} {
		s := Settings{TrustedDays: row.days}
		if got := s.Trusts(row.trust, now); got != row.want {
			t.Errorf("%s: %v", row.sentence, got)
		}
		if got := s.TrustLetsIn(EntryForm, "password", row.trust, now); got != row.want {
			t.Errorf("%s: lets in: %v", row.sentence, got)
		}
	}
}

func TestWhatTrustLetsIn(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	trusted := Trust{At: now, Until: now.Add(time.Hour)}
	s := Settings{TrustedDays: 30}
	for _, row := range []struct {
		entry, first string
		want         bool
	}{
		{EntryForm, "password", true},
		{EntryForm, "", false},
		{EntryForm, FirstTap, false},
		{EntryForm, Push, false},
		{EntryForm, Passkey, false},
		{EntryInvitation, "password", false},
		{EntrySetup, "password", false},
		{EntryRescue, "password", false},
		{"", "password", false},
	} {
		if got := s.TrustLetsIn(row.entry, row.first, trusted, now); got != row.want {
			t.Errorf("%q by %q: %v", row.first, row.entry, got)
		}
	}
	for sentence, row := range map[string]struct {
		progress Progress
		want     Step
	}{
		"a password in a trusted browser":                  {Progress{First: "password", SecondFactors: 1, Trusted: true}, StepDone},
		"a password in another":                            {Progress{First: "password", SecondFactors: 1}, StepSecond},
		"trust without a password":                         {Progress{SecondFactors: 1, Trusted: true}, StepFirst},
		"a tap, with another factor, in a trusted browser": {Progress{First: FirstTap, SecondFactors: 2, Others: 1, Trusted: true}, StepSecond},
	} {
		if got := Next(row.progress); got != row.want {
			t.Errorf("%s: %s", sentence, got)
		}
	}
}

func TestWhoIsAskedToTrust(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, row := range []struct {
		sentence             string
		days                 int
		entry, first, second string
		trust                Trust
		may, asks            bool
	}{
		{"password and code", 30, EntryForm, "password", "totp", Trust{}, true, true},
		{"password and phone", 30, EntryForm, "password", Push, Trust{}, true, true},
		{"password and command line", 30, EntryForm, "password", "terminal", Trust{}, true, true},
		{"password and passkey", 30, EntryForm, "password", PasskeySynced, Trust{}, true, true},
		{"password and text message", 30, EntryForm, "password", "sms", Trust{}, true, true},
		{"with the setting off", 0, EntryForm, "password", "totp", Trust{}, false, false},
		{"a password alone", 30, EntryForm, "password", "", Trust{}, false, false},
		{"a recovery code", 30, EntryForm, "password", "recovery", Trust{}, false, false},
		{"trust gives no trust", 30, EntryForm, "password", TrustedBrowser, Trust{}, false, false},
		{"a kind that nobody has thought of", 30, EntryForm, "password", "helpdesk", Trust{}, false, false},
		{"a passkey alone", 30, EntryForm, Passkey, Passkey, Trust{}, false, false},
		{"the phone in the password's place", 30, EntryForm, Push, Push, Trust{}, false, false},
		{"a tap and a code", 30, EntryForm, FirstTap, "totp", Trust{}, false, false},
		{"an invitation", 30, EntryInvitation, "password", "totp", Trust{}, false, false},
		{"a set-up link", 30, EntrySetup, "password", "totp", Trust{}, false, false},
		{"a rescue link", 30, EntryRescue, "password", "totp", Trust{}, false, false},
		{"trusted already", 30, EntryForm, "password", "totp", Trust{At: now.Add(-day), Until: now.Add(29 * day)}, true, false},
		{"trusted once, and over", 30, EntryForm, "password", "totp", Trust{At: now.Add(-31 * day), Until: now.Add(-day)}, true, true},
		{"asked and said not now", 30, EntryForm, "password", "totp", Trust{AskedAt: now.Add(-29 * day)}, true, false},
		{"asked a month ago", 30, EntryForm, "password", "totp", Trust{AskedAt: now.Add(-30 * day)}, true, true},
	} {
		s := Settings{TrustedDays: row.days}
		if got := s.MayTrust(row.entry, row.first, row.second); got != row.may {
			t.Errorf("%s: may: %v", row.sentence, got)
		}
		if got := s.AsksTrust(row.entry, row.first, row.second, row.trust, now); got != row.asks {
			t.Errorf("%s: asks: %v", row.sentence, got)
		}
	}
}

// A session that trust let in is half of one as soon as the setting is off, and says
// nothing of a second factor to anybody.
func TestWhatASessionByTrustIs(t *testing.T) {
	by := Standing{First: "password", Second: TrustedBrowser, SecondFactors: 1, CodesLeft: 3, Recovers: true, Required: ByPool, Trusts: true}
	if level, reason := LevelOf(by); level != LevelFull || reason != ReasonNone {
		t.Errorf("allowed: %v %q", level, reason)
	}
	by.Trusts = false
	if level, reason := LevelOf(by); level != LevelFirst || reason != ReasonSecond {
		t.Errorf("not allowed any more: %v %q", level, reason)
	}
	if amr := AMR("password", TrustedBrowser); len(amr) != 1 || amr[0] != "pwd" {
		t.Errorf("amr %v", amr)
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	if Fresh(Proofs{FirstAt: now}, 1, now) {
		t.Error("it is fresh")
	}
}

func TestTheStricterOfWorkspaceAndPoolCounts(t *testing.T) {
	for _, row := range []struct {
		sentence        string
		workspace, pool Document
		want            int
	}{
		{"nobody says anything", Document{}, Document{}, 0},
		{"the workspace alone", Document{"trusted_browser_days": 30}, Document{}, 30},
		{"the pool alone", Document{}, Document{"trusted_browser_days": 14}, 14},
		{"the pool has fewer", Document{"trusted_browser_days": 30}, Document{"trusted_browser_days": 7}, 7},
		{"the pool has more", Document{"trusted_browser_days": 7}, Document{"trusted_browser_days": 30}, 7},
		{"the pool is off", Document{"trusted_browser_days": 7}, Document{"trusted_browser_days": 0}, 0},
		{"the workspace is off", Document{"trusted_browser_days": 0}, Document{"trusted_browser_days": 30}, 0},
		{"the most there can be, as a stored number", Document{"trusted_browser_days": float64(90)}, Document{}, 90},
	} {
		got, err := Resolve(row.workspace, row.pool)
		if err != nil || got.TrustedDays != row.want {
			t.Errorf("%s: %d, %v", row.sentence, got.TrustedDays, err)
		}
	}
	for _, bad := range []any{91, -1, "30", 1.5} {
		if err := (Document{"trusted_browser_days": bad}).Check(); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
