package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/method/recovery"
	"countersign/internal/method/sms"
	"countersign/internal/method/totp"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Answer is one try at a second factor, from whichever door.
type Answer struct {
	Account Account
	Kind    method.Kind
	Proof   string
	// Judge verifies in the place of the kind's own method: a passkey answers the
	// challenge of one page.
	Judge method.Method
	// Credentials are the person's as the caller read them a moment ago, if it did:
	// a right answer then costs a query less. See verify.
	Credentials []rows.Credential
	// Known chooses the counter of wrong answers; see Holder.Known.
	Known   bool
	Place   countersign.Place
	Attempt countersign.AttemptID
	Session countersign.SessionID
	// Accept is what a right answer does, in the same transaction. An error
	// takes the whole answer back, the spent proof included.
	Accept func(*store.Tx, Proven) error
	// Awaited, where it is set, is asked about a proof that was used before, or that
	// there is nothing to compare with (the first click may have reset it all). An
	// error says that nobody waits for it any more: it is the second click on one
	// button, then, and no guess. The answer is taken back.
	Awaited func(*store.Tx) error

	text countersign.TextID // the code that is answered, of a text
}

// Proven is a right answer.
type Proven struct {
	User       rows.User
	Credential rows.Credential
	Kind       method.Kind
	// As is how attempts and sessions name what was proven.
	As string
	// Left counts the recovery codes that remain, of a recovery code.
	Left int

	hasPhone bool
}

// Answer judges a proof: THE transaction. It takes one try by a guarded write,
// verifies, stores the credential by compare-and-set with a unique index as
// the judge, and only then lets Accept pass it on. A wrong proof is a success
// of the transaction: its count commits.
//
// Errors: Invalid on field "code" or "recovery" for a wrong, used or malformed proof (a
// malformed one costs no try), Limited during a lock, whatever Accept or Awaited
// returned; anything else is a fault and lets nobody in.
func (s *Service) Answer(ctx context.Context, a Answer) (Proven, error) {
	err := malformed(a.Kind, a.Proof)
	if err != nil {
		return Proven{}, err
	}
	c := a.count()
	if s.lately.has(c) {
		err = s.refusedAlready(ctx, c)
		if err != nil {
			return Proven{}, err
		}
	}
	var v verdict
	err = s.WriteFor(ctx, a.Account.User.ID, func(tx *store.Tx) error {
		var err error
		v, err = s.judge(tx, a)
		return err
	})
	if err != nil {
		return Proven{}, err
	}
	s.lately.note(c, countersign.KindOf(v.refusal) == countersign.Limited)
	return v.proven, v.refusal
}

// count is where wrong answers of this kind are counted.
func (a Answer) count() count {
	user := a.Account.User
	return count{user.WorkspaceID, userSubject(user.ID), sortOf(a.Kind), counterOf(a.Known)}
}

// verdict is what a committed answer came to: a refusal, or what was proven.
type verdict struct {
	proven  Proven
	refusal error
}

// fieldOf is the input that a form has for a proof of a kind.
func fieldOf(kind method.Kind) string {
	switch kind {
	case method.Recovery:
		return "recovery"
	case method.Passkey:
		return "passkey"
	}
	return "code"
}

func malformed(kind method.Kind, proof string) error {
	var problem method.Problem
	switch kind {
	case method.TOTP:
		_, problem = totp.Normalize(proof)
	case method.Recovery:
		_, problem = recovery.Normalize(proof)
	case method.Passkey:
		problem = passkey.Normalize(proof)
	case method.SMS:
		_, problem = sms.Normalize(proof)
	}
	if problem == "" {
		return nil
	}
	return countersign.InvalidField(fieldOf(kind), string(kind)+"_"+string(problem))
}

