package terminal

import (
	"context"
	"net/http"

	"countersign/internal/method/push"
)

// Hello is what the server answers to a device that starts.
type Hello struct {
	Device string `json:"device"`
	Name   string `json:"name"`
	// State is "confirmed", "active" or "signed_out".
	State string `json:"state"`
	// Trouble is why the device is not asked although it is active, or "".
	Trouble   string `json:"trouble"`
	Issuer    string `json:"issuer"`
	Workspace string `json:"workspace"`
	Account   string `json:"account"`
	// VAPID is the server's key for push subscriptions in base64url.
	VAPID   string `json:"vapid"`
	Version string `json:"version"`
	// Now is the server's time, in seconds since 1970.
	Now    int64 `json:"now"`
	Code   bool  `json:"code"`
	Pushes bool  `json:"pushes"`
}

type hello struct {
	Version string `json:"version"`
	state
}

// Hello tells the server that the device is there, and which version it is. Errors:
// [*Problem] with [DeviceUnknown] for one that was removed.
func (d *Device) Hello(ctx context.Context) (Hello, error) {
	var answer Hello
	err := d.post(ctx, "hello", hello{d.client.Version, d.client.Reach.state()}, &answer)
	return answer, err
}

// Past is a request that is over.
type Past struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	State   string `json:"state"`
	Display octets `json:"display"`
	// Created and Decided are in seconds since 1970; 0 is never.
	Created int64 `json:"created_at"`
	Decided int64 `json:"decided_at"`
	// Here tells that this device decided.
	Here bool `json:"here"`
}

// History lists the requests of 90 days, at most 100, the newest first.
func (d *Device) History(ctx context.Context) ([]Past, error) {
	var answer struct {
		Requests []Past `json:"requests"`
	}
	err := d.client.do(ctx, call{method: http.MethodGet, path: "/device/v1/history", by: d.by()}, &answer)
	return answer.Requests, err
}

// Test has the server ask this device alone, and returns the request's identifier.
// Errors: [*Problem] with [TooManyTests].
func (d *Device) Test(ctx context.Context) (string, error) {
	var answer struct {
		Request string `json:"request"`
	}
	err := d.post(ctx, "test", nil, &answer)
	return answer.Request, err
}

// Secret is the device's own time-based code (RFC 6238, SHA-1).
type Secret struct {
	Secret octets `json:"secret"`
	Digits int    `json:"digits"`
	// Period is in seconds.
	Period int `json:"period"`
}

// Code gives the secret of the device's own code: a fresh one at each call, of which the
// last one counts. Errors: [*Problem] with [CodeGiven] once a code was used.
func (d *Device) Code(ctx context.Context) (Secret, error) {
	var answer Secret
	err := d.post(ctx, "code", nil, &answer)
	return answer, err
}

// SignOut stops requests; the keys stay.
func (d *Device) SignOut(ctx context.Context) error { return d.post(ctx, "sign-out", nil, nil) }

// SignIn lets requests come again. It needs the verifying key unlocked. Errors:
// [ErrLocked]; [*Problem] with [SignInRefused].
func (d *Device) SignIn(ctx context.Context) error {
	// Made anew for each try: the first one may only tell what time it is.
	return d.post(ctx, "sign-in", func() (any, error) {
		at := d.client.now()
		challenge, err := push.SignInChallenge(d.Issuer, d.ID, at)
		if err != nil {
			return nil, err
		}
		assertion, err := d.assert(challenge)
		return map[string]any{"time": at.Unix(), "assertion": assertion}, err
	}, nil)
}

// Remove ends the device. Its keys serve nothing any more. Errors: [*Problem] with
// [LastSecondFactor].
func (d *Device) Remove(ctx context.Context) error { return d.post(ctx, "remove", nil, nil) }

func (d *Device) post(ctx context.Context, path string, body, result any) error {
	return d.client.do(ctx, call{method: http.MethodPost, path: "/device/v1/" + path, body: body, by: d.by()}, result)
}
