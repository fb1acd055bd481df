package attack_test

import (
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// givePhone gives somebody a paired phone that never answers: nobody holds its keys. It
// is not the method that they are asked for first.
func givePhone(t *testing.T, s *site.Site, who *site.Person) {
	t.Helper()
	credential, device := countersign.CredentialID(seal.ID("crd")), countersign.DeviceID(seal.ID("dev"))
	secret, err := s.Engine.Ring.Seal(seal.Bytes(20), store.SecretPlace(credential))
	must(t, err)
	const name = "Pixel"
	s.Write(t, func(tx *store.Tx) error {
		err := tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: credential, UserID: who.ID, Kind: string(method.Push), Name: name,
			NameKey: account.NameKey(name), State: "active", Secret: secret, CreatedAt: tx.NowMilli(), ConfirmedAt: tx.NowMilli(),
		})
		if err != nil {
			return err
		}
		err = tx.InsertDevice(tx.Ctx, rows.InsertDeviceParams{
			WorkspaceID: countersign.DefaultWorkspace, ID: device, UserID: who.ID, Kind: "app", Name: name, Platform: "Android", Client: "Chrome",
			Version: "1.0.0", DeviceKey: seal.Bytes(65), VerifyID: seal.Bytes(16), VerifyKey: seal.Bytes(77), VerifyUser: seal.Bytes(32),
			Biometrics: 1, Notifications: "none", Subscription: []byte{}, CreatedAt: tx.NowMilli(),
		})
		if err != nil {
			return err
		}
		_, err = tx.ConfirmDevice(tx.Ctx, countersign.DefaultWorkspace, device)
		if err != nil {
			return err
		}
		_, err = tx.ActivateDevice(tx.Ctx, rows.ActivateDeviceParams{
			CredentialID: credential, Now: tx.NowMilli(), Name: name, WorkspaceID: countersign.DefaultWorkspace, ID: device,
		})
		return err
	})
}