// judge returns a verdict for what must be committed, and an error for what
// must be rolled back.
func (s *Service) judge(tx *store.Tx, a Answer) (verdict, error) {
	user, err := tx.LockUser(tx.Ctx, a.Account.User.WorkspaceID, a.Account.User.ID)
	if store.NotFound(err) || (err == nil && user.State != countersign.Active) {
		return verdict{refusal: signedOut()}, nil
	}
	if err != nil {
		return verdict{}, fmt.Errorf("lock user: %w", err)
	}
	a.Account.User = user
	c := a.count()
	tries, err := take(tx, c)
	if countersign.KindOf(err) == countersign.Limited {
		return verdict{refusal: err}, s.refusedByLock(tx, a, c)
	}
	if err != nil {
		return verdict{}, err
	}
	proven, err := s.verify(tx, a, user)
	if a.Awaited != nil && (errors.Is(err, method.ErrUsed) || errors.Is(err, errNothing)) {
		over := a.Awaited(tx)
		if over != nil {
			return verdict{}, over
		}
	}
	switch {
	case err == nil:
		return verdict{proven: proven}, s.accept(tx, a, c, proven)
	case errors.Is(err, passkey.ErrStale):
		// No guess: nothing was verified. The try is taken back.
		return verdict{}, countersign.InvalidField("passkey", "passkey_stale")
	case errors.Is(err, sms.ErrOver):
		return verdict{}, countersign.InvalidField("code", "sms_over") // the same
	case errors.Is(err, method.ErrUsed):
		return verdict{refusal: s.used(tx, a.Kind)}, s.wrong(tx, a, c, tries, "used")
	case errors.Is(err, errHelpOver):
		return verdict{refusal: countersign.InvalidField(fieldOf(a.Kind), "help_code_over")}, s.wrong(tx, a, c, tries, "over")
	case errors.Is(err, method.ErrWrong):
		return verdict{refusal: wrongAnswer(a.Kind, c.sort, tries)}, s.wrong(tx, a, c, tries, "wrong")
	}
	return verdict{}, fmt.Errorf("verify %s: %w", a.Kind, err)
}

func sortOf(kind method.Kind) limit.Sort {
	if kind == method.Recovery {
		return limit.Recovery
	}
	return limit.SecondFactor
}

// errNothing is a wrong proof of a kind of which nothing is stored.
var errNothing = fmt.Errorf("no credential of the kind: %w", method.ErrWrong)

// maxRounds bounds how often a lost compare-and-set is tried again.
const maxRounds = 5

// verify begins with what the caller has read, if anything: the version judges
// whether it is still so. Any other answer than a right one that was stored is
// given on what is stored now.
func (s *Service) verify(tx *store.Tx, a Answer, user rows.User) (Proven, error) {
	var early error
	if a.Kind == method.SMS {
		judge, id, err := s.textJudge(tx, user, cmp.Or(string(a.Attempt), string(a.Session)))
		if err != nil {
			return Proven{}, err
		}
		a.Judge, a.text = judge, id
	}
	proven, matched, err := s.helped(tx, a, user)
	if matched || err != nil {
		return proven, err
	}
	if len(a.Credentials) > 0 {
		proven, stored, err := s.verifyOnce(tx, a, user, a.Credentials)
		if (err == nil && stored) || !again(err) {
			return proven, err
		}
		early = err
	}
	for range maxRounds {
		credentials, err := tx.ListCredentials(tx.Ctx, user.WorkspaceID, user.ID)
		if err != nil {
			return Proven{}, fmt.Errorf("load credentials: %w", err)
		}
		if errors.Is(early, method.ErrWrong) && unchanged(a.Credentials, credentials) {
			return Proven{}, early
		}
		proven, stored, err := s.verifyOnce(tx, a, user, credentials)
		if err != nil || stored {
			return proven, err
		}
	}
	return Proven{}, errors.New("the credential changes faster than it can be read")
}

// again tells whether an answer that came of what the caller has read is worth
// another look. A fault of the database is not: its transaction is over.
func again(err error) bool {
	return err == nil || errors.Is(err, method.ErrWrong) || errors.Is(err, method.ErrUsed) || closed(err)
}

// closed tells that a secret is there and does not open: it is damaged, or its key
// is lost.
func closed(err error) bool { return errors.Is(err, seal.ErrOpen) || errors.Is(err, seal.ErrNoKey) }

