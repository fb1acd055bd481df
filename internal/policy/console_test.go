package policy

import (
	"testing"
	"time"
)

func TestOpensConsole(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, row := range []struct {
		sentence string
		visit    Visit
		want     ConsoleNeed
	}{
		{"a password alone", Visit{First: "password"}, NeedsSecond},
		{"password and code", Visit{First: "password", Second: "totp", HadSecond: true, SecondAt: ago(time.Minute)}, NeedsNothing},
		{"a passkey that completes alone", Visit{First: Passkey, Second: Passkey, HadSecond: true, SecondAt: ago(time.Minute)}, NeedsNothing},
		{"a trusted browser", Visit{First: "password", Second: TrustedBrowser}, NeedsSecond},
		{"a trusted browser, a moment after it was used here", Visit{First: "password", Second: TrustedBrowser, UsedAt: ago(time.Minute)}, NeedsSecond},
		{"a code an hour ago", Visit{First: "password", Second: "totp", HadSecond: true, SecondAt: ago(time.Hour)}, NeedsSecond},
		{"a code hours ago, and used since", Visit{First: "password", Second: "totp", HadSecond: true, SecondAt: ago(5 * time.Hour), UsedAt: ago(59 * time.Minute)}, NeedsNothing},
		{"used an hour ago", Visit{First: "password", Second: "totp", HadSecond: true, SecondAt: ago(5 * time.Hour), UsedAt: ago(time.Hour)}, NeedsSecond},
		{"an approval for another act", Visit{First: "password", Second: Push, HadSecond: true, SecondAt: ago(time.Minute), ForOther: true}, NeedsSecond},
		{"that, while the console is open anyway", Visit{First: "password", Second: Push, HadSecond: true, SecondAt: ago(time.Minute), ForOther: true, UsedAt: ago(time.Minute)}, NeedsNothing},
		{"two taps", Visit{First: FirstTap, Second: Push, HadSecond: true, SecondAt: ago(time.Minute), UsedAt: ago(time.Minute)}, NeedsAnother},
		{"a tap and a command line", Visit{First: FirstTap, Second: "terminal", HadSecond: true, SecondAt: ago(time.Minute)}, NeedsAnother},
		{"a tap and a code", Visit{First: FirstTap, Second: "totp", HadSecond: true, SecondAt: ago(time.Minute)}, NeedsNothing},
		{"a code on a day that has not come", Visit{First: "password", Second: "totp", HadSecond: true, SecondAt: now.Add(time.Hour)}, NeedsSecond},
		{"used on a day that has not come", Visit{First: "password", Second: "totp", HadSecond: true, UsedAt: now.Add(time.Hour)}, NeedsSecond},
	} {
		if got := OpensConsole(row.visit, now); got != row.want {
			t.Errorf("%s: %q, want %q", row.sentence, got, row.want)
		}
	}
}
