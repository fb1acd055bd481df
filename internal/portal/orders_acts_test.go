package portal

import (
	"fmt"
	"slices"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/enrol"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/signin"

	"pgregory.net/rapid"
)

// A walk is one person's second factors in the product beside what they should be.
type walk struct {
	*rapid.T // of this act: what is not as it should be
	belongings

	t    *testing.T // of all of them: what keeps the test from going on
	e    *accounttest.Engine
	ada  *accounttest.Person
	home *accounttest.Browser
	act  string
	made int

	// desk is the session in which everything is changed, while it lasts, and what waits
	// in it: an app for its first code, codes for the word that they are saved.
	desk    account.Holder
	app     *enrol.Pending
	waiting *enrol.Codes
}

// want fails when an act is not answered so.
func (w *walk) want(err error, refusal string) {
	w.Helper()
	if got := accounttest.Answer(err); got != refusal {
		w.Fatalf("to %s is answered %s, want %s", w.act, got, refusal)
	}
}

func (w *walk) now() int64 { return w.e.Clock.Now().UnixMilli() }

func (w *walk) at() account.Holder {
	if w.desk.Session == "" {
		w.desk = w.ada.Desk(w.t)
	}
	return w.desk
}

// changed is what every change does: browsers are forgotten and, where it was not made at
// the desk, the session there ends.
func (w *walk) changed(atDesk bool) {
	w.last, w.lastAt = "", 0
	if atDesk {
		return
	}
	w.desk = account.Holder{}
	w.drop()
}

// drop loses what waits at the desk.
func (w *walk) drop() {
	if w.app != nil {
		w.gone = append(w.gone, factor{id: w.app.ID, kind: totpKind, secret: w.app.Secret})
	}
	if w.waiting != nil {
		w.used = append(w.used, w.waiting.Codes...)
	}
	w.app, w.waiting = nil, nil
}

func (w *walk) name() string {
	w.made++
	return fmt.Sprintf("Thing %d", w.made)
}

// pick is one of the person's, or one that is gone, as in a form of yesterday, or one that
// never was. kind is "" for any.
func (w *walk) pick(kind string) factor {
	all := slices.Concat(w.have, w.have, w.have, w.gone[max(0, len(w.gone)-2):], []factor{{id: "crd_never"}})
	if kind != "" {
		all = slices.DeleteFunc(all, func(f factor) bool { return f.kind != kind && f.kind != "" })
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(w.T, "which")]
}

func (w *walk) has(id countersign.CredentialID) bool {
	return slices.ContainsFunc(w.have, func(f factor) bool { return f.id == id })
}

// seldom leaves most of what leads nowhere to another act.
func (w *walk) seldom() {
	if rapid.IntRange(0, 3).Draw(w.T, "leads on") > 0 {
		w.Skip("it leads nowhere")
	}
}

// onePhone finds one of the person's phones to do something with.
func (w *walk) onePhone() *factor {
	phones := w.of(policy.Push)
	if len(phones) == 0 {
		w.Skip("there is no phone")
	}
	id := phones[rapid.IntRange(0, len(phones)-1).Draw(w.T, "which phone")].id
	return &w.have[slices.IndexFunc(w.have, func(f factor) bool { return f.id == id })]
}

func (w *walk) beginApp(replaces countersign.CredentialID) {
	apps := w.of(totpKind)
	err := w.e.Enrol.BeginApp(ctx(), w.at(), replaces)
	switch {
	case replaces != "" && !slices.ContainsFunc(apps, func(f factor) bool { return f.id == replaces }):
		w.want(err, "no_such_credential")
		return
	case replaces == "" && len(apps) == 5:
		w.want(err, "too_many_apps")
		return
	}
	w.want(err, "ok")
	app, err := w.e.Enrol.PendingApp(ctx(), w.at())
	w.want(err, "ok")
	before := w.app
	if before != nil && before.ExpiresAt.After(w.e.Clock.Now()) && before.Replaces == replaces {
		if app.ID != before.ID || app.Key != before.Key {
			w.Fatalf("what was scanned already died")
		}
		return
	}
	if before != nil {
		w.gone = append(w.gone, factor{id: before.ID, kind: totpKind, secret: before.Secret})
	}
	w.app = &app
}

func (w *walk) confirmApp() {
	if w.app == nil {
		w.seldom()
		_, err := w.e.Enrol.ConfirmApp(ctx(), w.at(), "crd_never", "Phone", "123456")
		w.want(err, "enrolment_over")
		return
	}
	app, name := *w.app, w.name()
	_, err := w.e.Enrol.ConfirmApp(ctx(), w.at(), app.ID, name, accounttest.Code(w.e, app.Secret))
	if !app.ExpiresAt.After(w.e.Clock.Now()) || app.Replaces != "" && !w.has(app.Replaces) {
		w.want(err, "enrolment_over")
		return
	}
	w.want(err, "ok")
	w.app = nil
	if app.Replaces != "" {
		w.take(app.Replaces)
	}
	w.added(factor{id: app.ID, kind: totpKind, name: name, secret: app.Secret})
}

