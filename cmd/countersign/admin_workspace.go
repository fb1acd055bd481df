package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/picture"
	"countersign/internal/server"
	"countersign/internal/store/rows"
)

// workspaceCommands manage the workspaces: companies that sign in at host names of their
// own, and see nothing of each other.
type workspaceCommands struct {
	Create workspaceCreate `cmd:"" help:"Make a workspace, and print the one-time address that makes its first owner."`
	List   workspaceList   `cmd:"" help:"List all workspaces."`
	Set    workspaceSet    `cmd:"" help:"Change a workspace's name, address or look."`
	Setup  workspaceSetup  `cmd:"" help:"Make a new one-time address that makes a workspace's first owner."`
	Delete workspaceDelete `cmd:"" help:"Delete a workspace and everything of it."`
}

func (*workspaceCommands) examples() []string {
	return []string{
		"countersign admin workspace create 'Acme Ltd' --host acme.example.com",
		"countersign admin workspace list",
		"countersign admin workspace set acme.example.com --accent '#7a0c3e' --logo acme.png",
	}
}

// workspaceCreate makes a workspace.
type workspaceCreate struct {
	allSettings
	Name     string `arg:"" help:"The name of the company or team."`
	Host     string `name:"host" required:"" placeholder:"HOST" help:"The host name at which its people sign in."`
	Language string `name:"people-language" placeholder:"TAG" help:"The language for its people who have chosen none. Default: the installation's."`
}

func (*workspaceCreate) examples() []string {
	return []string{
		"countersign admin workspace create 'Acme Ltd' --host acme.example.com",
		"countersign admin workspace create Acme --host acme.localhost --people-language de --json",
	}
}

// workspaceMadeView is the result for a program.
type workspaceMadeView struct {
	ID    countersign.WorkspaceID `json:"id"`
	URL   string                  `json:"url"`
	SetUp link                    `json:"setup"`
}

// Run makes the workspace and prints the address.
func (c *workspaceCreate) Run(ctx context.Context, t *terminal) error {
	return c.withAll(ctx, t, func(p *server.Parts) error {
		made, err := p.People.CreateWorkspace(ctx, people.NewWorkspace{Name: c.Name, Host: c.Host, Language: c.Language}, people.Shell())
		var refusal *countersign.Error
		if errors.As(err, &refusal) && refusal.Field == "name" {
			refusal.Field = "" // it is no flag here
		}
		if err != nil {
			return err
		}
		if t.json {
			return t.printJSON(workspaceMadeView{made.ID, p.Accounts.Address(made.ID), linkOf(made.SetUp, account.LinkSetup)})
		}
		t.tell("cli.workspace_made", "Workspace", string(made.ID), "Address", p.Accounts.Address(made.ID))
		return t.link(made.SetUp, account.LinkSetup, "cli.setup_address")
	})
}

// withAll opens the installation with all settings for act: addresses begin with the
// configured one's scheme.
func (s allSettings) withAll(ctx context.Context, t *terminal, act func(*server.Parts) error) error {
	loaded, err := s.settings(t)
	if err != nil {
		return err
	}
	err = installed(loaded)
	if err != nil {
		return err
	}
	p, err := openEngine(ctx, t, loaded)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	return act(p)
}

// workspaceList lists the workspaces, the default one first.
type workspaceList struct{ allSettings }

func (*workspaceList) examples() []string {
	return []string{"countersign admin workspace list", "countersign admin workspace list --json"}
}

// workspaceView is a workspace as a result for a program.
type workspaceView struct {
	ID        countersign.WorkspaceID `json:"id"`
	URL       string                  `json:"url"`
	Host      string                  `json:"host"`
	Name      string                  `json:"name"`
	Language  string                  `json:"language"`
	Accent    string                  `json:"accent"`
	Sender    string                  `json:"sender"`
	Logo      bool                    `json:"logo"`
	People    int64                   `json:"people"`
	CreatedAt *time.Time              `json:"created_at"`
}

func workspaceViewOf(w people.WorkspaceListed) workspaceView {
	return workspaceView{
		ID: w.ID, URL: w.Address, Host: w.Host, Name: w.Name, Language: w.Language, Accent: w.Accent, Sender: w.Sender, Logo: w.Logo != "",
		People: w.People, CreatedAt: known(w.CreatedAt.Time()),
	}
}

// Run prints the list.
func (c *workspaceList) Run(ctx context.Context, t *terminal) error {
	return c.withAll(ctx, t, func(p *server.Parts) error {
		list, err := p.People.ListWorkspaces(ctx)
		if err != nil {
			return err
		}
		views, lines := []workspaceView{}, [][]string{}
		for _, w := range list {
			v := workspaceViewOf(w)
			views = append(views, v)
			lines = append(lines, []string{string(v.ID), v.URL, v.Name, strconv.FormatInt(v.People, 10), day(v.CreatedAt), cmp.Or(v.Sender, "-")})
		}
		if t.json {
			return t.printJSON(views)
		}
		return t.table([]string{"ID", "ADDRESS", "NAME", "PEOPLE", "CREATED", "SENDER"}, lines)
	})
}

// oneWorkspace is the argument of the commands about one workspace.
type oneWorkspace struct {
	allSettings
	ID string `arg:"" name:"workspace" help:"The workspace's id or host name."`
}

