package people

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"countersign"
)

// MostInvitees bounds the lines of one list of people to invite.
const MostInvitees = 1000

// Invitee is one line of such a list: its number in the text, counted from 1.
type Invitee struct {
	Line        int
	Email, Name string
}

// Invitees reads a list of people as CSV (RFC 4180), with commas, semicolons or tabs: the
// address, and perhaps the name. A first line without an address names the columns. Who
// has no name in it gets the part of the address before the "@" until the invitation is
// accepted.
//
// Errors, all Invalid on "list": "list_empty", "list_characters" for what is no UTF-8,
// "list_unreadable" with Line, "list_long" with Most.
func Invitees(text []byte) ([]Invitee, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, countersign.InvalidField("list", "list_characters")
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.Comma = -1, true, separator(text)
	var out []Invitee
	email, name := 0, 1
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unreadable(err)
		}
		if first && !strings.Contains(strings.Join(record, ""), "@") {
			email, name = columns(record)
			continue
		}
		if strings.TrimSpace(strings.Join(record, "")) == "" {
			continue
		}
		line, _ := reader.FieldPos(0)
		one := Invitee{Line: line, Email: field(record, email), Name: field(record, name)}
		if one.Name == "" {
			one.Name, _, _ = strings.Cut(one.Email, "@")
		}
		out = append(out, one)
		if len(out) > MostInvitees {
			e := countersign.InvalidField("list", "list_long")
			e.Args = map[string]any{"Most": MostInvitees}
			return nil, e
		}
	}
	if len(out) == 0 {
		return nil, countersign.InvalidField("list", "list_empty")
	}
	return out, nil
}

func unreadable(err error) error {
	e := countersign.InvalidField("list", "list_unreadable")
	line := 1
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		line = parse.StartLine // where it ends, a quote that was not closed has eaten the rest
	}
	e.Args = map[string]any{"Line": line}
	return e
}

// separator is what the first line has most of.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', 0
	for _, r := range ",;\t" {
		if n := bytes.Count(line, []byte(string(r))); n > most {
			best, most = r, n
		}
	}
	return best
}

// columns finds the address and the name by the words of a first line, in English and
// German.
func columns(record []string) (int, int) {
	email, name := 0, 1
	for i, word := range record {
		word = strings.ToLower(word)
		switch {
		case strings.Contains(word, "mail"):
			email = i
		case strings.Contains(word, "name"):
			name = i
		}
	}
	return email, name
}

func field(record []string, at int) string {
	if at >= len(record) {
		return ""
	}
	return strings.TrimSpace(record[at])
}

// Invited is what became of one line: Code is "" for somebody who was invited, else what
// was wrong.
type Invited struct {
	Invitee

	Code string
	Args map[string]any
}

// NotTried is the code of lines after one at which the list stopped.
const NotTried = "not_tried"

// InviteAll invites everybody of a list, each in a transaction of their own: what was done
// stays done. It tells what became of each line. When something fails that is no line's
// fault, as when the database is not to be had, the rest is not tried.
//
// Errors, when nobody was invited yet: those of Create that are about who invites.
func (s *Service) InviteAll(ctx context.Context, workspace countersign.WorkspaceID, list []Invitee, role countersign.Role, pool countersign.PoolID, by By) ([]Invited, error) {
	out := make([]Invited, 0, len(list))
	stopped := false
	for i, one := range list {
		result := Invited{Invitee: one, Code: NotTried}
		if !stopped {
			_, err := s.Create(ctx, workspace, NewUser{Email: one.Email, Name: one.Name, Role: role, Pool: pool, Listed: true}, by)
			var refusal *countersign.Error
			switch {
			case err == nil:
				result.Code = ""
			case errors.As(err, &refusal) && (refusal.Kind == countersign.Invalid || refusal.Code == "email_taken" || refusal.Code == "too_many_mails"):
				result.Code, result.Args = refusal.Code, argsOf(refusal)
			case i == 0:
				return nil, err
			default:
				stopped = true
			}
		}
		out = append(out, result)
	}
	return out, nil
}

// argsOf are those of a line's sentence, with how long to wait where it says so.
func argsOf(refusal *countersign.Error) map[string]any {
	if refusal.Kind != countersign.Limited {
		return refusal.Args
	}
	return map[string]any{"Wait": (refusal.RetryAfter + time.Second - 1).Truncate(time.Second)}
}
