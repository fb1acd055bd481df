package message_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/words"
)

// show renders mails as development shows them, in the order given.
func show(t *testing.T, mails []message.Mail, options ...words.Option) []message.Shown {
	t.Helper()
	h := build(t, options...)
	o := h.outbox(nil)
	for _, m := range mails {
		h.post(o, m)
		h.clock.add(1e6) // a millisecond, so that the order is certain
	}
	h.run(o)
	var shown []message.Shown
	until(t, "all are kept", func() bool {
		var err error
		shown, err = o.Kept(t.Context(), countersign.DefaultWorkspace, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return len(shown) == len(mails)
	})
	for i, j := 0, len(shown)-1; i < j; i, j = i+1, j-1 {
		shown[i], shown[j] = shown[j], shown[i]
	}
	return shown
}

var (
	digits = regexp.MustCompile(`[0-9]{4,}`)
	links  = regexp.MustCompile(`https?://[^\s<>"‹›]+`)
	tags   = regexp.MustCompile(`(?s)<style>.*</style>|<[^>]*>`)
)

func action(k message.Kind) bool {
	switch k {
	case message.Invitation, message.PasswordReset, message.EmailChangeConfirm, message.TurnOffConfirm:
		return true
	}
	return false
}

func TestEveryMailInEveryLanguage(t *testing.T) {
	terms := []struct {
		backup bool
		total  int
	}{{false, 10}, {true, 1}}
	var mails []message.Mail
	for _, language := range []string{"en", "de", words.PseudoTag} {
		for _, kind := range message.Kinds() {
			for _, term := range terms {
				d := data()
				d.Backup, d.CodesTotal = term.backup, term.total
				mails = append(mails, message.Mail{Kind: kind, User: "usr_ada", To: "ada@example.com", Language: language, Zone: "Europe/Berlin", Data: d})
			}
		}
	}
	for i, m := range show(t, mails, words.Pseudo()) {
		asked := mails[i]
		t.Run(asked.Language+"/"+string(m.Kind), func(t *testing.T) {
			if m.Kind != asked.Kind {
				t.Fatalf("got %s, want %s", m.Kind, asked.Kind)
			}
			checkMail(t, m, asked)
		})
	}
}

func checkMail(t *testing.T, m message.Shown, asked message.Mail) {
	t.Helper()
	for what, text := range map[string]string{"subject": m.Subject, "text": m.Text, "html": m.HTML} {
		for _, bad := range []string{"⟦", "%!", "{{", "<no value>", "ZgotmplZ", "\ue000", "\ue001", "\ue002", "!important"} {
			if strings.Contains(text, bad) {
				t.Errorf("the %s contains %q:\n%s", what, bad, text)
			}
		}
	}
	if digits.MatchString(m.Subject) || strings.Contains(m.Subject, "7q0w2") || strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("the subject has a code in it: %q", m.Subject)
	}
	if len(m.HTML) > 30_000 || len(m.Text) > 10_000 {
		t.Errorf("too large: %d and %d bytes", len(m.HTML), len(m.Text))
	}
	checkLinks(t, m, asked)
	for _, want := range []string{
		`<html lang="` + asked.Language + `" dir="`, "prefers-color-scheme: dark", "Acme", `name="color-scheme" content="light dark"`,
	} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML has no %q", want)
		}
	}
	for _, bad := range []string{"<img", "url(", "<script", "<link", "@import", " style=", "onclick"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the HTML contains %q", bad)
		}
	}
	for _, line := range strings.Split(m.Text, "\n") {
		if len([]rune(line)) > 78 && !strings.HasPrefix(line, "http") {
			t.Errorf("a line of the text is too long: %q", line)
		}
	}
	sameWords(t, m)
}

func checkLinks(t *testing.T, m message.Shown, asked message.Mail) {
	t.Helper()
	inText, inHTML := links.FindAllString(m.Text, -1), strings.Count(m.HTML, "<a ")
	if action(m.Kind) {
		want := strings.ReplaceAll(asked.Data.Link, "&", "&amp;")
		if inHTML != 1 || !strings.Contains(m.HTML, `href="`+want+`"`) || len(links.FindAllString(m.HTML, -1)) != 1 {
			t.Errorf("the HTML should have the one link %s:\n%s", want, m.HTML)
		}
		if len(inText) != 1 || inText[0] != asked.Data.Link {
			t.Errorf("the text should have the one link, and has %q", inText)
		}
		if !strings.Contains(m.Text, "signin.acme.example") {
			t.Error("the domain is not spelled out")
		}
		return
	}
	if inHTML != 0 || strings.Contains(m.HTML, "href") || strings.Contains(m.Text+m.HTML, "tok3n") {
		t.Errorf("a warning should have no link:\n%s", m.HTML)
	}
	if m.Kind != message.AccountDeleted && (len(inText) != 1 || inText[0] != "https://signin.acme.example") {
		t.Errorf("the address to type should be there, and nothing else: %q", inText)
	}
}

