package terminal_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/authenticator"
	"countersign/internal/device"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
	"countersign/internal/terminal"
	"countersign/internal/web"
	"countersign/internal/words"
)

// installation is the server's side as it is, with a person at a page.
type installation struct {
	*accounttest.Engine
	holder    account.Holder
	account   account.Account
	person    *accounttest.Person
	transport transport
}

func install(t *testing.T) *installation {
	t.Helper()
	e := accounttest.New(t, storetest.File(t))
	e.Set(t, policy.Document{"push.terminal_devices": "on", "pairing.confirm": []any{"code", "email"}})
	i := &installation{Engine: e}
	i.serve(t)
	i.person = e.Guarded(t, "ada@example.com")
	browser := e.Browser("203.0.113.7")
	browser.SignIn(t, i.person)
	i.holder, i.account = browser.Holder(t), i.person.Account(t)
	return i
}

// serve answers at the engine's address through a proxy that changes Host.
func (i *installation) serve(t *testing.T) {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	public, err := url.Parse(accounttest.URL)
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{
		Catalogue: catalogue, Log: slog.New(slog.DiscardHandler), Now: i.Clock.Now, NewID: func() string { return seal.ID("x") }, URL: public,
		Workspace: func(context.Context) (web.Workspace, error) { return web.Workspace{Name: "Acme"}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	authenticator.MountProtocol(mux, authenticator.Options{Site: site, Devices: i.Devices, Approvals: i.Approvals, Now: i.Clock.Now})
	server := httptest.NewServer(site.Wrap(mux))
	t.Cleanup(server.Close)
	i.transport = func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = "http", strings.TrimPrefix(server.URL, "http://"), ""
		return http.DefaultTransport.RoundTrip(r)
	}
}

// client is one whose clock is not that of the server, which stands still in 2026.
func (i *installation) client(t *testing.T) *terminal.Client {
	t.Helper()
	o := options()
	o.Transport, o.Now = i.transport, func() time.Time { return time.Now().Add(24 * time.Hour) }
	c, err := terminal.New(accounttest.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (i *installation) begin(t *testing.T) device.Pairing {
	t.Helper()
	i.Advance(t, time.Second) // the newest pairing of a session is the one that counts
	err := i.Devices.Begin(t.Context(), i.holder)
	if err != nil {
		t.Fatal(err)
	}
	p, err := i.Devices.Current(t.Context(), i.holder)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// number is what the page of the pairing shows.
func (i *installation) number(ctx context.Context, _ terminal.Request) (string, error) {
	p, err := i.Devices.Current(ctx, i.holder)
	return p.Request.Number, err
}

func (i *installation) page() terminal.Person {
	return terminal.Person{
		Digits: func(ctx context.Context, digits string) error { return i.Devices.Confirm(ctx, i.holder, digits) },
		Number: i.number,
	}
}

func (i *installation) pair(t *testing.T, code terminal.Code) *terminal.Device {
	t.Helper()
	return i.pairAs(t, about(), code)
}

// app is a program that says of itself that it is a phone's app.
func app() terminal.About {
	return terminal.About{Kind: "app", Name: "Pixel 9", Platform: "Android", Client: "Chrome"}
}

func (i *installation) pairAs(t *testing.T, about terminal.About, code terminal.Code) *terminal.Device {
	t.Helper()
	d, err := terminal.Pair(t.Context(), i.client(t), code, about, i.page())
	if err != nil {
		t.Fatalf("%v\n%s", err, i.Log)
	}
	return d
}

// ask asks as a session does that wants a fresh proof.
func (i *installation) ask(t *testing.T) rows.Request {
	t.Helper()
	var asked rows.Request
	err := i.Accounts.WriteFor(t.Context(), i.person.ID, func(tx *store.Tx) error {
		var err error
		asked, err = i.Approvals.Make(tx, approve.Ask{
			Account: i.account, Kind: approve.FreshProof, Requester: string(i.holder.Session), Act: "Remove the phone “Pixel 9”", Known: true,
			Place: i.holder.Place,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return asked
}

func TestTheServerTakesThisDevice(t *testing.T) {
	i := install(t)
	link := i.Devices.Link(i.begin(t))
	issuer, code, err := terminal.ParseLink(link, "")
	if err != nil || issuer != accounttest.URL {
		t.Fatalf("%s: %s, %v", link, issuer, err)
	}
	d := i.pair(t, code)
	h, err := d.Hello(t.Context())
	if err != nil || h.State != "active" || h.Trouble != "" || h.Account != "ada@example.com" {
		t.Errorf("%+v, %v", h, err)
	}
	for _, row := range []struct {
		decision terminal.Decision
		right    bool
		want     string
	}{
		{terminal.Approve, true, "approved"},
		{terminal.Deny, false, "denied"},
		{terminal.Approve, false, "mismatch"},
	} {
		i.Advance(t, time.Second)
		asked := i.ask(t)
		r := waiting(t, d)
		number := asked.Number
		if !row.right {
			number = string('0'+('9'-number[0])) + number[1:]
		}
		state, err := d.Decide(t.Context(), r, row.decision, number)
		if err != nil || state != row.want {
			t.Errorf("%s: %s, %v, want %s\n%s", row.decision, state, err, row.want, i.Log)
		}
		_, err = d.Decide(t.Context(), r, row.decision, number)
		var problem *terminal.Problem
		if !errors.As(err, &problem) || problem.Code != terminal.RequestOver || problem.State != row.want {
			t.Errorf("once more: %+v", err)
		}
	}
	past, err := d.History(t.Context())
	if err != nil || len(past) != 4 || past[0].State != "mismatch" || !past[0].Here {
		t.Errorf("%+v, %v", past, err)
	}
	_, err = d.Decide(t.Context(), terminal.Request{ID: "req_none", Nonce: make([]byte, 32)}, terminal.Deny, "")
	wantCode(t, "no such request", err, terminal.NoSuchRequest)
}

func TestTheServerAndTheRestOfADevice(t *testing.T) {
	i := install(t)
	d := i.pair(t, terminal.Code{Short: strings.ToLower(i.begin(t).Short)})
	_, err := d.Code(t.Context())
	wantCode(t, "codes of a command line, which has none", err, terminal.CodeGiven)
	d = i.pairAs(t, app(), terminal.Code{Short: strings.ToLower(i.begin(t).Short)})
	secret, err := d.Code(t.Context())
	if err != nil || len(secret.Secret) != 20 || secret.Digits != 6 || secret.Period != 30 {
		t.Errorf("code: %+v, %v", secret, err)
	}
	id, err := d.Test(t.Context())
	if err != nil || waiting(t, d).ID != id {
		t.Errorf("test: %s, %v", id, err)
	}
	state, err := d.Decide(t.Context(), waiting(t, d), terminal.Approve, "")
	if err != nil || state != "approved" {
		t.Errorf("test: %s, %v", state, err)
	}
	err = d.SignOut(t.Context())
	if err != nil {
		t.Error(err)
	}
	_, err = d.Requests(t.Context(), "", 0)
	wantCode(t, "signed out", err, terminal.DeviceSignedOut)
	err = d.SignIn(t.Context())
	if err != nil {
		t.Errorf("sign in: %v\n%s", err, i.Log)
	}
	w, err := d.Requests(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	w, err = d.Requests(t.Context(), w.Cursor, time.Second)
	if err != nil || len(w.Requests) != 0 {
		t.Errorf("%+v, %v", w, err)
	}
	err = d.Remove(t.Context())
	if err != nil {
		t.Error(err)
	}
	_, err = d.Hello(t.Context())
	wantCode(t, "removed", err, terminal.DeviceUnknown)
}

func TestTheServerMailsACode(t *testing.T) {
	i := install(t)
	p, err := i.client(t).Claim(t.Context(), terminal.Code{Long: i.begin(t).Code}, about())
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := p.Join(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, i.Log)
	}
	to, err := p.SendCode(t.Context())
	if err != nil || to != "a•••@example.com" {
		t.Errorf("%s, %v", to, err)
	}
	wantCode(t, "another code", p.ConfirmCode(t.Context(), "x"), terminal.ConfirmWrong)
	mail := i.Mail(t, message.PairingCode, "ada@example.com")
	err = p.ConfirmCode(t.Context(), digitsIn(mail.Text))
	if err == nil {
		err = p.Await(t.Context(), terminal.Confirmed)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, mail.Text)
	}
	r, err := d.First(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	number, err := i.number(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	state, err := d.Decide(t.Context(), r, terminal.Approve, number)
	if err != nil || state != "approved" {
		t.Errorf("%s, %v", state, err)
	}
}

// digitsIn are the six digits of a mail.
func digitsIn(text string) string {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(word) == 6 {
			return word
		}
	}
	return ""
}

func TestAWorkspaceWithoutTerminals(t *testing.T) {
	i := install(t)
	i.Set(t, policy.Document{"push.terminal_devices": "off"})
	_, err := i.client(t).Claim(t.Context(), terminal.Code{Long: i.begin(t).Code}, about())
	wantCode(t, "a terminal", err, terminal.NoTerminals)
	i.Set(t, policy.Document{"push.terminal_devices": "on", "push.min_app_version": "2.0.0"})
	_, err = i.client(t).Claim(t.Context(), terminal.Code{Long: i.begin(t).Code}, about())
	var problem *terminal.Problem
	if !errors.As(err, &problem) || problem.Code != terminal.DeviceVersion || problem.Version != "2.0.0" {
		t.Errorf("an old program: %+v", err)
	}
	_, err = i.client(t).Claim(t.Context(), terminal.Code{Long: "x"}, about())
	wantCode(t, "no code", err, terminal.PairingOver)
}
