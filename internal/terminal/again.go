package terminal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Again tells whether a call that failed may be made once more, and how long to wait
// before: where the server was not reached, was busy, or a proxy gave up.
func Again(err error) (time.Duration, bool) {
	var problem *Problem
	if errors.As(err, &problem) {
		switch problem.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return max(problem.RetryAfter, time.Second), true
		}
		return 0, false
	}
	var network *url.Error
	return time.Second, errors.As(err, &network) && !errors.Is(err, context.Canceled)
}

// Pause waits. Errors: that of the context.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// shortestWait is how long a call that waits for news takes at least when there are none.
const shortestWait = time.Second

// Rest pauses when a call that should have waited for news came back without any, sooner
// than it could: so that a server or a proxy that does not wait is not asked without end.
// began is when the call was made, by the device's own clock.
func (d *Device) Rest(ctx context.Context, began time.Time) error { return d.client.rest(ctx, began) }

func (c *Client) rest(ctx context.Context, began time.Time) error {
	took := c.Now().Sub(began)
	if took < 0 || took >= shortestWait {
		return nil
	}
	return Pause(ctx, shortestWait-took)
}
