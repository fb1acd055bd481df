package portal

import (
	"slices"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/store/rows"

	"github.com/google/go-cmp/cmp"
)

// told is how a sign-in at home would go, as administrators are told. To tell it changes
// nothing that is stored.
func (w *walk) told() policy.Explanation {
	home := w.homeID()
	before := w.everything()
	e, err := w.e.SignIn.Explain(ctx(), accounttest.Workspace, w.ada.ID, signin.Situation{IP: w.home.IP, Known: home != "", Browser: home})
	w.want(err, "ok")
	if diff := cmp.Diff(before, w.everything()); diff != "" {
		w.Fatalf("an explanation changes what is stored:\n%s", diff)
	}
	return e
}

// homeID is the row of the browser at home, "" while it is not known.
func (w *walk) homeID() countersign.BrowserID {
	at, err := w.home.Load(w.home.Start(w.t, w.ada.Email))
	w.want(err, "ok")
	w.want(w.e.SignIn.Cancel(ctx(), accounttest.Workspace, at.ID, w.home.Visitor()), "ok")
	return at.Browser.ID
}

type everything struct {
	Credentials []rows.Credential
	Devices     []rows.Device
	User        rows.User
	Browsers    []rows.Browser
	Events      int
}

func (w *walk) everything() everything {
	devices, err := w.e.Store.Read().ListDevices(ctx(), accounttest.Workspace, w.ada.ID)
	w.want(err, "ok")
	browsers, err := w.e.Store.Read().ListBrowsers(ctx(), accounttest.Workspace, w.ada.ID)
	w.want(err, "ok")
	events, err := w.e.Store.Read().ListEventsOfUser(ctx(), rows.ListEventsOfUserParams{WorkspaceID: accounttest.Workspace, UserID: w.ada.ID, Before: "evt_~", Most: 1000})
	w.want(err, "ok")
	return everything{w.ada.Credentials(w.t), devices, w.ada.Account(w.t).User, browsers, len(events)}
}

// by is the path that begins with a first factor.
func by(e policy.Explanation, first string) (policy.Path, bool) {
	at := slices.IndexFunc(e.Paths, func(p policy.Path) bool { return p.First == first })
	if at < 0 {
		return policy.Path{}, false
	}
	return e.Paths[at], true
}

// toldRight compares what was told with the sign-in that follows.
func (w *walk) toldRight(e policy.Explanation, at signin.Attempt) {
	p, there := by(e, "password")
	if !there || p.Step != at.Step || (e.Required != policy.NotRequired) != w.required {
		w.Fatalf("told is %+v, and the step is %s, required %v", e, at.Step, w.required)
	}
	_, passkey := by(e, policy.Passkey)
	if passkey != w.works(policy.Passkey) {
		w.Fatalf("told of a passkey in the password's place: %v", passkey)
	}
	if at.Step != policy.StepSecond {
		return
	}
	chosen := at.Choose()
	if diff := cmp.Diff(chosen, p.Chosen); diff != "" {
		w.Fatalf("told is another choice than that of the sign-in (- real, + told):\n%s", diff)
	}
	if rung := at.Phone != nil; rung != (p.Starts == policy.Push) {
		w.Fatalf("told is that %q starts, and the phone was asked: %v", p.Starts, rung)
	}
}

// toldEnd compares the session that a sign-in led to.
func (w *walk) toldEnd(e policy.Explanation, kind string) {
	if w.Failed() || len(w.have) > 0 && kind == "" {
		return
	}
	p, _ := by(e, "password")
	at := slices.IndexFunc(p.Ends, func(end policy.End) bool { return end.By == kind || p.Step == policy.StepDone })
	if at < 0 {
		w.Fatalf("an end by %s is not told: %+v", kind, p)
	}
	c := w.home.Session(w.t)
	if end := p.Ends[at]; end.Level != c.Level || end.Reason != c.Reason {
		w.Fatalf("told is that the session reaches %d, %q; it reaches %d, %q", end.Level, end.Reason, c.Level, c.Reason)
	}
}
