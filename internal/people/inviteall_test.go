package people_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/people"
)

func TestInvitees(t *testing.T) {
	for _, row := range []struct{ sentence, text, want string }{
		{"one address on a line", "ada@example.org\nben@example.org\n", "1:ada@example.org=ada 2:ben@example.org=ben"},
		{"with names", "ada@example.org,Ada Lovelace", "1:ada@example.org=Ada Lovelace"},
		{"semicolons, as some tables are written", "ada@example.org;Ada;x\nben@example.org;Ben", "1:ada@example.org=Ada 2:ben@example.org=Ben"},
		{"tabs", "ada@example.org\tAda", "1:ada@example.org=Ada"},
		{"names of columns", "Name,E-Mail\nAda,ada@example.org", "2:ada@example.org=Ada"},
		{"a byte order mark, quotes, empty lines", "\uFEFFemail,name\r\n\r\n\"ada@example.org\",\"Lovelace, Ada\"\r\n", "3:ada@example.org=Lovelace, Ada"},
		{"an address that is none comes through, for its report", "ada@example.org\nnonsense", "1:ada@example.org=ada 2:nonsense=nonsense"},
		{"nothing", " \n", "list_empty"},
		{"names of columns alone", "email,name\n", "list_empty"},
		{"a quote that does not end", "ada@example.org\n\"ben", "list_unreadable"},
		{"no UTF-8", "ada@example.org,Ad\xe9", "list_characters"},
		{"a zero byte", "ada@example.org,\x00", "list_characters"},
		{"as many as may be", strings.Repeat("a@example.org\n", people.MostInvitees), ""},
		{"one too many", strings.Repeat("a@example.org\n", people.MostInvitees+1), "list_long"},
	} {
		list, err := people.Invitees([]byte(row.text))
		got := countersign.CodeOf(err)
		if err == nil && row.want != "" {
			var said []string
			for _, one := range list {
				said = append(said, fmt.Sprintf("%d:%s=%s", one.Line, one.Email, one.Name))
			}
			got = strings.Join(said, " ")
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.sentence, got, row.want)
		}
	}
}

// A quote that does not end eats the rest of the list: the line to look at is where it begins.
func TestTheLineOfAnOpenQuote(t *testing.T) {
	_, err := people.Invitees([]byte("ada@example.org\n\"ben@example.org\ncleo@example.org\ndora@example.org\n"))
	var refusal *countersign.Error
	if !errors.As(err, &refusal) || refusal.Args["Line"] != 2 {
		t.Errorf("%v %+v", err, refusal)
	}
}

func FuzzInvitees(f *testing.F) {
	f.Add([]byte("email;name\nada@example.org;Ada"))
	f.Add([]byte("\"a\"b,\r\n\t;;@"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := people.Invitees(text)
		if err != nil && countersign.KindOf(err) != countersign.Invalid {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && (len(list) == 0 || len(list) > people.MostInvitees) {
			t.Errorf("%q has %d lines", text, len(list))
		}
	})
}

// Each line has its own end, and what was done before a line stays done.
func TestInviteAll(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		s := &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
		e.Person(t, "known@example.com")
		list, err := people.Invitees([]byte("ada@example.com,Ada\nnonsense\nKnown@example.com\nben@example.com,Ben\nada@example.com\n"))
		accounttest.Want(t, "reading the list", err, "ok")
		got, err := s.InviteAll(context.Background(), accounttest.Workspace, list, countersign.Member, "", people.Shell())
		accounttest.Want(t, "inviting all", err, "ok")
		said := ""
		for _, one := range got {
			said += fmt.Sprintf("%d %s;", one.Line, one.Code)
		}
		if said != "1 ;2 email_malformed;3 email_taken;4 ;5 email_taken;" {
			t.Errorf("the report: %s", said)
		}
		for to, want := range map[string]int{"ada@example.com": 1, "ben@example.com": 1, "known@example.com": 0} {
			if n := len(e.MailsTo(t, message.Invitation, to)); n != want {
				t.Errorf("%d invitations to %s, want %d", n, to, want)
			}
		}
		_, err = s.InviteAll(context.Background(), accounttest.Workspace, list, countersign.Member, "pool_none", people.Shell())
		accounttest.Want(t, "into a pool that is not there", err, "no_such_pool")
	})
}
