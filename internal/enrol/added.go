package enrol

import (
	"fmt"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// New is a second factor that was just turned on.
type New struct {
	Kind       method.Kind
	Credential countersign.CredentialID
	Name       string
	// Method is how the mail names it; Event what the log says, where it is not the first.
	Method, Event string
	// Detail is for the log.
	Detail map[string]string
	// Replaces is what it took the place of, Replaced its name.
	Replaces countersign.CredentialID
	Replaced string
}

// Added does what every new factor does: it becomes the default, ends what was started
// before, is told, and brings recovery codes where there are none. all are the person's
// credentials as they were before. The caller gives the session its proof.
func (s *Service) Added(tx *store.Tx, h account.Holder, a account.Account, all []rows.Credential, n New) (Confirmed, error) {
	done := Confirmed{First: secondFactors(all) == 0}
	_, err := tx.SetDefaultMethod(tx.Ctx, rows.SetDefaultMethodParams{
		DefaultMethod: string(n.Kind), DefaultSetAt: tx.NowMilli(), WorkspaceID: h.Workspace, ID: h.User,
	})
	if err != nil {
		return Confirmed{}, fmt.Errorf("set the default: %w", err)
	}
	err = s.Accounts.Void(tx, a.User, h.Keep())
	if err != nil {
		return Confirmed{}, err
	}
	kind, event := message.MethodAdded, n.Event
	switch {
	case done.First:
		kind = message.TwoFactorOn
		if n.Kind != method.Push {
			event = "two_factor.on"
		}
	case n.Replaces != "":
		kind, event = message.MethodReplaced, "credential.replaced"
		if n.Kind == method.SMS {
			event = "number.replaced"
		}
	}
	detail := map[string]string{"name": n.Name}
	for name, value := range n.Detail {
		detail[name] = value
	}
	err = audit.Write(tx, h.Workspace, audit.Event{
		Kind: event, Actor: h.Actor(), User: h.User, Target: string(n.Credential), Session: h.Session, Place: h.Place, Detail: detail,
	})
	if err != nil {
		return Confirmed{}, err
	}
	err = s.Accounts.Tell(tx, a, h.Place, kind, message.Data{Method: n.Method, Device: n.Name, OldDevice: n.Replaced})
	if err != nil {
		return Confirmed{}, err
	}
	if a.Settings.Recovers() && len(active(all, method.Recovery)) == 0 {
		done.CodesMailed, err = s.makeCodes(tx, h, a)
		done.CodesWait = !done.CodesMailed
	}
	return done, err
}
