package desktop

import (
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// program is one that shows notifications, as a browser does.
type program struct {
	t       *testing.T
	bus     *dbus.Conn
	signals chan *dbus.Signal
}

func newProgram(t *testing.T, d *Desktop) *program {
	t.Helper()
	address, _ := strings.CutPrefix(d.Env()[0], "DBUS_SESSION_BUS_ADDRESS=")
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	p := &program{t: t, bus: bus, signals: make(chan *dbus.Signal, 10)}
	err = bus.AddMatchSignal(dbus.WithMatchInterface(name))
	if err != nil {
		t.Fatal(err)
	}
	bus.Signal(p.signals)
	return p
}

func (p *program) show(replaces uint32, title string) uint32 {
	p.t.Helper()
	var id uint32
	err := p.bus.Object(name, path).Call(name+".Notify", 0, "browser", replaces, "", title, "Open to review",
		[]string{"0", "Deny", "default", "Activate"}, map[string]dbus.Variant{"urgency": dbus.MakeVariant(byte(2))}, int32(-1)).Store(&id)
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

func (p *program) heard() *dbus.Signal {
	p.t.Helper()
	select {
	case s := <-p.signals:
		return s
	case <-time.After(patience):
		p.t.Fatal("the program hears nothing")
		return nil
	}
}

func TestANotificationIsSeenAndClicked(t *testing.T) {
	d := Start(t)
	p := newProgram(t, d)
	first := p.show(0, "Sign-in waiting")
	n := d.Next(t)
	if n.ID != first || n.String() != "Sign-in waiting: Open to review [Deny|Activate]" || n.Program != "browser" || n.Hints["urgency"] != byte(2) {
		t.Errorf("seen: %s, %+v", n, n)
	}
	for label, key := range map[string]string{"": "default", "Deny": "0"} {
		d.Click(t, n, label)
		if got := p.heard(); got.Name != name+".ActionInvoked" || got.Body[0] != first || got.Body[1] != key {
			t.Errorf("a click on %q is heard as %v", label, got)
		}
	}
	if again := p.show(first, "Two sign-ins waiting"); again != first {
		t.Errorf("the notification was replaced by number %d", again)
	}
	second := p.show(0, "Another")
	if n := d.Next(t); n.Title != "Two sign-ins waiting" {
		t.Errorf("seen next: %s", n)
	}
	d.Dismiss(t, d.Next(t))
	if got := p.heard(); got.Name != name+".NotificationClosed" || got.Body[0] != second || got.Body[1] != uint32(byPerson) {
		t.Errorf("heard %v", got)
	}
	open := d.Open()
	if len(open) != 1 || open[0].Title != "Two sign-ins waiting" {
		t.Errorf("still to be seen: %v", open)
	}
	err := p.bus.Object(name, path).Call(name+".CloseNotification", 0, first).Err
	if err != nil || len(d.Open()) != 0 {
		t.Errorf("closed by the program: %v, %v", err, d.Open())
	}
	d.None(t, 50*time.Millisecond)
}
