package server

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/method"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/store"
)

func newDemo(t *testing.T) *Demo {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	d, err := NewDemo(t.Context(), DemoOptions{Listen: "localhost:0", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestDemo makes the demonstration once, because it takes many password hashes.
func TestDemo(t *testing.T) {
	d := newDemo(t)
	t.Run("the cast is in every state", func(t *testing.T) { testCast(t, d) })
	t.Run("the log was sealed as it was written", func(t *testing.T) { testLogOfTheDemo(t, d) })
	t.Run("accounts sign in", func(t *testing.T) { testAccountsSignIn(t, d) })
	t.Run("it serves and leaves nothing", func(t *testing.T) { testServesAndLeavesNothing(t, d) })
}

// testLogOfTheDemo looks whether the log tells the story that a server of the time would:
// what was written long before its seal is told to be suspicious.
func testLogOfTheDemo(t *testing.T, d *Demo) {
	t.Helper()
	r, err := d.server.Parts.Audit.Verify(t.Context(), countersign.DefaultWorkspace)
	if err != nil || !r.Holds() || r.Late > 0 || r.Unsealed > 0 || r.Events == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// testCast looks at the people as the rules see them.
func testCast(t *testing.T, d *Demo) {
	t.Helper()
	all := map[string]people.Person{}
	err := d.server.Parts.People.List(t.Context(), countersign.DefaultWorkspace, func(p people.Person) error {
		all[p.Email] = p
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 25 || len(d.Accounts) != 25 {
		t.Fatalf("%d people and %d accounts, want 25", len(all), len(d.Accounts))
	}
	now := time.Now().UnixMilli()
	for _, a := range d.Accounts {
		p := all[a.Email]
		if p.Name != a.Name || p.Role != a.Role || p.CreatedAt > now || p.SignedInAt > now {
			t.Errorf("%s is not as told: %+v", a.Email, p)
		}
		if a.Password != (p.State == countersign.Active) {
			t.Errorf("%s: password %v, state %s", a.Email, a.Password, p.State)
		}
		if (a.Key != "") != (p.SecondFactors > 0) || len(a.Codes) != p.CodesLeft {
			t.Errorf("%s: a key %v and %d codes told; %d second factors and %d codes are there", a.Email, a.Key != "", len(a.Codes), p.SecondFactors, p.CodesLeft)
		}
	}
	rows := []struct {
		sentence string
		least    int
		is       func(people.Person) bool
	}{
		{"an owner", 1, func(p people.Person) bool { return p.Role == countersign.Owner && p.SecondFactors == 1 }},
		{"administrators with and without a second factor", 2, func(p people.Person) bool { return p.Role == countersign.Administrator }},
		{"a help desk", 1, func(p people.Person) bool { return p.Role == countersign.HelpDesk }},
		{"an auditor", 1, func(p people.Person) bool { return p.Role == countersign.Auditor }},
		{"somebody with several apps", 2, func(p people.Person) bool { return p.SecondFactors > 1 }},
		{"somebody with all codes", 5, func(p people.Person) bool { return p.CodesLeft == 10 }},
		{"somebody with few codes", 2, func(p people.Person) bool { return p.CodesLeft > 0 && p.CodesLeft < 4 }},
		{"somebody without codes", 2, func(p people.Person) bool { return p.SecondFactors > 0 && p.CodesLeft == 0 }},
		{"somebody who must and has not", 2, func(p people.Person) bool { return p.RequireSecondFactor == "required" && p.SecondFactors == 0 }},
		{"somebody disabled", 2, func(p people.Person) bool { return p.State == countersign.Disabled }},
		{"somebody invited", 3, func(p people.Person) bool { return p.State == countersign.Invited }},
		{"somebody unverified", 2, func(p people.Person) bool { return p.State == countersign.Active && p.EmailVerifiedAt == 0 }},
		{"somebody who never signed in", 1, func(p people.Person) bool { return p.State == countersign.Active && p.SignedInAt == 0 }},
		{"two languages", 5, func(p people.Person) bool { return p.Language == "de" }},
	}
	for _, row := range rows {
		found := 0
		for _, p := range all {
			if row.is(p) {
				found++
			}
		}
		if found < row.least {
			t.Errorf("%s: %d, want %d at least", row.sentence, found, row.least)
		}
	}
}

// testAccountsSignIn signs in as a person would, with what is printed.
func testAccountsSignIn(t *testing.T, d *Demo) {
	t.Helper()
	rows := []struct {
		sentence, email string
		kind            method.Kind
		want            countersign.Kind
	}{
		{"the owner, by the code of the moment", "amara.okafor@example.com", method.TOTP, countersign.Internal},
		{"somebody with few codes left, by one", "noah.williams@example.com", method.Recovery, countersign.Internal},
		{"somebody locked, from a browser that is not known", "oliver.schmidt@example.com", method.TOTP, countersign.Limited},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			a := accountOf(t, d, row.email)
			typed := a.Code(time.Now())
			if row.kind == method.Recovery {
				typed = a.Codes[0]
			}
			err := enter(t.Context(), d.server.Parts, a.Email, row.kind, typed)
			if row.want == countersign.Internal && err != nil || row.want != countersign.KindOf(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func accountOf(t *testing.T, d *Demo, email string) DemoAccount {
	t.Helper()
	for _, a := range d.Accounts {
		if a.Email == email {
			return a
		}
	}
	t.Fatalf("there is no %s", email)
	return DemoAccount{}
}

func enter(ctx context.Context, p *Parts, email string, kind method.Kind, typed string) error {
	v := signin.Visitor{Bind: "a browser", Place: countersign.Place{IP: "192.0.2.1"}}
	id, err := p.SignIn.Start(ctx, countersign.DefaultWorkspace, email, "", v)
	if err != nil {
		return err
	}
	at, err := p.SignIn.Load(ctx, countersign.DefaultWorkspace, id, v)
	if err != nil {
		return err
	}
	v.Bind, err = p.SignIn.Password(ctx, at, DemoPassword, v)
	if err != nil {
		return err
	}
	at, err = p.SignIn.Load(ctx, countersign.DefaultWorkspace, id, v)
	if err != nil || at.Step != policy.StepSecond {
		return err
	}
	_, err = p.SignIn.Second(ctx, at, kind, typed, v, func(*store.Tx, countersign.Proof) error { return nil })
	return err
}

func testServesAndLeavesNothing(t *testing.T, d *Demo) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL()+"/readyz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("/readyz says %s", response.Status)
	}
	stop()
	err = <-done
	if err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestTheDemoTakesTheNextFreePort(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		clock := &storyClock{real: time.Now}
		s, err := demoServer(t.Context(), DemoOptions{Now: time.Now}, t.TempDir(), clock)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		if seen[s.URL()] {
			t.Errorf("%s twice", s.URL())
		}
		seen[s.URL()] = true
	}
}

func TestTheDemoIsForThisMachine(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, listen := range []string{":0", "0.0.0.0:0", "box.example.com:8080"} {
		_, err := NewDemo(t.Context(), DemoOptions{Listen: listen, Now: time.Now})
		if countersign.CodeOf(err) != "demo_not_local" {
			t.Errorf("%s: got %v", listen, err)
		}
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestAddresses(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range cast() {
		a := address(r.name)
		if seen[a] || strings.ContainsFunc(a, func(c rune) bool { return c > 'z' || c == ' ' || c == '\'' }) {
			t.Errorf("%s: %s", r.name, a)
		}
		seen[a] = true
	}
}
