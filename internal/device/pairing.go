package device

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const (
	// pairingLife is how long a code waits for a phone, and then how long each next step
	// may take.
	pairingLife = 300 * time.Second
	// mostDevices bounds a person's.
	mostDevices = 10
	// shortLetters are 40 bits.
	shortLetters = 8
)

// codes are what lies sealed in a pairing's row.
type codes struct {
	Code  string `json:"code"`
	Short string `json:"short"`
}

// Pairing is one under way, for the page of the person who began it.
type Pairing struct {
	rows.Pairing

	// Code is in the QR code, Short the one to type, while nobody has claimed them.
	Code, Short string
	// Request is the first question, once the phone was confirmed.
	Request rows.Request
}

// Link is what the QR code says. The code stands in the fragment: no log and no Referer
// has it.
func (s *Service) Link(p Pairing) string {
	return s.Accounts.Address(p.WorkspaceID) + "/authenticator/#pair=" + p.Code
}

// ready tells whether a person may pair a phone in this session.
//
// Errors: Forbidden "fresh_proof_required", "email_proof_required"; Conflict "push_off",
// "push_needs_totp", "push_needs_backup", "too_many_devices".
func (s *Service) ready(h account.Holder, a account.Account, credentials []rows.Credential, devices int) error {
	if !a.Settings.Pushes() {
		return countersign.Refuse(countersign.Conflict, "push_off")
	}
	have, factors := policy.Backups{}, 0
	for _, c := range credentials {
		switch {
		case c.State != "active":
		case c.Kind == "recovery":
			if a.Settings.Recovers() { // codes of a time when there were some let nobody in
				have.Codes += c.Counter
			}
		case c.Kind == "totp":
			have.TOTP++
			factors++
		default:
			factors++
		}
	}
	missing := a.Settings.MayPair(have)
	if missing != "" {
		return countersign.Refuse(countersign.Conflict, "push_needs_"+missing)
	}
	if devices >= mostDevices {
		e := countersign.Refuse(countersign.Conflict, "too_many_devices")
		e.Args = map[string]any{"Most": mostDevices}
		return e
	}
	return h.NeedOwner(factors, account.ActSecondFactor)
}

// Ready tells whether this person may pair a phone now; its errors say what is missing
// first (see Begin).
func (s *Service) Ready(ctx context.Context, h account.Holder, a account.Account) error {
	credentials, err := s.Store.Read().ListCredentials(s.Store.Brief(ctx), h.Workspace, h.User)
	if err != nil {
		return fmt.Errorf("load credentials: %w", store.Classify(err))
	}
	devices, err := s.List(ctx, h)
	if err != nil {
		return err
	}
	return s.ready(h, a, credentials, len(devices))
}

// Begin makes a code for one more phone. What this session began before ends.
//
// Errors: Forbidden "fresh_proof_required", "email_proof_required"; Conflict "push_off",
// "push_needs_totp", "push_needs_backup", "too_many_devices"; Limited
// "too_many_pairings".
func (s *Service) Begin(ctx context.Context, h account.Holder) error {
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, err := s.Accounts.HoldAccount(tx, h)
		if err != nil {
			return err
		}
		// The phone of a pairing that is begun again must not count as one more.
		err = s.drop(tx, h)
		if err != nil {
			return err
		}
		credentials, err := tx.ListCredentials(tx.Ctx, h.Workspace, h.User)
		if err != nil {
			return fmt.Errorf("load credentials: %w", err)
		}
		devices, err := tx.ListDevices(tx.Ctx, h.Workspace, h.User)
		if err != nil {
			return fmt.Errorf("load devices: %w", err)
		}
		err = s.ready(h, a, credentials, len(devices))
		if err != nil {
			return err
		}
		err = s.Accounts.Spend(tx, h.Workspace, "pair:"+string(h.User), "too_many_pairings", pairRate())
		if err != nil {
			return err
		}
		return s.insert(tx, h)
	})
}

func (s *Service) insert(tx *store.Tx, h account.Holder) error {
	id := countersign.PairingID(seal.ID("par"))
	c := codes{Code: seal.NewToken()[:22], Short: seal.Letters(shortLetters)}
	plain, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write the codes: %w", err)
	}
	sealed, err := s.Ring.Seal(plain, store.PairingPlace(id))
	if err != nil {
		return fmt.Errorf("seal the codes: %w", err)
	}
	err = tx.InsertPairing(tx.Ctx, rows.InsertPairingParams{
		WorkspaceID: h.Workspace, ID: id, UserID: h.User, SessionID: h.Session, Secret: sealed, CodeHash: seal.Hash(c.Code),
		ShortMac: s.shortMAC(c.Short), Nothing: []byte{}, CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(pairingLife).UnixMilli(),
	})
	if err != nil {
		return fmt.Errorf("insert the pairing: %w", err)
	}
	return audit.Write(tx, h.Workspace, audit.Event{
		Kind: "pairing.begun", Actor: h.Actor(), User: h.User, Target: string(id), Session: h.Session, Place: h.Place,
	})
}

// drop ends what this session was pairing.
func (s *Service) drop(tx *store.Tx, h account.Holder) error {
	row, err := tx.GetPairingOfSession(tx.Ctx, h.Workspace, h.Session)
	if store.NotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the pairing: %w", err)
	}
	return s.end(tx, row)
}

