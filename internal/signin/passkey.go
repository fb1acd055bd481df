package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// judge verifies what answers this attempt's own page; nil for what answers any.
func (s *Service) judge(at Attempt, kind method.Kind) method.Method {
	if kind != method.Passkey {
		return nil
	}
	return passkey.Judge{Party: s.Accounts.Party(at.WorkspaceID), Ceremony: ceremonyOf(at), Verified: at.Account.Settings.PasskeyVerified}
}

func ceremonyOf(at Attempt) passkey.Ceremony { return passkey.Ceremony("attempt:" + string(at.ID)) }

// AskPasskey makes what the page of the second step hands to the browser
// (PublicKeyCredentialRequestOptionsJSON).
func (s *Service) AskPasskey(at Attempt) map[string]any {
	return s.Accounts.AskPasskey(at.WorkspaceID, ceremonyOf(at), at.Answering, at.Account.Settings.PasskeyVerified)
}

// ofBrowser is the ceremony of the page that asks for the address, before there is an
// attempt: it belongs to the browser, by the cookie that ties attempts to it.
func ofBrowser(v Visitor) passkey.Ceremony { return passkey.Ceremony("browser:" + v.Bind) }

// AskPasskeyFirst makes what the page that asks for the address hands to the browser. It
// names no passkey, so it is the same for everybody (security.md 14).
func (s *Service) AskPasskeyFirst(workspace countersign.WorkspaceID, v Visitor) map[string]any {
	return s.Accounts.AskPasskey(workspace, ofBrowser(v), nil, true)
}

// ErrUnknownPasskey is the reason of a refusal of a passkey that nobody has. The browser
// may be told: whoever has the passkey removed it here.
var ErrUnknownPasskey = errors.New("nobody has this passkey")

func wrongPasskey(why error) error {
	e := countersign.InvalidField("passkey", "passkey_unknown")
	e.Err = why
	return e
}

// PasskeyFirst signs in with a passkey alone, whose user was verified: that is something
// one has and something one is or knows, so it passes both steps and finishes the sign-in
// in one transaction, redeem included (see Finish). Whose it is, the passkey says.
//
// Errors: Invalid on field "passkey" for one that is not right, of which
// [ErrUnknownPasskey] is told apart; Limited; those of account.Service.Answer and of
// Finish.
func (s *Service) PasskeyFirst(ctx context.Context, workspace countersign.WorkspaceID, typed, returnTo string, v Visitor, redeem Redeem) (countersign.Proof, error) {
	problem := passkey.Normalize(typed)
	if problem != method.Fine {
		return countersign.Proof{}, countersign.InvalidField("passkey", "passkey_"+string(problem))
	}
	if v.Bind == "" {
		return countersign.Proof{}, countersign.InvalidField("passkey", "passkey_stale")
	}
	network := "start:" + account.Network(v.Place.IP)
	err := s.Accounts.Spent(ctx, workspace, network, "too_many_starts", startRate())
	if err != nil {
		return countersign.Proof{}, err
	}
	err = s.Store.WriteInTurn(ctx, network, func(tx *store.Tx) error {
		return s.Accounts.Spend(tx, workspace, network, "too_many_starts", startRate())
	})
	if err != nil {
		return countersign.Proof{}, err
	}
	a, err := s.ownerOf(ctx, workspace, typed)
	if err != nil {
		return countersign.Proof{}, err
	}
	return s.finishByPasskey(ctx, a, typed, returnTo, v, redeem)
}

// ownerOf finds whose passkey an assertion claims to be of. It must name its user by
// itself (WebAuthn Level 3, section 7.2, step 6): nobody else has.
func (s *Service) ownerOf(ctx context.Context, workspace countersign.WorkspaceID, typed string) (account.Account, error) {
	claim, err := passkey.Read(typed)
	if err != nil {
		return account.Account{}, countersign.InvalidField("passkey", "passkey_bad_char")
	}
	owner, err := s.Store.Read().FindPasskey(s.Store.Brief(ctx), workspace, passkey.Digest(claim.ID))
	if store.NotFound(err) && madeHere(claim) {
		return account.Account{}, wrongPasskey(ErrUnknownPasskey)
	}
	if store.NotFound(err) {
		return account.Account{}, wrongPasskey(nil)
	}
	if err != nil {
		return account.Account{}, fmt.Errorf("find the passkey: %w", store.Classify(err))
	}
	if string(claim.User) != string(owner) {
		return account.Account{}, wrongPasskey(nil)
	}
	a, err := s.Accounts.Load(ctx, workspace, owner)
	if countersign.KindOf(err) == countersign.NotFound {
		return account.Account{}, wrongPasskey(ErrUnknownPasskey)
	}
	if err == nil && (a.User.State != countersign.Active || !a.Settings.PasskeyFirst()) {
		return account.Account{}, wrongPasskey(nil)
	}
	return a, err
}

// madeHere tells whether a passkey that nobody has was one of ours, by its handle, which
// is a person's identifier. On some phones browsers list the key with which the app
// verifies its owner, too: it has a handle of chance, and must not be forgotten.
func madeHere(claim passkey.Claim) bool { return strings.HasPrefix(string(claim.User), "usr_") }

func (s *Service) finishByPasskey(ctx context.Context, a account.Account, typed, returnTo string, v Visitor, redeem Redeem) (countersign.Proof, error) {
	at := Attempt{Account: a, Attempt: rows.Attempt{
		WorkspaceID: a.User.WorkspaceID, ID: countersign.AttemptID(seal.ID("att")), UserID: a.User.ID, Entry: policy.EntryForm,
		ReturnTo: countersign.InsidePath(returnTo),
	}}
	identifier, err := s.hide(at.ID, a.User.Email)
	if err != nil {
		return countersign.Proof{}, err
	}
	at.Browser, at.Known, err = s.known(ctx, at.Attempt, v)
	if err != nil {
		return countersign.Proof{}, err
	}
	var proof countersign.Proof
	_, err = s.Accounts.Answer(ctx, account.Answer{
		Account: a, Kind: method.Passkey, Proof: typed, Known: at.Known, Place: v.Place, Attempt: at.ID,
		Judge: passkey.Judge{Party: s.Accounts.Party(a.User.WorkspaceID), Ceremony: ofBrowser(v), Verified: true},
		Accept: func(tx *store.Tx, p account.Proven) error {
			at.First, at.FirstAt = p.As, tx.NowMilli()
			err := insert(tx, rows.InsertAttemptParams{
				WorkspaceID: at.WorkspaceID, ID: at.ID, BrowserHash: seal.Hash(v.Bind), UserID: at.UserID, Identifier: identifier,
				Entry: at.Entry, First: at.First, FirstAt: at.FirstAt, ReturnTo: at.ReturnTo, IP: v.Place.IP, UserAgent: v.Place.UserAgent,
			})
			if err != nil {
				return err
			}
			passed, err := s.passSecond(tx, at, p, v)
			if err != nil {
				return err
			}
			proof, err = s.finish(tx, passed, p.User, v, redeem)
			return err
		},
	})
	if countersign.KindOf(err) == countersign.Unauthenticated {
		return countersign.Proof{}, wrongPasskey(nil) // disabled meanwhile: it says no more than any wrong one
	}
	return proof, err
}
