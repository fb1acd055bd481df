package device

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/limit"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// About is what a device says of itself.
type About struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Platform string `json:"platform"`
	Client   string `json:"client"`
	Version  string `json:"version"`
}

// longestText bounds each of them, in characters.
const longestText = 40

func (a About) clean() (About, error) {
	for _, text := range []*string{&a.Name, &a.Platform, &a.Client, &a.Version} {
		*text = strings.Join(strings.FieldsFunc(*text, func(r rune) bool { return r < ' ' || r == 0x7f || r == ' ' }), " ")
		if utf8.RuneCountInString(*text) > longestText {
			*text = string([]rune(*text)[:longestText])
		}
	}
	if a.Kind != approve.KindApp && a.Kind != approve.KindTerminal {
		return a, countersign.InvalidField("device", "device_kind")
	}
	if a.Name == "" {
		a.Name = "Phone"
	}
	return a, nil
}

// roams tells of a browser that has no authenticator of its machine: Firefox, but on
// phones.
func (a About) roams() bool {
	return a.Client == "Firefox" && a.Platform != "Android" && !a.apple()
}

// apple tells of iPhones and iPads, where an app loses the key that it cannot find again.
func (a About) apple() bool { return a.Platform == "iOS" || a.Platform == "iPadOS" }

// Claimed is what a device needs to join.
type Claimed struct {
	Pairing   countersign.PairingID `json:"pairing"`
	Token     string                `json:"token"`
	Issuer    string                `json:"issuer"`
	Workspace string                `json:"workspace"`
	Account   string                `json:"account"`
	WebAuthn  map[string]any        `json:"webauthn"`
	Vapid     string                `json:"vapid"`
	Confirm   []string              `json:"confirm"`
	Version   string                `json:"version"`
	ExpiresAt int64                 `json:"expires_at"` // seconds
}

// Claim uses a code up: from here on it belongs to this device. code is what was
// scanned, short what was typed.
//
// Errors: Gone "pairing_over" for a code that is used, expired, wrong, or never was: all
// the same; Forbidden "device_version", "no_terminals"; Limited "too_many_claims".
func (s *Service) Claim(ctx context.Context, workspace countersign.WorkspaceID, code, short string, about About, place countersign.Place) (Claimed, error) {
	about, err := about.clean()
	if err != nil {
		return Claimed{}, err
	}
	network := "claim:" + account.Network(place.IP)
	err = s.Accounts.Spent(ctx, workspace, network, "too_many_claims", claimRate())
	if err != nil {
		return Claimed{}, err
	}
	row, err := s.find(ctx, workspace, code, Shorten(short))
	if countersign.CodeOf(err) == "pairing_over" {
		return Claimed{}, s.wrongCode(ctx, workspace, network, code == "", err)
	}
	if err != nil {
		return Claimed{}, err
	}
	a, err := s.Accounts.Load(ctx, workspace, row.UserID)
	if err != nil {
		return Claimed{}, err
	}
	err = allowed(about, a.Settings)
	if err != nil {
		return Claimed{}, err
	}
	by := "code"
	if code == "" {
		by = "short"
	}
	return s.claim(ctx, a, row, by, about, place)
}

// allowed refuses a program that the workspace does not let in.
func allowed(about About, settings policy.Settings) error {
	if about.Kind == approve.KindTerminal && !settings.Terminals {
		return countersign.Refuse(countersign.Forbidden, "no_terminals")
	}
	if settings.TooOld(about.Version) {
		return tooOld(settings)
	}
	return nil
}

func tooOld(settings policy.Settings) error {
	e := countersign.Refuse(countersign.Forbidden, "device_version")
	e.Args = map[string]any{"Version": settings.PushMinVersion}
	return e
}

func (s *Service) find(ctx context.Context, workspace countersign.WorkspaceID, code, short string) (rows.Pairing, error) {
	ctx = s.Store.Brief(ctx)
	var row rows.Pairing
	var err error
	switch {
	case code != "":
		row, err = s.Store.Read().GetPairingByCode(ctx, workspace, seal.Hash(code))
	case len(short) == shortLetters:
		row, err = s.Store.Read().GetPairingByShort(ctx, workspace, s.shortMAC(short))
	default:
		return row, pairingOver()
	}
	if store.NotFound(err) || (err == nil && (row.State != "open" || !s.lives(row))) {
		return row, pairingOver()
	}
	if err != nil {
		return row, fmt.Errorf("find the pairing: %w", store.Classify(err))
	}
	return row, nil
}

