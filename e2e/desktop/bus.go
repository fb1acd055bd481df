// Package desktop is the part of a desktop that shows notifications: a D-Bus session
// of its own with a service org.freedesktop.Notifications (Desktop Notifications
// Specification 1.2, freedesktop.org), on which a test reads what a browser shows and
// clicks on it. A click that comes this way is trusted by the browser: it may open and
// focus windows. It owns the bus and what was shown; who shows it is for the test to
// say. It is called by tests only.
package desktop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"countersign/e2e/proc"
)

// installDBus is what a person reads whose machine has no D-Bus.
const installDBus = `no dbus-daemon found: install it ("apt-get install dbus-daemon" on Debian)`

// configuration is a session bus that starts no services: whatever else a desktop
// has must not run in a test.
const configuration = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// startBus starts a session bus and returns its address.
func startBus(tb testing.TB) string {
	tb.Helper()
	program, err := exec.LookPath("dbus-daemon")
	if err != nil {
		tb.Fatal(installDBus)
	}
	// The address of a socket is short, and a test's own folder may not be.
	folder, err := os.MkdirTemp("", "bus")
	if err != nil {
		tb.Fatalf("make a folder for the bus: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(folder) })
	file := filepath.Join(folder, "bus.conf")
	err = os.WriteFile(file, fmt.Appendf(nil, configuration, folder), 0o600)
	if err != nil {
		tb.Fatalf("configure the bus: %v", err)
	}
	bus := proc.StartFile(tb, program, nil, "--config-file="+file, "--nofork", "--nopidfile", "--nosyslog", "--print-address=1")
	return strings.TrimSpace(bus.WaitLog("unix:"))
}

// Desktop is a session with somebody before it.
type Desktop struct {
	address string
	service *service
}

// Start starts a session. It ends with tb.
func Start(tb testing.TB) *Desktop {
	tb.Helper()
	address := startBus(tb)
	connection, err := dbus.Connect(address)
	if err != nil {
		tb.Fatalf("connect to the bus: %v", err)
	}
	tb.Cleanup(func() { _ = connection.Close() })
	s := &service{bus: connection}
	err = connection.Export(methods{s}, path, name)
	if err != nil {
		tb.Fatalf("offer notifications: %v", err)
	}
	reply, err := connection.RequestName(name, dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		tb.Fatalf("take the name of the notifications: %v %v", reply, err)
	}
	return &Desktop{address: address, service: s}
}

// Env lets a program belong to the session. It has no system bus.
func (d *Desktop) Env() []string {
	return []string{"DBUS_SESSION_BUS_ADDRESS=" + d.address, "DBUS_SYSTEM_BUS_ADDRESS=" + d.address}
}
