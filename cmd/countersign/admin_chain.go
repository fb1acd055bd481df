package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/server"
)

// auditHead prints where the chain of each workspace ends.
type auditHead struct {
	storeSettings
	inWorkspace
}

func (*auditHead) examples() []string {
	return []string{"countersign admin audit seal-head", "countersign admin audit seal-head >> /mnt/elsewhere/heads"}
}

// logs are the workspaces whose logs a command is about: the one that is named, or all that a
// log knows.
func (c inWorkspace) logs(ctx context.Context, p *server.Parts) ([]countersign.WorkspaceID, error) {
	if c.Workspace != "" {
		one, err := c.of(ctx, p)
		return []countersign.WorkspaceID{one}, err
	}
	return p.Audit.Logs(ctx)
}

// headView is the end of a chain as a result for a program.
type headView struct {
	Workspace countersign.WorkspaceID `json:"workspace"`
	Head      string                  `json:"head"`
}

// Run prints a line for each chain, as --head of verify takes it.
func (c *auditHead) Run(ctx context.Context, t *terminal) error {
	return c.withEngine(ctx, t, func(p *server.Parts) error {
		logs, err := c.logs(ctx, p)
		if err != nil {
			return err
		}
		views, lines := []headView{}, []string{}
		for _, w := range logs {
			head, err := p.Audit.Head(ctx, w)
			if err != nil {
				return err
			}
			if head.Seal != 0 {
				views = append(views, headView{w, head.String()})
				lines = append(lines, string(w)+"/"+head.String()+"\n")
			}
		}
		if t.json {
			return t.printJSON(views)
		}
		if len(lines) == 0 {
			t.tell("cli.chain_empty")
		}
		return t.print(strings.Join(lines, ""))
	})
}

// headsOf reads heads that were noted. Where one says no workspace, it is of this one.
func headsOf(texts []string, of countersign.WorkspaceID) (map[countersign.WorkspaceID][]audit.Head, error) {
	heads := map[countersign.WorkspaceID][]audit.Head{}
	for _, text := range texts {
		workspace := of
		if before, after, named := strings.Cut(text, "/"); named {
			workspace, text = countersign.WorkspaceID(before), after
		}
		head, err := audit.ParseHead(text)
		if err != nil {
			return nil, err
		}
		heads[workspace] = append(heads[workspace], head)
	}
	return heads, nil
}

// chainView is how a log was found, as a result for a program.
type chainView struct {
	Workspace      countersign.WorkspaceID `json:"workspace"`
	Holds          bool                    `json:"holds"`
	Seals          int64                   `json:"seals"`
	Events         int64                   `json:"events"`
	Retired        int64                   `json:"retired_seals"`
	Unsealed       int64                   `json:"unsealed"`
	OldestUnsealed *time.Time              `json:"oldest_unsealed"`
	Began          *time.Time              `json:"began"`
	Late           int64                   `json:"sealed_late"`
	Head           string                  `json:"head"`
	Wrong          int64                   `json:"wrong"`
	Problems       []problemView           `json:"problems"`
}

type problemView struct {
	Fault audit.Fault         `json:"fault"`
	Seal  int64               `json:"seal"`
	Event countersign.EventID `json:"event"`
}

func chainOf(r audit.Report) chainView {
	v := chainView{
		Workspace: r.Workspace, Holds: r.Holds(), Seals: r.Seals, Events: r.Events, Retired: r.Retired, Unsealed: r.Unsealed, Late: r.Late, Head: r.Head.String(),
		Wrong: r.Wrong, Problems: []problemView{},
	}
	if r.Unsealed > 0 {
		v.OldestUnsealed = known(countersign.Milli(r.OldestUnsealed).Time())
	}
	v.Began = known(countersign.Milli(r.Began).Time())
	for _, p := range r.Problems {
		v.Problems = append(v.Problems, problemView(p))
	}
	return v
}

// chains looks through the logs, and for heads of workspaces that are not there any more.
func (c *auditVerify) chains(ctx context.Context, t *terminal, p *server.Parts) error {
	unnamed, err := c.of(ctx, p)
	if err != nil {
		return err
	}
	heads, err := headsOf(c.Head, unnamed)
	if err != nil {
		return err
	}
	logs, err := c.logs(ctx, p)
	if err != nil {
		return err
	}
	var reports []audit.Report
	for _, w := range logs {
		r, err := p.Audit.VerifyBy(ctx, w, audit.By{Actor: countersign.Actor{Kind: countersign.ByShell}}, heads[w]...)
		if err != nil {
			return err
		}
		reports = append(reports, r)
		delete(heads, w)
	}
	for _, other := range slices.Sorted(maps.Keys(heads)) {
		r, err := p.Audit.Verify(ctx, other, heads[other]...)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	return t.printChains(reports)
}

// longUnsealed is for how long an event may wait for its seal before somebody should look
// why.
const longUnsealed = time.Minute

// written is a moment for a table, "" for none.
func written(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339)
}

func (t *terminal) printChains(reports []audit.Report) error {
	views, lines, wrong := []chainView{}, [][]string{}, [][]string{}
	for _, r := range reports {
		v := chainOf(r)
		views = append(views, v)
		lines = append(lines, []string{
			string(v.Workspace), strconv.FormatInt(v.Seals, 10), strconv.FormatInt(v.Events, 10), strconv.FormatInt(v.Retired, 10),
			strconv.FormatInt(v.Unsealed, 10), written(v.Began), v.Head,
		})
		for _, p := range r.Problems {
			wrong = append(wrong, []string{string(v.Workspace), t.speaker().Say(p.Text(), "Seal", strconv.FormatInt(p.Seal, 10), "Event", string(p.Event))})
		}
		if v.Late > 0 {
			t.tell("cli.chain_late", "Workspace", string(v.Workspace), "Count", int(v.Late))
		}
		if v.OldestUnsealed != nil && time.Since(*v.OldestUnsealed) > longUnsealed {
			t.tell("cli.chain_unsealed", "Workspace", string(v.Workspace), "Count", int(v.Unsealed), "Since", v.OldestUnsealed.Format(time.RFC3339))
		}
	}
	var err error
	if t.json {
		err = t.printJSON(views)
	} else {
		err = t.table([]string{"WORKSPACE", "SEALS", "EVENTS", "RETIRED", "UNSEALED", "BEGAN", "HEAD"}, lines)
	}
	if err != nil {
		return err
	}
	if len(wrong) == 0 {
		t.tell("cli.chain_holds")
		return nil
	}
	if !t.json {
		err = t.table([]string{"WORKSPACE", "WRONG"}, wrong)
		if err != nil {
			return err
		}
	}
	return errors.New(t.speaker().Say("cli.chain_broken", "First", wrong[0][1]))
}
