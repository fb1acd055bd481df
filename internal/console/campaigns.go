package console

import (
	"net/http"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

const (
	campaignsPath = "/console/campaigns"
	// campaignsOnPage is how many campaigns the list has: the latest.
	campaignsOnPage = 20
)

func campaignPath(id countersign.CampaignID) string { return campaignsPath + "/" + string(id) }

// CampaignLine is how far one campaign has come.
type CampaignLine struct {
	people.Campaign

	Whom Whom
	// Percent of the people have set up a second factor since.
	Percent int
}

// CampaignsView lists them, the latest first.
type CampaignsView struct {
	Shell

	Campaigns []CampaignLine
}

// CampaignView is one of them, and who still has no second factor.
type CampaignView struct {
	Shell
	CampaignLine

	By       string // who began it, "" when they are gone
	Mails    people.CampaignMails
	Gone     bool // that all mails have gone out
	Lacking  []LackingLine
	First    bool
	Next     string
	MayAgain bool      // whom it is for can be reminded again,
	From     time.Time // or will from then on; zero for neither
}

// withMails is the page with how the mails stand. Of those of long ago nothing is known.
func (v CampaignView) withMails(mails people.CampaignMails, now time.Time) CampaignView {
	v.Mails = mails
	v.Gone = v.Finished && v.Mailed > 0 && mails == people.CampaignMails{} && now.Sub(v.RoundAt) < message.KeepRecords
	return v
}

// withAgain is the page with whether those who are missing can be reminded again now.
func (v CampaignView) withAgain(now time.Time) CampaignView {
	switch {
	case !v.Finished || v.Missing == 0:
	case now.Before(v.AgainAt):
		v.From = v.AgainAt
	default:
		v.MayAgain = true
	}
	return v
}

// LackingLine is somebody who still has no second factor; MailedAt is zero before the mail.
type LackingLine struct {
	MissingLine

	MailedAt time.Time
}

// lineOf says whom a campaign is for.
func lineOf(one people.Campaign, was people.Stored) CampaignLine {
	filter := people.Filter{Pool: one.Pool}
	if one.Filter != nil {
		filter = *one.Filter
	}
	return CampaignLine{Campaign: one, Whom: whomOf(filter, was), Percent: percent(one.Done, one.People)}
}

func (c *Console) campaigns(w http.ResponseWriter, r *http.Request, by session.Current) error {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	list, err := c.People.Campaigns(r.Context(), by.WorkspaceID, campaignsOnPage)
	if err != nil {
		return err
	}
	view := CampaignsView{Shell: c.shell(r, by, "company")}
	for _, one := range list {
		view.Campaigns = append(view.Campaigns, lineOf(one, was))
	}
	return c.pages.Render(w, r, http.StatusOK, "campaigns", view)
}

func (c *Console) campaign(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.showCampaign(w, r, by, web.NewForm())
}

func (c *Console) showCampaign(w http.ResponseWriter, r *http.Request, by session.Current, form *web.Form) error {
	id := countersign.CampaignID(r.PathValue("campaign"))
	one, err := c.People.Campaign(r.Context(), by.WorkspaceID, id)
	if err != nil {
		return err
	}
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	after := countersign.UserID(r.URL.Query().Get("after"))
	list, err := c.People.CampaignMissing(r.Context(), by.WorkspaceID, id, after, peopleOnPage)
	if err != nil {
		return err
	}
	view := CampaignView{
		Shell: c.shell(r, by, "company"), CampaignLine: lineOf(one, was), First: after == "",
	}
	if policy.MayAll(by.Account.User.Role, policy.DeedCampaign) {
		view = view.withAgain(c.Now())
	}
	view.Form = form
	mails, err := c.People.CampaignMails(r.Context(), one, by.WorkspaceID)
	if err != nil {
		return err
	}
	view = view.withMails(mails, c.Now())
	if one.CreatedBy != "" {
		who, err := c.People.Find(r.Context(), by.WorkspaceID, string(one.CreatedBy))
		if err == nil {
			view.By = who.User.Name
		} else if countersign.KindOf(err) != countersign.NotFound {
			return err
		}
	}
	for _, p := range list {
		view.Lacking = append(view.Lacking, LackingLine{MissingLine{p.User.ID, p.User.Name, p.User.Email}, moment(p.MailedAt)})
	}
	if len(list) == peopleOnPage {
		view.Next = campaignPath(id) + "?after=" + string(list[len(list)-1].User.ID)
	}
	return c.pages.Render(w, r, form.Status(), "campaign", view)
}

// remindAgain mails those once more who still have none.
func (c *Console) remindAgain(w http.ResponseWriter, r *http.Request, by session.Current) error {
	id := countersign.CampaignID(r.PathValue("campaign"))
	err := c.People.RemindAgain(r.Context(), by.WorkspaceID, id, people.Session(by.Holder(web.Place(r)), ""))
	if err == nil {
		return see(w, r, campaignPath(id)+"?done=campaign_again")
	}
	form := web.NewForm()
	if !form.Take(err, "") {
		return err
	}
	web.RetryAfter(w, err)
	return c.showCampaign(w, r, by, form)
}
