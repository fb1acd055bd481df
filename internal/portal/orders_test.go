package portal

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/policy"

	"pgregory.net/rapid"
)

// In whatever order a person adds, confirms, changes, removes, replaces and prefers second
// factors, and whatever the company allows meanwhile: what the next sign-in asks follows
// from what is stored, and what is stored is what a plain list of it says (see belongings).
//
// The long form is of as many orders as -rapid.checks says, -rapid.steps long each.
func TestAllOrdersOfSecondFactors(t *testing.T) {
	rounds := 0
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		if e.Store.SQLite() {
			short(t, "rapid.checks", "30")
		} else {
			short(t, "rapid.checks", "12")
		}
		short(t, "rapid.steps", "20")
		rapid.Check(t, func(rt *rapid.T) {
			rounds++
			w := begin(t, rt, e, rounds)
			if rapid.Bool().Draw(rt, "begins with every method") {
				w.addEach()
			}
			rt.Repeat(w.acts())
		})
	})
}

// short sets a flag of rapid's, unless the command line does.
func short(t *testing.T, name, value string) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return
	}
	was := flag.Lookup(name).Value.String()
	if flag.Lookup(name).Value.Set(value) != nil {
		t.Fatalf("%s is no value of -%s", value, name)
	}
	t.Cleanup(func() { _ = flag.Lookup(name).Value.Set(was) }) // it was one
}

// begin has a new person with a password and nothing else, where everything is allowed.
func begin(t *testing.T, rt *rapid.T, e *accounttest.Engine, round int) *walk {
	t.Helper()
	w := &walk{t: t, T: rt, e: e, ada: e.Person(t, fmt.Sprintf("ada%d@example.com", round)), belongings: newBelongings()}
	w.home = e.Browser(fmt.Sprintf("192.0.2.%d", 1+round%250))
	e.Set(t, w.document())
	return w
}

// addEach adds one of each, in some order; an app comes first, because a phone needs it.
func (w *walk) addEach() {
	w.act = "add each"
	w.beginApp("")
	w.confirmApp()
	w.saveCodes()
	for _, add := range rapid.Permutation([]func(){w.pair, w.addPasskey, func() { w.beginApp(""); w.confirmApp() }}).Draw(w.T, "then") {
		w.e.Advance(w.t, 90*time.Second)
		add()
	}
}

// acts are what can happen, and after each what must hold.
func (w *walk) acts() map[string]func(*rapid.T) {
	acts := map[string]func(*rapid.T){"": func(rt *rapid.T) {
		w.T = rt
		w.holds()
	}}
	for name, act := range map[string]func(){
		"add an app":            func() { w.beginApp("") },
		"change an app":         func() { w.beginApp(w.pick(totpKind).id) },
		"confirm the app":       w.confirmApp,
		"replace an app":        func() { w.beginApp(w.pick(totpKind).id); w.confirmApp() },
		"pair a phone":          w.pair,
		"begin to pair a phone": w.beginPairing,
		"sign a phone out":      w.signOut,
		"sign a phone in":       w.signIn,
		"a phone gets its code": w.giveCode,
		"add a passkey":         w.addPasskey,
		"remove":                func() { w.removeOne(w.pick("")) },
		"give the default up":   w.giveDefaultUp,
		"remove on the phone":   w.removeOnPhone,
		"make default":          w.makeDefault,
		"make codes":            w.makeCodes,
		"save the codes":        w.saveCodes,
		"renew the codes":       func() { w.makeCodes(); w.saveCodes() },
		"sign in":               w.enter,
		"sign in in any way":    w.enterSomehow,
		"prefer another way":    func() { w.enterSomehow(); w.e.Advance(w.t, time.Second); w.makeDefault() },
		"turn off":              w.turnOff,
		"another policy":        w.decree,
	} {
		acts[name] = func(rt *rapid.T) {
			w.T, w.act = rt, name
			pause := rapid.SampledFrom([]time.Duration{90 * time.Second, 20 * time.Minute}).Draw(rt, "after")
			w.e.Advance(w.t, pause)
			act()
		}
	}
	return acts
}

// decree is the administrator's: what people may have, what is asked first, whether it is
// required, and what a recovery code does.
func (w *walk) decree() {
	some := func(label string, from ...string) []string {
		return append([]string{totpKind}, rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, len(from), rapid.ID[string]).Draw(w.T, label)...)
	}
	w.methods = some("methods", policy.Push, policy.Passkey, policy.Recovery)
	w.second = some("second factors", policy.Push, policy.Passkey)
	w.preferred = rapid.SampledFrom([]string{"none", "none", totpKind, policy.Push, policy.Passkey}).Draw(w.T, "preferred")
	w.required = rapid.Bool().Draw(w.T, "required")
	w.resets = rapid.Bool().Draw(w.T, "a code resets")
	w.mostCodes = rapid.SampledFrom([]int{1, 10}).Draw(w.T, "codes")
	w.e.Set(w.t, w.document())
}

func (w *walk) document() policy.Document {
	d := policy.Document{
		"methods": w.methods, "second_factors": w.second, "preferred": w.preferred, "require_second_factor": "optional",
		"recovery.effect": policy.EffectSignIn, "recovery.codes": w.mostCodes,
	}
	if w.required {
		d["require_second_factor"] = "required"
	}
	if w.resets {
		d["recovery.effect"] = policy.EffectReset
	}
	return d
}

func ctx() context.Context { return context.Background() }
