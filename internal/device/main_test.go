package device_test

import (
	"context"
	"os"
	"testing"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/device"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// both runs a test on both databases.
func both(t *testing.T, test func(t *testing.T, e *accounttest.Engine)) {
	t.Helper()
	accounttest.Both(t, test)
}

// want fails the test when err is not the refusal named by a code.
func want(t *testing.T, sentence string, err error, refusal string) {
	t.Helper()
	accounttest.Want(t, sentence, err, refusal)
}

func ctx() context.Context { return context.Background() }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin begins a pairing in a session, and is what its page shows.
func begin(t *testing.T, e *accounttest.Engine, h account.Holder) device.Pairing {
	t.Helper()
	must(t, e.Devices.Begin(ctx(), h))
	p, err := e.Devices.Current(ctx(), h)
	must(t, err)
	return p
}

// page is what the page of a session shows now.
func page(t *testing.T, e *accounttest.Engine, h account.Holder) device.Pairing {
	t.Helper()
	p, err := e.Devices.Current(ctx(), h)
	must(t, err)
	return p
}

// joined is a phone that has joined in a session, and waits to be confirmed.
func joined(t *testing.T, e *accounttest.Engine, h account.Holder) *accounttest.Phone {
	t.Helper()
	phone := e.Phone(t, "Pixel 9")
	must(t, phone.Claim(begin(t, e, h).Code, ""))
	must(t, phone.Join(phone.Joining(t)))
	return phone
}

// others are six digits that a phone does not show.
func others(digits string) string {
	if digits == "000000" {
		return "111111"
	}
	return "000000"
}
