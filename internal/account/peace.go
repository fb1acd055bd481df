package account

import (
	"fmt"

	"countersign"
	"countersign/internal/limit"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Peace is why a person's phones are not asked now.
type Peace string

// The reasons. Locked ends when the person proves themselves in another way, or an
// administrator unlocks the account; Source ends by itself.
const (
	NoPeace      Peace = ""
	PeaceLocked  Peace = "locked"
	PeaceSource  Peace = "source"
	counterPeace       = "phone"
)

func peaceCount(workspace countersign.WorkspaceID, subject string, sort limit.Sort) count {
	return count{workspace, subject, sort, counterPeace}
}

func sourceSubject(user countersign.UserID, ip string) string {
	return string(user) + " " + Network(ip)
}

// peaceCounts are the counts that leave a person's phones in peace, with what each
// means. A browser that signed in to the account before is not judged by the network it
// is in: an office behind one address must not be shut out by one of its machines.
func peaceCounts(user rows.User, ip string, known bool) map[count]Peace {
	counts := map[count]Peace{
		peaceCount(user.WorkspaceID, userSubject(user.ID), limit.Reported): PeaceLocked,
		peaceCount(user.WorkspaceID, userSubject(user.ID), limit.Mismatch): PeaceLocked,
	}
	if !known {
		counts[peaceCount(user.WorkspaceID, "net:"+Network(ip), limit.Source)] = PeaceSource
		counts[peaceCount(user.WorkspaceID, sourceSubject(user.ID, ip), limit.SourceReported)] = PeaceSource
	}
	return counts
}

// InPeace tells whether, and why, this person's phones are not asked for somebody at an
// address.
func (s *Service) InPeace(tx *store.Tx, user rows.User, ip string, known bool) (Peace, error) {
	found := NoPeace
	for c, why := range peaceCounts(user, ip, known) {
		row, err := tx.GetGuesses(tx.Ctx, c.row())
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return NoPeace, fmt.Errorf("read a count: %w", err)
		}
		if waitOf(row, c.sort, tx.Now) > 0 && found != PeaceLocked {
			found = why
		}
	}
	return found, nil
}

// NoteMismatch counts an approval with another number, and tells whether this very one
// locked the phones: what is answered wrongly during the lock is no news.
func (s *Service) NoteMismatch(tx *store.Tx, user rows.User) (bool, error) {
	tries, err := take(tx, peaceCount(user.WorkspaceID, userSubject(user.ID), limit.Mismatch))
	if countersign.KindOf(err) == countersign.Limited {
		return false, nil
	}
	return tries == limit.RuleOf(limit.Mismatch).Most, err
}

// CountWrongNumber counts a wrong number on the phone with the other wrong second
// factors of the account (security.md 10).
func (s *Service) CountWrongNumber(tx *store.Tx, user rows.User, known bool) error {
	tries, err := take(tx, secondCount(user, known))
	if countersign.KindOf(err) == countersign.Limited {
		return nil
	}
	if err != nil || limit.RuleOf(limit.SecondFactor).Pause(tries) == 0 {
		return err
	}
	return s.Untrust(tx, user) // as any wrong second factor does that begins a lock
}

func secondCount(user rows.User, known bool) count {
	return count{user.WorkspaceID, userSubject(user.ID), limit.SecondFactor, counterOf(known)}
}

// SecondLocked refuses while wrong second factors of the account, of whichever kind,
// pause it: Limited "locked_second". What was approved before the pause began is refused
// too.
func (s *Service) SecondLocked(tx *store.Tx, user rows.User, known bool) error {
	c := secondCount(user, known)
	row, err := tx.GetGuesses(tx.Ctx, c.row())
	if store.NotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a count: %w", err)
	}
	wait := waitOf(row, c.sort, tx.Now)
	if wait == 0 {
		return nil
	}
	return lockedFor(c.sort, wait)
}

// NoteReport leaves the person's phones in peace until they prove themselves in another
// way, and for a day from where the question came.
func (s *Service) NoteReport(tx *store.Tx, user rows.User, ip string) error {
	for _, c := range []count{
		peaceCount(user.WorkspaceID, userSubject(user.ID), limit.Reported),
		peaceCount(user.WorkspaceID, sourceSubject(user.ID, ip), limit.SourceReported),
	} {
		_, err := take(tx, c)
		if err != nil && countersign.KindOf(err) != countersign.Limited {
			return err
		}
	}
	return nil
}

// NoteSource counts, against where it came from, a question that was not approved.
func (s *Service) NoteSource(tx *store.Tx, workspace countersign.WorkspaceID, ip string) error {
	_, err := take(tx, peaceCount(workspace, "net:"+Network(ip), limit.Source))
	if countersign.KindOf(err) == countersign.Limited {
		return nil
	}
	return err
}

// EndPeace lets a person's phones be asked again.
func (s *Service) EndPeace(tx *store.Tx, user rows.User) error {
	_, err := tx.ClearGuessesOfCounter(tx.Ctx, user.WorkspaceID, userSubject(user.ID), counterPeace)
	if err != nil {
		return fmt.Errorf("end the peace: %w", err)
	}
	return nil
}
