package console

import (
	"testing"
	"time"

	"countersign"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/people"
	"countersign/internal/store/rows"
	"countersign/internal/web"
	"countersign/internal/web/webtest"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// loggedEvents are events of the samples, one of each sort.
func loggedEvents() []rows.Event {
	at := func(ago time.Duration) countersign.Milli { return countersign.Milli(now.Add(-ago).UnixMilli()) }
	return []rows.Event{
		{ID: "evt_01", At: at(time.Minute), Kind: "request.approved", Outcome: "ok", ActorKind: countersign.ByUser, ActorID: "usr_lan", UserID: "usr_lan", IP: "2001:db8::17", UserAgent: firefox, Target: "req_1", RequestID: "0a1b2c", Detail: `{"name":"Pixel 9","signature":"c2lnbmF0dXJl","decision":"approve"}`},
		{ID: "evt_02", At: at(time.Hour), Kind: "proof.refused", Outcome: "refused", ActorKind: countersign.ByAnonymous, UserID: "usr_lan", IP: "203.0.113.7", UserAgent: firefox, Detail: `{"method":"totp","why":"wrong"}`},
		{ID: "evt_03", At: at(2 * time.Hour), Kind: "role.changed", Outcome: "ok", ActorKind: countersign.ByUser, ActorID: "usr_ngozi", UserID: "usr_lan", IP: "203.0.113.84", Detail: `{"before":"user","after":"auditor","reason":"‹Audit›"}`},
		{ID: "evt_04", At: at(30 * time.Hour), Kind: "settings.changed", Outcome: "ok", ActorKind: countersign.ByShell, Detail: `{"push.confirm":"(default) → tap"}`},
		{ID: "evt_05", At: at(40 * time.Hour), Kind: "audit.retired", Outcome: "ok", ActorKind: countersign.BySystem},
		{ID: "evt_06", At: at(50 * time.Hour), Kind: "of.tomorrow", Outcome: "ok", ActorKind: countersign.ByUser, ActorID: "usr_gone", Detail: `{"pool":"Staff"}`},
		{ID: "evt_07", Kind: "signin.completed", Outcome: "ok", ActorKind: countersign.ByUser, ActorID: "usr_lan", UserID: "usr_lan", IP: "2001:db8::17", UserAgent: firefox},
	}
}

func loggedNames() map[countersign.UserID]people.Called {
	return map[countersign.UserID]people.Called{"usr_lan": {Name: "Nguyễn Thị Lan", Email: "lan.nguyen@example.com"}, "usr_ngozi": {Email: "ngozi.adeyemi@example.com"}}
}

func logSamples(t *testing.T) []webtest.Sample {
	t.Helper()
	log := logView(shellOf("log"), asked{form: web.NewForm("kind", "second_step")})
	none := log
	for _, e := range loggedEvents() {
		log.Lines = append(log.Lines, logLineOf(e, loggedNames()))
	}
	log.Newer, log.Older, log.Tail, log.Live, log.Seen = "/console/log?newer=evt_01", "/console/log?older=evt_06", tailPath, livePath, "evt_01"
	part := log
	part.Tail, part.Latest, part.Looked, part.TooMany = "", "/console/log", true, true
	none.Looked = true
	wrong := asked{form: web.NewForm("ip", "nonsense", "from", "nonsense", "person", "nonsense")}
	wrong.form.Wrong("kind", "log_kind")
	wrong.form.Wrong("ip", "log_address")
	wrong.form.Wrong("from", "log_day")
	wrong.form.Wrong("person", "log_nobody")
	out := []webtest.Sample{
		{Page: "log", Data: log},
		{Page: "log", State: "in between", Data: part},
		{Page: "log", State: "none yet", Data: none},
		{Page: "log", State: "none", Data: logView(shellOf("log"), asked{form: web.NewForm()})},
		{Page: "log", State: "wrong", Data: logView(shellOf("log"), wrong)},
	}
	checks := map[string]*Check{
		"": nil, "holds": {Holds: true, Verified: approve.Verified{Biometric: true}, Paired: "evt_00"}, "holds unpaired": {Holds: true}, "broken": {},
	}
	for state, check := range checks {
		e := loggedEvents()[0]
		out = append(out, webtest.Sample{Page: "event", State: state, Data: eventView(shellOf("log"), logLineOf(e, loggedNames()), e, check)})
	}
	for i, state := range []string{"refused", "changed", "settings", "bare", "unknown", "no moment"} {
		e := loggedEvents()[i+1]
		out = append(out, webtest.Sample{Page: "event", State: state, Data: eventView(shellOf("log"), logLineOf(e, loggedNames()), e, nil)})
	}
	shell := shellOf("log")
	shell.Form = web.NewForm()
	bad := shellOf("log")
	bad.Form = web.NewForm("head", "nonsense")
	bad.Form.Wrong("head", "bad_head")
	head := audit.Head{Seal: 812, MAC: make([]byte, 32)}
	return append(
		out,
		webtest.Sample{Page: "verified", Data: VerifiedView{Shell: shell, Report: audit.Report{Seals: 812, Events: 40_211, Retired: 12, Unsealed: 3, Late: 4, Began: now.AddDate(0, -3, 0).UnixMilli(), Head: head}, Oldest: now.Add(-time.Second), Began: now.AddDate(0, -3, 0)}},
		webtest.Sample{Page: "verified", State: "broken", Data: VerifiedView{Shell: shell, Report: audit.Report{Seals: 811, Head: head, Wrong: 5, Problems: []audit.Problem{{Fault: audit.BegunLate, Seal: 1, Event: "evt_01"}, {Fault: audit.EventChanged, Seal: 7, Event: "evt_03"}, {Fault: audit.TailCut, Seal: 813}, {Fault: audit.EventChanged, Event: "evt_07"}, {Fault: audit.SealChanged}}}}},
		webtest.Sample{Page: "verified", State: "new", Data: VerifiedView{Shell: shell}},
		webtest.Sample{Page: "verified", State: "wrong", Data: VerifiedView{Shell: bad}},
	)
}
