package console

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/fold"
	"countersign/internal/people"
	"countersign/internal/session"
	"countersign/internal/store"
	"countersign/internal/web"
)

const (
	// mostFound is how many people a name of the filter may mean.
	mostFound = 20
	dayForm   = "2006-01-02"
)

// logFields are the words of the address that make the filter.
func logFields() []string {
	return []string{"q", "kind", "outcome", "person", "actor", "ip", "from", "to"}
}

// asked is what a filter was read from, with what is wrong with it.
type asked struct {
	audit.Filter

	form *web.Form
	// tooMany tells that a search meant more people than are looked for.
	tooMany bool
}

// logFilter reads a filter. What cannot be read is said beside its field, and then nothing
// is listed: a list that is longer than was meant would be taken for the answer.
func (c *Console) logFilter(r *http.Request, by session.Current, value func(string) string) (asked, error) {
	const longest = 200
	var pairs []string
	for _, name := range logFields() {
		typed := strings.TrimSpace(strings.ToValidUTF8(value(name), "?"))
		if len(typed) > longest {
			typed = strings.ToValidUTF8(typed[:longest], "")
		}
		pairs = append(pairs, name, strings.ReplaceAll(typed, "\x00", "?"))
	}
	a := asked{form: web.NewForm(pairs...)}
	if kind := a.form.Value("kind"); kind != "" {
		a.Kinds = kindsOf(kind)
		if a.Kinds == nil {
			a.form.Wrong("kind", "log_kind")
		}
	}
	switch outcome := audit.Outcome(a.form.Value("outcome")); outcome {
	case "", audit.OK, audit.Refused:
		a.Outcome = outcome
	default:
		a.form.Wrong("outcome", "log_outcome")
	}
	if typed := a.form.Value("ip"); typed != "" {
		address, err := netip.ParseAddr(typed)
		if err != nil {
			a.form.Wrong("ip", "log_address")
		}
		a.IP = address.String()
	}
	a.Since = a.day("from", 0)
	a.Until = a.day("to", 1)
	var err error
	a.Users, err = c.meant(r, by, a.form, "person")
	if err == nil {
		a.Actors, err = c.meant(r, by, a.form, "actor")
	}
	if err == nil && a.form.Value("q") != "" {
		err = c.search(r, by, &a)
	}
	return a, err
}

// day reads a day in UTC, and some days later.
func (a *asked) day(name string, later int) time.Time {
	typed := a.form.Value(name)
	if typed == "" {
		return time.Time{}
	}
	day, err := time.Parse(dayForm, typed)
	if err != nil || day.Year() < 1970 {
		a.form.Forget(name) // a browser has no place for it in a field for days
		a.form.Wrong(name, "log_day")
		return time.Time{}
	}
	return day.AddDate(0, 0, later)
}

// found are the people whom a text means, and whether there are more of them.
func (c *Console) found(r *http.Request, by session.Current, typed string) ([]countersign.UserID, bool, error) {
	if len(fold.Terms(typed)) == 0 {
		return nil, false, nil
	}
	lines, err := c.People.Search(r.Context(), by.WorkspaceID, people.Filter{Typed: typed}, "", "", mostFound)
	if err != nil {
		return nil, false, err
	}
	var ids []countersign.UserID
	for _, l := range lines.People {
		ids = append(ids, l.ID)
	}
	return ids, lines.Next != "", nil
}

// meant are the people whom a field names: by the identifier, which those who are gone
// have too, by the address, or by the name.
func (c *Console) meant(r *http.Request, by session.Current, form *web.Form, name string) ([]countersign.UserID, error) {
	typed := form.Value(name)
	if typed == "" {
		return nil, nil
	}
	if strings.HasPrefix(typed, "usr_") {
		return []countersign.UserID{countersign.UserID(typed)}, nil
	}
	ids, more, err := c.found(r, by, typed)
	switch {
	case err != nil:
		return nil, err
	case more:
		form.Wrong(name, "log_many")
	case len(ids) == 0:
		form.Wrong(name, "log_nobody")
	}
	return ids, nil
}

// search adds what is searched: an identifier or address as it was typed, people, and
// kinds by the words of their sentences.
func (c *Console) search(r *http.Request, by session.Current, a *asked) error {
	typed := a.form.Value("q")
	a.Terms = &store.EventTerms{IDs: []string{typed}}
	terms := fold.Terms(typed)
	if len(terms) == 0 {
		return nil
	}
	ids, more, err := c.found(r, by, typed)
	if err != nil {
		return err
	}
	a.tooMany = more
	if !more {
		a.Terms.People = ids
	}
	a.Terms.Kinds = kindsSaid(web.Speaker(r.Context()), terms)
	return nil
}
