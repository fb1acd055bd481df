package session

import (
	"context"
	"encoding/hex"

	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/store"
)

// ceremonyOf is that of a fresh proof. It ends when the session's token turns, as it does
// with every proof: a challenge is answered once.
func ceremonyOf(c Current) passkey.Ceremony {
	return passkey.Ceremony("session:" + string(c.ID) + ":" + hex.EncodeToString(c.TokenHash))
}

// judge verifies what answers this session's own page; nil for what answers any.
func (s *Service) judge(c Current, kind method.Kind) method.Method {
	if kind != method.Passkey {
		return nil
	}
	return passkey.Judge{Party: s.Accounts.Party(c.WorkspaceID), Ceremony: ceremonyOf(c), Verified: c.Account.Settings.PasskeyVerified}
}

// AskPasskey makes what the page of a fresh proof hands to the browser
// (PublicKeyCredentialRequestOptionsJSON).
func (s *Service) AskPasskey(ctx context.Context, c Current) (map[string]any, error) {
	list, err := s.Store.Read().ListCredentials(ctx, c.WorkspaceID, c.UserID)
	if err != nil {
		return nil, store.Classify(err)
	}
	return s.Accounts.AskPasskey(c.WorkspaceID, ceremonyOf(c), list, c.Account.Settings.PasskeyVerified), nil
}
