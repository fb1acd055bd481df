package people_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// search reads a part of a list and says it: the addresses' first parts in their order.
func search(t *testing.T, s *people.Service, f people.Filter, after, before string) (string, people.Lines) {
	t.Helper()
	lines, err := s.Search(context.Background(), accounttest.Workspace, f, after, before, 2)
	accounttest.Want(t, "searching", err, "ok")
	var said []string
	for _, l := range lines.People {
		name, _, _ := strings.Cut(l.Email, "@")
		said = append(said, name)
	}
	return strings.Join(said, " "), lines
}

// A list is read in parts, there and back, and a cursor that no list has written is its
// beginning.
func TestPartsOfAList(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		s := &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
		for _, name := range []string{"eve", "ada", "dora", "ben", "cleo"} {
			p := e.Person(t, name+"@example.com")
			e.Exec(t, fmt.Sprintf("UPDATE users SET name = '' WHERE id = '%s'", p.ID))
			e.Write(t, func(tx *store.Tx) error { return tx.Index(tx.Ctx, accounttest.Workspace, p.ID) })
		}
		first, at := search(t, s, people.Filter{}, "", "")
		second, then := search(t, s, people.Filter{}, at.Next, "")
		last, end := search(t, s, people.Filter{}, then.Next, "")
		back, begin := search(t, s, people.Filter{}, "", end.Previous)
		start, none := search(t, s, people.Filter{}, "", begin.Previous)
		if first != "ada ben" || second != "cleo dora" || last != "eve" || back != "cleo dora" || start != "ada ben" {
			t.Errorf("there: %s, %s, %s; back: %s, %s", first, second, last, back, start)
		}
		if at.Previous != "" || end.Next != "" || none.Previous != "" || none.Next == "" {
			t.Errorf("the ends lead on: %q %q %q", at.Previous, end.Next, none.Previous)
		}
		for _, cursor := range []string{"nonsense", "zz.usr_1", "61", "61.evt_1", strings.Repeat("6", 2000) + ".usr_1"} {
			if got, _ := search(t, s, people.Filter{}, cursor, ""); got != "ada ben" {
				t.Errorf("after %.20q: %s", cursor, got)
			}
		}
	})
}

// What a line says of somebody is what they have, and what is required of them now.
func TestLinesSayWhatPeopleHave(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		s := &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
		e.Guarded(t, "ada@example.com").WithApp(t, "Tablet")
		e.Person(t, "ben@example.com")
		_, lines := search(t, s, people.Filter{Typed: "example.com"}, "", "")
		ada, ben := lines.People[0], lines.People[1]
		if ada.Email != "ada@example.com" {
			ada, ben = ben, ada
		}
		if fmt.Sprint(ada.Methods) != "[totp]" || ada.CodesLeft != 10 || ada.Missing || len(ben.Methods) != 0 || ben.Missing {
			t.Errorf("the lines say %+v and %+v", ada, ben)
		}
		e.Set(t, policy.Document{"require_second_factor": "required"})
		if got, _ := search(t, s, people.Filter{Standing: store.Missing}, "", ""); got != "ben" {
			t.Errorf("of whom it is required and who lacks it: %s", got)
		}
	})
}

// A program from before, beside this one, writes people without what they are sorted and
// found by: it is added.
func TestPeopleFromBeforeAreSorted(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		s := &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
		e.Person(t, "ada@example.com")
		e.Exec(t, "UPDATE users SET name_key = ''")
		e.Exec(t, "DELETE FROM person_words")
		if got, _ := search(t, s, people.Filter{Typed: "ada"}, "", ""); got != "" {
			t.Fatalf("found without words: %s", got)
		}
		for _, want := range []int{1, 0} {
			n, err := s.IndexOnce(context.Background())
			if err != nil || n != want {
				t.Errorf("%d people were sorted: %v", n, err)
			}
		}
		if got, _ := search(t, s, people.Filter{Typed: "ada"}, "", ""); got != "ada" {
			t.Errorf("not found afterwards: %s", got)
		}
	})
}

// What others see of a person holds no secret.
func TestShownWithoutSecrets(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		s := &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
		ada := e.Guarded(t, "ada@example.com")
		ada.WithPhone(t, "Pixel 9")
		e.Browser("192.0.2.1").SignIn(t, ada)
		shown, err := s.Show(context.Background(), accounttest.Workspace, ada.ID)
		accounttest.Want(t, "showing", err, "ok")
		if len(shown.Credentials) < 3 || len(shown.Devices) != 1 || len(shown.Sessions) == 0 {
			t.Errorf("%d credentials, %d devices, %d sessions are shown", len(shown.Credentials), len(shown.Devices), len(shown.Sessions))
		}
		for _, c := range shown.Credentials {
			if c.Secret != nil {
				t.Errorf("the secret of %s is there", c.Kind)
			}
		}
		for _, d := range shown.Devices {
			if d.DeviceKey != nil || d.VerifyKey != nil || d.Subscription != nil {
				t.Error("a phone's keys are there")
			}
		}
		for _, one := range shown.Sessions {
			if one.TokenHash != nil {
				t.Error("a session's token is there")
			}
		}
		if shown.User.PasswordHash != "" {
			t.Error("the password's hash is there")
		}
		_, err = s.Show(context.Background(), "wsp_other", ada.ID)
		accounttest.Want(t, "from another workspace", err, "no_such_user")
	})
}

// Who may take a list away: by role, with two factors and a fresh proof.
func TestWhoTakesAListAway(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		s := &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
		for _, role := range countersign.Roles() {
			p := e.Guarded(t, string(role)+"@example.com")
			e.Exec(t, fmt.Sprintf("UPDATE users SET role = '%s' WHERE id = '%s'", role, p.ID))
			b := e.Browser("192.0.2.1")
			b.SignIn(t, p)
			want := "beyond_role"
			if policy.MayAll(role, policy.DeedSeeAll) {
				want = "ok"
			}
			accounttest.Want(t, string(role), s.Exported(context.Background(), b.Holder(t), people.Filter{Typed: "ada"}), want)
			stale := b.Holder(t)
			stale.Fresh = false
			accounttest.Want(t, string(role)+", an hour later", s.Exported(context.Background(), stale, people.Filter{}), "fresh_proof_required")
		}
		if n := e.Count(t, "people.exported", `"search":"ada"`); n != 3 {
			t.Errorf("%d are noted, want 3", n)
		}
	})
}
