package console

import (
	"net/http"
	"net/url"
	"slices"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// NotifyView asks whether to write to those who have no second factor, before a
// requirement is stored.
type NotifyView struct {
	Shell

	Pool  countersign.PoolID // "" for everybody
	Name  string
	Back  string
	Value string
	Sight policy.Sight
	// InForce tells that it is so already: what is asked is only whether to write to them.
	InForce bool
	// Version is that of the settings, and Campaign names the mails: a second click finds
	// what the first one did.
	Version  int64
	Campaign countersign.CampaignID

	Review    Review
	Count     int64
	People    []MissingLine
	First     string // address of the first page of people, "" when there
	Next      string
	Languages []LanguageLine
	Language  string
	Subject   string
	Text      string
}

// MissingLine is somebody without a second factor.
type MissingLine struct {
	ID          countersign.UserID
	Name, Email string
}

// LanguageLine is one language in which people would be written to.
type LanguageLine struct {
	Tag, Name, Href string
	Count           int64
	Current         bool
}

// asked is what the question is about: of which pool, and which value, which is "" where
// there is nothing to ask.
func (c *Console) asked(r *http.Request, by session.Current, pool, value string) (requiring, string, error) {
	q, err := c.requiring(r, by, countersign.PoolID(pool))
	if !isRequirement(value) || value == "optional" {
		value = ""
	}
	return q, value, err
}

// notify is the question. Nothing is changed before it is answered.
func (c *Console) notify(w http.ResponseWriter, r *http.Request, by session.Current) error {
	query := r.URL.Query()
	q, value, err := c.asked(r, by, query.Get("pool"), query.Get("value"))
	if err != nil {
		return err
	}
	if value == "" {
		return see(w, r, q.path())
	}
	if query.Get("version") != versionText(q.was.Version) {
		return see(w, r, q.draft(value)) // it was answered, or somebody else changed something
	}
	next := q.with(value)
	err = c.People.InTime(q.was.Rules, next)
	if err != nil {
		return c.showUntimely(w, r, by, q, value, err)
	}
	here, err := requiredOf(next, q.pool != "", q.name)
	if err != nil {
		return err
	}
	view := NotifyView{
		Shell: c.shell(r, by, "company"), Pool: q.pool, Name: q.name, Back: q.draft(value), Value: value, InForce: value == q.set, Sight: policy.SightOf(here.Key, value),
		Version: q.was.Version, Campaign: people.NewCampaign(),
	}
	view.Form = web.NewForm()
	view.Review, err = c.review(r, by, q.was, next, nil)
	if err != nil {
		return err
	}
	missing, err := c.People.CountMissing(r.Context(), by.WorkspaceID, q.pool)
	if err != nil {
		return err
	}
	view.Count = missing.People
	after := query.Get("after")
	list, err := c.People.Missing(r.Context(), by.WorkspaceID, q.pool, after, peopleOnPage)
	if err != nil {
		return err
	}
	for _, u := range list {
		view.People = append(view.People, MissingLine{u.ID, u.Name, u.Email})
	}
	view.Language = languageOf(missing, query.Get("language"))
	if after != "" {
		view.First = questionOf(q, value, url.Values{"language": {view.Language}})
	}
	if len(list) == peopleOnPage {
		view.Next = questionOf(q, value, url.Values{"language": {view.Language}, "after": {list[len(list)-1].EmailKey}})
	}
	for _, l := range missing.Languages {
		view.Languages = append(view.Languages, LanguageLine{
			l.Language, c.nameOfLanguage(l.Language), questionOf(q, value, url.Values{"language": {l.Language}}), l.People, l.Language == view.Language,
		})
	}
	if view.Count > 0 {
		err = c.preview(r, by, &view, here)
	}
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "notify", view)
}

// languageOf is the language to show the mail in: the one asked for, where somebody gets
// it, or that of most.
func languageOf(missing people.MissingCount, asked string) string {
	if slices.ContainsFunc(missing.Languages, func(l people.MissingLanguage) bool { return l.Language == asked }) {
		return asked
	}
	if len(missing.Languages) == 0 {
		return ""
	}
	return missing.Languages[0].Language
}

// nameOfLanguage is how a language calls itself, or its tag.
func (c *Console) nameOfLanguage(tag string) string {
	for _, l := range c.Site.Catalogue.Languages() {
		if l.Tag == tag {
			return l.Name
		}
	}
	return tag
}

// preview composes the mail as it would be by what is in force then.
func (c *Console) preview(r *http.Request, by session.Current, view *NotifyView, here policy.Effective) error {
	in, err := policy.Document{requirement: here.Value}.Requirement()
	if err != nil {
		return err
	}
	mail, err := c.People.PreviewSetUp(r.Context(), by.Account, view.Language, in)
	view.Subject, view.Text = mail.Subject, mail.Text
	return err
}

// require is the answer, *Yes, send* or *No*: the requirement is stored, and the mails are
// ordered with it.
func (c *Console) require(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	q, value, err := c.asked(r, by, form.Value("pool"), form.Value("value"))
	if err != nil {
		return err
	}
	answer := form.Value("answer")
	if value == "" || answer != "yes" && answer != "no" {
		return see(w, r, q.path())
	}
	next := people.Requiring{Pool: q.pool, Value: value, Version: versionOf(form.Value("version"))}
	if answer == "yes" {
		next.Campaign = countersign.CampaignID(form.Value("campaign"))
		if next.Campaign == "" {
			return see(w, r, q.path())
		}
	}
	return c.setRequirement(w, r, by, q, next, form)
}
