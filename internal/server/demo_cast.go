package server

import (
	"slices"
	"time"

	"countersign"
)

// The browsers of the cast, as they name themselves.
const (
	agentChrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	agentFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
	agentSafari  = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"
	agentPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
	agentAndroid = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)

// cast lists everybody: each state that an account can be in at least once, but for those
// with a paired phone, whose keys lie in phones. The
// first ones are the most useful to sign in as.
func cast() []role {
	const hour = time.Hour
	owner, admin, desk, auditor, user := countersign.Owner, countersign.Administrator, countersign.HelpDesk, countersign.Auditor, countersign.Member
	london, berlin, lagos, tokyo := "Europe/London", "Europe/Berlin", "Africa/Lagos", "Asia/Tokyo"
	return []role{
		{"Amara Okafor", owner, "en", london, "demo_owner", agentChrome, 42, then(founded, signedIn(9*demoDay), signedIn(5*hour), elsewhere(agentPhone, "203.0.113.8"), signedIn(2*hour))},
		{"Jonas Weber", admin, "de", berlin, "demo_german", agentFirefox, 40, then(protected("Arbeitstelefon"), signedIn(5*hour))},
		{"Ingrid Solberg", admin, "en", "Europe/Oslo", "demo_admin_open", agentSafari, 12, then(joined, signedIn(2*demoDay))},
		{"Mei-Ling Chen", desk, "en", london, "demo_app", agentSafari, 38, then(protected("iPhone 16"), signedIn(6*hour))},
		{"Tomás Herrera", auditor, "en", "Europe/Madrid", "demo_app", agentChrome, 36, then(protected("Galaxy S25"), signedIn(3*demoDay))},
		{"Priya Raman", user, "en", "Asia/Kolkata", "demo_apps", agentAndroid, 33, then(protected("Pixel 8"), anotherApp("Tablet"), anotherApp("Desk computer"), signedIn(26*hour), elsewhere(agentSafari, "203.0.113.24"), signedIn(3*hour))},
		{"Lukas Brandt", user, "de", berlin, "demo_two_apps", agentPhone, 31, then(protected("iPhone von Lukas"), anotherApp("iPad"))},
		{"Noah Williams", user, "en", london, "demo_few_codes", agentChrome, 30, then(protected("Old phone"), spent(7), recovered(20*hour))},
		{"Sofia Rossi", user, "en", "Europe/Rome", "demo_last_code", agentSafari, 28, then(protected("iPhone"), spent(9))},
		{"Kwame Mensah", user, "en", "Africa/Accra", "demo_no_codes", agentAndroid, 27, then(protected("Galaxy A56"), spent(10))},
		{"Elena Petrova", user, "en", berlin, "demo_unsaved_codes", agentFirefox, 4, then(joined, app("Phone"))},
		{"Yuki Tanaka", user, "en", tokyo, "demo_required", agentChrome, 21, then(joined, required)},
		{"Hannah Becker", user, "de", berlin, "demo_required", agentFirefox, 20, then(joined, required, signedIn(2*demoDay))},
		{"Oliver Schmidt", user, "de", berlin, "demo_locked", agentChrome, 19, then(protected("Handy"), locked)},
		{"Nora Lindqvist", user, "en", "Europe/Stockholm", "demo_password_only", agentSafari, 18, then(joined, signedIn(30*hour))},
		{"Sam O’Connor", user, "en", "Europe/Dublin", "demo_was_reset", agentPhone, 17, then(protected("Phone"), reset(26*hour))},
		{"Linh Nguyen", user, "en", "Asia/Ho_Chi_Minh", "demo_changed_device", agentAndroid, 16, then(protected("Old phone"), changedDevice("New phone"))},
		{"Maximilian Vogel", user, "de", "Europe/Vienna", "demo_app", agentChrome, 15, protected("Diensthandy")},
		{"Mateo García", user, "en", "Europe/Madrid", "demo_unverified", agentChrome, 10, then(made, signedIn(8*demoDay))},
		{"Aisha Bello", user, "en", lagos, "demo_never", agentChrome, 6, made},
		{"Grace Mwangi", user, "en", "Africa/Nairobi", "demo_disabled", agentFirefox, 35, then(protected("Pixel 7"), disabled(5*demoDay))},
		{"Daniel Cohen", user, "en", "Europe/Paris", "demo_disabled", agentSafari, 26, then(joined, disabled(11*demoDay))},
		{"Chloé Dubois", user, "en", "Europe/Paris", "demo_invited", agentPhone, 1, invited},
		{"Ravi Patel", user, "en", london, "demo_invited", agentChrome, 2, invited},
		{"Katharina Lehmann", auditor, "de", berlin, "demo_invited_late", agentFirefox, 14, invited},
	}
}

// DemoAbouts lists every DemoAccount.About there is, once.
func DemoAbouts() []string {
	var all []string
	for _, r := range cast() {
		if !slices.Contains(all, r.about) {
			all = append(all, r.about)
		}
	}
	return all
}
