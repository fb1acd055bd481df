package main

import (
	"context"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/config"
	"countersign/internal/people"
	"countersign/internal/server"
	"countersign/internal/store/rows"
)

// userCommands manage users.
type userCommands struct {
	Create  userCreate  `cmd:"" help:"Make a user, with a password or by an invitation."`
	List    userList    `cmd:"" help:"List all users."`
	Enable  userEnable  `cmd:"" help:"Let a disabled user in again; one without a password is invited anew."`
	Disable userDisable `cmd:"" help:"Put a user out at once, everywhere."`
	Unlock  userUnlock  `cmd:"" help:"End the locks after wrong passwords and codes of a user."`
	SignOut userSignOut `cmd:"" name:"sign-out" help:"End all sessions of a user, and take the trust from their browsers."`
	Require userRequire `cmd:"" help:"Require a second step of a user, or leave it to pool and workspace."`
	Delete  userDelete  `cmd:"" help:"Delete a user and everything they set up."`
	Role    userRole    `cmd:"" help:"Give a user another role."`
	Rescue  userRescue  `cmd:"" help:"Print a one-time link to a new password. The second step is asked all the same."`
	Reset   userReset   `cmd:"" name:"reset-2fa" help:"Turn a user's two-factor authentication off, so that they set it up anew."`
}

func (*userCommands) examples() []string {
	return []string{
		"countersign admin user list",
		"countersign admin user create --email ada@example.com --name 'Ada Bright' --role administrator",
		"countersign admin user rescue ada@example.com",
	}
}

// userCreate makes a user.
type userCreate struct {
	Email        string `name:"email" required:"" placeholder:"ADDRESS" help:"The address to sign in with."`
	Name         string `name:"name" required:"" placeholder:"NAME" help:"The name of the person."`
	Role         string `name:"role" default:"user" placeholder:"ROLE" help:"owner, administrator, helpdesk, auditor or user. Default: user"`
	Pool         string `name:"pool" placeholder:"POOL" help:"The identity pool, by name or id. Default: by the rules of the pools"`
	PasswordFile string `name:"password-file" placeholder:"FILE" help:"A file that holds the password; - is standard input. Without it an invitation is mailed."`
	allSettings
	inWorkspace
}

func (*userCreate) examples() []string {
	return []string{
		"countersign admin user create --email ada@example.com --name 'Ada Bright'",
		"pwgen 20 1 | countersign admin user create --email ada@example.com --name 'Ada Bright' --password-file -",
	}
}

