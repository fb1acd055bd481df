package people_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"log/slog"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/audit"
	"countersign/internal/people"
	"countersign/internal/picture"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

func pngOf(t *testing.T, side int) []byte {
	t.Helper()
	var out bytes.Buffer
	err := png.Encode(&out, image.NewGray(image.Rect(0, 0, side, side)))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func made(t *testing.T, p *people.Service, name, host string) people.WorkspaceMade {
	t.Helper()
	m, err := p.CreateWorkspace(context.Background(), people.NewWorkspace{Name: name, Host: host}, people.Shell())
	if err != nil {
		t.Fatalf("make the workspace %s: %v", name, err)
	}
	return m
}

// setUp makes the first owner of a workspace by its set-up address.
func setUp(t *testing.T, e *accounttest.Engine, p *people.Service, id countersign.WorkspaceID, address string, f people.FirstOwner) {
	t.Helper()
	link, err := e.Accounts.FindLink(context.Background(), id, account.LinkSetup, address[strings.LastIndexByte(address, '/')+1:])
	if err == nil {
		err = p.FinishSetup(context.Background(), link, f, nothing)
	}
	if err != nil {
		t.Fatalf("set %s up: %v", id, err)
	}
}

func TestAWorkspaceIsMadeAndSetUp(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		acme := made(t, p, "Acme", "ACME.example.com.")
		if !strings.HasPrefix(acme.SetUp, "https://acme.example.com/setup/") {
			t.Errorf("the set-up address is %s", acme.SetUp)
		}
		token := acme.SetUp[strings.LastIndexByte(acme.SetUp, '/')+1:]
		_, err := e.Accounts.FindLink(ctx, accounttest.Workspace, account.LinkSetup, token)
		accounttest.Want(t, "its set-up address at another workspace", err, "link_unknown")
		setUp(t, e, p, acme.ID, acme.SetUp, owner())
		_, err = p.SetupLink(ctx, acme.ID)
		accounttest.Want(t, "a set-up address after there is an owner", err, "already_set_up")
		_, err = p.SetupLink(ctx, accounttest.Workspace)
		if err != nil {
			t.Errorf("the default workspace is taken for set up: %v", err)
		}

		// The same address in another workspace is another person.
		other := made(t, p, "Other", "other.example.com")
		setUp(t, e, p, other.ID, other.SetUp, owner())
		one, err := e.Accounts.Find(ctx, acme.ID, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		two, err := e.Accounts.Find(ctx, other.ID, "ada@example.com")
		if err != nil || one.User.ID == two.User.ID {
			t.Errorf("ada at both is one person, %v", err)
		}
		_, err = e.Accounts.Load(ctx, other.ID, one.User.ID)
		accounttest.Want(t, "somebody of another workspace", err, "no_such_user")
		_, err = e.Accounts.Find(ctx, accounttest.Workspace, "ada@example.com")
		accounttest.Want(t, "somebody who is not of the default workspace", err, "no_such_user")

		// What one workspace sets is nothing to the others.
		doc, version, err := p.Document(ctx, acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		err = p.StoreDocument(ctx, acme.ID, doc.With(map[string]any{"require_second_factor": "required"}), version, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[countersign.WorkspaceID]bool{acme.ID: true, other.ID: false, accounttest.Workspace: false} {
			s, err := e.Accounts.Settings(ctx, id, countersign.DefaultPool)
			if err != nil || (s.Required("", e.Clock.Now()) != "") != want {
				t.Errorf("%s: required %q, %v; want %v", id, s.Required("", e.Clock.Now()), err, want)
			}
		}
	})
}

func TestWhatAWorkspaceCannotBe(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		acme := made(t, p, "Acme", "acme.example.com")
		for _, row := range []struct {
			what string
			n    people.NewWorkspace
			want string
		}{
			{"no name", people.NewWorkspace{Host: "b.example.com"}, "name: workspace_empty"},
			{"a name with markup", people.NewWorkspace{Name: "<b>", Host: "b.example.com"}, "name: name_characters"},
			{"no host", people.NewWorkspace{Name: "B"}, "host: host_empty"},
			{"an address of a machine", people.NewWorkspace{Name: "B", Host: "192.0.2.1"}, "host: host_number"},
			{"a port", people.NewWorkspace{Name: "B", Host: "b.example.com:443"}, "host: host_invalid"},
			{"one label", people.NewWorkspace{Name: "B", Host: "localhost"}, "host: host_invalid"},
			{"the configured host", people.NewWorkspace{Name: "B", Host: "Signin.Example.com"}, "host: host_configured"},
			{"a host that another one has", people.NewWorkspace{Name: "B", Host: "acme.EXAMPLE.com"}, "host: host_taken"},
			{"a language that is none", people.NewWorkspace{Name: "B", Host: "b.example.com", Language: "not a language"}, "language: language_unknown"},
		} {
			_, err := p.CreateWorkspace(ctx, row.n, people.Shell())
			if err == nil || err.Error() != row.want && !strings.HasPrefix(err.Error(), row.want+":") {
				t.Errorf("%s: %v, want %s", row.what, err, row.want)
			}
		}
		outcomes := accounttest.Race(10, func(int) error {
			_, err := p.CreateWorkspace(ctx, people.NewWorkspace{Name: "C", Host: "c.example.com"}, people.Shell())
			return err
		})
		if outcomes["ok"] != 1 || outcomes["host_taken"] != 9 {
			t.Errorf("ten at one host at once: %v, want one", outcomes)
		}
		for _, row := range []struct {
			what   string
			id     countersign.WorkspaceID
			change people.WorkspaceChange
			want   string
		}{
			{"a pale colour", acme.ID, people.WorkspaceChange{Name: "A", Host: "acme.example.com", Accent: "#ffe000"}, "accent: accent_pale"},
			{"no colour", acme.ID, people.WorkspaceChange{Name: "A", Host: "acme.example.com", Accent: "red;}"}, "accent: accent_invalid"},
			{"a sender with a zero byte", acme.ID, from("A\x00Bcc"), "sender: sender_malformed"},
			{"a sender that writes a header", acme.ID, from("Acme\r\nBcc: eve@example.com"), "sender: sender_malformed"},
			{"one whose address writes a header", acme.ID, from("Acme <no-reply@acme.example.com\r\nBcc:eve@example.com>"), "sender: sender_malformed"},
			{"a sender whose name nobody sees", acme.ID, from("Ac\u202eme <no-reply@acme.example.com>"), "sender: name_characters"},
			{"a sender with too long a name", acme.ID, from(strings.Repeat("a", 81) + " <no-reply@acme.example.com>"), "sender: name_long"},
			{"a sender whose bracket is open", acme.ID, from("Acme <no-reply@acme.example.com"), "sender: sender_malformed"},
			{"a sender without brackets", acme.ID, from("Acme no-reply@acme.example.com"), "sender: sender_malformed"},
			{"a sender that shows another address", acme.ID, from(`"ceo@globex.example.com" <no-reply@acme.example.com>`), "sender: sender_malformed"},
			{"two senders", acme.ID, from("a@acme.example.com, b@acme.example.com"), "sender: sender_malformed"},
			{"a sender at a domain that cannot exist", acme.ID, from("Acme <no-reply@-acme-.example>"), "sender: sender_malformed"},
			{"a drawing", acme.ID, people.WorkspaceChange{Name: "A", Host: "acme.example.com", Logo: []byte("<svg onload=alert(1)>")}, "logo: logo_kind"},
			{"a picture that is too wide", acme.ID, people.WorkspaceChange{Name: "A", Host: "acme.example.com", Logo: pngOf(t, picture.MostPixels+1)}, "logo: logo_wide"},
			{"a picture that is too large", acme.ID, people.WorkspaceChange{Name: "A", Host: "acme.example.com", Logo: make([]byte, picture.MostOctets+1)}, "logo: logo_large"},
			{"half a picture", acme.ID, people.WorkspaceChange{Name: "A", Host: "acme.example.com", Logo: pngOf(t, 9)[:40]}, "logo: logo_broken"},
			{"another one's host", acme.ID, people.WorkspaceChange{Name: "A", Host: "c.example.com"}, "host: host_taken"},
			{"a host of the default one", accounttest.Workspace, people.WorkspaceChange{Name: "A", Host: "d.example.com"}, "host: host_default"},
			{"one that is not there", "wsp_never", people.WorkspaceChange{Name: "A", Host: "d.example.com"}, "no_workspace"},
		} {
			err := p.ChangeWorkspace(ctx, row.id, row.change, people.Shell())
			if err == nil || !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("%s: %v, want %s", row.what, err, row.want)
			}
		}
		if got := e.Hosts.Of(acme.ID); got.Accent != "" || got.Logo != "" || got.URL != "https://acme.example.com" {
			t.Errorf("a refused change left %+v", got)
		}
	})
}

