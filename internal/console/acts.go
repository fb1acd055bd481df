package console

import (
	"net/http"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// act is what somebody does to a person, on a page of its own: what will happen, a reason
// where the deed needs one, perhaps a choice, and one button.
type act struct {
	// Name is the last part of the address, and of the texts "console.act_<name>…".
	Name   string
	deed   policy.Deed
	danger bool
	// choice is the field of a choice, "" for none.
	choice string
	// fits tells whether it makes sense as the person stands.
	fits func(shown people.Shown) bool
	do   func(c *Console, r *http.Request, shown people.Shown, chosen string, by people.By) (done string, err error)
}

func active(s people.Shown) bool { return s.User.State == countersign.Active }

func always(people.Shown) bool { return true }

func guarded(s people.Shown) bool { return len(s.Line().Methods) > 0 }

// acts are all of them, in the order in which a person's page offers them.
func acts() []act {
	return []act{
		{
			"remind", policy.DeedRemind, false, "", func(s people.Shown) bool { return active(s) && !guarded(s) },
			func(c *Console, r *http.Request, s people.Shown, _ string, by people.By) (string, error) {
				return "reminded", c.People.Remind(r.Context(), s.Account, by)
			},
		},
		{
			"invite", policy.DeedInvite, false, "", func(s people.Shown) bool { return s.User.State == countersign.Invited },
			func(c *Console, r *http.Request, s people.Shown, _ string, by people.By) (string, error) {
				return "invited_again", c.People.InviteAgain(r.Context(), s.Account, by)
			},
		},
		{"code", policy.DeedHelpCode, false, "minutes", func(s people.Shown) bool {
			return active(s) && guarded(s) && s.Settings.AdminReset == policy.ResetAllowed
		}, nil},
		{
			"sign_out", policy.DeedSignOut, false, "", active,
			func(c *Console, r *http.Request, s people.Shown, _ string, by people.By) (string, error) {
				return "signed_out", c.People.SignOut(r.Context(), s.Account, by)
			},
		},
		{
			// Of somebody who is locked, offered says whether there is a point in it.
			"lock", policy.DeedLock, true, "", always,
			func(c *Console, r *http.Request, s people.Shown, _ string, by people.By) (string, error) {
				return "locked", c.People.Disable(r.Context(), s.Account, by)
			},
		},
		{"unlock", policy.DeedUnlock, false, "", func(s people.Shown) bool { return s.Paused || s.Waits || s.User.State == countersign.Disabled }, unlock},
		{"require", policy.DeedRequire, false, "required", always, require},
		{
			"move", policy.DeedMove, false, "pool", always,
			func(c *Console, r *http.Request, s people.Shown, chosen string, by people.By) (string, error) {
				return "moved", c.People.Move(r.Context(), s.Account, countersign.PoolID(chosen), policy.Effect(r.PostForm.Get("accept")), by)
			},
		},
		{
			"role", policy.DeedRole, false, "role", always,
			func(c *Console, r *http.Request, s people.Shown, chosen string, by people.By) (string, error) {
				return "role", c.People.SetRole(r.Context(), s.Account, countersign.Role(chosen), by)
			},
		},
		{"reset", policy.DeedReset, true, "", func(s people.Shown) bool {
			return (guarded(s) || s.Line().CodesLeft > 0) && s.Settings.AdminReset != policy.ResetNever
		}, reset},
		{
			"delete", policy.DeedDelete, true, "", always,
			func(c *Console, r *http.Request, s people.Shown, _ string, by people.By) (string, error) {
				return "deleted", c.People.Delete(r.Context(), s.Account, by)
			},
		},
	}
}

func unlock(c *Console, r *http.Request, s people.Shown, _ string, by people.By) (string, error) {
	if s.User.State != countersign.Disabled {
		return "unlocked", c.People.EndLocks(r.Context(), s.Account, by)
	}
	_, err := c.People.Enable(r.Context(), s.Account, by)
	return "unlocked", err
}

func require(c *Console, r *http.Request, s people.Shown, chosen string, by people.By) (string, error) {
	next, err := policy.ReadRequirement(chosen)
	if err != nil {
		return "", countersign.InvalidField("required", "requirement_unknown")
	}
	return "required", c.People.Require(r.Context(), s.Account, next, by)
}

// chosenIn is what a form chooses, as do takes it: for a requirement, the value with its day.
// It is "" where the form says what is wrong with it, as for one without the choice, which
// would end a requirement.
func (a act) chosenIn(form *web.Form, s people.Shown, now time.Time) string {
	if a.choice != "required" {
		return form.Value(a.choice)
	}
	value := valueOf(form, a.choice, now)
	if !form.Failed() && dayUnused(form, value, requirementOf(s), now) {
		form.Wrong("from", "requirement_day_unused")
	}
	return value
}

// requirementOf is what is required of this person alone, as settings spell it.
func requirementOf(s people.Shown) string {
	return policy.SpellRequirement(policy.Personal(s.User.RequireSecondFactor))
}

func reset(c *Console, r *http.Request, s people.Shown, _ string, by people.By) (string, error) {
	waits, err := c.People.ResetSecondFactor(r.Context(), s.Account, by)
	if waits != "" {
		return "reset_asked", err
	}
	return "reset", err
}

// sameAs tells that a choice is what the person has already: nothing would come of it. Some
// pages come with it, and to press their button is to forget to choose.
func (a act) sameAs(s people.Shown, chosen string) bool {
	switch a.choice {
	case "role":
		return chosen == string(s.User.Role)
	case "pool":
		return chosen == string(s.User.PoolID)
	case "required":
		return chosen == requirementOf(s)
	}
	return false
}

func actNamed(name string) act {
	for _, a := range acts() {
		if a.Name == name {
			return a
		}
	}
	panic("console: no act is called " + name) // a name in the table of routes
}

// ActView is the page of an act.
type ActView struct {
	Shell

	Act, ID, Name, Email string
	Danger               bool
	NeedsReason          bool
	ReasonHint           string // who reads it, an id of the catalogue
	Choice               string
	Options              []Option
	// Over tells that somebody of a lower role has locked the account, and this makes that lock
	// the reader's.
	Over bool
	// Once names the form, of an act that must not happen twice; "" for any other.
	Once string
	// TwoAdmins tells that a reset waits for a second administrator.
	TwoAdmins bool
	// Shut are pools into which only owners move this person.
	Shut []string
	// Nothing tells that there is nothing left to choose.
	Nothing bool
	// Effect is what a move into the chosen pool does to the person, to be accepted; ""
	// for nothing.
	Effect policy.Effect
}

// actPage shows an act. The proof is asked for first, so that nobody types a reason that
// is lost on the way.
func actPage(name string) func(*Console) page {
	return func(c *Console) page {
		return func(w http.ResponseWriter, r *http.Request, by session.Current) error {
			a, shown, err := c.actOn(r, by, name)
			if err != nil {
				return err
			}
			return c.showAct(w, r, by, a, shown, web.NewForm())
		}
	}
}

// actOn is the act and whom it is done to, when this person may do it there and has proven
// to be themselves for it.
func (c *Console) actOn(r *http.Request, by session.Current, name string) (act, people.Shown, error) {
	a := actNamed(name)
	shown, err := c.shown(r, by)
	if err != nil {
		return act{}, people.Shown{}, err
	}
	if !policy.May(by.Account.User.Role, a.deed, shown.User.Role) {
		return act{}, people.Shown{}, countersign.Refuse(countersign.Forbidden, "beyond_role")
	}
	if shown.User.ID == by.UserID && !a.deed.OnOneself() {
		return act{}, people.Shown{}, countersign.Refuse(countersign.Forbidden, "not_on_oneself")
	}
	if a.endsLock() && lockedAbove(by, shown) {
		return act{}, people.Shown{}, countersign.Refuse(countersign.Forbidden, "locked_above")
	}
	err = a.closed(shown.Settings)
	if err != nil {
		return act{}, people.Shown{}, err
	}
	return a, shown, by.Holder(web.Place(r)).NeedFresh(account.ActOn(a.deed, shown.User.ID))
}

// closed refuses what recovery.admin_reset lets nobody do here, as the rule itself does: a
// page for it would promise what is refused when its button is pressed.
func (a act) closed(s policy.Settings) error {
	switch {
	case a.deed != policy.DeedReset && a.deed != policy.DeedHelpCode:
		return nil
	case s.AdminReset == policy.ResetNever:
		return countersign.Refuse(countersign.Forbidden, "reset_never")
	case a.deed == policy.DeedHelpCode && s.AdminReset != policy.ResetAllowed:
		return countersign.Refuse(countersign.Forbidden, "help_code_off")
	}
	return nil
}

func (c *Console) showAct(w http.ResponseWriter, r *http.Request, by session.Current, a act, shown people.Shown, form *web.Form) error {
	view := ActView{
		Shell: c.shell(r, by, "people"), Act: a.Name, ID: string(shown.User.ID), Name: called(shown.User), Email: shown.User.Email, Danger: a.danger,
		NeedsReason: a.deed.NeedsReason(), ReasonHint: reasonHint(a.deed), Choice: a.choice, TwoAdmins: shown.Settings.AdminReset == policy.ResetTwoAdmins,
	}
	view.Form, view.Over = form, a.deed == policy.DeedLock && locksOver(by, shown)
	if a.deed == policy.DeedHelpCode {
		view.Once = people.NewForm()
	}
	if a.choice == "required" && form.Value(a.choice) == "" {
		_, day := chosenOf(requirementOf(shown), c.Now())
		form.Values["from"] = day
	}
	var err error
	view.Options, view.Shut, err = c.options(r, by, a, shown, form.Value(a.choice))
	if err != nil {
		return err
	}
	if chosen := form.Value("pool"); a.choice == "pool" && chosen != "" {
		_, view.Effect, err = c.People.MoveImpact(r.Context(), shown.Account, countersign.PoolID(chosen))
		if err != nil && countersign.KindOf(err) != countersign.NotFound {
			return err
		}
	}
	view.Nothing = len(view.Shut) > 0 && len(view.Options) == 1
	return c.pages.Render(w, r, form.Status(), "act", view)
}

// reasonHint says who reads the reason. Whoever is deleted cannot download it any more.
func reasonHint(deed policy.Deed) string {
	if deed == policy.DeedDelete {
		return "console.reason_hint_delete"
	}
	if deed == policy.DeedHelpCode {
		return "console.reason_hint_code"
	}
	return "console.reason_hint"
}

// options are what an act's choice holds; chosen is what was chosen before. The names are
// of pools that only owners could choose.
func (c *Console) options(r *http.Request, by session.Current, a act, shown people.Shown, chosen string) ([]Option, []string, error) {
	var out []Option
	var shut []string
	add := func(value, name, now string) {
		if chosen == "" {
			chosen = now
		}
		out = append(out, Option{value, name, value == chosen})
	}
	switch a.choice {
	case "role":
		for _, role := range countersign.Roles() {
			if policy.May(by.Account.User.Role, policy.DeedRole, role) {
				add(string(role), "account.role_"+string(role), string(shown.User.Role))
			}
		}
	case "required":
		// What is not so yet is chosen at first: whoever presses the button wants a change. A day
		// to come stands there, to be put off.
		word, _ := chosenOf(requirementOf(shown), c.Now())
		other := map[string]string{"optional": "required", "required": "optional", "from": "from"}[word]
		add("optional", "console.require_optional", other)
		add("required", "console.require_required", other)
		add("from", "console.require_from", other)
	case "minutes":
		for _, minutes := range people.HelpMinutes() {
			add(strconv.Itoa(minutes), "time.minutes", strconv.Itoa(people.HelpMinutes()[0]))
		}
	case "pool":
		pools, err := c.People.ListPools(r.Context(), by.WorkspaceID)
		if err != nil {
			return nil, nil, err
		}
		for _, pool := range pools {
			settings, err := c.Accounts.Settings(r.Context(), by.WorkspaceID, pool.ID)
			if err != nil {
				return nil, nil, err
			}
			if policy.LooserReset(shown.Settings.AdminReset, settings.AdminReset) && !policy.MayLoosenReset(by.Account.User.Role) {
				shut = append(shut, pool.Name)
				continue
			}
			add(string(pool.ID), pool.Name, string(shown.User.PoolID))
		}
	}
	return out, shut, nil
}

// doAct does it, and goes back to the person's page, or shows what is wrong.
func doAct(name string) func(*Console) page {
	return func(c *Console) page {
		return func(w http.ResponseWriter, r *http.Request, by session.Current) error {
			form, err := web.ReadForm(r)
			if err != nil {
				return err
			}
			a, shown, err := c.actOn(r, by, name)
			if err != nil {
				return err
			}
			who := people.Session(by.Holder(web.Place(r)), form.Value("reason"))
			if a.Name == "code" {
				return c.giveCode(w, r, by, a, shown, form, who)
			}
			chosen := a.chosenIn(form, shown, c.Now())
			if !form.Failed() && a.sameAs(shown, chosen) {
				form.Wrong(a.choice, "act_same")
			}
			if form.Failed() {
				return c.showAct(w, r, by, a, shown, form)
			}
			done, err := a.do(c, r, shown, chosen, who)
			if same := people.Unchanged(err); same != "" {
				done, err = same, nil
			}
			if err != nil {
				return c.actRefused(w, r, by, a, shown, form, err)
			}
			if a.Name == "delete" {
				return see(w, r, "/console/people?done="+done)
			}
			return see(w, r, "/console/people/"+string(shown.User.ID)+"?done="+done)
		}
	}
}

func (c *Console) actRefused(w http.ResponseWriter, r *http.Request, by session.Current, a act, shown people.Shown, form *web.Form, err error) error {
	if !takeGonePool(form, err) && !form.Take(err, "") {
		return err
	}
	return c.showAct(w, r, by, a, shown, form)
}

// takeGonePool puts it on the form that the pool chosen in it was deleted in the meantime, so
// that nothing typed is lost. It tells whether that is what err says.
func takeGonePool(form *web.Form, err error) bool {
	if countersign.CodeOf(err) != "no_such_pool" {
		return false
	}
	form.Wrong("pool", "no_such_pool")
	return true
}

// CodeView is a code of the help desk, shown once: Code is "" for a form that was sent again.
type CodeView struct {
	Shell

	ID, Name string
	Code     string
	Minutes  int
}

func (c *Console) giveCode(w http.ResponseWriter, r *http.Request, by session.Current, a act, shown people.Shown, form *web.Form, who people.By) error {
	minutes, err := strconv.Atoi(form.Value("minutes"))
	if err != nil {
		minutes = 0 // the rule says what there is to choose
	}
	given, err := c.People.GiveHelpCode(r.Context(), shown.Account, minutes, form.Value("form"), who)
	if countersign.CodeOf(err) == "help_code_given" {
		// A reload, or a second click: the code is kept as a digest, and cannot be shown again.
		return c.pages.Render(w, r, web.Status(err), "code", CodeView{Shell: c.shell(r, by, "people"), ID: string(shown.User.ID), Name: called(shown.User)})
	}
	if err != nil {
		return c.actRefused(w, r, by, a, shown, form, err)
	}
	return c.pages.Render(w, r, http.StatusOK, "code", CodeView{
		Shell: c.shell(r, by, "people"), ID: string(shown.User.ID), Name: called(shown.User), Code: given.Code, Minutes: minutes,
	})
}

// endsLock tells of an act after which a lock is no more: an account that is gone is not
// locked, and its address can be invited anew.
func (a act) endsLock() bool { return a.deed == policy.DeedUnlock || a.deed == policy.DeedDelete }

// lockedAbove tells that the person is locked by somebody of a higher role than the reader's.
func lockedAbove(by session.Current, shown people.Shown) bool {
	return shown.User.State == countersign.Disabled && !policy.MayUnlock(by.Account.User.Role, shown.User.LockedBy)
}

// locksOver tells that the person is locked, and the reader's lock would be one that fewer
// people end.
func locksOver(by session.Current, shown people.Shown) bool {
	return shown.User.State == countersign.Disabled && policy.LocksHarder(by.Account.User.Role, shown.User.LockedBy)
}

// offered are the acts that a person's page leads to.
func offered(by session.Current, shown people.Shown) []string {
	var out []string
	for _, a := range acts() {
		self := shown.User.ID == by.UserID && !a.deed.OnOneself()
		above := a.endsLock() && lockedAbove(by, shown)
		locked := a.deed == policy.DeedLock && shown.User.State == countersign.Disabled && !locksOver(by, shown)
		if !self && !above && !locked && a.fits(shown) && policy.May(by.Account.User.Role, a.deed, shown.User.Role) {
			out = append(out, a.Name)
		}
	}
	return out
}
