package device_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"countersign"
	"countersign/httpsig"
	"countersign/internal/account/accounttest"
)

// called makes a phone's calls one after the other, until one is refused, and is how
// many were not.
func called(t *testing.T, e *accounttest.Engine, phone *accounttest.Phone, once bool) (int, error) {
	t.Helper()
	for n := range 1000 {
		_, err := e.Devices.Authenticate(ctx(), accounttest.Workspace, phone.Call(t, nil), once)
		if err != nil {
			return n, err
		}
	}
	t.Fatal("a thousand calls are answered")
	return 0, nil
}

// A device in a loop is told to wait. Another is not, and neither is the same one for
// what strangers send in its name.
func TestADeviceInALoop(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone, other := p.WithPhone(t, "Pixel 9"), p.WithPhone(t, "Tablet")
		who := func(phone *accounttest.Phone, change func(*httpsig.Params), once bool) error {
			_, err := e.Devices.Authenticate(ctx(), accounttest.Workspace, phone.Call(t, change), once)
			return err
		}
		for range 300 {
			want(t, "a stranger in its name", who(other, func(p *httpsig.Params) { p.KeyID = string(phone.ID) }, true), "device_signature")
		}
		n, err := called(t, e, phone, true)
		want(t, "changing and changing", err, "too_many_calls")
		var refusal *countersign.Error
		if n != 30 || !errors.As(err, &refusal) || refusal.Kind != countersign.Limited || refusal.RetryAfter != 2*time.Second {
			t.Errorf("after %d changes: %+v", n, refusal)
		}
		n, err = called(t, e, phone, false)
		want(t, "reading and reading", err, "too_many_calls")
		if n != 120-31 {
			t.Errorf("%d more calls are answered", n)
		}
		want(t, "what is forged, meanwhile", who(phone, func(p *httpsig.Params) { p.Tag = "countersign-access" }, false), "too_many_calls")
		want(t, "another device", who(other, nil, true), "ok")
		e.Advance(t, time.Second)
		want(t, "a second later", who(phone, nil, false), "ok")
		want(t, "a change a second later", who(phone, nil, true), "too_many_calls")
		e.Advance(t, time.Second)
		want(t, "a change two seconds later", who(phone, nil, true), "ok")
		e.Advance(t, time.Hour)
		for i := range 60 {
			want(t, fmt.Sprint("waiting for news, call ", i), who(phone, nil, false), "ok")
			e.Advance(t, time.Second)
		}
		e.Advance(t, -24*time.Hour)
		want(t, "when the clock was put right by a day", who(phone, nil, true), "ok")
	})
}

// A call that does not hold costs a look at the device and no more: nothing is written
// for it, and it takes nobody's turn.
func TestACallThatDoesNotHoldWritesNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone := p.WithPhone(t, "Pixel 9")
		before := e.Dump(t)
		for name, change := range map[string]func(*httpsig.Params){
			"in nobody's name":       func(p *httpsig.Params) { p.KeyID = "dev_none" },
			"of another time":        func(p *httpsig.Params) { p.Created = p.Created.Add(-time.Hour) },
			"for another purpose":    func(p *httpsig.Params) { p.Tag = "countersign-access" },
			"with half a nonce":      func(p *httpsig.Params) { p.Nonce = nonce(8) },
			"with a key's long name": func(p *httpsig.Params) { p.KeyID = fmt.Sprintf("%0128d", 0) },
		} {
			_, err := e.Devices.Authenticate(ctx(), accounttest.Workspace, phone.Call(t, change), true)
			if countersign.KindOf(err) != countersign.Unauthenticated {
				t.Errorf("%s: %v", name, err)
			}
		}
		if e.Dump(t) != before {
			t.Error("something was written")
		}
	})
}
