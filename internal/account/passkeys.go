package account

import (
	"countersign"
	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// PasskeysIn opens the passkeys among some credentials. One whose row is damaged is left
// out: it can be used for nothing, and the others can.
func (s *Service) PasskeysIn(list []rows.Credential) map[countersign.CredentialID]passkey.Key {
	found := map[countersign.CredentialID]passkey.Key{}
	for _, c := range list {
		if c.State != "active" || c.Kind != string(method.Passkey) {
			continue
		}
		secret, err := s.Ring.Open(c.Secret, store.SecretPlace(c.ID))
		if err != nil {
			continue
		}
		key, err := passkey.Decode(secret)
		if err == nil {
			found[c.ID] = key
		}
	}
	return found
}

// AskPasskey makes what a page hands to the browser to have one of these passkeys sign.
func (s *Service) AskPasskey(workspace countersign.WorkspaceID, in passkey.Ceremony, list []rows.Credential, verified bool) map[string]any {
	keys, opened := []passkey.Key{}, s.PasskeysIn(list)
	for _, c := range list {
		key, found := opened[c.ID]
		if found {
			keys = append(keys, key)
		}
	}
	party := s.Party(workspace)
	return party.ToSign(party.Challenge(in, seal.Bytes(passkey.NonceSize), s.Now()), keys, verified)
}
