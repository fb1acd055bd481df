package people

import (
	"context"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/method"
	"countersign/internal/store"
)

// Export is everything that is kept about a person and is theirs to have, as
// JSON. No secret is in it.
type Export struct {
	ID            countersign.UserID `json:"id"`
	Workspace     string             `json:"workspace"`
	Email         string             `json:"email"`
	EmailVerified *time.Time         `json:"email_verified_at,omitempty"`
	Name          string             `json:"name"`
	Role          countersign.Role   `json:"role"`
	Language      string             `json:"language,omitempty"`
	Zone          string             `json:"time_zone,omitempty"`
	CreatedAt     time.Time          `json:"created_at"`
	SecondSteps   []ExportedStep     `json:"second_steps"`
	Devices       []ExportedDevice   `json:"devices"`
	Browsers      []ExportedBrowser  `json:"browsers"`
	Activity      []ExportedEvent    `json:"activity"`
}

// ExportedStep is one credential, without its secret; a phone number is none to whoever
// has it.
type ExportedStep struct {
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
	// Number is where texts go (ITU-T E.164), "" for other kinds.
	Number   string     `json:"number,omitempty"`
	AddedAt  time.Time  `json:"added_at"`
	UsedAt   *time.Time `json:"last_used_at,omitempty"`
	UsedFrom string     `json:"last_used_from,omitempty"`
	Left     int64      `json:"codes_left,omitempty"`
}

// ExportedDevice is one paired phone.
type ExportedDevice struct {
	Kind     string     `json:"kind"`
	Name     string     `json:"name"`
	Platform string     `json:"platform,omitempty"`
	Client   string     `json:"client,omitempty"`
	Version  string     `json:"version,omitempty"`
	State    string     `json:"state"`
	PairedAt *time.Time `json:"paired_at,omitempty"`
	SeenAt   *time.Time `json:"last_seen_at,omitempty"`
}

// ExportedBrowser is one browser that signed in.
type ExportedBrowser struct {
	UserAgent string    `json:"user_agent"`
	Since     time.Time `json:"known_since"`
	SeenAt    time.Time `json:"last_seen_at"`
	// TrustedUntil is when its trust ends, where it is trusted now.
	TrustedUntil *time.Time `json:"trusted_until,omitempty"`
}

// ExportedEvent is one line of the person's activity.
type ExportedEvent struct {
	At        time.Time         `json:"at"`
	Kind      string            `json:"kind"`
	Outcome   string            `json:"outcome"`
	IP        string            `json:"ip,omitempty"`
	UserAgent string            `json:"user_agent,omitempty"`
	Detail    map[string]string `json:"detail,omitempty"`
}

// Export collects a person's own data, and notes that it was taken.
func (s *Service) Export(ctx context.Context, h account.Holder) (Export, error) {
	err := h.NeedFresh(account.ActExport)
	if err != nil {
		return Export{}, err
	}
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return Export{}, err
	}
	u := a.User
	out := Export{
		ID: u.ID, Workspace: a.Workspace.Name, Email: u.Email, EmailVerified: moment(u.EmailVerifiedAt), Name: u.Name,
		Role: u.Role, Language: u.Language, Zone: u.Zone, CreatedAt: time.UnixMilli(u.CreatedAt).UTC(),
	}
	credentials, err := s.Store.Read().ListCredentials(ctx, h.Workspace, h.User)
	if err != nil {
		return Export{}, store.Classify(err)
	}
	for _, c := range credentials {
		if c.State != "active" {
			continue
		}
		step := ExportedStep{Kind: c.Kind, Name: c.Name, AddedAt: time.UnixMilli(c.ConfirmedAt).UTC(), UsedAt: moment(c.UsedAt), UsedFrom: c.UsedFrom}
		if c.Kind == "recovery" {
			step.Left = c.Counter
		}
		if c.Kind == string(method.SMS) {
			step.Number, err = s.Accounts.NumberOf(c)
			if err != nil {
				return Export{}, err
			}
		}
		out.SecondSteps = append(out.SecondSteps, step)
	}
	devices, err := s.Store.Read().ListDevices(ctx, h.Workspace, h.User)
	if err != nil {
		return Export{}, store.Classify(err)
	}
	for _, d := range devices {
		out.Devices = append(out.Devices, ExportedDevice{
			Kind: d.Kind, Name: d.Name, Platform: d.Platform, Client: d.Client, Version: d.Version, State: d.State,
			PairedAt: moment(d.ActivatedAt), SeenAt: moment(d.SeenAt),
		})
	}
	browsers, err := s.Store.Read().ListBrowsers(ctx, h.Workspace, h.User)
	if err != nil {
		return Export{}, store.Classify(err)
	}
	for _, b := range browsers {
		one := ExportedBrowser{UserAgent: b.UserAgent, Since: time.UnixMilli(b.KnownSince).UTC(), SeenAt: time.UnixMilli(b.SeenAt).UTC()}
		trust := account.TrustOf(b)
		if a.Settings.Trusts(trust, s.Now()) {
			until := a.Settings.TrustedUntil(trust).UTC()
			one.TrustedUntil = &until
		}
		out.Browsers = append(out.Browsers, one)
	}
	err = s.exportActivity(ctx, h, &out)
	if err != nil {
		return Export{}, err
	}
	return out, s.Store.Write(ctx, func(tx *store.Tx) error {
		return s.event(tx, By{Actor: h.Actor(), Place: h.Place}, u, "data.exported", nil)
	})
}

func (s *Service) exportActivity(ctx context.Context, h account.Holder, out *Export) error {
	var before countersign.EventID
	for {
		events, err := s.Activity(ctx, h.Workspace, h.User, before, 0, 1000)
		if err != nil {
			return err
		}
		for _, e := range events {
			out.Activity = append(out.Activity, ExportedEvent{
				At: e.At.Time(), Kind: e.Kind, Outcome: e.Outcome, IP: e.IP, UserAgent: e.UserAgent, Detail: audit.Detail(e),
			})
		}
		if len(events) < 1000 {
			return nil
		}
		before = events[len(events)-1].ID
	}
}

func moment(milli int64) *time.Time {
	if milli == 0 {
		return nil
	}
	t := time.UnixMilli(milli).UTC()
	return &t
}
