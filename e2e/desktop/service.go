package desktop

import (
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	name = "org.freedesktop.Notifications"
	path = "/org/freedesktop/Notifications"
)

// Why a notification closed, as the signal NotificationClosed says it.
const (
	byPerson  = 2
	byProgram = 3
)

// service keeps what is shown.
type service struct {
	bus *dbus.Conn

	mu    sync.Mutex
	last  uint32
	shown []*Notification
}

// Notification is one as a person sees it.
type Notification struct {
	ID      uint32
	Program string
	Title   string
	Body    string
	Actions []Action
	Hints   map[string]any

	at     time.Time
	read   bool // by [Desktop.Next]
	closed bool
}

// Action is a button of a notification. The one with the key "default" is the
// notification itself.
type Action struct{ Key, Label string }

// methods are those that the bus calls.
type methods struct{ s *service }

// GetCapabilities says what the desktop can show.
func (m methods) GetCapabilities() ([]string, *dbus.Error) {
	return []string{"actions", "body", "body-markup", "persistence"}, nil
}

// GetServerInformation says who the desktop is, and the version of the specification.
func (m methods) GetServerInformation() (string, string, string, string, *dbus.Error) {
	return "desktop of a test", "countersign", "1", "1.2", nil
}

// Notify shows a notification, in the place of another when it names that.
func (m methods) Notify(program string, replaces uint32, _, title, body string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	n := &Notification{ID: replaces, Program: program, Title: title, Body: body, Hints: map[string]any{}, at: time.Now()}
	for i := 0; i+1 < len(actions); i += 2 {
		n.Actions = append(n.Actions, Action{Key: actions[i], Label: actions[i+1]})
	}
	for hint, value := range hints {
		n.Hints[hint] = value.Value()
	}
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	for _, old := range m.s.shown {
		if old.ID == replaces {
			old.closed = true
		}
	}
	if replaces == 0 {
		m.s.last++
		n.ID = m.s.last
	}
	m.s.shown = append(m.s.shown, n)
	return n.ID, nil
}

// CloseNotification takes one away that the program no longer wants.
func (m methods) CloseNotification(id uint32) *dbus.Error {
	_ = m.s.close(id, byProgram) // when the bus is gone, nobody waits for it
	return nil
}

func (s *service) close(id, why uint32) error {
	s.mu.Lock()
	for _, n := range s.shown {
		if n.ID == id {
			n.closed = true
		}
	}
	s.mu.Unlock()
	return s.bus.Emit(path, name+".NotificationClosed", id, why)
}