// added is what every new factor does.
func (w *walk) added(f factor) {
	w.add(f, w.now())
	w.changed(true)
	if w.allows(policy.Recovery) && !w.set {
		w.codesWait()
	}
}

func (w *walk) codesWait() {
	if w.waiting != nil {
		w.used = append(w.used, w.waiting.Codes...)
	}
	codes, err := w.e.Enrol.WaitingCodes(ctx(), w.at())
	w.want(err, "ok")
	if len(codes.Codes) != w.mostCodes || codes.Expired {
		w.Fatalf("%d codes wait, want %d", len(codes.Codes), w.mostCodes)
	}
	w.waiting = &codes
}

func (w *walk) pair() {
	phone := w.e.Phone(w.t, w.name())
	err := w.ada.Pair(w.t, w.at(), phone)
	if refusal := w.mayPair(); refusal != "ok" {
		w.want(err, refusal)
		return
	}
	w.want(err, "ok")
	row := phone.Row(w.t)
	w.added(factor{id: row.CredentialID, kind: policy.Push, name: row.Name, phone: phone})
}

// mayPair is what pairing a phone is answered: who has one needs another way beside it.
func (w *walk) mayPair() string {
	switch {
	case !w.asks(policy.Push):
		return "push_off"
	case len(w.of(totpKind)) == 0 && !w.works(policy.Recovery):
		return "push_needs_backup"
	case len(w.of(policy.Push)) == 10:
		return "too_many_devices"
	}
	return "ok"
}

// beginPairing leaves a phone half paired: it is nobody's.
func (w *walk) beginPairing() {
	err := w.e.Devices.Begin(ctx(), w.at())
	w.want(err, w.mayPair())
	if err != nil {
		return
	}
	current, err := w.e.Devices.Current(ctx(), w.at())
	w.want(err, "ok")
	phone := w.e.Phone(w.t, w.name())
	w.want(phone.Claim(current.Code, ""), "ok")
	w.want(phone.Join(phone.Joining(w.t)), "ok")
	_, err = w.e.Devices.Code(ctx(), phone.Row(w.t))
	w.want(err, "device_state")
}

func (w *walk) signOut() {
	f := w.onePhone()
	w.want(w.e.Devices.SignOut(ctx(), f.phone.Row(w.t), accounttest.PhonePlace()), "ok")
	f.out = true
}

func (w *walk) signIn() {
	f := w.onePhone()
	now := w.e.Clock.Now()
	challenge, err := push.SignInChallenge(accounttest.URL, string(f.phone.ID), now)
	w.want(err, "ok")
	w.want(w.e.Devices.SignIn(ctx(), f.phone.Row(w.t), now.Unix(), f.phone.Assert(challenge), accounttest.PhonePlace()), "ok")
	f.out = false
}

func (w *walk) giveCode() {
	f := w.onePhone()
	if f.secret != nil {
		w.Skip("it has it")
	}
	secret, err := w.e.Devices.Code(ctx(), f.phone.Row(w.t))
	if f.out {
		w.want(err, "device_signed_out")
		return
	}
	w.want(err, "ok")
	f.secret = secret
}

func (w *walk) addPasskey() {
	asked, err := w.e.Enrol.AskPasskey(ctx(), w.at())
	if !w.allows(policy.Passkey) {
		w.want(err, "passkeys_off")
		return
	}
	w.want(err, "ok")
	key, name := w.e.SecurityKey(w.t), w.name()
	_, err = w.e.Enrol.AddPasskey(ctx(), w.at(), name, key.Create(asked))
	w.want(err, "ok")
	list := w.ada.Credentials(w.t)
	id := list[slices.IndexFunc(list, func(c credential) bool { return c.Name == name })].ID
	w.added(factor{id: id, kind: policy.Passkey, name: name, key: key})
}

func (w *walk) removeOne(f factor) {
	_, err := w.e.Enrol.Remove(ctx(), w.at(), f.id)
	if w.removed(f, err) {
		w.changed(true)
	}
}

// giveDefaultUp removes all of the default's kind.
func (w *walk) giveDefaultUp() {
	if w.byDefault == "" {
		w.Skip("there is none")
	}
	for _, f := range w.of(w.byDefault) {
		w.removeOne(f)
	}
}

func (w *walk) removeOnPhone() {
	f := *w.onePhone()
	err := w.e.Devices.Remove(ctx(), f.phone.Row(w.t), accounttest.PhonePlace())
	if w.removed(f, err) {
		w.changed(false)
	}
}

// removed judges how a removal was answered, and tells whether there was one. The last
// one that the workspace takes goes by turning off.
func (w *walk) removed(f factor, err error) bool {
	switch {
	case !w.has(f.id):
		w.want(err, "no_such_credential")
		return false
	case !slices.ContainsFunc(w.have, func(other factor) bool { return other.id != f.id && w.takes(other.kind) }):
		w.want(err, "last_second_factor")
		return false
	}
	w.want(err, "ok")
	w.take(f.id)
	return true
}

