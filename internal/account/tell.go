package account

import (
	"cmp"
	"time"

	"countersign"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/store"
)

// Tell posts a mail to a user about their account, with the moment and the
// place. It goes out after the commit, by the outbox.
//
// Of one kind, a person gets ten at once and then one in five minutes: whoever
// can make us send many must not fill the mailbox, nor hold up the mails of
// others. The event is written all the same.
func (s *Service) Tell(tx *store.Tx, a Account, place countersign.Place, kind message.Kind, data message.Data) error {
	err := s.Spend(tx, a.User.WorkspaceID, "tell:"+string(kind)+":"+string(a.User.ID), "", limit.Rate{Interval: 5 * time.Minute, Burst: 10})
	if countersign.KindOf(err) == countersign.Limited {
		return nil
	}
	if err != nil {
		return err
	}
	return s.TellAt(tx, a, a.User.Email, place, kind, data, 0)
}

// tellFor is how long a warning is worth sending.
const tellFor = 48 * time.Hour

// TellAt is Tell to a given address, for a message that is of no use after a
// while (0: two days).
func (s *Service) TellAt(tx *store.Tx, a Account, to string, place countersign.Place, kind message.Kind, data message.Data, life time.Duration) error {
	return s.Outbox.Post(tx, a.User.WorkspaceID, s.Letter(tx, a, to, place, kind, data, life))
}

// Letter is the mail that TellAt posts.
func (s *Service) Letter(tx *store.Tx, a Account, to string, place countersign.Place, kind message.Kind, data message.Data, life time.Duration) message.Mail {
	if life == 0 {
		life = tellFor
	}
	home := s.Hosts.Of(a.User.WorkspaceID)
	data.Name, data.Workspace, data.Address = a.User.Name, a.Workspace.Name, home.URL
	data.At, data.IP, data.UserAgent = tx.NowMilli(), place.IP, place.UserAgent
	data.Backup, data.CodesTotal = a.Settings.Backup(), a.Settings.RecoveryCodes
	language := cmp.Or(a.User.Language, home.Language, s.Language)
	return message.Mail{
		Kind: kind, User: a.User.ID, To: to, Language: language, Zone: a.User.Zone,
		Expires: tx.Now.Add(life), Data: data,
	}
}
