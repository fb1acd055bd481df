package portal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/agent"
	"countersign/internal/approve"
	"countersign/internal/device"
	"countersign/internal/hosts"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// reach is whether pushes arrive at a device: on, off (the person said no), gone,
// refused, none.
func reach(d rows.Device) string {
	switch {
	case d.Delivery == "on" && d.Notifications == "granted":
		return "on"
	case d.Delivery == "gone", d.Delivery == "refused":
		return d.Delivery
	case d.Notifications == "denied":
		return "off"
	}
	return "none"
}

func deviceOf(d rows.Device, s policy.Settings, now time.Time) Device {
	return Device{
		ID: string(d.CredentialID), Name: d.Name, Platform: d.Platform, Client: d.Client, Version: d.Version, Terminal: d.Kind == approve.KindTerminal,
		Trouble: approve.Unheard(d, s), Least: s.PushMinVersion, Reach: reach(d), Added: moment(d.ActivatedAt), Seen: moment(d.SeenAt),
		Synced: d.BackedUp != 0, Quiet: d.Kind != approve.KindTerminal && now.Sub(moment(d.SeenAt)) > quietAfter,
	}
}

// quietAfter is how long a device has said nothing when its person is told what that may
// mean. One whose browser has lost its keys can say nothing more.
const quietAfter = 14 * 24 * time.Hour

