package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/approve"
	"countersign/internal/method"
	"countersign/internal/server"
)

// auditCommands read the audit log.
type auditCommands struct {
	List     auditList   `cmd:"" help:"List what happened to one user, the latest first."`
	Verify   auditVerify `cmd:"" help:"Check that nothing was changed in the log, or the signatures of one approval or denial."`
	SealHead auditHead   `cmd:"" name:"seal-head" help:"Print where the chain over the log ends, to be noted elsewhere."`
}

// auditList lists one user's events.
type auditList struct {
	storeSettings
	inWorkspace
	User string `arg:"" placeholder:"USER" help:"The e-mail address or the id of the user."`
	Most int    `name:"most" default:"50" help:"How many at most, up to 1,000."`
}

func (*auditList) examples() []string {
	return []string{"countersign admin audit list ada@example.com", "countersign admin audit list ada@example.com --most 500 | grep request."}
}

// eventView is one event as a result for a program.
type eventView struct {
	ID      countersign.EventID `json:"id"`
	At      *time.Time          `json:"at"` // nil where it cannot be read
	Kind    string              `json:"kind"`
	Outcome string              `json:"outcome"`
	IP      string              `json:"ip"`
	Target  string              `json:"target"`
}

// engine opens the engine of an installation that is there.
func (s storeSettings) engine(ctx context.Context, t *terminal) (*server.Parts, error) {
	loaded, err := s.load(t)
	if err != nil {
		return nil, err
	}
	err = installed(loaded)
	if err != nil {
		return nil, err
	}
	return openEngine(ctx, t, loaded)
}

// Run prints the list.
func (c *auditList) Run(ctx context.Context, t *terminal) error {
	p, err := c.engine(ctx, t)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	workspace, err := c.of(ctx, p)
	if err != nil {
		return err
	}
	user, err := p.People.Find(ctx, workspace, c.User)
	if err != nil {
		return err
	}
	events, err := p.People.Activity(ctx, workspace, user.User.ID, "", 0, min(max(c.Most, 1), 1000))
	if err != nil {
		return err
	}
	views := []eventView{}
	lines := [][]string{}
	for _, e := range events {
		v := eventView{e.ID, known(e.At.Time()), e.Kind, e.Outcome, e.IP, e.Target}
		views = append(views, v)
		lines = append(lines, []string{string(v.ID), written(v.At), v.Kind, v.Outcome, v.IP, v.Target})
	}
	if t.json {
		return t.printJSON(views)
	}
	return t.table([]string{"EVENT", "TIME", "KIND", "OUTCOME", "ADDRESS", "TARGET"}, lines)
}

// auditVerify checks the chain over the log, or a decision's signatures from its event.
type auditVerify struct {
	storeSettings
	inWorkspace
	Event string   `arg:"" optional:"" placeholder:"EVENT" help:"The id of an event, as admin audit list prints it: then its signatures are checked. Without it the whole log is, of every workspace where none is named."`
	Head  []string `name:"head" placeholder:"HEAD" help:"A head that must be in the chain, as admin audit seal-head or the server's log had it. May be given several times."`
}

func (*auditVerify) examples() []string {
	return []string{
		"countersign admin audit verify",
		"countersign admin audit verify --workspace acme.example.com --head 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"countersign admin audit verify evt_01m81v58hq00tem4nzj89p20e0",
	}
}

// verifiedView is a decision that holds, as a result for a program.
type verifiedView struct {
	Holds     bool       `json:"holds"`
	Decision  string     `json:"decision"`
	Number    string     `json:"number"`
	Request   string     `json:"request"`
	Device    string     `json:"device"`
	Name      string     `json:"name"`
	Biometric bool       `json:"user_verified"`
	Display   string     `json:"display"`
	Key       string     `json:"device_thumbprint"`
	PairedBy  string     `json:"paired_by"`
	PairedAt  *time.Time `json:"paired_at"`
}

func verifiedOf(v approve.Verified) verifiedView {
	out := verifiedView{
		Holds: true, Decision: v.Decision, Number: v.Number, Request: v.Request, Device: v.Device, Name: v.DeviceName, Biometric: v.Biometric,
		Display: v.Display, Key: v.DeviceThumbprint, PairedBy: string(v.PairedBy),
	}
	if v.PairedBy != "" {
		at := v.PairedAt.UTC()
		out.PairedAt = &at
	}
	return out
}

// Run says what the signatures prove, or how the log was found.
func (c *auditVerify) Run(ctx context.Context, t *terminal) error {
	if c.Event != "" && len(c.Head) > 0 {
		return usageError{errors.New("--head is for the whole log, not for one event")}
	}
	p, err := c.engine(ctx, t)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	if c.Event == "" {
		return c.chains(ctx, t, p)
	}
	return c.signatures(ctx, t, p)
}

func (c *auditVerify) signatures(ctx context.Context, t *terminal, p *server.Parts) error {
	workspace, err := c.of(ctx, p)
	if err != nil {
		return err
	}
	found, err := p.Approvals.VerifyEvent(ctx, workspace, countersign.EventID(c.Event))
	if errors.Is(err, method.ErrWrong) {
		return errors.New(t.speaker().Say("cli.audit_broken", "Why", err.Error()))
	}
	if err != nil {
		return err
	}
	v := verifiedOf(found)
	if t.json {
		return t.printJSON(v)
	}
	t.tell("cli.audit_holds")
	lines := [][]string{
		{"decision", v.Decision},
		{"number", v.Number},
		{"shown", v.Display},
		{"request", v.Request},
		{"device", v.Device + " " + v.Name},
		{"device key", v.Key},
		{"user verified", fmt.Sprint(v.Biometric)},
		{"paired by", pairedBy(v)},
	}
	return t.table([]string{"WHAT", "VALUE"}, lines)
}

func pairedBy(v verifiedView) string {
	if v.PairedBy == "" {
		return "-"
	}
	return v.PairedBy + " " + v.PairedAt.Format(time.RFC3339)
}
