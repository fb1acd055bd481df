package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

const (
	messagesPath   = "/console/messages"
	messagesOnPage = 50
)

func messagesRoutes() []Route {
	return []Route{
		{"GET /console/messages", policy.DeedSeeAll, func(c *Console) page { return c.messages }},
		{"POST /console/messages/{message}/again", policy.DeedMessages, func(c *Console) page { return c.messageAgain }},
		{"POST /console/messages/test/mail", policy.DeedMessages, testPage("test_mail", func(c *Console, r *http.Request, _ *web.Form, by account.Holder) error {
			err := c.People.TestMail(r.Context(), people.Session(by, ""))
			if err != nil {
				return err
			}
			return c.testMailTaken(r.Context(), by)
		})},
		{"POST /console/messages/test/text", policy.DeedMessages, testPage("test_text", func(c *Console, r *http.Request, _ *web.Form, by account.Holder) error {
			return c.People.TestText(r.Context(), people.Session(by, ""))
		})},
		{"POST /console/messages/test/push", policy.DeedMessages, testPage("test_push", func(c *Console, r *http.Request, form *web.Form, by account.Holder) error {
			return c.People.TestPush(r.Context(), countersign.DeviceID(form.Value("device")), people.Session(by, ""))
		})},
	}
}

// MessagesView is the delivery log, and the tests.
type MessagesView struct {
	Shell

	States, Channels []Chip
	Lines            []MessageLine
	Narrow           bool
	// Older and Newest are addresses, "" where there is no more. Here is the page's own.
	Older, Newest, Here string
	MayAct              bool
	Tests               people.Tests
	Phones              []Option
	// NoMail, NoTexter and NoCountry tell what is not configured.
	NoMail, NoTexter, NoCountry bool
}

// MessageLine is one message: never what it says.
type MessageLine struct {
	ID       string
	Text     string // an id of the catalogue; Kind where it has none
	Kind     string
	Way      string
	User     string // "" for nobody who is still there
	Name, To string
	State    State
	Tries    int64
	Problem  string
	At       time.Time
	Next     time.Time // zero for never
	Again    bool
	// SenderRefused tells that the mail server does not take mail from the sender.
	SenderRefused bool
}

// messageFilter is what the log is narrowed to.
type messageFilter struct{ channel, state string }

func messageFilterOf(query url.Values) messageFilter {
	var f messageFilter
	if at := query.Get("channel"); slices.Contains(message.Channels(), at) {
		f.channel = at
	}
	if at := query.Get("state"); at == message.StateFailed || at == message.StateQueued {
		f.state = at
	}
	return f
}

func (f messageFilter) address(before string) string {
	query := url.Values{}
	for name, value := range map[string]string{"channel": f.channel, "state": f.state, "before": before} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return messagesPath
	}
	return messagesPath + "?" + query.Encode()
}

// chips are the links of the states, and those of the ways.
func (f messageFilter) chips() ([]Chip, []Chip) {
	var states, channels []Chip
	for _, state := range []string{"", message.StateFailed, message.StateQueued} {
		other, text := messageFilter{f.channel, state}, "console.messages_"+state
		if state == "" {
			text = "console.messages_all"
		}
		states = append(states, Chip{Text: text, Href: other.address(""), Current: state == f.state})
	}
	for _, channel := range append([]string{""}, message.Channels()...) {
		other, text := messageFilter{channel, f.state}, "console.messages_by_"+channel
		if channel == "" {
			text = "console.messages_by_any"
		}
		channels = append(channels, Chip{Text: text, Href: other.address(""), Current: channel == f.channel})
	}
	return states, channels
}

func (c *Console) messages(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.showMessages(w, r, by, web.NewForm())
}

