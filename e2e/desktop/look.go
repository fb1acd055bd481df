package desktop

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// patience is how long a person waits for a notification. A machine that is busy with
// other tests needs more than one would think.
const patience = 30 * time.Second

// readFirst is how long a person takes to click. A browser loses a click that comes
// before it has read the number of the notification.
const readFirst = 200 * time.Millisecond

// Next waits for a notification that it has not returned before.
func (d *Desktop) Next(tb testing.TB) Notification {
	tb.Helper()
	n, found := d.within(patience)
	if !found {
		tb.Fatalf("no notification after %v", patience)
	}
	return n
}

// None fails when a notification comes within this time.
func (d *Desktop) None(tb testing.TB, within time.Duration) {
	tb.Helper()
	n, found := d.within(within)
	if found {
		tb.Fatalf("there should be no notification, and there is %q: %s", n.Title, n.Body)
	}
}

func (d *Desktop) within(wait time.Duration) (Notification, bool) {
	for deadline := time.Now().Add(wait); ; time.Sleep(5 * time.Millisecond) {
		n, found := d.unread()
		if found || time.Now().After(deadline) {
			return n, found
		}
	}
}

func (d *Desktop) unread() (Notification, bool) {
	d.service.mu.Lock()
	defer d.service.mu.Unlock()
	for _, n := range d.service.shown {
		if !n.read {
			n.read = true
			return *n, true
		}
	}
	return Notification{}, false
}

// ReadAll is a glance at all that came so far: [Desktop.Next] waits for what comes after.
func (d *Desktop) ReadAll() {
	for {
		_, found := d.unread()
		if !found {
			return
		}
	}
}

// Open are the notifications that are still to be seen, the oldest first.
func (d *Desktop) Open() []Notification {
	d.service.mu.Lock()
	defer d.service.mu.Unlock()
	var all []Notification
	for _, n := range d.service.shown {
		if !n.closed {
			all = append(all, *n)
		}
	}
	return all
}

// Click clicks on the button of a notification with this label, or with "" on the
// notification itself.
func (d *Desktop) Click(tb testing.TB, n Notification, label string) {
	tb.Helper()
	key, found := n.key(label)
	if !found {
		tb.Fatalf("the notification %q has no button %q; there are %q", n.Title, label, n.Actions)
	}
	time.Sleep(time.Until(n.at.Add(readFirst)))
	err := d.service.bus.Emit(path, name+".ActionInvoked", n.ID, key)
	if err != nil {
		tb.Fatalf("click on the notification: %v", err)
	}
}

// Dismiss swipes a notification away.
func (d *Desktop) Dismiss(tb testing.TB, n Notification) {
	tb.Helper()
	time.Sleep(time.Until(n.at.Add(readFirst)))
	err := d.service.close(n.ID, byPerson)
	if err != nil {
		tb.Fatalf("dismiss the notification: %v", err)
	}
}

func (n Notification) key(label string) (string, bool) {
	for _, action := range n.Actions {
		if label == "" && action.Key == "default" || label != "" && action.Label == label {
			return action.Key, true
		}
	}
	return "", false
}

// String is the notification as one line, for messages.
func (n Notification) String() string {
	var labels []string
	for _, action := range n.Actions {
		labels = append(labels, action.Label)
	}
	return fmt.Sprintf("%s: %s [%s]", n.Title, n.Body, strings.Join(labels, "|"))
}