// unchanged tells whether the active credentials that were read are those stored.
func unchanged(read, stored []rows.Credential) bool {
	type version struct {
		id     countersign.CredentialID
		number int64
	}
	seen := map[version]bool{}
	for _, one := range read {
		seen[version{one.ID, one.Version}] = true
	}
	active := 0
	for _, one := range stored {
		if one.State != "active" {
			continue
		}
		if !seen[version{one.ID, one.Version}] {
			return false
		}
		active++
	}
	return active == len(seen)
}

// verifyOnce tries the proof against every active credential of its kind. It
// reports false when another answer stored the credential first.
//
// A credential whose secret is damaged, or its key lost, lets nobody in, and takes
// nothing from the others: their codes work, and wrong ones are counted. Were it a
// fault, the count would be rolled back with it, and guessing at the others had no
// limit. It is a fault where no other was tried.
func (s *Service) verifyOnce(tx *store.Tx, a Answer, user rows.User, credentials []rows.Credential) (Proven, bool, error) {
	judge := a.Judge
	if judge == nil {
		judge = s.Methods[a.Kind]
	}
	if judge == nil {
		return Proven{}, false, fmt.Errorf("no method %q", a.Kind)
	}
	if a.Kind == method.Recovery && !a.Account.Settings.Recovers() {
		// Codes of a time when the workspace had them are worth nothing now.
		return Proven{}, false, method.ErrWrong
	}
	if a.Kind == method.Passkey && !a.Account.Settings.Passkeys() {
		return Proven{}, false, method.ErrWrong
	}
	if a.Kind == method.SMS && !a.Account.Settings.Texts() {
		return Proven{}, false, method.ErrWrong
	}
	phones, err := s.phones(tx, a, credentials)
	if err != nil {
		return Proven{}, false, err
	}
	answer, tried := errNothing, false
	var damaged error
	for _, row := range credentials {
		if row.State != "active" || row.Kind != string(a.Kind) && !phones[row.ID] {
			continue
		}
		secret, err := s.Ring.Open(row.Secret, store.SecretPlace(row.ID))
		if closed(err) {
			damaged = errors.Join(damaged, fmt.Errorf("open credential %s: %w", row.ID, err))
			continue
		}
		if err != nil {
			return Proven{}, false, fmt.Errorf("open credential %s: %w", row.ID, err)
		}
		if !tried {
			answer, tried = method.ErrWrong, true
		}
		opened := method.Credential{ID: string(row.ID), Kind: a.Kind, Secret: secret, Counter: row.Counter}
		accepted, err := judge.Verify(opened, a.Proof, tx.Now)
		switch {
		case err == nil:
			stored, err := s.spend(tx, a, row, opened, accepted)
			return Proven{
				User: user, Credential: row, Kind: a.Kind, As: cmp.Or(accepted.As, string(a.Kind)), Left: int(accepted.Credential.Counter), hasPhone: hasPhone(credentials),
			}, stored, err
		case errors.Is(err, method.ErrUsed):
			answer = method.ErrUsed
		case errors.Is(err, passkey.ErrStale):
			answer = passkey.ErrStale
		case errors.Is(err, sms.ErrOver):
			answer = sms.ErrOver
		case errors.Is(err, method.ErrWrong):
		default:
			return Proven{}, false, err
		}
	}
	if damaged != nil && !tried {
		return Proven{}, false, damaged
	}
	return Proven{}, false, answer
}

// spend stores the credential as the method left it. The version judges that
// nobody was between, the unique index that this very proof never counted.
func (s *Service) spend(tx *store.Tx, a Answer, row rows.Credential, opened method.Credential, accepted method.Accepted) (bool, error) {
	secret := row.Secret
	if string(accepted.Credential.Secret) != string(opened.Secret) {
		sealed, err := s.Ring.Seal(accepted.Credential.Secret, store.SecretPlace(row.ID))
		if err != nil {
			return false, fmt.Errorf("seal credential: %w", err)
		}
		secret = sealed
	}
	n, err := tx.StoreCredential(tx.Ctx, rows.StoreCredentialParams{
		Secret: secret, Counter: accepted.Credential.Counter, UsedAt: tx.NowMilli(), UsedFrom: a.Place.IP,
		WorkspaceID: row.WorkspaceID, ID: row.ID, Version: row.Version,
	})
	if err != nil || n == 0 {
		return false, err
	}
	if a.text != "" {
		err = spendText(tx, row.WorkspaceID, a.text)
		if err != nil {
			return false, err
		}
	}
	n, err = tx.SpendProof(tx.Ctx, rows.SpendProofParams{
		WorkspaceID: row.WorkspaceID, CredentialID: row.ID, Number: accepted.Spent, SpentAt: tx.NowMilli(),
	})
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, method.ErrUsed
	}
	return true, nil
}

