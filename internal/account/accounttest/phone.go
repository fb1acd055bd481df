package accounttest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"countersign"
	"countersign/httpsig"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/device"
	"countersign/internal/method/push"
	"countersign/internal/method/push/pushtest"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Phone is one with its keys, paired or on its way. It talks to one node.
type Phone struct {
	*pushtest.Phone

	ID countersign.DeviceID
	// Claimed is what the phone was told when it claimed a code, Joined when it joined.
	Claimed device.Claimed
	Joined  device.Joined
	// About is what it says of itself, Status how it can be used.
	About  device.About
	Status device.Status

	e    *Engine
	code string // what was scanned or typed
}

// PhonePlace is where the phones' calls come from.
func PhonePlace() countersign.Place {
	return countersign.Place{IP: "198.51.100.77", UserAgent: "Mozilla/5.0 (Linux; Android 16) Chrome/150", RequestID: "rid_2"}
}

// Phone is a new phone that is nobody's.
func (e *Engine) Phone(tb testing.TB, name string) *Phone {
	tb.Helper()
	return &Phone{
		Phone: pushtest.New(tb, e.Accounts.Site(Workspace)), e: e, Status: device.Status{Biometrics: true, Notifications: "granted"},
		About: device.About{Kind: approve.KindApp, Name: name, Platform: "Android", Client: "Chrome", Version: "1.0.0"},
	}
}

// On is the same phone, talking to another node.
func (p *Phone) On(e *Engine) *Phone {
	other := *p
	other.e = e
	return &other
}

