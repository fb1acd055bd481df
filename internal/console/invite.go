package console

import (
	"bytes"
	"net/http"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// listBytes is the most that a list of people may be, with the rest of its form: a
// thousand lines of the longest names and addresses are half of it.
const listBytes = 1 << 20

// Bodies are the addresses that take more than a form is long, and how much, in bytes.
func Bodies() map[string]int64 {
	return map[string]int64{"/console/invite/list": listBytes, workspaceChangePath: logoBytes}
}

// InviteView is the page that invites one person, or a list of people.
type InviteView struct {
	Shell

	Pools, Roles []Option
	// NoRoles tells that this person invites without giving a role.
	NoRoles bool
	Most    int
}

// ListedView is what became of a list: one row for each line.
type ListedView struct {
	Shell

	Invited, Others int
	Rows            []ListedRow
}

// ListedRow is one line of the list. Code is "" for somebody who was invited, else the
// code of what was wrong, said with Args.
type ListedRow struct {
	Line        int
	Email, Name string
	Known       bool
	Code        string
	Args        []any
}

func (c *Console) invitePage(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.showInvite(w, r, by, "invite", web.NewForm())
}

func (c *Console) listPage(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.showInvite(w, r, by, "invite_list", web.NewForm())
}

// showInvite asks for the proof before anything is typed.
func (c *Console) showInvite(w http.ResponseWriter, r *http.Request, by session.Current, name string, form *web.Form) error {
	err := by.Holder(web.Place(r)).NeedFresh(account.ActOn(policy.DeedInvite, ""))
	if err != nil {
		return err
	}
	view := InviteView{Shell: c.shell(r, by, "people"), Most: people.MostInvitees}
	view.Form = form
	pools, err := c.People.ListPools(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	for _, pool := range pools {
		view.Pools = append(view.Pools, Option{string(pool.ID), pool.Name, string(pool.ID) == form.Value("pool")})
	}
	chosen := countersign.Role(form.Value("role"))
	if !chosen.Valid() {
		chosen = countersign.Member
	}
	for _, role := range countersign.Roles() {
		if policy.May(by.Account.User.Role, policy.DeedInvite, role) {
			view.Roles = append(view.Roles, Option{string(role), "account.role_" + string(role), role == chosen})
		}
	}
	view.NoRoles = len(view.Roles) == 1
	return c.pages.Render(w, r, form.Status(), name, view)
}

func (c *Console) invite(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	user, err := c.People.Create(r.Context(), by.WorkspaceID, people.NewUser{
		Email: form.Value("email"), Name: form.Value("name"), Role: countersign.Role(form.Value("role")), Pool: countersign.PoolID(form.Value("pool")),
	}, people.Session(by.Holder(web.Place(r)), ""))
	if err == nil {
		return see(w, r, "/console/people/"+string(user.ID)+"?done=invited")
	}
	if !takeGonePool(form, err) && !form.Take(err, "email") {
		return err
	}
	return c.showInvite(w, r, by, "invite", form)
}

func (c *Console) inviteList(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, file, err := web.ReadUpload(r, "file")
	if err != nil {
		return err
	}
	text := file
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte(form.Raw("list"))
	}
	list, err := people.Invitees(text)
	var results []people.Invited
	if err == nil {
		results, err = c.People.InviteAll(r.Context(), by.WorkspaceID, list, countersign.Role(form.Value("role")), countersign.PoolID(form.Value("pool")),
			people.Session(by.Holder(web.Place(r)), ""))
	}
	if err != nil {
		if !takeGonePool(form, err) && !form.Take(err, "list") {
			return err
		}
		return c.showInvite(w, r, by, "invite_list", form)
	}
	view := ListedView{Shell: c.shell(r, by, "people")}
	for _, one := range results {
		row := ListedRow{Line: one.Line, Email: one.Email, Name: one.Name, Code: one.Code, Known: one.Code == "email_taken"}
		for name, value := range one.Args {
			row.Args = append(row.Args, name, value)
		}
		view.Rows = append(view.Rows, row)
		if one.Code == "" {
			view.Invited++
		} else {
			view.Others++
		}
	}
	return c.pages.Render(w, r, http.StatusOK, "invited", view)
}