func TestOwnersOfTheDefaultWorkspaceMakeAndChangeThem(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, owns := desk(t, e, "ada@example.com", countersign.Owner)
		acme, err := p.CreateWorkspace(ctx, people.NewWorkspace{Name: "Acme", Host: "acme.example.com"}, owns)
		if err != nil {
			t.Fatal(err)
		}
		look := people.WorkspaceChange{Name: "Acme Ltd", Host: "acme.example.com"}
		accounttest.Want(t, "an owner who changes one", p.ChangeWorkspace(ctx, acme.ID, look, owns), "ok")
		accounttest.Want(t, "an owner who removes one", p.RemoveWorkspace(ctx, acme.ID, "Acme Ltd", owns), "beyond_role")
		told(t, e, acme.ID, countersign.ByUser, 1)

		elsewhere := people.Session(account.Holder{Workspace: acme.ID, User: owns.Actor.User, Level: policy.LevelFull, Fresh: true, HadSecond: true}, why)
		_, manages := desk(t, e, "ben@example.com", countersign.Administrator)
		for what, row := range map[string]struct {
			by   people.By
			want string
		}{"an administrator": {manages, "beyond_role"}, "an owner of another workspace": {elsewhere, "no_such_user"}} {
			_, err = p.CreateWorkspace(ctx, people.NewWorkspace{Name: "B", Host: "b.example.com"}, row.by)
			accounttest.Want(t, what+" who makes one", err, row.want)
			look.Name = "Taken over"
			accounttest.Want(t, what+" who changes one", p.ChangeWorkspace(ctx, acme.ID, look, row.by), row.want)
			accounttest.Want(t, what+" who removes one", p.RemoveWorkspace(ctx, acme.ID, "Acme Ltd", row.by), "beyond_role")
		}
		e.Advance(t, 11*time.Minute)
		_, err = p.CreateWorkspace(ctx, people.NewWorkspace{Name: "B", Host: "b.example.com"}, stale(t, e, "cleo@example.com"))
		accounttest.Want(t, "an owner whose proof is old", err, "fresh_proof_required")
		w, err := p.FindWorkspace(ctx, string(acme.ID))
		list, listErr := p.ListWorkspaces(ctx)
		if err != nil || listErr != nil || w.Name != "Acme Ltd" || len(list) != 2 {
			t.Errorf("afterwards: %+v, %d workspaces, %v, %v", w, len(list), err, listErr)
		}
	})
}

