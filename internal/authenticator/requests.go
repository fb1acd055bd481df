package authenticator

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/approve"
	"countersign/internal/device"
	"countersign/internal/method/push"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

func (p *protocol) hello(w http.ResponseWriter, r *http.Request, d rows.Device, body []byte) error {
	var in struct {
		Version string `json:"version"`
		device.Status
	}
	err := read(body, &in)
	if err != nil {
		return err
	}
	hello, err := p.Devices.Hello(r.Context(), d, in.Version, in.Status)
	if err != nil {
		return err
	}
	return answer(w, hello)
}

// asked is one request as a device is told of it.
type asked struct {
	ID        countersign.RequestID `json:"id"`
	Kind      string                `json:"kind"`
	Nonce     octets                `json:"nonce"`
	ExpiresAt int64                 `json:"expires_at"`
	Display   octets                `json:"display"`
	Number    number                `json:"number"`
}

type number struct {
	Mode   string `json:"mode"`
	Digits int    `json:"digits"`
}

// requests answers what waits; with a cursor, when that is another than before.
func (p *protocol) requests(w http.ResponseWriter, r *http.Request, d rows.Device, _ []byte) error {
	wait, _ := strconv.Atoi(r.URL.Query().Get("wait")) // anything else is no wait
	seen := r.URL.Query().Get("cursor")
	ctx, cancel := web.Patient(r, string(d.ID), waitFor(wait))
	defer cancel()
	bell, unheard := p.Approvals.Listen(d.UserID)
	defer unheard()
	for {
		now, err := p.Devices.Still(context.WithoutCancel(ctx), d)
		if err != nil {
			return err
		}
		waiting, err := p.Approvals.Waiting(context.WithoutCancel(ctx), now)
		if err != nil {
			return err
		}
		cursor := cursorOf(waiting)
		if seen == "" || cursor != seen || ctx.Err() != nil {
			return p.list(w, now, waiting, cursor)
		}
		look := time.NewTimer(2 * time.Second)
		select {
		case <-bell:
		case <-look.C:
		case <-ctx.Done():
		}
		look.Stop()
	}
}

// cursorOf stands for a list of requests.
func cursorOf(waiting []rows.Request) string {
	sum := sha256.New()
	for _, row := range waiting {
		_, _ = sum.Write([]byte(row.ID + " "))
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9])
}

func (p *protocol) list(w http.ResponseWriter, d rows.Device, waiting []rows.Request, cursor string) error {
	list := make([]asked, 0, len(waiting))
	for _, row := range waiting {
		digits, err := push.Mode(row.Mode).Digits()
		if err != nil {
			return err
		}
		signed := p.Approvals.Signed(row, d.ID)
		list = append(list, asked{
			ID: row.ID, Kind: row.Kind, Nonce: signed.Nonce, ExpiresAt: signed.Expires.Unix(), Display: signed.Display,
			Number: number{row.Mode, digits},
		})
	}
	return answer(w, map[string]any{"requests": list, "cursor": cursor, "now": p.Now().Unix()})
}

func (p *protocol) decide(w http.ResponseWriter, r *http.Request) error {
	signature, body, err := p.signature(r)
	if err != nil {
		return err
	}
	id := countersign.RequestID(r.PathValue("request"))
	q, err := p.Devices.AuthenticateAnswer(r.Context(), web.WorkspaceOf(r.Context()), signature, id)
	if err != nil {
		return err
	}
	note(r, q.Device)
	var in struct {
		Decision  string          `json:"decision"`
		Number    string          `json:"number"`
		Signature octets          `json:"signature"`
		Assertion json.RawMessage `json:"assertion"`
	}
	err = read(body, &in)
	if err != nil {
		return err
	}
	if string(in.Assertion) == "null" {
		in.Assertion = nil
	}
	state, err := p.Approvals.Decide(r.Context(), q, id, push.Answer{
		Decision: push.Decision(in.Decision), Number: in.Number, Signature: in.Signature, Assertion: in.Assertion,
	}, web.Place(r))
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"state": state})
}

const (
	historyDays = 90
	mostHistory = 100
)

// was is one request of before.
type was struct {
	ID        countersign.RequestID `json:"id"`
	Kind      string                `json:"kind"`
	State     approve.State         `json:"state"`
	Display   octets                `json:"display"`
	CreatedAt int64                 `json:"created_at"`
	DecidedAt int64                 `json:"decided_at"`
	Here      bool                  `json:"here"`
}

func (p *protocol) history(w http.ResponseWriter, r *http.Request, d rows.Device, _ []byte) error {
	now := p.Now()
	all, err := p.Devices.Past(r.Context(), d, now.AddDate(0, 0, -historyDays).UnixMilli(), mostHistory)
	if err != nil {
		return err
	}
	list := make([]was, 0, len(all))
	for _, row := range all {
		list = append(list, was{
			ID: row.ID, Kind: row.Kind, State: approve.Answer(row, now), Display: octets(row.Display),
			CreatedAt: row.CreatedAt / 1000, DecidedAt: row.DecidedAt / 1000, Here: row.DeviceID == d.ID,
		})
	}
	return answer(w, map[string]any{"requests": list})
}

func (p *protocol) test(w http.ResponseWriter, r *http.Request, d rows.Device, _ []byte) error {
	id, err := p.Devices.Test(r.Context(), d, web.Place(r))
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"request": id})
}

func (p *protocol) code(w http.ResponseWriter, r *http.Request, d rows.Device, _ []byte) error {
	secret, err := p.Devices.Code(r.Context(), d)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"secret": octets(secret), "digits": 6, "period": 30})
}

func (p *protocol) signOut(w http.ResponseWriter, r *http.Request, d rows.Device, _ []byte) error {
	err := p.Devices.SignOut(r.Context(), d, web.Place(r))
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"state": "signed_out"})
}

func (p *protocol) signIn(w http.ResponseWriter, r *http.Request, d rows.Device, body []byte) error {
	var in struct {
		Time      int64           `json:"time"`
		Assertion json.RawMessage `json:"assertion"`
	}
	err := read(body, &in)
	if err != nil {
		return err
	}
	err = p.Devices.SignIn(r.Context(), d, in.Time, in.Assertion, web.Place(r))
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"state": "active"})
}

func (p *protocol) remove(w http.ResponseWriter, r *http.Request, d rows.Device, _ []byte) error {
	err := p.Devices.Remove(r.Context(), d, web.Place(r))
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"state": "revoked"})
}
