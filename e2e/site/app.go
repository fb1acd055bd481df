package site

import (
	"fmt"
	"sync"
	"time"

	"countersign/e2e/proc"
	"countersign/internal/method/totp"
)

// App is an authenticator app on somebody's phone: it knows a secret and the
// time, and nothing else.
type App struct {
	Secret []byte

	clock *proc.Clock
	mu    *sync.Mutex
	last  int64 // the step of the code that was handed out last
}

// NewApp is an app into which a secret was put.
func (s *Site) NewApp(secret []byte) *App {
	return &App{Secret: secret, clock: s.Clock, mu: &sync.Mutex{}}
}

// Shown is the code that the app shows now.
func (a *App) Shown() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.show()
}

func (a *App) show() string {
	step := totp.Step(a.clock.Now())
	a.last = max(a.last, step)
	return totp.Code(a.Secret, step)
}

// Code is a code that was not handed out before: where it must, it waits for
// the next one by moving the installation's clock.
func (a *App) Code() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if step := totp.Step(a.clock.Now()); step <= a.last {
		a.clock.Advance(time.Duration(a.last+1-step) * totp.Period)
	}
	return a.show()
}

// Wrong is a code that the app does not show, whatever the drift.
func (a *App) Wrong() string {
	step := totp.Step(a.clock.Now())
	for n := 0; ; n++ {
		code, right := fmt.Sprintf("%06d", n), false
		for drift := int64(-3); drift <= 3; drift++ {
			right = right || totp.Code(a.Secret, step+drift) == code
		}
		if !right {
			return code
		}
	}
}