// stale is an owner's session without a fresh proof.
func stale(t *testing.T, e *accounttest.Engine, email string) people.By {
	t.Helper()
	cleo := e.Guarded(t, email)
	ranked(t, e, cleo, countersign.Owner)
	b := e.Browser("192.0.2.9")
	b.SignIn(t, cleo)
	e.Advance(t, 11*time.Minute)
	return people.Session(b.Holder(t), why)
}

// from changes nothing of Acme but its sender.
func from(sender string) people.WorkspaceChange {
	return people.WorkspaceChange{Name: "Acme", Host: "acme.example.com", Sender: sender}
}

func TestAWorkspaceHasASenderOfItsOwn(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		acme := made(t, p, "Acme", "acme.example.com")
		was := ""
		for _, row := range []struct{ typed, want string }{
			{" Acme  sign-in ", "Acme sign-in"},
			{"no-reply@acme.example.com", "no-reply@acme.example.com"},
			{"  Acme   sign-in<no-reply@acme.example.com> ", "Acme sign-in <no-reply@acme.example.com>"},
			{`"Acme, Inc." <no-reply@acme.example.com>`, "Acme, Inc. <no-reply@acme.example.com>"},
			{"Bücher – 東京 <info@bücher.example>", "Bücher – 東京 <info@bücher.example>"},
			{"Team @ Acme", "Team @ Acme"},
			{"", ""},
		} {
			e.Advance(t, time.Second)
			err := p.ChangeWorkspace(ctx, acme.ID, from(row.typed), people.Shell())
			w, findErr := p.FindWorkspace(ctx, string(acme.ID))
			if err != nil || findErr != nil || w.Sender != row.want || e.Hosts.Of(acme.ID).Sender != row.want {
				t.Fatalf("%q is stored as %q, %v, %v; want %q", row.typed, w.Sender, err, findErr, row.want)
			}
			events, err := e.Store.Read().ListEvents(ctx, acme.ID, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			if last := events[len(events)-1]; last.Kind != "workspace.changed" || audit.Detail(last)["sender"] != was+" → "+row.want {
				t.Errorf("%q to %q is noted as %s: %s", was, row.want, last.Kind, last.Detail)
			}
			was = row.want
		}
	})
}

