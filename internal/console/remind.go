package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/fold"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

const remindPath = "/console/people/remind"

// remindRoutes are those of a reminder to the people of a filter.
func remindRoutes() []Route {
	return []Route{
		{"GET /console/people/remind", policy.DeedCampaign, func(c *Console) page { return c.remindPage }},
		{"POST /console/people/remind", policy.DeedCampaign, func(c *Console) page { return c.remind }},
	}
}

// RemindView is what a reminder to the people of a filter would do, before it is sent.
type RemindView struct {
	Shell

	Whom Whom
	Back string
	// Fields are the filter as the form carries it, and Campaign names the mails: a second
	// click finds what the first one did.
	Fields   []Hidden
	Campaign countersign.CampaignID

	Count    int64
	Left     []LeftOut
	People   []MissingLine
	First    string // address of the first page of people, "" when there
	Next     string
	Mails    []MailLine
	Language string
	Subject  string
	Text     string
}

// Whom is a filter of people in words: State and Role are ids of texts, Pool is a name.
type Whom struct{ State, Pool, Role, Typed string }

// LeftOut counts those of the filter who get no mail, for a reason; Text is said with Count.
type LeftOut struct {
	Text  string
	Count int64
}

// MailLine is one of the mails that go out. Wording is the id of a text about what the mail
// says is required, "" where all say the same; it is said with From.
type MailLine struct {
	LanguageLine

	Wording string
	From    time.Time
}

// whomOf says a filter in words.
func whomOf(f people.Filter, was people.Stored) Whom {
	w := Whom{Typed: f.Typed}
	if f.Standing != "" {
		w.State = "console.filter_" + string(f.Standing)
	}
	if f.Role != "" {
		w.Role = "account.role_" + string(f.Role)
	}
	if f.Pool != "" {
		w.Pool = was.PoolName(f.Pool)
		if w.Pool == "" {
			w.Pool = string(f.Pool) // it was deleted
		}
	}
	return w
}

// exactly is the filter of an address or a form, and whether it is known to the letter:
// where a part is left out, or nothing can be searched by what was typed, more people would
// be written to than somebody meant.
func exactly(value func(string) string) (people.Filter, bool) {
	f, form := filterOf(value)
	if form.Failed() {
		return f, false
	}
	known := queryOf(f)
	for _, name := range []string{"q", "state", "pool", "role"} {
		if known.Get(name) != value(name) {
			return f, false
		}
	}
	return f, f.Typed == "" || len(fold.Terms(f.Typed)) > 0
}

// remindAt is the address of the question for a filter.
func remindAt(f people.Filter, more ...string) string {
	query := queryOf(f)
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			query.Set(more[i], more[i+1])
		}
	}
	if len(query) == 0 {
		return remindPath
	}
	return remindPath + "?" + query.Encode()
}

func (c *Console) remindPage(w http.ResponseWriter, r *http.Request, by session.Current) error {
	f, known := exactly(r.URL.Query().Get)
	if !known {
		return see(w, r, "/console/people")
	}
	return c.showRemind(w, r, by, f, web.NewForm())
}

func (c *Console) showRemind(w http.ResponseWriter, r *http.Request, by session.Current, f people.Filter, form *web.Form) error {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	would, err := c.People.CountReminder(r.Context(), by.WorkspaceID, f)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	lines, err := c.People.ToRemind(r.Context(), by.WorkspaceID, f, query.Get("after"), peopleOnPage)
	if err != nil {
		return err
	}
	view := RemindView{
		Shell: c.shell(r, by, "people"), Whom: whomOf(f, was), Back: addressOf(f, "", ""), Fields: hiddenOf(queryOf(f)), Campaign: people.NewCampaign(),
		Count: would.People, Left: leftOut(would),
	}
	view.Form = form
	for _, l := range lines.People {
		view.People = append(view.People, MissingLine{l.ID, l.Name, l.Email})
	}
	mail := mailOf(would, query.Get("language"))
	view.Mails = c.mailLines(would, mail, f)
	if lines.Previous != "" {
		view.First = remindAt(f, "language", mail.Key())
	}
	if lines.Next != "" {
		view.Next = remindAt(f, "language", mail.Key(), "after", lines.Next)
	}
	if would.People > 0 {
		shown, err := c.People.PreviewSetUp(r.Context(), by.Account, mail.Language, mail.Requirement)
		if err != nil {
			return err
		}
		view.Language, view.Subject, view.Text = mail.Language, shown.Subject, shown.Text
	}
	return c.pages.Render(w, r, form.Status(), "remind", view)
}

// hiddenOf are the fields of a form, in a fixed order.
func hiddenOf(values url.Values) []Hidden {
	var out []Hidden
	for name := range values {
		out = append(out, Hidden{name, values.Get(name)})
	}
	slices.SortFunc(out, func(a, b Hidden) int { return strings.Compare(a.Field, b.Field) })
	return out
}

// leftOut says why people of the filter get no mail.
func leftOut(r people.Reminding) []LeftOut {
	all := []LeftOut{
		{"console.remind_guarded", r.Guarded},
		{"console.remind_asked", r.Asked},
		{"console.remind_invited", r.Invited},
		{"console.remind_disabled", r.Disabled},
	}
	return slices.DeleteFunc(all, func(l LeftOut) bool { return l.Count == 0 })
}

// mailOf is the mail to show: the one asked for, where somebody gets it, or that of most.
func mailOf(r people.Reminding, asked string) people.ReminderMail {
	var first people.ReminderMail
	for i, mail := range r.Mails {
		if mail.Key() == asked {
			return mail
		}
		if i == 0 {
			first = mail
		}
	}
	return first
}

func (c *Console) mailLines(r people.Reminding, shown people.ReminderMail, f people.Filter) []MailLine {
	var out []MailLine
	alike := true
	for _, mail := range r.Mails {
		line := MailLine{LanguageLine: LanguageLine{
			mail.Language, c.nameOfLanguage(mail.Language), remindAt(f, "language", mail.Key()), mail.People, mail.Key() == shown.Key(),
		}}
		switch {
		case !mail.Requirement.Required:
			line.Wording = "console.remind_free"
		case mail.Requirement.From.IsZero():
			line.Wording = "console.remind_required"
		default:
			line.Wording, line.From = "console.remind_from", mail.Requirement.From
		}
		alike = alike && (len(out) == 0 || out[0].Wording == line.Wording && out[0].From.Equal(line.From))
		out = append(out, line)
	}
	if alike {
		for i := range out {
			out[i].Wording = ""
		}
	}
	return out
}

// remind sends it.
func (c *Console) remind(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	f, known := exactly(form.Value)
	id := countersign.CampaignID(form.Value("campaign"))
	if !known || id == "" {
		return see(w, r, "/console/people")
	}
	err = c.People.RemindMany(r.Context(), by.WorkspaceID, id, f, people.Session(by.Holder(web.Place(r)), ""))
	switch {
	case err == nil:
		return see(w, r, campaignPath(id)+"?done=campaign_people")
	case countersign.CodeOf(err) == "fresh_proof_required" && !web.WantsJSON(r):
		return proofAt(w, r, account.ActOn(policy.DeedCampaign, ""), remindAt(f))
	case !form.Take(err, ""):
		return err
	}
	form.Gather("")
	return c.showRemind(w, r, by, f, form)
}