func (w *walk) makeDefault() {
	f := w.pick("")
	err := w.e.Enrol.MakeDefault(ctx(), w.at(), f.id)
	if !w.has(f.id) {
		w.want(err, "no_such_credential")
		return
	}
	w.want(err, "ok")
	w.byDefault, w.defaultAt = f.kind, w.now()
}

func (w *walk) makeCodes() {
	_, err := w.e.Enrol.NewCodes(ctx(), w.at())
	switch {
	case !w.allows(policy.Recovery):
		w.want(err, "no_recovery_codes")
		return
	case len(w.have) == 0:
		w.want(err, "no_second_factor")
		return
	}
	w.want(err, "ok")
	w.codesWait()
}

func (w *walk) saveCodes() {
	if w.waiting == nil {
		w.seldom()
		w.want(w.e.Enrol.SaveCodes(ctx(), w.at(), "crd_never", true), "codes_over")
		return
	}
	err := w.e.Enrol.SaveCodes(ctx(), w.at(), w.waiting.ID, true)
	if w.waiting.MadeAt.Add(codesLife).Compare(w.e.Clock.Now()) <= 0 {
		w.want(err, "codes_over")
		return
	}
	w.want(err, "ok")
	w.used = append(w.used, w.codes...)
	w.codes, w.set, w.waiting = slices.Clone(w.waiting.Codes), true, nil
}

func (w *walk) turnOff() {
	w.seldom() // or hardly anybody would have much
	_, err := w.e.Accounts.TurnOff(ctx(), w.at())
	switch {
	case w.required:
		w.want(err, "required_by_workspace")
		return
	case len(w.have) == 0:
		w.want(err, "no_second_factor")
		return
	}
	w.want(err, "ok")
	w.off()
	w.drop()
	w.changed(true)
}

// enter signs in at home by what is asked first, enterSomehow by anything that is offered.
func (w *walk) enter() { w.enterBy(w.first()) }

func (w *walk) enterSomehow() {
	offered := w.offered()
	if len(offered) == 0 {
		w.enterBy("")
		return
	}
	w.enterBy(offered[rapid.IntRange(0, len(offered)-1).Draw(w.T, "by")])
}

func (w *walk) enterBy(kind string) {
	told := w.told()
	defer func() { w.toldEnd(told, kind) }()
	at := w.home.First(w.t, w.ada)
	if len(w.have) == 0 {
		_, err := w.home.Enter(at.ID)
		w.want(err, "ok")
		w.reaches()
		return
	}
	switch kind {
	case "":
		_, err := w.home.Enter(at.ID)
		w.want(err, "step_over")
		w.want(w.e.SignIn.Cancel(ctx(), accounttest.Workspace, at.ID, w.home.Visitor()), "ok")
		return
	case policy.Push:
		w.approve(at)
	case policy.Passkey:
		keys := w.of(kind)
		w.want(w.home.SecondByPasskey(at, keys[rapid.IntRange(0, len(keys)-1).Draw(w.T, "which passkey")].key), "ok")
	case totpKind:
		shown := slices.DeleteFunc(slices.Clone(w.have), func(f factor) bool { return !w.showsCodes(f) })
		secret := shown[rapid.IntRange(0, len(shown)-1).Draw(w.T, "which code")].secret
		w.want(w.home.Second(at, method.TOTP, accounttest.Code(w.e, secret)), "ok")
	case policy.Recovery:
		w.recover(at)
		w.reaches()
		return
	}
	w.last, w.lastAt = kind, w.now()
	w.reaches()
}

// approve answers on one of the phones that are signed in.
func (w *walk) approve(at signin.Attempt) {
	if at.Phone == nil {
		w.want(w.e.SignIn.AskPhone(ctx(), at, w.home.Visitor()), "ok")
	}
	phones := slices.DeleteFunc(w.of(policy.Push), func(f factor) bool { return f.out })
	phone := phones[rapid.IntRange(0, len(phones)-1).Draw(w.T, "which phone")].phone
	asked := phone.Waiting(w.t)
	if len(asked) == 0 {
		w.Fatalf("the phone is asked nothing")
	}
	state, err := phone.Say(asked[0], push.Approve, asked[0].Number)
	w.want(err, "ok")
	if state != approve.Approved {
		w.Fatalf("an approval is %s", state)
	}
	w.want(w.home.ByPhone(at.ID), "ok")
}

func (w *walk) recover(at signin.Attempt) {
	code := w.codes[0]
	w.want(w.home.Second(at, method.Recovery, code), "ok")
	w.codes, w.used = w.codes[1:], append(w.used, code)
	if w.resets {
		w.off()
		w.changed(false)
	}
}

// reaches compares how far the new session reaches.
func (w *walk) reaches() {
	c := w.home.Session(w.t)
	level, reason := w.level()
	if c.Level != level || c.Reason != reason {
		w.Fatalf("after signing in the level is %d, %q; want %d, %q", c.Level, c.Reason, level, reason)
	}
}