func TestAWorkspaceIsChanged(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		acme := made(t, p, "Acme", "acme.example.com")
		change := people.WorkspaceChange{
			Name: " Acme  Ltd ", Host: "login.acme.example", Language: "DE-at", Accent: "#7A0C3E", Sender: "Acme sign-in", Logo: pngOf(t, 16),
		}
		err := p.ChangeWorkspace(ctx, acme.ID, change, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		w, err := p.FindWorkspace(ctx, "LOGIN.acme.example")
		if err != nil || w.ID != acme.ID || w.Name != "Acme Ltd" || w.Language != "de-AT" || w.Accent != "#7a0c3e" || w.Sender != "Acme sign-in" {
			t.Fatalf("%+v, %v", w, err)
		}
		body, err := e.Store.Read().GetLogo(ctx, acme.ID, w.Logo)
		if err != nil || !bytes.Equal(body, change.Logo) || !strings.HasPrefix(w.Logo, "logo-") || !strings.HasSuffix(w.Logo, ".png") {
			t.Errorf("the picture %s: %d octets, %v", w.Logo, len(body), err)
		}
		_, err = e.Store.Read().GetLogo(ctx, accounttest.Workspace, w.Logo)
		if !store.NotFound(err) {
			t.Errorf("its picture at another workspace: %v", err)
		}
		if home := e.Hosts.Of(acme.ID); home.URL != "https://login.acme.example" || home.Accent != "#7a0c3e" {
			t.Errorf("at home at %+v", home)
		}
		if _, found := e.Hosts.At("acme.example.com"); found {
			t.Error("its old host still means it")
		}

		// The picture stays when it is not named, and goes when nothing takes its place.
		keep := people.ChangeOf(w)
		keep.Sender = ""
		err = p.ChangeWorkspace(ctx, acme.ID, keep, people.Shell())
		if err != nil || e.Hosts.Of(acme.ID).Logo != w.Logo {
			t.Errorf("another sender: logo %q, %v", e.Hosts.Of(acme.ID).Logo, err)
		}
		keep.Logo = []byte{}
		err = p.ChangeWorkspace(ctx, acme.ID, keep, people.Shell())
		if err != nil || e.Hosts.Of(acme.ID).Logo != "" {
			t.Errorf("without a picture: logo %q, %v", e.Hosts.Of(acme.ID).Logo, err)
		}
		_, err = e.Store.Read().GetLogo(ctx, acme.ID, w.Logo)
		if !store.NotFound(err) {
			t.Errorf("a picture that was taken away: %v", err)
		}
		told(t, e, acme.ID, countersign.ByShell, 3)
	})
}

// told looks for the events of a workspace that was made and so often changed, in both logs.
func told(t *testing.T, e *accounttest.Engine, acme countersign.WorkspaceID, by countersign.ActorKind, changes int) {
	t.Helper()
	for id, actor := range map[countersign.WorkspaceID]countersign.ActorKind{accounttest.Workspace: by, acme: countersign.BySystem} {
		events, err := e.Store.Read().ListEvents(context.Background(), id, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for _, event := range events {
			if !strings.HasPrefix(event.Kind, "workspace.") {
				continue
			}
			kinds[event.Kind]++
			if id == acme && (event.ActorID != "" || event.IP != "") {
				t.Errorf("the log of another workspace names %s from %s", event.ActorID, event.IP)
			}
			if event.ActorKind != actor || event.Target != string(acme) {
				t.Errorf("%s: %s by %s upon %s", id, event.Kind, event.ActorKind, event.Target)
			}
			if accent := audit.Detail(event)["accent"]; accent != "" && accent != " → #7a0c3e" {
				t.Errorf("%s: the colour %q", id, accent)
			}
		}
		if kinds["workspace.created"] != 1 || kinds["workspace.changed"] != changes {
			t.Errorf("%s: %v", id, kinds)
		}
	}
}

func TestAHostIsNotChangedUnderPasskeys(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		id, ada := acmeOf(t, e, p)
		e.Write(t, func(tx *store.Tx) error {
			return tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{WorkspaceID: id, ID: "crd_2", UserID: ada.User.ID, Kind: "totp", State: "active", Secret: []byte{1}})
		})
		change := people.WorkspaceChange{Name: "Acme", Host: "login.acme.example"}
		err := p.ChangeWorkspace(ctx, id, change, people.Shell())
		accounttest.Want(t, "another host where there is a passkey", err, "host_in_use")
		change.Host, change.Accent = "acme.example.com", "#7a0c3e"
		err = p.ChangeWorkspace(ctx, id, change, people.Shell())
		if err != nil {
			t.Errorf("another colour where there is a passkey: %v", err)
		}
		change.Host, change.Move = "login.acme.example", true
		err = p.ChangeWorkspace(ctx, id, change, people.Shell())
		if err != nil || e.Hosts.Of(id).Host != "login.acme.example" {
			t.Errorf("another host that was meant: %v", err)
		}
	})
}