// sameWords: what the text says, the HTML says, in this order.
func sameWords(t *testing.T, m message.Shown) {
	t.Helper()
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \n\t=-:.0123456789", r) {
				return -1
			}
			return r
		}, s)
	}
	html := tags.ReplaceAllString(m.HTML[strings.Index(m.HTML, "<main>"):], " ")
	html = strings.NewReplacer("&#39;", "'", "&amp;", "&").Replace(html)
	text := links.ReplaceAllString(m.Text, "")
	html = links.ReplaceAllString(html, "")
	if letters(text) != letters(html) {
		t.Errorf("text and HTML differ:\n%s\n%s", letters(text), letters(html))
	}
}

func TestWhatMailsSay(t *testing.T) {
	change := func(f func(*message.Data)) message.Data {
		d := data()
		f(&d)
		return d
	}
	rows := []struct {
		name     string
		kind     message.Kind
		language string
		zone     string
		data     message.Data
		want     []string
		not      []string
	}{
		{
			"the time stands in the person's zone and in UTC", message.PasswordChanged, "en", "Europe/Berlin", data(),
			[]string{"21 November 2026 at 09:12 CET (08:12 UTC)", "203.0.113.84", "Firefox on Linux"},
			nil,
		},
		{
			"a zone on another day names both days", message.PasswordChanged, "en", "Pacific/Honolulu", data(),
			[]string{"20 November 2026 at 22:12 HST (21 November 2026 at 08:12 UTC)"},
			nil,
		},
		{
			"a zone that nobody knows is UTC, once", message.PasswordChanged, "en", "Mars/Olympus", data(),
			[]string{"When: 21 November 2026 at 08:12 UTC\n"},
			[]string{"(08:12"},
		},
		{
			"the server's own zone is nobody's", message.PasswordChanged, "en", "Local", data(),
			[]string{"When: 21 November 2026 at 08:12 UTC\n"},
			nil,
		},
		{
			"the mailed code says what it is for and to keep it", message.EmailCode, "en", "", data(),
			[]string{"493817", "two-factor authentication", "Never share this code", "08:27 UTC"},
			nil,
		},
		{
			"the link to turn off has the words of the page", message.TurnOffConfirm, "en", "", data(),
			[]string{"Disable two-factor authentication:\nhttps://signin.acme.example/reset/tok3n-of-32-bytes?a=1&b=2"},
			nil,
		},
		{
			"the workspace's word for codes is used", message.RecoveryCodes, "en", "", change(func(d *message.Data) { d.Backup = true }),
			[]string{"Your new backup codes", "7q0w2-m5x9d", "4k8t1-v6c3n", "Print this message"},
			[]string{"recovery"},
		},
		{
			"a single code is not several", message.RecoveryRenewed, "en", "", change(func(d *message.Data) { d.CodesTotal = 1 }),
			[]string{"A new recovery code was made", "Create a new recovery code"},
			[]string{"recovery codes"},
		},
		{
			"few codes left is a warning", message.RecoveryUsed, "en", "", change(func(d *message.Data) { d.Left = 3 }),
			[]string{"3 recovery codes are left.", "not many"},
			nil,
		},
		{
			"one code left is said in the singular", message.RecoveryUsed, "de", "", change(func(d *message.Data) { d.Left = 1 }),
			[]string{"1 Wiederherstellungscode ist übrig."},
			nil,
		},
		{
			"many codes left are no warning", message.RecoveryUsed, "en", "", change(func(d *message.Data) { d.Left = 7 }),
			[]string{"7 recovery codes are left."},
			[]string{"not many"},
		},
		{
			"no code left asks for new ones", message.RecoveryUsed, "en", "", change(func(d *message.Data) { d.Left = 0 }),
			[]string{"No recovery code is left."},
			[]string{"0 recovery"},
		},
		{
			"a lock says until when", message.TooManyTries, "en", "", data(),
			[]string{"Locked until: 21 November 2026 at 08:27 UTC", "right password", "wrong codes"},
			nil,
		},
		{
			"a lasting lock says what ends it", message.TooManyTries, "en", "", change(func(d *message.Data) { d.Minutes = 0 }),
			[]string{"Locked until: it is reset with a recovery code or by an administrator"},
			nil,
		},
		{
			"wrong passwords are told in other words", message.TooManyTries, "en", "", change(func(d *message.Data) { d.Method = "password" }),
			[]string{"wrong passwords", "Nobody got in"},
			[]string{"wrong codes"},
		},
		{
			"a changed address names both", message.EmailChanged, "en", "", data(),
			[]string{"Former address: ada@example.com", "New address: ada@new.example"},
			nil,
		},
		{
			"a stranger's new address is not greeted", message.EmailChangeConfirm, "en", "", data(),
			nil,
			[]string{"Ada Lovelace", "203.0.113.84"},
		},
		{
			"a phone that was paired is called so", message.MethodAdded, "en", "", change(func(d *message.Data) { d.Method = "push" }),
			[]string{"A phone was paired", "Approval on the phone", "Pixel of Ada"},
			[]string{"second step was added"},
		},
		{
			"a sign-in that was not finished names the browser", message.SignInUnfinished, "en", "", data(),
			[]string{"Firefox on Linux", "203.0.113.84"},
			nil,
		},
		{
			"the numbers of a week", message.WeeklyDigest, "en", "Europe/Berlin", data(),
			[]string{
				"from 9 November 2026 to 15 November 2026 (UTC)", "People who can sign in: 1204", "Without a second factor: 14",
				"Without one, though it is required: 3", "Times that a recovery code was used: 4",
			},
			[]string{"If this was you", "Nothing was refused", "203.0.113.84", "Grace"},
		},
		{
			"numbers that are nothing are left out", message.WeeklyDigest, "de", "", change(func(d *message.Data) {
				d.Week = &message.Week{From: d.Week.From, People: 2, Protected: 2}
			}),
			[]string{"Mit zweitem Faktor: 2", "Personen, die sich angemeldet haben: 0", "Nichts wurde abgewiesen"},
			[]string{"Ohne", "gemeldete", "Zurücksetzungen"},
		},
		{
			"what is not known is left out", message.NewSignIn, "en", "", change(func(d *message.Data) { d.IP, d.UserAgent, d.Name = "", "", "" }),
			[]string{"When:"},
			[]string{"Browser:", "network address:", "Hello"},
		},
		{
			"an unknown language is the default", message.PasswordChanged, "tlh", "", data(),
			[]string{"Your password was changed"},
			nil,
		},
		{
			"a name cannot be a link", message.MethodAdded, "en", "", change(func(d *message.Data) { d.Device = "Win at https://evil.example/now" }),
			nil,
			[]string{"evil.example", "https://evil"},
		},
		{
			"a name cannot write markup, lines or directions", message.MethodAdded, "en", "",
			change(func(d *message.Data) { d.Device = "<b>x</b>\r\n\r\nGo\u202e to \ue000here" }),
			[]string{"Name: <b>x</b> Go to here"},
			[]string{"\u202e"},
		},
		{
			"a very long name is cut", message.MethodAdded, "en", "", change(func(d *message.Data) { d.Device = strings.Repeat("x", 5000) }),
			[]string{"x…"},
			[]string{strings.Repeat("x", 121)},
		},
	}
	mails := make([]message.Mail, 0, len(rows))
	for _, row := range rows {
		mails = append(mails, message.Mail{Kind: row.kind, To: "ada@example.com", Language: row.language, Zone: row.zone, Data: row.data})
	}
	for i, m := range show(t, mails) {
		t.Run(rows[i].name, func(t *testing.T) {
			flat := strings.Join(strings.Fields(m.Text), " ")
			for _, want := range rows[i].want {
				if !strings.Contains(flat, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("%q is missing in:\n%s", want, m.Text)
				}
			}
			for _, not := range rows[i].not {
				if strings.Contains(flat, not) || strings.Contains(m.HTML, not) {
					t.Errorf("%q should not be in:\n%s", not, m.Text)
				}
			}
			if strings.Contains(m.HTML, "<b>x") {
				t.Error("markup came through")
			}
		})
	}
}