// with opens the installation, finds the workspace, and lets act do its work.
func (c oneWorkspace) with(ctx context.Context, t *terminal, act func(*server.Parts, rows.Workspace) error) error {
	return c.withAll(ctx, t, func(p *server.Parts) error {
		w, err := p.People.FindWorkspace(ctx, c.ID)
		if err != nil {
			return err
		}
		return act(p, w)
	})
}

// workspaceSet changes what a workspace is called and looks like.
type workspaceSet struct {
	oneWorkspace
	Name     *string `name:"name" placeholder:"NAME" help:"The name of the company or team."`
	Host     *string `name:"host" placeholder:"HOST" help:"The host name at which its people sign in. Passkeys and phones work at one host name alone."`
	Language *string `name:"people-language" placeholder:"TAG" help:"The language for its people who have chosen none; empty for the installation's."`
	Accent   *string `name:"accent" placeholder:"#RRGGBB" help:"Its colour, dark enough for white text; empty for the built-in one."`
	Sender   *string `name:"sender" placeholder:"SENDER" help:"Whom its mails come from: a name, an address, or both, like 'Acme <no-reply@acme.example.com>'. Empty for its own name and the installation's address."`
	Logo     *string `name:"logo" placeholder:"FILE" help:"A PNG, JPEG or WebP picture of at most 100 KB and 1,024 pixels a side; empty takes it away."`
	Yes      bool    `name:"yes" help:"Give it another host name although its people lose passkeys and phones."`
}

func (*workspaceSet) examples() []string {
	return []string{
		"countersign admin workspace set acme.example.com --accent '#7a0c3e' --logo acme.png",
		"countersign admin workspace set acme.example.com --sender 'Acme sign-in <no-reply@acme.example.com>'",
		"countersign admin workspace set wsp_default --name 'Acme Ltd' --sender 'Acme sign-in'",
	}
}

// Run changes the workspace, and prints it for a program.
func (c *workspaceSet) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, w rows.Workspace) error {
		next := people.ChangeOf(w)
		next.Move = c.Yes
		for given, into := range map[*string]*string{
			c.Name: &next.Name, c.Host: &next.Host, c.Language: &next.Language, c.Accent: &next.Accent, c.Sender: &next.Sender,
		} {
			if given != nil {
				*into = *given
			}
		}
		var err error
		next.Logo, err = readLogo(c.Logo)
		if err == nil {
			err = p.People.ChangeWorkspace(ctx, w.ID, next, people.Shell())
		}
		if err != nil {
			return err
		}
		t.tell("cli.workspace_changed", "Address", p.Accounts.Address(w.ID))
		if !t.json {
			return nil
		}
		list, err := p.People.ListWorkspaces(ctx)
		for _, one := range list {
			if one.ID == w.ID {
				return t.printJSON(workspaceViewOf(one))
			}
		}
		return err
	})
}

// readLogo reads the file that was named: nil for none, and nothing for "".
func readLogo(file *string) ([]byte, error) {
	if file == nil {
		return nil, nil
	}
	if *file == "" {
		return []byte{}, nil
	}
	f, err := os.Open(*file) // #nosec G304 -- the operator names this file
	if err != nil {
		return nil, usageError{fmt.Errorf("--logo: %w", err)}
	}
	defer func() { _ = f.Close() }()
	octets, err := io.ReadAll(io.LimitReader(f, picture.MostOctets+1))
	if err != nil {
		return nil, usageError{fmt.Errorf("--logo: %w", err)}
	}
	if len(octets) == 0 {
		return nil, usageError{fmt.Errorf("--logo: %s is empty", *file)}
	}
	return octets, nil
}

// workspaceSetup makes the set-up address of a workspace anew.
type workspaceSetup struct{ oneWorkspace }

func (*workspaceSetup) examples() []string {
	return []string{"countersign admin workspace setup acme.example.com"}
}

// Run prints the address.
func (c *workspaceSetup) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, w rows.Workspace) error {
		address, err := p.People.SetupLink(ctx, w.ID)
		if err != nil {
			return err
		}
		return t.link(address, account.LinkSetup, "cli.setup_address")
	})
}

// workspaceDelete removes a workspace.
type workspaceDelete struct {
	oneWorkspace
	Confirm string `name:"confirm" placeholder:"NAME" help:"The workspace's name once more, instead of typing it."`
}

func (*workspaceDelete) examples() []string {
	return []string{"countersign admin workspace delete acme.example.com", "countersign admin workspace delete wsp_… --confirm 'Acme Ltd'"}
}

// Run deletes the workspace; one with people after a second look.
func (c *workspaceDelete) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, w rows.Workspace) error {
		err := p.People.RemoveWorkspace(ctx, w.ID, c.Confirm, people.Shell())
		var refusal *countersign.Error
		if c.Confirm == "" && errors.As(err, &refusal) && refusal.Code == "workspace_name_other" {
			say := t.speaker()
			var typed string
			question := say.SayMap("cli.workspace_delete", refusal.Args) + "\n" + say.Say("cli.workspace_type")
			typed, err = t.ask(question, say.SayMap("cli.workspace_confirm", refusal.Args))
			if err == nil {
				err = p.People.RemoveWorkspace(ctx, w.ID, typed, people.Shell())
			}
		}
		if errors.As(err, &refusal) && refusal.Field == "name" {
			refusal.Field = "confirm"
		}
		if err != nil {
			return err
		}
		t.tell("cli.workspace_deleted", "Workspace", w.Name)
		return nil
	})
}