// devices lists the person's phones.
func (p *Portal) devices(w http.ResponseWriter, r *http.Request, c session.Current) error {
	list, err := p.Devices.List(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	view := DevicesView{Page: p.frame(r, c, "devices", nil), Workspace: c.Account.Workspace.Name, Off: !c.Account.Settings.Pushes()}
	for _, d := range list {
		view.Devices = append(view.Devices, deviceOf(d, c.Account.Settings, p.Now()))
	}
	return p.pages.Render(w, r, http.StatusOK, "account/devices", view)
}

// newDevice is the page before the code: what is needed, and Click to reveal.
func (p *Portal) newDevice(w http.ResponseWriter, r *http.Request, c session.Current) error {
	return p.showNewDevice(w, r, c, web.NewForm(), http.StatusOK)
}

func (p *Portal) showNewDevice(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	view := NewDeviceView{
		Page: p.frame(r, c, "devices", form), Workspace: c.Account.Workspace.Name, Leave: mayLeave(c),
		Insecure: !p.Site.Secure(), Local: here(r), Host: web.HostOf(r.Context()),
	}
	err := p.Devices.Ready(r.Context(), c.Holder(web.Place(r)), c.Account)
	code := countersign.CodeOf(err)
	switch {
	case strings.HasPrefix(code, "push_"), code == "too_many_devices":
		view.Missing = code
	case err != nil:
		return err
	}
	return p.pages.Render(w, r, status, "enrol/device", view)
}

// local tells whether the address is this machine's own name: its browsers may pair
// without encryption, and no phone can reach it.
func here(r *http.Request) bool {
	host := hosts.Name(web.HostOf(r.Context()))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// reveal makes the code and shows it.
func (p *Portal) reveal(w http.ResponseWriter, r *http.Request, c session.Current) error {
	if !p.Site.Secure() && !here(r) {
		return p.showNewDevice(w, r, c, web.NewForm(), http.StatusConflict)
	}
	err := p.Devices.Begin(r.Context(), c.Holder(web.Place(r)))
	code := countersign.CodeOf(err)
	if strings.HasPrefix(code, "push_") || code == "too_many_devices" || code == "too_many_pairings" {
		form := web.NewForm()
		if !form.Take(err, "") {
			form.Wrong("", code)
		}
		web.RetryAfter(w, err)
		return p.showNewDevice(w, r, c, form, web.Status(err))
	}
	if err != nil {
		return err
	}
	return see(w, r, "/account/devices/pairing")
}

// pairing is the page of a pairing under way, whichever its state.
func (p *Portal) pairing(w http.ResponseWriter, r *http.Request, c session.Current) error {
	return p.showPairing(w, r, c, web.NewForm(), http.StatusOK)
}

func (p *Portal) showPairing(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	h := c.Holder(web.Place(r))
	pairing, err := p.Devices.Current(r.Context(), h)
	if countersign.CodeOf(err) == "pairing_over" {
		return p.pages.Render(w, r, http.StatusGone, "enrol/device_over", DeviceOverView{Page: p.frame(r, c, "devices", nil), Leave: mayLeave(c)})
	}
	if err != nil {
		return err
	}
	if pairing.State != "active" {
		// What is shown makes a second factor: it needs the same proofs as beginning did.
		err = h.NeedOwner(int(c.SecondFactors), account.ActSecondFactor)
		if err != nil {
			return err
		}
	}
	return p.pages.Render(w, r, status, "enrol/pairing", p.pairingView(r, c, pairing, form))
}

func (p *Portal) pairingView(r *http.Request, c session.Current, pairing device.Pairing, form *web.Form) PairingView {
	now := p.Now()
	browser, system := agent.Describe(pairing.UserAgent)
	view := PairingView{
		Page: p.frame(r, c, "devices", form), State: pairing.State, Workspace: c.Account.Workspace.Name, Leave: mayLeave(c),
		Name: pairing.Name, Platform: pairing.Platform, Client: pairing.Client, Terminal: pairing.Kind == approve.KindTerminal,
		Browser: browser, System: system, IP: pairing.IP, Until: moment(pairing.ExpiresAt),
		Left: int(max(moment(pairing.ExpiresAt).Sub(now), 0) / time.Second),
	}
	for _, way := range c.Account.Settings.PairingConfirm {
		view.ByCode = view.ByCode || way == policy.PairingByCode
		view.ByEmail = view.ByEmail || way == policy.PairingByEmail
	}
	if pairing.State == "open" {
		view.URI, view.Short = p.Devices.Link(pairing), pairing.Short
	}
	if pairing.Request.ID != "" {
		view.Request, view.Number = string(approve.StateOf(pairing.Request, now).Said()), pairing.Request.Number
	}
	return view
}

// confirmPairing judges the digits that the phone shows.
func (p *Portal) confirmPairing(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	h := c.Holder(web.Place(r))
	switch form.Value("act") {
	case "again":
		err = p.Devices.AskAgain(r.Context(), h)
	case "cancel":
		err = p.Devices.Cancel(r.Context(), h)
		if err == nil {
			return see(w, r, "/account/devices")
		}
	case "done":
		return p.paired(w, r, c)
	case "look":
	default:
		err = p.Devices.Confirm(r.Context(), h, form.Raw("code"))
	}
	if err != nil && countersign.CodeOf(err) != "pairing_over" {
		if countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "code") {
			return err
		}
		now, err := p.Devices.Current(r.Context(), h)
		if err == nil && now.State != "joined" {
			return see(w, r, "/account/devices/pairing") // there is no field to type digits into (any more)
		}
		form.Forget("code")
		return p.showPairing(w, r, c, form, form.Status())
	}
	return see(w, r, "/account/devices/pairing")
}

// paired gives the session a new token, for the pairing raised it, and goes on.
func (p *Portal) paired(w http.ResponseWriter, r *http.Request, c session.Current) error {
	token, err := p.Sessions.TurnToken(r.Context(), c, web.Place(r))
	if err != nil {
		return err
	}
	p.Sessions.Cookies.SetSession(w, token)
	if c.Reason == policy.ReasonCodes {
		return see(w, r, "/account/two-factor/codes")
	}
	return see(w, r, p.goesOn(r, c, c.SecondFactors == 1, "paired"))
}

// pairingEvents tells the page of the pairing's state, and of its first question's.
func (p *Portal) pairingEvents(w http.ResponseWriter, r *http.Request, c session.Current) error {
	pairing, err := p.Devices.Current(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	return p.Site.Follow(w, r, string(c.ID), func(ctx context.Context, seen string) (string, error) {
		return p.Devices.WaitShown(ctx, pairing.WorkspaceID, pairing.ID, seen)
	}, func(state string) bool { return state == "active" || state == "over" })
}