// The mail that asks to set up a second factor has three forms: whether it is wished,
// will be required from a date, or is required now. The one that tells of a requirement for
// one person has two. The date is told where the person is.
func TestTheMailThatAsksToSetUp(t *testing.T) {
	from := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC).UnixMilli()
	var mails []message.Mail
	for _, language := range []string{"en", "de"} {
		add := func(kind message.Kind, d message.Data) {
			whole := data()
			whole.Required, whole.From = d.Required, d.From
			mails = append(mails, message.Mail{Kind: kind, User: "usr_ada", To: "ada@example.com", Language: language, Zone: "America/New_York", Data: whole})
		}
		for _, d := range []message.Data{{}, {Required: true}, {From: from}} {
			add(message.SetUp, d)
		}
		for _, d := range []message.Data{{}, {From: from}} {
			add(message.RequirementBegan, d)
		}
	}
	titles := map[string]bool{}
	for i, m := range show(t, mails) {
		checkMail(t, m, mails[i])
		titles[m.Subject] = true
		day := map[string]string{"en": "30 January 2027", "de": "30. Januar 2027"}[mails[i].Language]
		if has := strings.Contains(m.Text, day); has != (mails[i].Data.From > 0) {
			t.Errorf("the day is told: %v\n%s", has, m.Text)
		}
	}
	if len(titles) != len(mails) {
		t.Errorf("%d subjects for %d mails", len(titles), len(mails))
	}
}
