package approve_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/method/push"
	"countersign/internal/store/rows"
)

// event is the newest of a kind.
func (a asking) event(t *testing.T, kind string) rows.Event {
	t.Helper()
	all := a.e.Events(t)
	for i := range all {
		if e := all[len(all)-1-i]; e.Kind == kind {
			return e
		}
	}
	t.Fatalf("no event %s", kind)
	return rows.Event{}
}

// claims are what an event says beside what was signed: a name that a person may change,
// of what kind things are, under which name the authenticator keeps its key; and, where
// that key signed nothing, which it is. No signature vouches for them.
func claims(biometric bool) string {
	if biometric {
		return " kind name device_kind verify_id "
	}
	return " kind name device_kind verify_thumbprint "
}

// The event of each decision proves it by itself; changed in anything that counts, it
// proves nothing.
func TestTheEvidence(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		pairing := a.event(t, "device.paired")
		paired := audit.Detail(pairing)
		device, verify := paired["device_thumbprint"], paired["verify_thumbprint"]
		for kind, row := range map[string]struct {
			decision push.Decision
			number   func(rows.Request) string
		}{
			"request.approved": {push.Approve, right}, "request.mismatch": {push.Approve, other},
			"request.denied": {push.Deny, none}, "request.reported": {push.Report, none},
		} {
			a.leaveAlone(t)
			q := a.asked(t, "att_"+kind, known)
			number := row.number(q)
			_, err := a.phone.Say(q, row.decision, number)
			must(t, err)
			event := a.event(t, kind)
			v, err := approve.Verify(event)
			if err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			biometric := row.decision == push.Approve
			if v.Decision != string(row.decision) || v.Number != number || v.Request != string(q.ID) || v.Device != string(a.phone.ID) ||
				v.Display != q.Display || !v.Expires.Equal(time.UnixMilli(q.ExpiresAt)) || v.Biometric != biometric {
				t.Errorf("%s proves %+v", kind, v)
			}
			if v.DeviceThumbprint != device || biometric && v.VerifyThumbprint != verify {
				t.Errorf("%s is signed by %s and %s, paired were %s and %s", kind, v.DeviceThumbprint, v.VerifyThumbprint, device, verify)
			}
			for name, value := range audit.Detail(event) {
				if strings.Contains(claims(biometric), " "+name+" ") {
					continue
				}
				for _, changed := range []string{bent(value), ""} {
					if changed == value {
						continue
					}
					_, err := approve.Verify(with(t, event, name, changed))
					if err == nil {
						t.Errorf("%s still holds when its %s is %q instead of %q", kind, name, changed, value)
					}
				}
			}
			for _, otherKind := range []string{"request.approved", "request.denied", "request.reported", "request.made", "device.paired"} {
				changed := event
				changed.Kind = otherKind
				_, err := approve.Verify(changed)
				// Whether the number was the right one is the server's word.
				if err == nil && otherKind != kind && (kind != "request.mismatch" || otherKind != "request.approved") {
					t.Errorf("%s still holds as %s", kind, otherKind)
				}
			}
			whole, err := e.Approvals.VerifyEvent(ctx(), accounttest.Workspace, event.ID)
			if err != nil || whole.PairedBy != pairing.ID {
				t.Errorf("%s, beside its pairing: %+v, %v", kind, whole, err)
			}
			changed := event
			changed.Target = "req_other"
			if _, err := approve.Verify(changed); err == nil {
				t.Errorf("%s still holds for another request", kind)
			}
		}
	})
}

// bent is a value that is a little different, and of the same form.
func bent(value string) string {
	if value == "" {
		return "1"
	}
	at := len(value) / 2
	next := "A"
	switch c := value[at]; {
	case c == 'A':
		next = "B"
	case c >= '0' && c <= '9':
		next = string('0' + (c-'0'+1)%10)
	}
	return value[:at] + next + value[at+1:]
}

// with is an event with one value of its detail changed.
func with(t *testing.T, e rows.Event, name, value string) rows.Event {
	t.Helper()
	detail := audit.Detail(e)
	detail[name] = value
	text, err := json.Marshal(detail)
	must(t, err)
	e.Detail = string(text)
	return e
}
