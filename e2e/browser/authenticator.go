package browser

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Authenticator is one that is built into the device and asks for a finger: the
// virtual one of W3C Web Authentication, section 11. The browser gives each tab one of
// its own; this carries the credentials from tab to tab, as a device would.
type Authenticator struct {
	synced bool

	mu       sync.Mutex
	verifies bool
	present  bool
	tabs     map[*Page]webauthn.AuthenticatorID

	memory sync.Mutex // of kept alone: it is taken while the browser waits for us
	kept   map[string]credential
	moving map[string]bool // those that are taken out of a tab to be put in anew
}

// credential is one as the browser wants it back. The type of the library says a word
// about keys that this browser does not know, and is refused for it.
type credential struct {
	ID         []byte  `json:"credentialId"`
	Resident   bool    `json:"isResidentCredential"`
	RPID       string  `json:"rpId"`
	PrivateKey []byte  `json:"privateKey"`
	UserHandle []byte  `json:"userHandle,omitempty"`
	SignCount  float64 `json:"signCount"`
	Eligible   bool    `json:"backupEligibility"`
	BackedUp   bool    `json:"backupState"`
}

type credentialParams struct {
	ID         webauthn.AuthenticatorID `json:"authenticatorId"`
	Credential credential               `json:"credential"`
}

// addCredential is [webauthn.AddCredential] with our own credential.
var addCredential = cdp.Command[credentialParams, cdp.Empty]{Method: webauthn.CommandAddCredential}

// NewAuthenticator is an authenticator that no tab has yet. A synced one makes
// passkeys that are kept elsewhere too (BE and BS are set).
func NewAuthenticator(synced bool) *Authenticator {
	return &Authenticator{synced: synced, verifies: true, present: true, tabs: map[*Page]webauthn.AuthenticatorID{}, kept: map[string]credential{}, moving: map[string]bool{}}
}

// Join gives the tab the authenticator, before its page asks for one.
func (a *Authenticator) Join(p *Page) {
	p.tb.Helper()
	err := chromedp.Listen(p.tab.ctx, func(event any) { a.hear(p, event) })
	if err == nil {
		err = a.do(p, func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{})
			return err
		})
	}
	if err == nil {
		err = a.add(p)
	}
	if err != nil {
		p.fail("add the authenticator: %v", err)
	}
}

func (a *Authenticator) do(p *Page, step func(ctx context.Context) error) error {
	ctx, cancel := p.tab.limit()
	defer cancel()
	return step(ctx)
}

func (a *Authenticator) add(p *Page) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.do(p, func(ctx context.Context) error {
		made, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			// CTAP 2.1 would block itself for good after a refusal.
			Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap20,
			Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
			IsUserVerified: a.verifies, AutomaticPresenceSimulation: a.present,
			DefaultBackupEligibility: a.synced, DefaultBackupState: a.synced,
		}})
		if err != nil {
			return err
		}
		a.tabs[p] = made.AuthenticatorID
		for _, one := range a.credentials() {
			_, err = chromedp.Call(ctx, addCredential, credentialParams{made.AuthenticatorID, one})
			if err != nil {
				return fmt.Errorf("a credential: %w", err)
			}
		}
		return nil
	})
}

// hear keeps what a tab's authenticator makes and signs with, and tells the others.
// It must not call the browser itself.
func (a *Authenticator) hear(p *Page, event any) {
	var c *webauthn.Credential
	switch e := event.(type) {
	case *webauthn.EventCredentialDeleted:
		a.forget(e.CredentialID)
		return
	case *webauthn.EventCredentialAdded:
		c = e.Credential
	case *webauthn.EventCredentialAsserted:
		c = e.Credential
	default:
		return
	}
	one := credential{
		ID: c.CredentialID, Resident: c.IsResidentCredential, RPID: c.RpID, PrivateKey: c.PrivateKey,
		UserHandle: c.UserHandle, SignCount: c.SignCount, Eligible: c.BackupEligibility, BackedUp: c.BackupState,
	}
	a.memory.Lock()
	defer a.memory.Unlock()
	known, found := a.kept[string(one.ID)]
	if found && known.SignCount >= one.SignCount {
		return
	}
	a.kept[string(one.ID)] = one
	go a.carry(p, one)
}

// forget drops what a site said that it does not know any more (WebAuthn Level 3,
// section 5.1.10).
func (a *Authenticator) forget(id []byte) {
	a.memory.Lock()
	defer a.memory.Unlock()
	if !a.moving[string(id)] {
		delete(a.kept, string(id))
	}
}

func (a *Authenticator) move(one credential, moving bool) {
	a.memory.Lock()
	defer a.memory.Unlock()
	a.moving[string(one.ID)] = moving
}

func (a *Authenticator) credentials() []credential {
	a.memory.Lock()
	defer a.memory.Unlock()
	return slices.Collect(maps.Values(a.kept))
}

func (a *Authenticator) carry(from *Page, one credential) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.move(one, true)
	defer a.move(one, false)
	for p, id := range a.tabs {
		if p == from || p.tab.ctx.Err() != nil {
			continue
		}
		_ = a.do(p, func(ctx context.Context) error { // a tab that was closed meanwhile needs none
			_, _ = chromedp.Call(ctx, webauthn.RemoveCredential, webauthn.RemoveCredentialParams{AuthenticatorID: id, CredentialID: one.ID})
			_, err := chromedp.Call(ctx, addCredential, credentialParams{id, one})
			return err
		})
	}
}

// Credentials is how many it keeps.
func (a *Authenticator) Credentials() int { return len(a.credentials()) }

// Refuse lets it know nobody from now on: the finger is another's.
func (a *Authenticator) Refuse(tb testing.TB) {
	tb.Helper()
	a.set(tb, false, true)
}

// Ignore lets it wait for a finger that does not come.
func (a *Authenticator) Ignore(tb testing.TB) {
	tb.Helper()
	a.set(tb, true, false)
}

// Accept knows the person again, as at first.
func (a *Authenticator) Accept(tb testing.TB) {
	tb.Helper()
	a.set(tb, true, true)
}

func (a *Authenticator) set(tb testing.TB, verifies, present bool) {
	tb.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verifies, a.present = verifies, present
	for p, id := range a.tabs {
		if p.tab.ctx.Err() != nil {
			continue
		}
		err := a.do(p, func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: verifies})
			if err != nil {
				return err
			}
			_, err = chromedp.Call(ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: id, Enabled: present})
			return err
		})
		if err != nil {
			tb.Fatalf("change the authenticator: %v", err)
		}
	}
}

// Remove takes it out of all tabs, as on a device without biometrics or with none set
// up; [Authenticator.Join] brings it back.
func (a *Authenticator) Remove(tb testing.TB) {
	tb.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for p, id := range a.tabs {
		if p.tab.ctx.Err() != nil {
			continue
		}
		err := a.do(p, func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: id})
			return err
		})
		if err != nil {
			tb.Fatalf("remove the authenticator: %v", err)
		}
	}
	clear(a.tabs)
}
