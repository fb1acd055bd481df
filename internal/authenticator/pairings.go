package authenticator

import (
	"encoding/json"
	"net/http"
	"time"

	"countersign/internal/device"
	"countersign/internal/web"
)

func (p *protocol) claim(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Code   string       `json:"code"`
		Short  string       `json:"short_code"`
		Device device.About `json:"device"`
	}
	err := readBody(r, &in)
	if err != nil {
		return err
	}
	claimed, err := p.Devices.Claim(r.Context(), web.WorkspaceOf(r.Context()), in.Code, in.Short, in.Device, web.Place(r))
	if err != nil {
		return err
	}
	return answer(w, claimed)
}

func (p *protocol) join(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token      string          `json:"token"`
		Key        octets          `json:"key"`
		Credential json.RawMessage `json:"credential"`
		Signature  octets          `json:"signature"`
		device.Status
	}
	err := readBody(r, &in)
	if err != nil {
		return err
	}
	joined, err := p.Devices.Join(r.Context(), web.WorkspaceOf(r.Context()), in.Token, device.Joining{
		Key: in.Key, Credential: in.Credential, Signature: in.Signature, Status: in.Status,
	})
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"device": joined.Device, "salt": octets(joined.Salt)})
}

func (p *protocol) send(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token string `json:"token"`
	}
	err := readBody(r, &in)
	if err != nil {
		return err
	}
	to, err := p.Devices.Send(r.Context(), web.WorkspaceOf(r.Context()), in.Token)
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"sent_to": to})
}

func (p *protocol) confirm(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token string `json:"token"`
		Code  string `json:"code"`
	}
	err := readBody(r, &in)
	if err != nil {
		return err
	}
	err = p.Devices.ConfirmHere(r.Context(), web.WorkspaceOf(r.Context()), in.Token, in.Code)
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"state": "confirmed"})
}

func (p *protocol) state(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token string `json:"token"`
		Seen  string `json:"seen"`
		Wait  int    `json:"wait"`
	}
	err := readBody(r, &in)
	if err != nil {
		return err
	}
	ctx, cancel := web.Patient(r, "pairing "+in.Token, waitFor(in.Wait))
	defer cancel()
	state, err := p.Devices.WaitState(ctx, web.WorkspaceOf(r.Context()), in.Token, in.Seen)
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"state": state})
}

// waitFor bounds a number of seconds that a device asks to wait.
func waitFor(seconds int) time.Duration {
	return min(max(time.Duration(seconds)*time.Second, 0), longestWait)
}