func (c *Console) showMessages(w http.ResponseWriter, r *http.Request, by session.Current, form *web.Form) error {
	query := r.URL.Query()
	f := messageFilterOf(query)
	before := countersign.MessageID(query.Get("before"))
	list, err := c.Accounts.Outbox.Told(r.Context(), by.WorkspaceID, f.channel, f.state, before, messagesOnPage+1)
	if err != nil {
		return err
	}
	tests, err := c.People.Tests(r.Context(), by.Account)
	if err != nil {
		return err
	}
	view := MessagesView{
		Shell: c.shell(r, by, "messages"), Narrow: f != messageFilter{} || before != "", Here: f.address(string(before)),
		MayAct: may(by, policy.DeedMessages), Tests: tests,
		NoMail: !c.Accounts.Outbox.Mails(), NoTexter: !c.Accounts.Outbox.Texts(), NoCountry: !by.Account.Settings.Texts(),
	}
	view.Form = form
	view.States, view.Channels = f.chips()
	for _, phone := range tests.Phones {
		view.Phones = append(view.Phones, Option{string(phone.ID), phone.Name, string(phone.ID) == form.Value("device")})
	}
	if len(list) > messagesOnPage {
		list = list[:messagesOnPage]
		view.Older = f.address(string(list[messagesOnPage-1].ID))
	}
	if before != "" {
		view.Newest = f.address("")
	}
	for _, one := range list {
		view.Lines = append(view.Lines, messageLine(one, view.MayAct))
	}
	return c.pages.Render(w, r, form.Status(), "messages", view)
}

func messageLine(m message.Delivered, mayAct bool) MessageLine {
	line := MessageLine{
		ID: string(m.ID), Text: "console.message_" + m.Kind, Kind: m.Kind, Way: "console.messages_by_" + m.Channel,
		To:    m.Recipient,
		State: messageState(m.State, m.Tries), Tries: m.Tries, Problem: m.Problem, At: moment(m.CreatedAt), Again: m.Again && mayAct,
		SenderRefused: m.SenderRefused,
	}
	if m.Channel == "push" {
		line.To = "" // the identifier of a phone tells nobody anything
	}
	if m.Email != "" {
		line.User, line.Name = string(m.UserID), m.Name
		if line.To == "" && line.Name == "" {
			line.To = m.Email
		}
	}
	if m.State == message.StateQueued && m.Tries > 0 {
		line.Next = moment(m.NextAt)
	}
	return line
}

// messageState says how a message stands.
func messageState(state string, tries int64) State {
	switch state {
	case message.StateSent:
		return State{"console.message_is_sent", "good", "check"}
	case message.StateKept:
		return State{"console.message_is_kept", "", "info"}
	case message.StateFailed:
		return State{"console.message_is_failed", "bad", "warning"}
	}
	if tries > 0 {
		return State{"console.message_is_again", "warn", "clock"}
	}
	return State{"console.message_is_queued", "", "clock"}
}

func (c *Console) messageAgain(w http.ResponseWriter, r *http.Request, by session.Current) error {
	err := c.People.TryAgain(r.Context(), by.WorkspaceID, countersign.MessageID(r.PathValue("message")), people.Session(by.Holder(web.Place(r)), ""))
	return c.messageDone(w, r, by, web.NewForm(), "message_again", err)
}

// testPage sends one test. The proof is asked for before what is wrong is told.
func testPage(done string, send func(*Console, *http.Request, *web.Form, account.Holder) error) func(*Console) page {
	return func(c *Console) page {
		return func(w http.ResponseWriter, r *http.Request, by session.Current) error {
			form, err := web.ReadForm(r)
			if err != nil {
				return err
			}
			holder := by.Holder(web.Place(r))
			err = holder.NeedFresh(account.ActOn(policy.DeedMessages, ""))
			if err != nil {
				return err
			}
			return c.messageDone(w, r, by, form, done, send(c, r, form, holder))
		}
	}
}

// testPatience is how long a test mail is waited for: mail servers answer in a second or so.
const testPatience = 3 * time.Second

// testMailTaken waits a moment for what the mail server says of a test mail, so that whoever
// has just changed a sender learns at once that it is refused. No answer yet is no bad news.
// Conflict "test_mail_waits".
func (c *Console) testMailTaken(ctx context.Context, by account.Holder) error {
	problem, err := c.Accounts.Outbox.Tried(ctx, by.Workspace, by.User, message.TestMail, testPatience)
	if err != nil {
		return err
	}
	if problem != "" {
		return countersign.Refuse(countersign.Conflict, "test_mail_waits")
	}
	return nil
}

// messageDone goes back to the log, or shows it with what is wrong.
func (c *Console) messageDone(w http.ResponseWriter, r *http.Request, by session.Current, form *web.Form, done string, err error) error {
	if err == nil {
		return see(w, r, messagesPath+"?done="+done)
	}
	if !form.Take(err, "") {
		return err
	}
	return c.showMessages(w, r, by, form)
}
