package push_test

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/method/push/pushtest"
)

func site() push.Site { return push.Site{RPID: "mfa.example.org", Origin: "https://mfa.example.org"} }

func asked() push.Request {
	return push.Request{
		Issuer: "https://mfa.example.org", ID: "req_1", Device: "dev_1", Nonce: bytes.Repeat([]byte{7}, push.NonceSize),
		Expires: time.Unix(1_800_000_000, 0), Display: []byte(`{"app":"Payroll"}`),
	}
}

func shown() push.Number { return push.Number{Mode: push.Type, Shown: "47"} }

func TestWhatAnAnswerComesTo(t *testing.T) {
	phone := pushtest.New(t, site())
	rows := []struct {
		decision push.Decision
		typed    string
		shown    push.Number
		want     push.Outcome
	}{
		{push.Approve, "47", shown(), push.Approved},
		{push.Approve, "74", shown(), push.Mismatch},
		{push.Approve, "", shown(), push.Mismatch},
		{push.Approve, "047", shown(), push.Mismatch},
		{push.Approve, "000123", push.Number{Mode: push.Type6, Shown: "000123"}, push.Approved},
		{push.Approve, "123", push.Number{Mode: push.Type6, Shown: "000123"}, push.Mismatch},
		{push.Approve, "", push.Number{Mode: push.Tap}, push.Approved},
		{push.Approve, "1", push.Number{Mode: push.Tap}, push.Mismatch},
		{push.Deny, "", shown(), push.Denied},
		{push.Report, "", shown(), push.Reported},
	}
	for _, row := range rows {
		v, err := push.Judge(asked(), row.shown, phone.Device(), site(), phone.Answer(asked(), row.decision, row.typed))
		if err != nil || v.Outcome != row.want {
			t.Errorf("%s with %q where %q is shown: %s, %v; want %s", row.decision, row.typed, row.shown.Shown, v.Outcome, err, row.want)
		}
		approved := row.decision == push.Approve
		if (len(v.Evidence.AuthenticatorData) > 0) != approved || (len(v.Evidence.ClientData) > 0) != approved || (len(v.Evidence.Signature) > 0) != approved {
			t.Errorf("%s leaves the evidence %+v", row.decision, v.Evidence)
		}
	}
}

// Neither key alone approves, and no signature serves for anything else than what the
// person saw and chose.
func TestAnswersThatAreRefused(t *testing.T) {
	phone, thief := pushtest.New(t, site()), pushtest.New(t, site())
	good := phone.Answer(asked(), push.Approve, "47")
	theirs := thief.Answer(asked(), push.Approve, "47")
	other := func(change func(r *push.Request)) push.Answer {
		r := asked()
		change(&r)
		return phone.Answer(r, push.Approve, "47")
	}
	with := func(change func(a *push.Answer)) push.Answer {
		a := good
		a.Signature = bytes.Clone(good.Signature)
		change(&a)
		return a
	}
	answers := map[string]push.Answer{
		"another phone":                      theirs,
		"the device key of another phone":    with(func(a *push.Answer) { a.Signature = theirs.Signature }),
		"the biometric of another phone":     with(func(a *push.Answer) { a.Assertion = theirs.Assertion }),
		"no device key":                      with(func(a *push.Answer) { a.Signature = nil }),
		"a changed signature":                with(func(a *push.Answer) { a.Signature[9] ^= 1 }),
		"no biometric":                       with(func(a *push.Answer) { a.Assertion = nil }),
		"nonsense for a biometric":           with(func(a *push.Answer) { a.Assertion = []byte(`{"id":`) }),
		"a denial turned into an approval":   with(func(a *push.Answer) { a.Signature = phone.Answer(asked(), push.Deny, "").Signature }),
		"an approval turned into a denial":   with(func(a *push.Answer) { a.Decision, a.Number, a.Assertion = push.Deny, "", nil }),
		"an approval turned into a report":   with(func(a *push.Answer) { a.Decision, a.Number, a.Assertion = push.Report, "", nil }),
		"another number than was signed":     with(func(a *push.Answer) { a.Number = "48" }),
		"no number where one was signed":     with(func(a *push.Answer) { a.Number = "" }),
		"a very long number":                 with(func(a *push.Answer) { a.Number = strings.Repeat("4", 1000) }),
		"a decision there is not":            with(func(a *push.Answer) { a.Decision = "yes" }),
		"no decision":                        with(func(a *push.Answer) { a.Decision = "" }),
		"a denial with a number":             phone.Answer(asked(), push.Deny, "47"),
		"for another request":                other(func(r *push.Request) { r.ID = "req_2" }),
		"for another phone's request":        other(func(r *push.Request) { r.Device = "dev_2" }),
		"for another server":                 other(func(r *push.Request) { r.Issuer = "https://evil.example" }),
		"for a request with another nonce":   other(func(r *push.Request) { r.Nonce = bytes.Repeat([]byte{8}, push.NonceSize) }),
		"for a request that lives longer":    other(func(r *push.Request) { r.Expires = r.Expires.Add(time.Second) }),
		"for what was not shown to a person": other(func(r *push.Request) { r.Display = []byte(`{"app":"Cafeteria"}`) }),
		"a biometric for another request":    with(func(a *push.Answer) { a.Assertion = other(func(r *push.Request) { r.ID = "req_2" }).Assertion }),
		"a biometric for another number":     with(func(a *push.Answer) { a.Assertion = phone.Answer(asked(), push.Approve, "48").Assertion }),
	}
	for sentence, a := range answers {
		v, err := push.Judge(asked(), shown(), phone.Device(), site(), a)
		if !errors.Is(err, method.ErrWrong) || v.Outcome != "" {
			t.Errorf("%s: %s, %v", sentence, v.Outcome, err)
		}
		if err != nil && strings.Contains(err.Error(), "47") {
			t.Errorf("%s: the error repeats the number: %v", sentence, err)
		}
	}
}

