package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	settings "countersign/internal/policy"
	"countersign/internal/words"
)

// funcs are the words that a template knows:
//
//	say id name value …     a text of the catalogue
//	rich id name value …    the same, where values may be markup made by strong, bdi or link
//	strong s, bdi s         s in bold; s kept left to right (addresses, codes)
//	date, clock, when, near t   a <time> element in the person's zone, UTC in its title
//	ago t                   "3 minutes ago"
//	day, shortDay t         a day of the calendar in UTC, as numbers are kept by
//	number n                a whole number
//	duration d, list items  lengths of time, and words joined with "and"
//	icon name               a drawing from icons.svg; mark is ours, open when off
//	asset name              the address of a static file
//	field form name label … a Field for the components
//	steps current ids …     the progress of a wizard
//	note kind title text …  a Box for the component "notice"
//	initials name           "NA"
//	qr text                 a QR code; otpauth uri, the link that opens an app
//	said x, lines x         what says itself, as a sentence or as lines of an explanation
//	join lines              the lines as one text, for copying
//	site                    the frame: language, workspace, host
func (v *view) funcs() template.FuncMap {
	return template.FuncMap{
		"say":  func(id string, args ...any) string { return v.speaker.Say(id, args...) },
		"has":  func(id string) bool { return v.speaker.Has(id) },
		"rich": v.rich, "strong": strong, "bdi": bdi, "link": link,
		"date":     func(t time.Time) template.HTML { return v.timeTag(t, v.speaker.Date(t, v.zone)) },
		"clock":    func(t time.Time) template.HTML { return v.timeTag(t, v.speaker.Clock(t, v.zone)) },
		"when":     func(t time.Time) template.HTML { return v.timeTag(t, v.speaker.Time(t, v.zone)) },
		"near":     func(t time.Time) template.HTML { return v.timeTag(t, v.speaker.Near(t, v.now, v.zone)) },
		"ago":      func(t time.Time) string { return v.speaker.Ago(t, v.now) },
		"number":   v.number,
		"decimal":  v.decimal,
		"day":      func(t time.Time) string { return v.speaker.Date(t, nil) },
		"shortDay": func(t time.Time) string { return v.speaker.ShortDate(t, nil) },
		"duration": func(d time.Duration) string { return v.speaker.Duration(d) },
		"list":     func(items []string) string { return v.speaker.List(items...) },
		"icon":     v.icon, "mark": mark,
		"asset": func(name string) (string, error) { return v.site.assets.url(name) },
		"field": v.field, "steps": v.steps, "note": v.note, "problems": v.problems, "confirm": confirm,
		"initials": initials, "args": func(a ...any) []any { return a },
		"otpauth": otpauth,
		"said":    func(x interface{ Say(s *words.Speaker) string }) string { return x.Say(v.speaker) },
		"lines": func(x interface {
			Lines(s *words.Speaker) []settings.Line
		},
		) []settings.Line {
			return x.Lines(v.speaker)
		},
		"join":   func(lines []string) string { return strings.Join(lines, "\n") },
		"qr":     func(text string) (template.HTML, error) { return QR(text, v.speaker.Say("common.qr_label")) },
		"site":   v.frame,
		"notice": func(p Page) string { return v.speaker.Say(p.Notice, p.NoticeArgs...) },
	}
}

// A Frame is what the layouts show around each page.
type Frame struct {
	Lang, Dir, Scheme string
	Workspace         string
	AccentURL         string
	LogoURL           string
	Lost              bool // nobody has the name that was asked for: there is nowhere to go
	Host              string
	Path              string
	Demo              bool
	Languages         []words.Language
	Page              Page
}

func (v *view) frame() Frame {
	return Frame{
		Lang: v.speaker.Lang(), Dir: v.speaker.Dir(), Scheme: v.scheme,
		Workspace: v.work.Name, AccentURL: accentURL(v.work.Accent), LogoURL: logoURL(v.work.Logo), Lost: v.lost,
		Host: hostIn(v.home), Path: v.path, Demo: v.site.Demo,
		Languages: v.site.Catalogue.Languages(), Page: v.page,
	}
}

