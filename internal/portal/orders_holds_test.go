package portal

import (
	"slices"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/store/rows"

	"github.com/google/go-cmp/cmp"
)

type credential = rows.Credential

// codesLife is how long new recovery codes wait to be saved.
const codesLife = 15 * time.Minute

// holds compares everything with what it should be.
func (w *walk) holds() {
	w.listed()
	w.stored()
	told := w.told()
	at := w.home.First(w.t, w.ada)
	w.toldRight(told, at)
	if len(w.have) == 0 {
		if at.Step != policy.StepDone {
			w.Fatalf("a second step is asked of somebody who has none: %s", at.Step)
		}
	} else {
		w.asked(at)
	}
	w.want(w.e.SignIn.Cancel(ctx(), accounttest.Workspace, at.ID, w.home.Visitor()), "ok")
}

// listed compares the page of security.
func (w *walk) listed() {
	h := w.at()
	list, err := w.e.Enrol.List(ctx(), h)
	w.want(err, "ok")
	devices, err := w.e.Devices.List(ctx(), h)
	w.want(err, "ok")
	var page SecurityView
	page.addCredentials(list, devices, account.Ground{Settings: policy.Settings{RecoveryCodes: w.mostCodes}}, w.ada.Account(w.t).User.DefaultMethod)
	type row struct {
		ID, Kind, Name string
		Default        bool
	}
	var got, want []row
	for _, s := range page.Steps {
		got = append(got, row{s.ID, s.Kind, s.Name, s.Default})
	}
	kinds, offered := map[string]bool{}, map[string]bool{}
	for _, f := range w.have {
		want = append(want, row{string(f.id), f.kind, f.name, f.kind == w.byDefault})
		kinds[f.kind] = true
	}
	byID := func(a, b row) int { return cmpText(a.ID, b.ID) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if diff := cmp.Diff(want, got); diff != "" {
		w.Fatalf("the page of security lists otherwise (- want, + got):\n%s", diff)
	}
	// Of each kind but the default one has the button.
	for _, s := range page.Steps {
		if s.Offered && (s.Default || offered[s.Kind]) {
			w.Fatalf("%s can be turned on once more", s.Name)
		}
		offered[s.Kind] = offered[s.Kind] || s.Offered || s.Default
	}
	if len(kinds) > 1 && len(offered) != len(kinds) {
		w.Fatalf("of %d kinds only %v can become the default", len(kinds), offered)
	}
	switch {
	case w.set != (page.Recovery != nil):
		w.Fatalf("recovery codes on the page: %v; want %v", page.Recovery != nil, w.set)
	case w.set && page.Recovery.Left != len(w.codes):
		w.Fatalf("%d recovery codes are left, want %d", page.Recovery.Left, len(w.codes))
	case len(devices) != len(w.of(policy.Push)):
		w.Fatalf("%d devices, want %d", len(devices), len(w.of(policy.Push)))
	}
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// stored compares the rows: recovery codes are there with a second factor and not without,
// nothing is the default that is not there, and who has one and must keep it cannot lose it.
func (w *walk) stored() {
	user := w.ada.Account(w.t).User
	kinds, codes := map[string]bool{"": true}, 0
	for _, c := range w.ada.Credentials(w.t) {
		switch {
		case c.State != "active":
		case c.Kind == policy.Recovery:
			codes++
		default:
			kinds[c.Kind] = true
		}
	}
	if !kinds[user.DefaultMethod] || user.DefaultMethod != w.byDefault {
		w.Fatalf("the default is %q, of %v; want %q", user.DefaultMethod, kinds, w.byDefault)
	}
	if codes > 1 || codes == 1 && len(w.have) == 0 {
		w.Fatalf("%d sets of recovery codes beside %d second factors", codes, len(w.have))
	}
}

// asked compares what the second step asks and offers, and answers it with what is good
// no more, or not yet.
func (w *walk) asked(at signin.Attempt) {
	if at.Step != policy.StepSecond {
		w.Fatalf("%d second factors are there, and the step is %s", len(w.have), at.Step)
	}
	chosen := at.Choose()
	if chosen.First != w.first() || !slices.Equal(chosen.Offered, w.offered()) {
		w.Fatalf("asked is %q (%s), offered %v; want %q, %v; default %q, last %q, preferred %q", chosen.First, chosen.Why, chosen.Offered,
			w.first(), w.offered(), w.byDefault, w.last, w.preferred)
	}
	if rung := at.Phone != nil; rung != (w.first() == policy.Push) {
		w.Fatalf("the phone was asked with the password: %v", rung)
	}
	w.refused(at)
}

// refused tries one thing of each sort that must not count. Wrong answers are forgotten
// again: how they are counted is not what this is about.
func (w *walk) refused(at signin.Attempt) {
	latest := func(good func(factor) bool) (factor, bool) {
		for _, f := range slices.Backward(w.gone) {
			if good(f) {
				return f, true
			}
		}
		return factor{}, false
	}
	try := func(what string, kind method.Kind, proof string) {
		if w.home.Second(at, kind, proof) == nil {
			w.Fatalf("a sign-in is finished by %s", what)
		}
	}
	if f, found := latest(func(f factor) bool { return f.secret != nil }); found {
		try("a code of what is gone", method.TOTP, accounttest.Code(w.e, f.secret))
	}
	for _, f := range w.have {
		if f.kind == policy.Push && f.secret != nil && !w.showsCodes(f) {
			try("a code of a phone that is signed out, or allowed no more", method.TOTP, accounttest.Code(w.e, f.secret))
			break
		}
	}
	if w.app != nil {
		try("a code of an app that is not confirmed", method.TOTP, accounttest.Code(w.e, w.app.Secret))
	}
	if f, found := latest(func(f factor) bool { return f.key != nil }); found {
		try("a passkey that is gone", method.Passkey, f.key.Sign(w.e.SignIn.AskPasskey(at)))
		_, err := w.home.FirstByPasskey(f.key.Sign(w.home.AskPasskeyFirst()))
		w.want(err, "passkey_unknown")
	}
	if keys := w.of(policy.Passkey); len(keys) > 0 && !w.allows(policy.Passkey) {
		try("a passkey where there are none any more", method.Passkey, keys[0].key.Sign(w.e.SignIn.AskPasskey(at)))
	}
	if f, found := latest(func(f factor) bool { return f.phone != nil }); found {
		_, err := w.e.Devices.Authenticate(ctx(), accounttest.Workspace, f.phone.Call(w.t, nil), true)
		w.want(err, "device_unknown")
	}
	if n := len(w.used); n > 0 {
		try("a recovery code that is good no more", method.Recovery, w.used[n-1])
	}
	if w.waiting != nil {
		try("a recovery code that is not saved", method.Recovery, w.waiting.Codes[0])
	}
	if len(w.codes) > 0 && !w.allows(policy.Recovery) {
		try("a recovery code where there are none any more", method.Recovery, w.codes[0])
	}
	w.e.Write(w.t, func(tx *store.Tx) error { return w.e.Accounts.Unlock(tx, at.Account.User) })
}