// What WebAuthn asks a server to check.
func TestBiometricsThatAreRefused(t *testing.T) {
	rows := map[string]func(p *pushtest.Phone){
		"not verified":              func(p *pushtest.Phone) { p.Flags = pushtest.Present },
		"not present":               func(p *pushtest.Phone) { p.Flags = pushtest.Verified },
		"another site":              func(p *pushtest.Phone) { p.Site.RPID = "example.org" },
		"another origin":            func(p *pushtest.Phone) { p.Site.Origin = "https://mfa.example.org.evil.example" },
		"another port":              func(p *pushtest.Phone) { p.Site.Origin = "https://mfa.example.org:8443" },
		"plain http":                func(p *pushtest.Phone) { p.Site.Origin = "http://mfa.example.org" },
		"in a frame of another":     func(p *pushtest.Phone) { p.CrossOrigin = true },
		"another person's handle":   func(p *pushtest.Phone) { p.User = []byte("somebody else") },
		"the making of a key":       func(p *pushtest.Phone) { p.Type = "webauthn.create" },
		"a key that became synced":  func(p *pushtest.Phone) { p.Flags |= pushtest.Eligible },
		"backed up, yet it may not": func(p *pushtest.Phone) { p.Flags |= pushtest.BackedUp },
		"a counter that stands":     func(p *pushtest.Phone) { p.Counter-- },
		"a counter that went back":  func(p *pushtest.Phone) { p.Counter = 3 },
		"a counter that vanished":   func(p *pushtest.Phone) { p.Counter = 0 },
	}
	for sentence, change := range rows {
		phone := pushtest.New(t, site())
		phone.Counter = 9
		device := phone.Device()
		change(phone)
		v, err := push.Judge(asked(), shown(), device, site(), phone.Answer(asked(), push.Approve, "47"))
		if !errors.Is(err, method.ErrWrong) || v.Outcome != "" {
			t.Errorf("%s: %s, %v", sentence, v.Outcome, err)
		}
	}
}

func TestTheCounterIsKept(t *testing.T) {
	phone := pushtest.New(t, site())
	phone.Counter = 9
	device := phone.Device()
	v, err := push.Judge(asked(), shown(), device, site(), phone.Answer(asked(), push.Approve, "47"))
	if err != nil || v.Counter != 10 {
		t.Errorf("%d, %v", v.Counter, err)
	}
	v, err = push.Judge(asked(), shown(), device, site(), phone.Answer(asked(), push.Deny, ""))
	if err != nil || v.Counter != 9 {
		t.Errorf("after a denial: %d, %v", v.Counter, err)
	}
	// A synced credential's means nothing.
	synced := pushtest.New(t, site())
	synced.Flags |= pushtest.Eligible | pushtest.BackedUp
	device = synced.Device()
	device.Counter = 50
	v, err = push.Judge(asked(), shown(), device, site(), synced.Answer(asked(), push.Approve, "47"))
	if err != nil || v.Outcome != push.Approved || v.Counter != 50 {
		t.Errorf("%+v, %v", v, err)
	}
}

// A setting that went wrong is a fault, and lets nobody in.
func TestANumberThatItsModeDoesNotHave(t *testing.T) {
	phone := pushtest.New(t, site())
	for _, n := range []push.Number{{push.Type, ""}, {push.Type, "4"}, {push.Type6, "47"}, {push.Tap, "47"}, {push.Type, "é"}, {push.Type, "4 "}, {"", ""}, {"none", ""}} {
		v, err := push.Judge(asked(), n, phone.Device(), site(), phone.Answer(asked(), push.Approve, n.Shown))
		if err == nil || errors.Is(err, method.ErrWrong) || v.Outcome != "" {
			t.Errorf("%+v: %s, %v", n, v.Outcome, err)
		}
	}
	for name, change := range map[string]func(r *push.Request){
		"server": func(r *push.Request) { r.Issuer = "" }, "name": func(r *push.Request) { r.ID = "" }, "phone": func(r *push.Request) { r.Device = "" },
		"nonce": func(r *push.Request) { r.Nonce = r.Nonce[1:] },
	} {
		r := asked()
		change(&r)
		v, err := push.Judge(r, shown(), phone.Device(), site(), phone.Answer(r, push.Approve, "47"))
		if err == nil || errors.Is(err, method.ErrWrong) || v.Outcome != "" {
			t.Errorf("a request without a %s: %s, %v", name, v.Outcome, err)
		}
	}
	for _, key := range []*ecdsa.PublicKey{nil, {}} {
		device := phone.Device()
		device.Key = key
		_, err := push.Judge(asked(), shown(), device, site(), phone.Answer(asked(), push.Approve, "47"))
		if !errors.Is(err, method.ErrWrong) {
			t.Errorf("a device without a key: %v", err)
		}
	}
}

// Whatever is sent for an assertion, it approves nothing that was not signed.
func FuzzAssertion(f *testing.F) {
	phone := pushtest.New(f, site())
	good := phone.Answer(asked(), push.Approve, "47")
	challenge, err := asked().Challenge(push.Approve, "48")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(phone.Assert(challenge))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`))
	f.Add([]byte{})
	device := phone.Device()
	f.Fuzz(func(t *testing.T, assertion []byte) {
		a := good
		a.Assertion = assertion
		v, err := push.Judge(asked(), shown(), device, site(), a)
		if err == nil {
			t.Fatalf("%q approves: %+v", assertion, v)
		}
		if !errors.Is(err, method.ErrWrong) {
			t.Fatalf("%q is a fault: %v", assertion, err)
		}
	})
}
