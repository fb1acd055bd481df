package main

import (
	"context"
	"time"

	"countersign/internal/account"
)

// adminCommands work on the machine, past all pages: whoever may read the
// master key may use them. They work beside a running server too.
type adminCommands struct {
	Setup     adminSetup        `cmd:"" help:"Make a new one-time address that makes the first owner."`
	Workspace workspaceCommands `cmd:"" help:"Make, list, change and delete workspaces: companies with addresses of their own."`
	User      userCommands      `cmd:"" help:"Make, list, disable, delete and help users."`
	Pool      poolCommands      `cmd:"" help:"Make, list, change and fill identity pools."`
	Policy    policyCommands    `cmd:"" help:"Show and change what a sign-in requires."`
	Audit     auditCommands     `cmd:"" help:"Look through the audit log, and check what is in it."`
	Texts     adminTexts        `cmd:"" help:"Show how many text messages were sent, and what they cost."`
	MasterKey keyCommands       `cmd:"" name:"master-key" help:"Change the key that seals secrets in the database."`
	Backup    adminBackup       `cmd:"" help:"Write a backup while the server goes on."`
	Restore   adminRestore      `cmd:"" help:"Put a backup into a new, empty place."`
	Copy      adminCopy         `cmd:"" help:"Move everything into another, empty database."`
}

func (*adminCommands) examples() []string {
	return []string{
		"countersign admin setup",
		"countersign admin user create --email ada@example.com --name 'Ada Bright'",
		"countersign admin policy apply company-required",
		"countersign admin backup /var/backups/countersign-monday.db",
	}
}

// adminSetup makes the set-up address anew: the server prints one at each start.
type adminSetup struct {
	allSettings
	inWorkspace
}

func (*adminSetup) examples() []string {
	return []string{"countersign admin setup", "countersign admin setup --json"}
}

// link is a one-time address as a result for a program.
type link struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Run prints the address.
func (c *adminSetup) Run(ctx context.Context, t *terminal) error {
	loaded, err := c.settings(t)
	if err != nil {
		return err
	}
	p, err := openEngine(ctx, t, loaded)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	workspace, err := c.of(ctx, p)
	if err != nil {
		return err
	}
	address, err := p.People.SetupLink(ctx, workspace)
	if err != nil {
		return err
	}
	return t.link(address, account.LinkSetup, "cli.setup_address")
}

func linkOf(address string, kind account.LinkKind) link {
	return link{address, time.Now().Add(kind.Life()).UTC().Truncate(time.Second)}
}

// link prints a one-time address, and beside it what it is good for.
func (t *terminal) link(address string, kind account.LinkKind, told string) error {
	if t.json {
		return t.printJSON(linkOf(address, kind))
	}
	t.tell(told, "Length", kind.Life())
	return t.print(address + "\n")
}
