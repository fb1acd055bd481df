package notify

import (
	stdmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"
)

// write makes the letter with its headers, text first, as RFC 2046 wants the
// plainest form. m has passed check.
func (s *SMTP) write(m Mail) *mail.Msg {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	letter.FromMailAddress(&stdmail.Address{Name: m.FromName, Address: m.From})
	letter.ToMailAddress(&stdmail.Address{Address: m.To})
	letter.Subject(m.Subject)
	letter.SetDateWithValue(s.options.Now())
	letter.SetMessageIDWithValue(m.ID + "@" + m.From[strings.LastIndexByte(m.From, '@')+1:])
	// Nobody's holiday notice answers these (RFC 3834; the second one is what
	// Exchange listens to).
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	if m.Language != "" {
		letter.SetGenHeader(mail.HeaderContentLang, m.Language)
	}
	letter.SetBodyString(mail.TypeTextPlain, m.Text)
	letter.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	return letter
}
