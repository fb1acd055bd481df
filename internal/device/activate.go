package device

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/enrol"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Tested makes a device active whose first question was approved, in that transaction:
// it is approve.Service.Tested. Tests of a device that is active already do nothing.
func (s *Service) Tested(tx *store.Tx, a account.Account, d rows.Device, request rows.Request) error {
	if d.State != "confirmed" {
		return nil
	}
	row, err := tx.GetPairing(tx.Ctx, d.WorkspaceID, countersign.PairingID(request.Requester))
	if store.NotFound(err) || (err == nil && (row.DeviceID != d.ID || row.State != "confirmed" || row.ExpiresAt <= tx.NowMilli())) {
		return pairingOver()
	}
	if err != nil {
		return fmt.Errorf("load the pairing: %w", err)
	}
	session, err := tx.GetSession(tx.Ctx, row.WorkspaceID, row.SessionID)
	if store.NotFound(err) {
		return pairingOver()
	}
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	all, err := tx.ListCredentials(tx.Ctx, d.WorkspaceID, d.UserID)
	if err != nil {
		return fmt.Errorf("load credentials: %w", err)
	}
	_, err = s.Approvals.Redeem(tx, row.WorkspaceID, request.ID, request.Requester, countersign.Place{IP: row.IP})
	if err != nil {
		return err
	}
	return s.activate(tx, a, d, row, session, all)
}

func (s *Service) activate(tx *store.Tx, a account.Account, d rows.Device, row rows.Pairing, session rows.Session, all []rows.Credential) error {
	name := freeName(d.Name, all)
	id, err := s.credential(tx, d, name)
	if err != nil {
		return err
	}
	_, err = tx.ActivateDevice(tx.Ctx, rows.ActivateDeviceParams{CredentialID: id, Now: tx.NowMilli(), Name: name, WorkspaceID: d.WorkspaceID, ID: d.ID})
	if err != nil {
		return fmt.Errorf("activate the device: %w", err)
	}
	_, err = tx.FinishPairing(tx.Ctx, d.WorkspaceID, d.ID)
	if err != nil {
		return fmt.Errorf("finish the pairing: %w", err)
	}
	h := account.Holder{
		Workspace: d.WorkspaceID, User: d.UserID, Session: session.ID, Browser: session.BrowserID, Level: policy.LevelEnrol,
		Place: countersign.Place{IP: row.IP, UserAgent: row.UserAgent},
	}
	encode := base64.RawURLEncoding.EncodeToString
	_, err = s.Enrol.Added(tx, h, a, all, enrol.New{
		Kind: method.Push, Credential: id, Name: name, Method: methodOf(d.Kind), Event: "device.paired",
		Detail: map[string]string{
			"device": string(d.ID), "device_kind": d.Kind, "platform": d.Platform, "client": d.Client, "confirmed_by": confirmedBy(row),
			"device_thumbprint": encode(approve.Thumbprint(d.DeviceKey)), "verify_thumbprint": encode(approve.Digest(d.VerifyKey)),
		},
	})
	if err != nil {
		return err
	}
	// The number was read off this session's page: it proved the new factor. Its token
	// turns when its browser comes next.
	_, err = tx.RaiseSession(tx.Ctx, rows.RaiseSessionParams{
		Second: string(method.Push), SecondAt: tx.NowMilli(), WorkspaceID: d.WorkspaceID, ID: session.ID, UserID: d.UserID,
	})
	if err != nil {
		return fmt.Errorf("raise the session: %w", err)
	}
	s.ringPairing(tx, row.ID)
	return nil
}

func confirmedBy(row rows.Pairing) string {
	if len(row.MailedMac) > 0 {
		return "email"
	}
	return "code"
}

// credential makes the device a second factor. Its secret is that of the codes which the
// phone can show by itself.
func (s *Service) credential(tx *store.Tx, d rows.Device, name string) (countersign.CredentialID, error) {
	id := countersign.CredentialID(seal.ID("crd"))
	sealed, err := s.Ring.Seal(seal.Bytes(codeSecretSize), store.SecretPlace(id))
	if err != nil {
		return "", fmt.Errorf("seal the secret: %w", err)
	}
	err = tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
		WorkspaceID: d.WorkspaceID, ID: id, UserID: d.UserID, Kind: string(method.Push), Name: name, NameKey: account.NameKey(name),
		State: "active", Secret: sealed, CreatedAt: tx.NowMilli(), ConfirmedAt: tx.NowMilli(),
		RpID: s.Accounts.Site(d.WorkspaceID).RPID,
	})
	if err != nil {
		return "", fmt.Errorf("keep the device as a second factor: %w", err)
	}
	return id, nil
}

// freeName is the name, or the name with a number where the person has one of that name.
func freeName(name string, all []rows.Credential) string {
	taken := map[string]bool{}
	for _, c := range all {
		if c.State == "active" && c.Kind == string(method.Push) {
			taken[c.NameKey] = true
		}
	}
	out := name
	for n := 2; taken[account.NameKey(out)]; n++ {
		end := fmt.Sprint(" ", n)
		out = strings.TrimSpace(string([]rune(name)[:min(len([]rune(name)), longestText-len(end))])) + end
	}
	return out
}

// seenEvery bounds how often a device's "seen now" is written.
const seenEvery = time.Minute
