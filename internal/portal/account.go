package portal

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/agent"
	"countersign/internal/audit"
	"countersign/internal/enrol"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// activityDays is how far back a person's own activity is shown.
const activityDays = 30

func (p *Portal) toSecurity(w http.ResponseWriter, r *http.Request, _ session.Current) error {
	return see(w, r, "/account/security")
}

func moment(milli int64) time.Time {
	if milli == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milli)
}

func (p *Portal) security(w http.ResponseWriter, r *http.Request, c session.Current) error {
	u := c.Account.User
	settings := c.Account.Settings
	view := SecurityView{
		Page: p.frame(r, c, "security", nil), Workspace: c.Account.Workspace.Name, On: c.SecondFactors > 0,
		RequiredBy: string(c.Required), From: settings.Announced(u.RequireSecondFactor, p.Now()), AdminWaits: u.Role.Manages() && c.SecondFactors == 0,
		Email: u.Email, EmailVerified: u.EmailVerifiedAt != 0, PasswordChangedAt: moment(u.PasswordChangedAt),
		TOTPMax: settings.TOTPMax, TurnOffByMail: settings.TurnOff == policy.ByEmail,
	}
	credentials, err := p.Enrol.List(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	devices, err := p.Devices.List(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	view.addCredentials(credentials, devices, p.Accounts.GroundOf(c.Account), u.DefaultMethod)
	err = view.addPasskeys(p.Enrol.Passkeys(c.Holder(web.Place(r)), credentials), settings)
	if err != nil {
		return err
	}
	view.Pushes, view.Texts = settings.Pushes(), p.texts(settings)
	view.OneApp, view.CanAdd = view.HasTOTP && view.apps == 1, view.apps < settings.TOTPMax
	view.Sessions, err = p.sessions(r, c)
	if err != nil {
		return err
	}
	err = p.addTrusted(r, c, &view)
	if err != nil {
		return err
	}
	view.Activity, _, err = p.recent(r, c, "", 8)
	if err != nil {
		return err
	}
	_, view.Moves = p.movingOf(r)
	return p.pages.Render(w, r, http.StatusOK, "account/security", view)
}

// addCredentials sorts a person's credentials into the page's sections. The
// first app is the default one: they are asked for together.
func (v *SecurityView) addCredentials(list []rows.Credential, devices []rows.Device, ground account.Ground, byDefault string) {
	for _, c := range list {
		switch c.Kind {
		case string(method.Recovery):
			codes := recoveryState(c, ground.Settings.RecoveryCodes)
			v.Recovery = &codes
		default:
			switch {
			case c.Kind == string(method.Push):
				v.HasPhone = true
			case c.Kind == string(method.Passkey):
				v.HasPasskey = true
			case c.Kind == string(method.SMS):
				v.HasNumber = true
			case !v.HasTOTP:
				v.HasTOTP, v.FirstApp = true, string(c.ID)
				fallthrough
			default:
				v.apps++
			}
			v.Steps = append(v.Steps, SecondStep{
				ID: string(c.ID), Kind: c.Kind, Terminal: account.MethodOf(c, devices) == account.KindTerminal, Name: c.Name, Added: moment(c.ConfirmedAt), Used: moment(c.UsedAt),
				UsedFrom: c.UsedFrom, Default: c.Kind == byDefault, Elsewhere: ground.Elsewhere(c),
			})
			if v.Since.IsZero() || v.Since.After(moment(c.ConfirmedAt)) {
				v.Since = moment(c.ConfirmedAt)
			}
		}
	}
	v.offerDefaults()
}

// recoveryState is how a set of codes stands, of which the workspace makes total now.
func recoveryState(c rows.Credential, total int) RecoveryState {
	return RecoveryState{Left: int(c.Counter), Total: max(total, int(c.Counter)), Created: moment(c.ConfirmedAt), Used: moment(c.UsedAt)}
}

// offerDefaults marks what can become the default, where there is a choice: the default
// may be of another kind, or gone.
func (v *SecurityView) offerDefaults() {
	if !slices.ContainsFunc(v.Steps, func(s SecondStep) bool { return s.Kind != v.Steps[0].Kind }) {
		return
	}
	seen := map[string]bool{}
	for i, s := range v.Steps {
		v.Steps[i].Offered = !s.Default && !s.Elsewhere && !seen[s.Kind]
		seen[s.Kind] = seen[s.Kind] || !s.Elsewhere
	}
}

// addPasskeys says of each passkey where it can be, and which of them the browser may
// keep (AllAcceptedCredentialsOptions, WebAuthn Level 3, section 5.1.10.2).
func (v *SecurityView) addPasskeys(held enrol.Held, s policy.Settings) error {
	v.Passkeys = s.Passkeys()
	if !v.Passkeys && !v.HasPasskey {
		return nil
	}
	ids := []string{}
	for i, step := range v.Steps {
		key, found := held.Keys[countersign.CredentialID(step.ID)]
		if !found {
			continue
		}
		ids = append(ids, base64.RawURLEncoding.EncodeToString(key.ID))
		v.Steps[i].Where = "bound"
		if key.Eligible {
			v.Steps[i].Where = "synced"
		}
	}
	var err error
	v.Accepted, err = text(map[string]any{
		"rpId": held.RPID, "userId": base64.RawURLEncoding.EncodeToString(held.User), "allAcceptedCredentialIds": ids,
	})
	return err
}

func (p *Portal) sessions(r *http.Request, c session.Current) ([]Session, error) {
	list, err := p.Sessions.List(r.Context(), c)
	if err != nil {
		return nil, err
	}
	var out []Session
	for _, s := range list {
		browser, system := agent.Describe(s.UserAgent)
		out = append(out, Session{
			ID: string(s.ID), Browser: browser, System: system, IP: s.IP, Started: moment(s.CreatedAt), Active: moment(s.SeenAt),
			Current: s.ID == c.ID,
		})
	}
	return out, nil
}

// recent returns the person's own events before an id, and the id to go on from.
func (p *Portal) recent(r *http.Request, c session.Current, before countersign.EventID, most int) ([]Activity, countersign.EventID, error) {
	since := p.Now().AddDate(0, 0, -activityDays).UnixMilli()
	events, err := p.People.Activity(r.Context(), c.WorkspaceID, c.UserID, before, since, most+1)
	if err != nil {
		return nil, "", err
	}
	var next countersign.EventID
	if len(events) > most {
		events = events[:most]
		next = events[most-1].ID
	}
	var out []Activity
	for _, e := range events {
		browser, system := agent.Describe(e.UserAgent)
		detail := audit.Detail(e)
		kind := e.Kind
		if e.Kind == "proof.accepted" || e.Kind == "proof.refused" {
			kind += "." + detail["method"]
		}
		out = append(out, Activity{
			Kind: kind, Refused: e.Outcome == string(audit.Refused), At: e.At.Time(), Name: detail["name"],
			IP: e.IP, Browser: browser, System: system,
		})
	}
	return out, next, nil
}

func (p *Portal) activity(w http.ResponseWriter, r *http.Request, c session.Current) error {
	before := countersign.EventID(r.URL.Query().Get("before"))
	list, next, err := p.recent(r, c, before, 50)
	if err != nil {
		return err
	}
	view := ActivityView{Page: p.frame(r, c, "activity", nil), Days: activityDays, Activity: list}
	if next != "" {
		view.Older = "/account/activity?before=" + string(next)
	}
	if before != "" {
		view.Newest = "/account/activity"
	}
	return p.pages.Render(w, r, http.StatusOK, "account/activity", view)
}

func (p *Portal) endSession(w http.ResponseWriter, r *http.Request, c session.Current) error {
	id := countersign.SessionID(r.PathValue("id"))
	err := p.Sessions.End(r.Context(), c, id, web.Place(r))
	if err != nil && countersign.KindOf(err) != countersign.NotFound {
		return err
	}
	if id == c.ID {
		p.Sessions.Cookies.DropSession(w)
		return see(w, r, "/signin?done=signed_out")
	}
	return see(w, r, "/account/security?done=ended#devices")
}

func (p *Portal) endOthers(w http.ResponseWriter, r *http.Request, c session.Current) error {
	token, err := p.Sessions.EndOthers(r.Context(), c, web.Place(r))
	if err != nil {
		return err
	}
	p.Sessions.Cookies.SetSession(w, token)
	return see(w, r, "/account/security?done=others_ended#devices")
}

// company shows the settings to administrators. Those without a second factor
// keep the portal and are told why this page is closed.
func (p *Portal) company(w http.ResponseWriter, r *http.Request, c session.Current) error {
	if !c.Account.User.Role.Manages() {
		return countersign.Refuse(countersign.Forbidden, "administrators_only")
	}
	s := c.Account.Settings
	view := CompanyView{
		Page: p.frame(r, c, "company", nil), Workspace: c.Account.Workspace.Name, Closed: c.SecondFactors == 0, Require: "optional",
		From: s.Require.From, TOTPMax: s.TOTPMax, RecoveryCodes: s.RecoveryCodes, Effect: s.RecoveryEffect, Delivery: s.RecoveryDelivery,
		AdminReset: s.AdminReset, TurnOff: s.TurnOff, Enrol: s.EnrolAtSignIn, RetentionDays: s.RetentionDays, TrustedDays: s.TrustedDays, Digest: s.Digest,
		Passkeys: s.Passkeys(), PasskeyFirst: s.PasskeyFirst(), PasskeyModels: len(s.PasskeyModels),
		Texts: s.Allows(policy.SMS), TextCountries: countries(r, s.TextCountries), TextsAHour: s.TextsAHour, TextsADay: s.TextsADay,
		Pushes: s.Pushes(), PushFirst: s.PushFirst(), PushConfirm: s.PushConfirm, PushLeast: s.PushMinVersion,
	}
	switch {
	case s.Require.Required && !s.Require.From.IsZero() && !s.Require.Holds(p.Now()):
		view.Require = "from"
	case s.Require.Required:
		view.Require = "required"
	}
	status := http.StatusOK
	if view.Closed {
		status = http.StatusForbidden
	}
	return p.pages.Render(w, r, status, "account/company", view)
}
