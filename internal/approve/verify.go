package approve

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/method"
	"countersign/internal/store"
)

// pairedKind is the event that names a device's keys when it becomes one of a person's.
const pairedKind = "device.paired"

// VerifyEvent checks a decision again, from its event in the log, and compares the keys
// with those that the event of the device's pairing names: an approval by other keys is
// no approval of that device.
//
// Errors: NotFound "no_such_event"; [method.ErrWrong] for what does not hold.
func (s *Service) VerifyEvent(ctx context.Context, workspace countersign.WorkspaceID, id countersign.EventID) (Verified, error) {
	event, err := s.Store.Read().GetEvent(ctx, workspace, id)
	if store.NotFound(err) {
		return Verified{}, countersign.Refuse(countersign.NotFound, "no_such_event")
	}
	if err != nil {
		return Verified{}, fmt.Errorf("load the event: %w", store.Classify(err))
	}
	v, err := Verify(event)
	if err != nil {
		return v, err
	}
	pairings, err := s.Store.Read().ListEventsOfKind(ctx, workspace, event.UserID, pairedKind)
	if err != nil {
		return v, fmt.Errorf("load the pairings: %w", store.Classify(err))
	}
	for _, pairing := range pairings {
		detail := audit.Detail(pairing)
		if detail["device"] != v.Device {
			continue
		}
		if detail["device_thumbprint"] != v.DeviceThumbprint || detail["verify_thumbprint"] != v.VerifyThumbprint {
			return v, fmt.Errorf("%w: the keys are not those that were paired as %s", method.ErrWrong, pairing.ID)
		}
		v.PairedBy, v.PairedAt = pairing.ID, time.UnixMilli(int64(pairing.At))
		break
	}
	return v, nil
}