func (s *Service) accept(tx *store.Tx, a Answer, c count, proven Proven) error {
	err := giveBack(tx, c)
	if err != nil {
		return err
	}
	if proven.hasPhone {
		err = s.EndPeace(tx, proven.User)
		if err != nil {
			return err
		}
	}
	if a.Kind == method.Recovery {
		// "Until it is reset by recovery": the way back in opens the lock too.
		err = s.Unlock(tx, proven.User)
		if err != nil {
			return err
		}
	}
	err = audit.Write(tx, proven.User.WorkspaceID, audit.Event{
		Kind: "proof.accepted", Actor: countersign.Actor{Kind: countersign.ByUser, User: proven.User.ID},
		User: proven.User.ID, Target: string(proven.Credential.ID), Session: a.Session, Attempt: a.Attempt,
		Place: a.Place, Detail: map[string]string{"method": string(proven.Kind), "name": proven.Credential.Name},
	})
	if err != nil {
		return err
	}
	return a.Accept(tx, proven)
}

func (s *Service) wrong(tx *store.Tx, a Answer, c count, tries int64, why string) error {
	err := s.refused(tx, a, why)
	if err != nil {
		return err
	}
	rule := limit.RuleOf(c.sort)
	pause := rule.Pause(tries)
	if pause == 0 {
		return nil
	}
	if c.sort == limit.SecondFactor {
		// Somebody guesses who has the password: it must not be enough anywhere.
		err = s.Untrust(tx, a.Account.User)
		if err != nil {
			return err
		}
	}
	minutes := int(pause / time.Minute)
	if tries >= rule.Most {
		minutes = 0 // until somebody resets it
	}
	return s.Tell(tx, a.Account, a.Place, message.TooManyTries, message.Data{Minutes: minutes, Method: string(a.Kind)})
}

func (s *Service) refusedByLock(tx *store.Tx, a Answer, c count) error {
	told, err := s.lockTold(tx, c)
	if err != nil || told {
		return err
	}
	return s.refused(tx, a, "locked")
}

func (s *Service) refused(tx *store.Tx, a Answer, why string) error {
	return audit.Write(tx, a.Account.User.WorkspaceID, audit.Event{
		Kind: "proof.refused", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.ByAnonymous},
		User: a.Account.User.ID, Session: a.Session, Attempt: a.Attempt, Place: a.Place,
		Detail: map[string]string{"method": string(a.Kind), "why": why},
	})
}

// showLeftFrom is the wrong answer from which a page tells how many are left.
const showLeftFrom = 3

func wrongAnswer(kind method.Kind, sort limit.Sort, tries int64) error {
	rule := limit.RuleOf(sort)
	pause := rule.Pause(tries)
	switch {
	case pause > 0 && tries >= rule.Most:
		return lockedLasting(sort)
	case pause > 0:
		return lockedFor(sort, pause)
	}
	e := countersign.InvalidField(fieldOf(kind), string(kind)+"_wrong")
	if tries%limit.Batch >= showLeftFrom {
		e.Code += "_left"
		e.Args = map[string]any{"Count": int(rule.Left(tries))}
	}
	return e
}

func (s *Service) used(tx *store.Tx, kind method.Kind) error {
	e := countersign.InvalidField(fieldOf(kind), string(kind)+"_used")
	if kind == method.TOTP {
		next := time.Unix((totp.Step(tx.Now)+1)*30, 0)
		e.Args = map[string]any{"Count": int(next.Sub(tx.Now)/time.Second) + 1}
	}
	return e
}