// wrongCode counts a code that nobody has. Whoever tries short codes, from however many
// addresses, ends those that are open: the QR codes beside them still work.
func (s *Service) wrongCode(ctx context.Context, workspace countersign.WorkspaceID, network string, short bool, refusal error) error {
	var limited error
	err := s.Store.WriteInTurn(ctx, network, func(tx *store.Tx) error {
		limited = s.Accounts.Spend(tx, workspace, network, "too_many_claims", claimRate())
		if limited != nil && countersign.KindOf(limited) != countersign.Limited {
			return limited
		}
		if !short {
			return nil
		}
		err := s.Accounts.Spend(tx, workspace, "pair-short", "", shortRate())
		if countersign.KindOf(err) == countersign.Limited {
			_, err = tx.EndShortCodes(tx.Ctx, workspace)
		}
		return err
	})
	if err != nil {
		return err
	}
	if limited != nil {
		return limited
	}
	return refusal
}

func (s *Service) claim(ctx context.Context, a account.Account, row rows.Pairing, by string, about About, place countersign.Place) (Claimed, error) {
	secret, challenge, handle := seal.NewToken(), seal.Bytes(32), seal.Bytes(32)
	var until time.Time
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		// Whoever began it may have been thrown out meanwhile.
		_, err := tx.GetSession(tx.Ctx, row.WorkspaceID, row.SessionID)
		if store.NotFound(err) {
			return pairingOver()
		}
		if err != nil {
			return fmt.Errorf("load session: %w", err)
		}
		until = tx.Now.Add(pairingLife)
		n, err := tx.ClaimPairing(tx.Ctx, rows.ClaimPairingParams{
			ClaimedBy: by, TokenHash: seal.Hash(secret), Kind: about.Kind, Name: about.Name, Platform: about.Platform, Client: about.Client,
			Version: about.Version, Challenge: challenge, VerifyUser: handle, IP: place.IP, UserAgent: place.UserAgent, ExpiresAt: until.UnixMilli(),
			WorkspaceID: row.WorkspaceID, ID: row.ID, Now: tx.NowMilli(),
		})
		if err != nil {
			return fmt.Errorf("claim the pairing: %w", err)
		}
		if n == 0 {
			return pairingOver()
		}
		s.ringPairing(tx, row.ID)
		return nil
	})
	if err != nil {
		return Claimed{}, err
	}
	return Claimed{
		Pairing: row.ID, Token: string(row.ID) + "." + secret, Issuer: s.Accounts.Address(row.WorkspaceID), Workspace: a.Workspace.Name, Account: Masked(a.User.Email),
		WebAuthn: push.Options(s.Accounts.Site(row.WorkspaceID), a.Workspace.Name, challenge, handle, about.apple(), about.roams()), Vapid: s.Vapid,
		Confirm: a.Settings.PairingConfirm, Version: a.Settings.PushMinVersion, ExpiresAt: until.Unix(),
	}, nil
}

// Masked is an e-mail address for somebody who may not know it: its first letter and its
// domain.
func Masked(email string) string {
	name, domain, found := strings.Cut(email, "@")
	if !found || name == "" {
		return "•••"
	}
	first, _ := utf8.DecodeRuneInString(name)
	return string(first) + "•••@" + domain
}

// joinRate bounds what one claimed pairing may try.
func joinRate() limit.Rate { return limit.Rate{Interval: 5 * time.Second, Burst: 20} }

// byToken finds the pairing that a device claimed. Gone "pairing_over" for any other.
func (s *Service) byToken(ctx context.Context, workspace countersign.WorkspaceID, token string) (rows.Pairing, error) {
	id, secret, _ := strings.Cut(token, ".")
	row, err := s.Store.Read().GetPairing(s.Store.Brief(ctx), workspace, countersign.PairingID(id))
	if store.NotFound(err) || (err == nil && (!seal.Equal(row.TokenHash, seal.Hash(secret)) || !s.lives(row))) {
		return rows.Pairing{}, pairingOver()
	}
	if err != nil {
		return rows.Pairing{}, fmt.Errorf("load the pairing: %w", store.Classify(err))
	}
	return row, nil
}