func (s *Service) end(tx *store.Tx, row rows.Pairing) error {
	n, err := tx.EndPairing(tx.Ctx, row.WorkspaceID, row.ID)
	if err != nil {
		return fmt.Errorf("end the pairing: %w", err)
	}
	if n == 0 {
		return nil
	}
	if row.DeviceID != "" {
		_, err = tx.RevokeDevice(tx.Ctx, rows.RevokeDeviceParams{
			Nothing: []byte{}, EndedAt: tx.NowMilli(), WorkspaceID: row.WorkspaceID, UserID: row.UserID, ID: row.DeviceID,
		})
		if err != nil {
			return fmt.Errorf("forget the device: %w", err)
		}
	}
	s.ringPairing(tx, row.ID)
	return nil
}

func pairingTopic(id countersign.PairingID) string { return "pairing:" + string(id) }

func (s *Service) ringPairing(tx *store.Tx, id countersign.PairingID) {
	tx.After(func() { s.Store.Wake(pairingTopic(id)) })
}

func (s *Service) shortMAC(short string) []byte { return s.MAC.Sum("pairing-short", short) }

// Current is what this session pairs. Errors: Gone "pairing_over" when there is nothing
// (any more).
func (s *Service) Current(ctx context.Context, h account.Holder) (Pairing, error) {
	row, err := s.Store.Read().GetPairingOfSession(s.Store.Brief(ctx), h.Workspace, h.Session)
	if store.NotFound(err) || (err == nil && !s.lives(row)) {
		return Pairing{}, pairingOver()
	}
	if err != nil {
		return Pairing{}, fmt.Errorf("load the pairing: %w", store.Classify(err))
	}
	p := Pairing{Pairing: row}
	if row.State == "open" {
		c, err := s.codes(row)
		if err != nil {
			return Pairing{}, err
		}
		p.Code, p.Short = c.Code, c.Short[:4]+"-"+c.Short[4:]
	}
	if row.RequestID != "" {
		p.Request, err = s.Store.Read().GetRequest(s.Store.Brief(ctx), row.WorkspaceID, row.RequestID)
		if err != nil && !store.NotFound(err) {
			return Pairing{}, fmt.Errorf("load the first question: %w", store.Classify(err))
		}
	}
	return p, nil
}

func (s *Service) codes(row rows.Pairing) (codes, error) {
	var c codes
	plain, err := s.Ring.Open(row.Secret, store.PairingPlace(row.ID))
	if err != nil {
		return c, fmt.Errorf("open the codes: %w", err)
	}
	err = json.Unmarshal(plain, &c)
	if err == nil && len(c.Short) != shortLetters {
		err = fmt.Errorf("a short code of %d letters", len(c.Short))
	}
	return c, err
}

func (s *Service) lives(row rows.Pairing) bool {
	return row.State == "active" || row.State != "over" && row.ExpiresAt > s.Now().UnixMilli()
}

func pairingOver() error { return countersign.Refuse(countersign.Gone, "pairing_over") }

// WaitPairing returns when the session's pairing is in another state than seen, or when
// ctx ends; "" is the state of none.
func (s *Service) WaitPairing(ctx context.Context, workspace countersign.WorkspaceID, id countersign.PairingID, seen string) (string, error) {
	bell, unheard := s.Store.Listen(pairingTopic(id))
	defer unheard()
	for {
		row, err := s.Store.Read().GetPairing(s.Store.Brief(context.WithoutCancel(ctx)), workspace, id)
		if err != nil && !store.NotFound(err) {
			return "", fmt.Errorf("load the pairing: %w", store.Classify(err))
		}
		state := "over"
		if err == nil && s.lives(row) {
			state = row.State
		}
		if state != seen || state == "over" || ctx.Err() != nil {
			return state, nil
		}
		look := time.NewTimer(2 * time.Second)
		select {
		case <-bell:
		case <-look.C:
		case <-ctx.Done():
		}
		look.Stop()
	}
}

// WaitShown is WaitPairing for the page of the person who began it: a pairing that waits
// for its first question has that question's state as well, as "confirmed pending".
func (s *Service) WaitShown(ctx context.Context, workspace countersign.WorkspaceID, id countersign.PairingID, seen string) (string, error) {
	state, question, _ := strings.Cut(seen, " ")
	if state != "confirmed" || question == "" {
		return s.WaitPairing(ctx, workspace, id, seen)
	}
	row, err := s.Store.Read().GetPairing(s.Store.Brief(context.WithoutCancel(ctx)), workspace, id)
	if err != nil && !store.NotFound(err) {
		return "", fmt.Errorf("load the pairing: %w", store.Classify(err))
	}
	if err != nil || row.State != "confirmed" || row.RequestID == "" {
		return s.WaitPairing(ctx, workspace, id, state)
	}
	answered, err := s.Approvals.Wait(ctx, workspace, row.RequestID, approve.State(question))
	if err != nil {
		return "", err
	}
	now, err := s.Store.Read().GetPairing(s.Store.Brief(context.WithoutCancel(ctx)), workspace, id)
	if err != nil {
		return "", fmt.Errorf("load the pairing: %w", store.Classify(err))
	}
	if now.State != "confirmed" || !s.lives(now) {
		return s.WaitPairing(ctx, workspace, id, seen)
	}
	return "confirmed " + string(answered.Said()), nil
}

// Cancel ends what this session pairs.
func (s *Service) Cancel(ctx context.Context, h account.Holder) error {
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		_, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		return s.drop(tx, h)
	})
}

// Shorten brings a short code to the form in which it was made: capitals, without spaces
// and hyphens; letters that are no digits of base 32 are read as those they look like.
func Shorten(typed string) string {
	return strings.NewReplacer(" ", "", "-", "", "–", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(typed)))
}
