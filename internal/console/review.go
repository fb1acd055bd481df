package console

import (
	"net/http"
	"slices"
	"strconv"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// Review is what stands between a form and its being saved: what somebody else changed
// meanwhile, what a value must be accepted for, and whom the change affects.
type Review struct {
	Meanwhile []Meanwhile
	Changes   []ChangeLine
	Warnings  []Warning
	Impact    people.Impact
	// Counted tells that it was looked who is affected.
	Counted bool
}

// Ask tells whether something must be accepted.
func (r Review) Ask() bool { return len(r.Warnings) > 0 }

// ChangeLine is one setting that changes.
type ChangeLine struct {
	Pool, Name string // Name is an id of the catalogue
	Was, Is    policy.Sight
}

// Same tells that people see the same before and after.
func (l ChangeLine) Same() bool {
	return l.Was.ID == l.Is.ID && l.Was.Text == l.Is.Text && l.Was.Count == l.Is.Count && l.Was.Date.Equal(l.Is.Date) && slices.Equal(l.Was.Methods, l.Is.Methods)
}

func versionText(version int64) string { return strconv.FormatInt(version, 10) }

// Warning is one thing to accept: Text is an id of the catalogue.
type Warning struct {
	ID, Value, Name, Text string
	Accepted              bool
}

// Sorts are the groups of people that a change affects, the gravest first.
func (r Review) Sorts() []Sort {
	var all []Sort
	for _, s := range []Sort{
		{"policy.effect_locked_out", r.Impact.LockedOut, "bad"},
		{"policy.effect_managers", r.Impact.Managers, "bad"},
		{"policy.effect_codes_only", r.Impact.CodesOnly, "warn"},
		{"policy.effect_must_set_up", r.Impact.MustSetUp, "info"},
	} {
		if s.Of.Count > 0 {
			all = append(all, s)
		}
	}
	return all
}

// Sort is one group: Text is an id of the catalogue.
type Sort struct {
	Text string
	Of   people.Group
	Kind string
}

// Names are the first of them, by their addresses.
func (s Sort) Names() []string {
	var names []string
	for _, one := range s.Of.First {
		names = append(names, one.Email)
	}
	return names
}

// More tells that there are others.
func (s Sort) More() bool { return s.Of.Count > len(s.Of.First) }

// shutOut is the box that accepts that people are shut out.
const shutOut = "locked-out"

// review looks what a change does. accepted are the boxes that were ticked.
func (c *Console) review(r *http.Request, by session.Current, was people.Stored, next policy.Rules, accepted []string) (Review, error) {
	changes := policy.Changes(was.Rules, next)
	var v Review
	for _, change := range changes {
		key, known := policy.KeyNamed(change.Setting)
		if !known {
			continue
		}
		line := ChangeLine{Pool: change.Pool, Name: nameOf(key), Was: sightIn(key, was.Rules, change.Pool), Is: sightIn(key, next, change.Pool)}
		v.Changes = append(v.Changes, line)
		if change.Warning != "" {
			w := Warning{ID: "accept." + strconv.Itoa(len(v.Warnings)), Value: change.Path() + "=" + policy.Spell(comes(key, change, next)), Name: line.Name, Text: change.Warning}
			w.Accepted = slices.Contains(accepted, w.Value)
			v.Warnings = append(v.Warnings, w)
		}
	}
	if !policy.MayShutOut(changes) {
		return v, nil
	}
	var err error
	v.Impact, err = c.People.Impact(r.Context(), by.WorkspaceID, was, next)
	v.Counted = true
	if v.Impact.LockedOut.Count > 0 {
		v.Warnings = append(v.Warnings, Warning{
			ID: "accept." + shutOut, Value: shutOut, Name: "console.settings_shut_out", Text: "console.settings_shut_out_text", Accepted: slices.Contains(accepted, shutOut),
		})
	}
	return v, err
}

// comes is the value that a change puts in force: where a setting is taken back, the one
// that then holds, so that accepting one does not accept another.
func comes(key policy.Key, change policy.Change, next policy.Rules) any {
	if change.After != nil {
		return change.After
	}
	if change.Pool == "" {
		return key.Default
	}
	return inForceBy(next.Workspace)(key)
}

// sightIn is what people see of a setting where it is in force.
func sightIn(key policy.Key, rules policy.Rules, pool string) policy.Sight {
	all, err := policy.EffectiveOf(rules.Workspace, rules.Pools[pool])
	if err != nil {
		return policy.Sight{}
	}
	for _, e := range all {
		if e.Key.Name == key.Name {
			return policy.SightOf(key, e.Value)
		}
	}
	return policy.Sight{}
}

// open are the warnings that nobody accepted.
func (r Review) open() bool {
	return slices.ContainsFunc(r.Warnings, func(w Warning) bool { return !w.Accepted })
}

// save stores rules where nothing stands against it. It tells whether it did; else the form
// says why, or the review asks for something.
func (c *Console) save(r *http.Request, by session.Current, was people.Stored, next policy.Rules, form *web.Form, accepted []string) (Review, bool, error) {
	v, err := c.review(r, by, was, next, accepted)
	if err != nil {
		return v, false, err
	}
	switch {
	case v.Impact.NoOwner:
		form.Wrong("", "owners_locked_out")
		return v, false, nil
	case v.open():
		form.Wrong(v.Warnings[0].ID, "settings_accept")
		return v, false, nil
	}
	err = c.People.StoreRules(r.Context(), by.WorkspaceID, next, was.Version, people.Session(by.Holder(web.Place(r)), ""))
	if countersign.KindOf(err) == countersign.Conflict && form.Take(err, "") {
		return v, false, nil
	}
	return v, err == nil, err
}

// proofFirst leads to the page that asks for a fresh proof, and back to a page whose address
// brings back all that was chosen. Where none does, because something was accepted or the
// draft is too long, the form is kept.
func proofFirst(w http.ResponseWriter, r *http.Request, err error, back string) error {
	if web.WantsJSON(r) || len(r.PostForm["accept"]) > 0 || web.Inside(back, "") == "" {
		return err
	}
	return proofAt(w, r, account.ActOn(policy.DeedSettings, ""), back)
}