// Run makes the user and prints the id.
func (c *userCreate) Run(ctx context.Context, t *terminal) error {
	loaded, err := c.settings(t)
	if err != nil {
		return err
	}
	n := people.NewUser{Email: c.Email, Name: c.Name, Role: countersign.Role(c.Role)}
	switch {
	case c.PasswordFile != "":
		n.Password, err = t.secret("--password-file", c.PasswordFile)
		if err != nil {
			return err
		}
	case !mails(loaded):
		return countersign.Refuse(countersign.Invalid, "no_mail_server")
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
	if c.Pool != "" {
		pool, _, err := findPool(ctx, p, workspace, c.Pool)
		if err != nil {
			return err
		}
		n.Pool = pool.ID
	}
	user, err := p.People.Create(ctx, workspace, n, people.Shell())
	if err != nil {
		return err
	}
	if n.Password == "" {
		t.tell(invitedBy(loaded), "Email", user.Email)
	}
	if t.json {
		return t.printJSON(viewOf(people.Person{User: user}))
	}
	return t.print(string(user.ID) + "\n")
}

// mails tells whether an invitation reaches anybody.
func mails(c config.Config) bool { return c.SMTPURL != "" || c.Development() }

// invitedBy is the text that says where an invitation arrives.
func invitedBy(c config.Config) string {
	if c.SMTPURL == "" {
		return "cli.invited_here"
	}
	return "cli.invited"
}

// settings reads all settings for a command that does not serve.
func (s allSettings) settings(t *terminal) (config.Config, error) {
	return config.Load(s.inputs(t.env, false))
}

// oneUser is the argument of the commands about one user.
type oneUser struct {
	User string `arg:"" help:"The user's e-mail address or id."`
	allSettings
	inWorkspace
}

// with opens the installation, finds the user, lets act do its work, and prints
// the user as they now are when a program asks.
func (c oneUser) with(ctx context.Context, t *terminal, act func(*server.Parts, account.Account) error) error {
	loaded, err := c.settings(t)
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
	workspace, err := c.of(ctx, p)
	if err != nil {
		return err
	}
	a, err := p.People.Find(ctx, workspace, c.User)
	if err != nil {
		return err
	}
	return act(p, a)
}

// change is with for an act after which the user is told of, or printed as JSON.
func (c oneUser) change(ctx context.Context, t *terminal, told string, act func(*server.Parts, account.Account) error) error {
	return c.with(ctx, t, func(p *server.Parts, a account.Account) error {
		err := act(p, a)
		if same := unchanged(err); same != "" {
			return t.changed(ctx, p, a.User, same) // as it was to be: a script goes on
		}
		if err != nil {
			return err
		}
		return t.changed(ctx, p, a.User, told)
	})
}

// unchanged is what to tell of an act that found everything as it was to become, "" for
// another answer.
func unchanged(err error) string {
	return map[string]string{
		people.NotLocked: "cli.user_not_locked", people.NotSignedIn: "cli.user_not_signed_in", people.NothingToReset: "cli.user_nothing_to_reset",
	}[people.Unchanged(err)]
}

// changed tells what was done, and prints the user for a program.
func (t *terminal) changed(ctx context.Context, p *server.Parts, user rows.User, told ...string) error {
	for _, id := range told {
		t.tell(id, "Email", user.Email)
	}
	if !t.json {
		return nil
	}
	person, err := personNow(ctx, p, user)
	if err != nil {
		return err
	}
	return t.printJSON(viewOf(person))
}

// personNow reads a user again. One who is gone comes back as they were, with
// the state deleted.
func personNow(ctx context.Context, p *server.Parts, was rows.User) (people.Person, error) {
	a, err := p.Accounts.Load(ctx, was.WorkspaceID, was.ID)
	if countersign.KindOf(err) == countersign.NotFound {
		was.State = "deleted"
		return people.Person{User: was}, nil
	}
	if err != nil {
		return people.Person{}, err
	}
	person := people.Person{User: a.User}
	list, err := p.Enrol.List(ctx, account.Holder{Workspace: was.WorkspaceID, User: was.ID})
	if err != nil {
		return people.Person{}, err
	}
	for _, c := range list {
		if c.Kind == "recovery" {
			person.CodesLeft += int(c.Counter)
		} else {
			person.SecondFactors++
		}
	}
	return person, nil
}

type userEnable struct{ oneUser }

func (*userEnable) examples() []string {
	return []string{"countersign admin user enable ada@example.com"}
}

// Run lets the user in again, or invites them anew when they have no password.
func (c *userEnable) Run(ctx context.Context, t *terminal) error {
	loaded, err := c.settings(t)
	if err != nil {
		return err
	}
	return c.with(ctx, t, func(p *server.Parts, a account.Account) error {
		if a.User.State == countersign.Disabled && a.User.PasswordHash == "" && !mails(loaded) {
			return countersign.Refuse(countersign.Invalid, "no_mail_server")
		}
		invited, err := p.People.Enable(ctx, a, people.Shell())
		if err != nil {
			return err
		}
		if invited {
			return t.changed(ctx, p, a.User, "cli.user_enabled_invited", invitedBy(loaded))
		}
		return t.changed(ctx, p, a.User, "cli.user_enabled")
	})
}

type userDisable struct{ oneUser }

func (*userDisable) examples() []string {
	return []string{"countersign admin user disable ada@example.com"}
}

// Run puts the user out.
func (c *userDisable) Run(ctx context.Context, t *terminal) error {
	return c.change(ctx, t, "cli.user_disabled", func(p *server.Parts, a account.Account) error {
		return p.People.Disable(ctx, a, people.Shell())
	})
}

type userDelete struct {
	oneUser
	Confirm string `name:"confirm" placeholder:"EMAIL" help:"The user's e-mail address once more, instead of typing it."`
}

func (*userDelete) examples() []string {
	return []string{"countersign admin user delete ada@example.com", "countersign admin user delete usr_… --confirm=ada@example.com"}
}

// Run deletes the user after a second look.
func (c *userDelete) Run(ctx context.Context, t *terminal) error {
	return c.change(ctx, t, "cli.user_deleted", func(p *server.Parts, a account.Account) error {
		err := t.confirm(c.Confirm, a.User.Email, "cli.confirm_delete")
		if err != nil {
			return err
		}
		return p.People.Delete(ctx, a, people.Shell())
	})
}

type userReset struct {
	oneUser
	Confirm string `name:"confirm" placeholder:"EMAIL" help:"The user's e-mail address once more, instead of typing it."`
}

func (*userReset) examples() []string {
	return []string{"countersign admin user reset-2fa ada@example.com", "countersign admin user reset-2fa usr_… --confirm=ada@example.com"}
}

// Run resets the second factor after a second look.
func (c *userReset) Run(ctx context.Context, t *terminal) error {
	return c.change(ctx, t, "cli.user_reset", func(p *server.Parts, a account.Account) error {
		err := t.confirm(c.Confirm, a.User.Email, "cli.confirm_reset")
		if err != nil {
			return err
		}
		_, err = p.People.ResetSecondFactor(ctx, a, people.Shell())
		return err
	})
}

type userRescue struct{ oneUser }

func (*userRescue) examples() []string {
	return []string{"countersign admin user rescue ada@example.com", "countersign admin user rescue ada@example.com --json"}
}

// Run prints the link.
func (c *userRescue) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, a account.Account) error {
		address, err := p.People.RescueLink(ctx, a, people.Shell())
		if err != nil {
			return err
		}
		return t.link(address, account.LinkRescue, "cli.rescue_address")
	})
}

// userView is a user as a result for a program. Times are null when never.
type userView struct {
	ID            countersign.UserID    `json:"id"`
	Email         string                `json:"email"`
	EmailVerified *time.Time            `json:"email_verified_at"`
	Name          string                `json:"name"`
	Role          countersign.Role      `json:"role"`
	Pool          countersign.PoolID    `json:"pool"`
	State         countersign.UserState `json:"state"`
	SecondFactors int                   `json:"second_factors"`
	CodesLeft     int                   `json:"recovery_codes_left"`
	CreatedAt     *time.Time            `json:"created_at"`
	SignedInAt    *time.Time            `json:"signed_in_at"`
}

func viewOf(p people.Person) userView {
	return userView{
		ID: p.ID, Email: p.Email, EmailVerified: moment(p.EmailVerifiedAt), Name: p.Name, Role: p.Role, Pool: p.PoolID, State: p.State,
		SecondFactors: p.SecondFactors, CodesLeft: p.CodesLeft, CreatedAt: moment(p.CreatedAt), SignedInAt: moment(p.SignedInAt),
	}
}

// known is a moment, nil for none.
func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func moment(milli int64) *time.Time {
	if milli == 0 {
		return nil
	}
	at := time.UnixMilli(milli).UTC()
	return &at
}