// rich says a text whose values may be markup. The text and every other value
// are escaped; a value of type template.HTML was escaped where it was made.
// The values travel through the catalogue as single private-use characters.
func (v *view) rich(id string, args ...any) template.HTML {
	said := make([]any, len(args))
	var pairs []string
	for i, a := range args {
		said[i] = a
		markup, ok := a.(template.HTML)
		if i%2 == 1 && ok {
			token := string(rune(0xE000 + i))
			said[i] = token
			pairs = append(pairs, token, string(markup))
		} else if text, ok := a.(string); i%2 == 1 && ok {
			said[i] = strings.Map(notPrivate, text)
		}
	}
	text := template.HTMLEscapeString(v.speaker.Say(id, said...))
	return template.HTML(strings.NewReplacer(pairs...).Replace(text)) //nolint:gosec // escaped above
}

// number writes a whole number of either size.
func (v *view) number(n any) (string, error) {
	switch n := n.(type) {
	case int:
		return v.speaker.Number(n), nil
	case int64:
		return v.speaker.Number(int(n)), nil
	}
	return "", fmt.Errorf("%T is no whole number", n)
}

// decimal writes a number that stands in digits and perhaps a point, as "7.4", with the
// language's own decimal sign.
func (v *view) decimal(n string) string {
	return strings.Replace(n, ".", v.speaker.Say("time.decimal"), 1)
}

// notPrivate drops characters that would look like a token of rich.
func notPrivate(r rune) rune {
	if r >= 0xE000 && r <= 0xF8FF {
		return -1
	}
	return r
}

func strong(s string) template.HTML {
	return template.HTML("<strong>" + template.HTMLEscapeString(s) + "</strong>") //nolint:gosec // escaped
}

func bdi(s string) template.HTML {
	return template.HTML(`<bdi dir="ltr">` + template.HTMLEscapeString(s) + `</bdi>`) //nolint:gosec // escaped
}

// link is an anchor inside a sentence; only inside paths and fragments.
func link(href, text string) (template.HTML, error) {
	if !strings.HasPrefix(href, "#") && Inside(href, "") == "" {
		return "", fmt.Errorf("link %q leads outside", href)
	}
	return template.HTML(`<a href="` + template.HTMLEscapeString(href) + `">` + //nolint:gosec // escaped
		template.HTMLEscapeString(text) + `</a>`), nil
}

func (v *view) timeTag(t time.Time, text string) template.HTML {
	if t.IsZero() {
		return template.HTML(template.HTMLEscapeString(v.speaker.Say("time.unreadable"))) //nolint:gosec // escaped
	}
	utc := t.UTC()
	//nolint:gosec // formatted times and an escaped text
	return template.HTML(`<time datetime="` + utc.Format(time.RFC3339) + `" title="` + utc.Format("2006-01-02 15:04:05") + ` UTC">` +
		template.HTMLEscapeString(text) + `</time>`)
}

func (v *view) icon(name string) (template.HTML, error) {
	sprite, err := v.site.assets.url("icons.svg")
	if err != nil {
		return "", err
	}
	//nolint:gosec // names come from templates
	return template.HTML(`<svg class="icon" width="20" height="20" aria-hidden="true" focusable="false"><use href="` +
		sprite + `#` + template.HTMLEscapeString(name) + `"/></svg>`), nil
}

// mark is our sign: both halves filled where two-factor is on, else open.
func mark(state string) template.HTML {
	class := "mark"
	if state == "open" {
		class += " mark-open"
	}
	//nolint:gosec // constant
	return template.HTML(`<svg class="` + class + `" width="24" height="24" viewBox="0 0 32 32" aria-hidden="true" focusable="false">` +
		`<path class="mark-ask" d="M1.8 11.16A15 15 0 0 1 26.5 5.29L12.46 19.46Z"/>` +
		`<path class="mark-answer" d="M28.55 7.78A15 15 0 1 1 1.06 14.64L12.74 23.74Z"/></svg>`)
}

// initials are the first letters of the first and the last word.
func initials(name string) string {
	parts := strings.Fields(name)
	if len(parts) == 0 {
		return "?"
	}
	out := first(parts[0])
	if len(parts) > 1 {
		out += first(parts[len(parts)-1])
	}
	return out
}

func first(word string) string {
	r, _ := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(r))
}

// otpauth lets the one address through that html/template does not know: the
// one that opens an authenticator app. Nothing else passes.
func otpauth(uri string) (template.URL, error) {
	if !strings.HasPrefix(uri, "otpauth://totp/") {
		return "", fmt.Errorf("not the address of an authenticator app")
	}
	return template.URL(uri), nil //nolint:gosec // checked above
}