// Desk is a session of the person's that may do everything: it was made past the pages.
func (p *Person) Desk(tb testing.TB) account.Holder {
	tb.Helper()
	h := account.Holder{
		Workspace: Workspace, User: p.ID, Session: countersign.SessionID(seal.ID("ses")), Level: policy.LevelFull, Known: true, Fresh: true,
		MayEnrolFirst: true, Place: countersign.Place{IP: "192.0.2.200", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
	p.e.Write(tb, func(tx *store.Tx) error {
		return tx.InsertSession(tx.Ctx, rows.InsertSessionParams{
			WorkspaceID: Workspace, ID: h.Session, TokenHash: seal.Bytes(32), UserID: p.ID, Entry: policy.EntryForm, First: "password",
			FirstAt: tx.NowMilli(), CreatedAt: tx.NowMilli(), ExpiresAt: tx.NowMilli() + 12*3600*1000, IP: h.Place.IP, UserAgent: h.Place.UserAgent,
		})
	})
	return h
}

// Claim uses a code up that was scanned, or a short one that was typed.
func (p *Phone) Claim(code, short string) error {
	claimed, err := p.e.Devices.Claim(context.Background(), Workspace, code, short, p.About, PhonePlace())
	if err != nil {
		return err
	}
	p.Claimed, p.code = claimed, code
	if code == "" {
		p.code = device.Shorten(short)
	}
	user, _ := claimed.WebAuthn["user"].(map[string]any)
	handle, _ := user["id"].(string)
	p.User, err = base64.RawURLEncoding.DecodeString(handle)
	return err
}

// Challenge is what the server asks the new verifying key to sign.
func (p *Phone) Challenge() []byte {
	text, _ := p.Claimed.WebAuthn["challenge"].(string)
	challenge, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic("the challenge is no base64url: " + err.Error()) // the engine made it
	}
	return challenge
}

// Pairing is what the phone signs to join.
func (p *Phone) Pairing() push.Pairing {
	return push.Pairing{
		Issuer: p.Claimed.Issuer, ID: string(p.Claimed.Pairing), Code: p.code, Thumbprint: approve.Thumbprint(p.Point()),
		Credential: p.Credential(), Salt: p.Joined.Salt,
	}
}

// Joining is what the phone sends to join.
func (p *Phone) Joining(tb testing.TB) device.Joining {
	tb.Helper()
	challenge, err := p.Pairing().Challenge()
	must(tb, err)
	return device.Joining{Key: p.Point(), Credential: p.Register(p.Challenge()), Signature: p.Sign(challenge), Status: p.Status}
}

// Join sends a phone's keys.
func (p *Phone) Join(j device.Joining) error {
	joined, err := p.e.Devices.Join(context.Background(), Workspace, p.Claimed.Token, j)
	if err == nil {
		p.Joined, p.ID = joined, joined.Device
	}
	return err
}

// Digits are those that the phone shows for its person to type on the page.
func (p *Phone) Digits(tb testing.TB) string {
	tb.Helper()
	digits, err := p.Pairing().Confirmation()
	must(tb, err)
	return digits
}

// Row is the phone as it is stored.
func (p *Phone) Row(tb testing.TB) rows.Device {
	tb.Helper()
	row, err := p.e.Store.Read().GetDevice(context.Background(), Workspace, p.ID)
	must(tb, err)
	return row
}

// Say sends an answer to a question, as the device that the engine knows under the
// phone's name.
func (p *Phone) Say(row rows.Request, decision push.Decision, number string) (approve.State, error) {
	return p.Send(row.ID, p.Answer(p.e.Approvals.Signed(row, p.ID), decision, number))
}

// Send sends an answer.
func (p *Phone) Send(id countersign.RequestID, answer push.Answer) (approve.State, error) {
	q, err := p.e.Approvals.Question(context.Background(), Workspace, p.ID, id)
	if err != nil {
		return "", err
	}
	return p.e.Approvals.Decide(context.Background(), q, id, answer, PhonePlace())
}

// Waiting is what the phone is asked now, the newest first.
func (p *Phone) Waiting(tb testing.TB) []rows.Request {
	tb.Helper()
	list, err := p.e.Approvals.Waiting(context.Background(), p.Row(tb))
	must(tb, err)
	return list
}

// WithPhone pairs one more phone with the person, as the pages and the app do.
func (p *Person) WithPhone(tb testing.TB, name string) *Phone {
	tb.Helper()
	h := p.Desk(tb)
	phone := p.e.Phone(tb, name)
	must(tb, p.Pair(tb, h, phone))
	return phone
}

// Pair pairs a phone in a session. Errors: those of its steps, and which.
func (p *Person) Pair(tb testing.TB, h account.Holder, phone *Phone) error {
	tb.Helper()
	ctx := context.Background()
	err := p.e.Devices.Begin(ctx, h)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	current, err := p.e.Devices.Current(ctx, h)
	if err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	err = phone.Claim(current.Code, "")
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	err = phone.Join(phone.Joining(tb))
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	err = p.e.Devices.Confirm(ctx, h, phone.Digits(tb))
	if err != nil {
		return fmt.Errorf("confirm: %w", err)
	}
	current, err = p.e.Devices.Current(ctx, h)
	if err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	state, err := phone.Say(current.Request, push.Approve, current.Request.Number)
	if err == nil && state != approve.Approved {
		err = errors.New("the first question is " + string(state))
	}
	if err != nil {
		return fmt.Errorf("approve: %w", err)
	}
	return nil
}

// Call is a call that the phone signed; change makes its signature's parameters others.
func (p *Phone) Call(tb testing.TB, change func(*httpsig.Params)) httpsig.Signature {
	tb.Helper()
	const body = `{}`
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, URL+"/device/v1/hello", strings.NewReader(body))
	must(tb, err)
	r.Header.Set("Content-Type", "application/json")
	params := httpsig.Params{
		KeyID: string(p.ID), Created: p.e.Clock.Now(), Nonce: base64.RawURLEncoding.EncodeToString(seal.Bytes(16)), Tag: device.Tag,
	}
	if change != nil {
		change(&params)
	}
	must(tb, httpsig.Sign(r, []byte(body), params, httpsig.P256{Key: p.Key()}))
	signature, err := httpsig.Read(r, httpsig.Authority(r.URL), []byte(body))
	must(tb, err)
	return signature
}