func TestAWorkspaceIsRemovedByName(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		acme, empty := made(t, p, "Acme", "acme.example.com"), made(t, p, "Empty", "empty.example.com")
		setUp(t, e, p, acme.ID, acme.SetUp, owner())
		err := p.RemoveWorkspace(ctx, empty.ID, "", people.Shell())
		if err != nil {
			t.Errorf("one that nobody is in: %v", err)
		}
		for _, typed := range []string{"", "Acm", "Countersign"} {
			err = p.RemoveWorkspace(ctx, acme.ID, typed, people.Shell())
			accounttest.Want(t, "typed as "+typed, err, "workspace_name_other")
		}
		err = p.RemoveWorkspace(ctx, accounttest.Workspace, "Countersign", people.Shell())
		accounttest.Want(t, "the default one", err, "default_workspace")
		err = p.RemoveWorkspace(ctx, acme.ID, " acme ", people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		err = p.RemoveWorkspace(ctx, acme.ID, "Acme", people.Shell())
		accounttest.Want(t, "one that is gone", err, "no_workspace")
		if home, found := e.Hosts.At("acme.example.com"); !found || home.ID != accounttest.Workspace {
			t.Errorf("with one workspace left its old host means %+v, %v", home, found)
		}
		list, err := p.ListWorkspaces(ctx)
		if err != nil || len(list) != 1 || list[0].ID != accounttest.Workspace || list[0].Address != accounttest.URL {
			t.Errorf("left are %+v, %v", list, err)
		}
		events, err := e.Store.Read().ListEvents(ctx, accounttest.Workspace, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		removed := 0
		for _, event := range events {
			if event.Kind == "workspace.removed" && event.Target == string(acme.ID) && audit.Detail(event)["people"] == "1" {
				removed++
			}
		}
		if removed != 1 {
			t.Errorf("%d events tell of it, want one", removed)
		}
	})
}

// For a moment after its removal a node may still lead a host to a workspace: what it asks
// for is not there, and no fault.
func TestWhatIsAskedOfAWorkspaceThatIsGone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, _ *people.Service) {
		ctx := context.Background()
		const gone countersign.WorkspaceID = "wsp_gone"
		_, err := e.Accounts.Settings(ctx, gone, countersign.DefaultPool)
		accounttest.Want(t, "its settings", err, "no_workspace")
		_, err = e.Accounts.FindLink(ctx, gone, account.LinkReset, "token")
		accounttest.Want(t, "a link", err, "link_unknown")
		if got := e.Accounts.Address(gone); got != "" {
			t.Errorf("its address is %q", got)
		}
		if party := e.Accounts.Party(gone); party.RPID != "" || party.Origin != "" {
			t.Errorf("its passkeys belong to %+v", party)
		}
	})
}

// A workspace that the shell makes while no server runs waits for its first seal until one
// does: that is no chain that somebody took away.
func TestAWorkspaceThatTheShellMadeDaysBeforeAServer(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		acme := made(t, p, "Acme", "acme.example.com")
		_, err := p.SetupLink(ctx, accounttest.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		e.Advance(t, 49*time.Hour)
		chain := &audit.Chain{Store: e.Store, Key: e.MAC, Now: e.Clock.Now}
		err = audit.NewSealer(chain, slog.New(slog.DiscardHandler)).LookWhole(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []countersign.WorkspaceID{acme.ID, accounttest.Workspace} {
			r, err := chain.Verify(ctx, id)
			if err != nil || !r.Holds() || r.Late == 0 || r.Unsealed != 0 {
				t.Errorf("%s: %+v, %v", id, r, err)
			}
		}
	})
}
