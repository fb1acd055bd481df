package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// TextAsk is one code to be sent as a text.
type TextAsk struct {
	Account Account
	// Credential is whose secret the number is, active or waiting.
	Credential rows.Credential
	// Known chooses the caps: whoever only has the password must not use up those of the
	// browsers that the person signs in with.
	Known bool
	// Notice is a text without a code, which follows on a code that was right. It counts
	// against the wide caps alone: whoever changes the number could have used up those of
	// the person before, and nobody would be told.
	Notice  bool
	Place   countersign.Place
	Attempt countersign.AttemptID
	Session countersign.SessionID
}

// holder is the sign-in or session that the code is good for.
func (a TextAsk) holder() string { return cmp.Or(string(a.Attempt), string(a.Session)) }

// SendText sends a new code, which takes the place of an older one of the same holder. It
// goes out after the commit. The transaction has taken the person's row, at which texts of
// one person take turns.
//
// Errors: Conflict "texts_off" where none can be sent, "text_country" for a number of a
// country that is listed no more; Limited "text_again" within half a minute of the last
// one to this number, "too_many_texts" where the person or the number had enough, "texts_capped" where
// the block of numbers, the country or the workspace had.
func (s *Service) SendText(tx *store.Tx, a TextAsk) error {
	settings, user := a.Account.Settings, a.Account.User
	if !s.Texting || !settings.Texts() {
		return countersign.Refuse(countersign.Conflict, "texts_off")
	}
	number, err := s.NumberOf(a.Credential)
	if err != nil {
		return err
	}
	listed, problem := sms.Parse(number, settings.TextCountries)
	if problem != sms.Fine {
		return countersign.Refuse(countersign.Conflict, "text_country")
	}
	err = waited(tx, a)
	if err != nil {
		return err
	}
	err = s.takeCaps(tx, a, listed)
	if err != nil {
		return err
	}
	_, err = tx.VoidTexts(tx.Ctx, user.WorkspaceID, a.holder())
	if err != nil {
		return fmt.Errorf("void the older code: %w", err)
	}
	id, code, ends := countersign.TextID(seal.ID("txt")), seal.Digits(sms.Digits), tx.Now.Add(sms.Life)
	sent := sms.Challenge{ID: string(id), Credential: string(a.Credential.ID), Holder: a.holder()}
	err = tx.InsertText(tx.Ctx, rows.InsertTextParams{
		WorkspaceID: user.WorkspaceID, ID: id, UserID: user.ID, CredentialID: a.Credential.ID, Holder: a.holder(), CodeMac: sent.Sum(s.MAC, code),
		CreatedAt: tx.NowMilli(), ExpiresAt: ends.UnixMilli(), Country: listed.Country,
	})
	if err != nil {
		return fmt.Errorf("keep the code: %w", err)
	}
	err = audit.Write(tx, user.WorkspaceID, audit.Event{
		Kind: "text.sent", Actor: countersign.Actor{Kind: countersign.ByUser, User: user.ID}, User: user.ID, Target: string(a.Credential.ID),
		Session: a.Session, Attempt: a.Attempt, Place: a.Place, Detail: map[string]string{"name": sms.Mask(number), "country": listed.Country},
	})
	if err != nil {
		return err
	}
	return s.postText(tx, a.Account, message.Text{Kind: message.TextCode, Row: id, Number: number, Code: code, Expires: ends})
}

func (s *Service) postText(tx *store.Tx, a Account, t message.Text) error {
	t.User, t.Workspace = a.User.ID, a.Workspace.Name
	t.Language = cmp.Or(a.User.Language, a.Workspace.Language, s.Language)
	return s.Outbox.PostText(tx, a.User.WorkspaceID, t)
}

// NumberOf opens the number of a credential.
func (s *Service) NumberOf(c rows.Credential) (string, error) {
	secret, err := s.Ring.Open(c.Secret, store.SecretPlace(c.ID))
	if err != nil {
		return "", fmt.Errorf("open the number: %w", err)
	}
	return string(secret), nil
}

// waited refuses another text before half a minute is over. Only one that is still to be
// answered makes somebody wait, and only who wants it at the same number: who mistyped
// the number corrects it at once. The caps count each.
func waited(tx *store.Tx, a TextAsk) error {
	last, err := tx.GetText(tx.Ctx, a.Account.User.WorkspaceID, a.holder(), a.Account.User.ID)
	if store.NotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the last text: %w", err)
	}
	if last.SpentAt != 0 || last.CredentialID != a.Credential.ID {
		return nil
	}
	wait := time.UnixMilli(last.CreatedAt).Add(sms.Again).Sub(tx.Now)
	if wait <= 0 || wait > sms.Again+2*time.Minute { // it was sent while the clock was wrong
		return nil
	}
	return spentFor("text_again", wait)
}

// TextOf is the code that was sent last for a sign-in or session, if any.
func (s *Service) TextOf(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID, holder string) (rows.Text, bool, error) {
	row, err := s.Store.Read().GetText(s.Store.Brief(ctx), workspace, holder, user)
	if store.NotFound(err) {
		return rows.Text{}, false, nil
	}
	if err != nil {
		return rows.Text{}, false, fmt.Errorf("load the text: %w", store.Classify(err))
	}
	return row, true, nil
}

// textJudge is what judges an answer to the newest code of a holder. It counts the
// answer to that code, which has few.
func (s *Service) textJudge(tx *store.Tx, user rows.User, holder string) (sms.Judge, countersign.TextID, error) {
	judge := sms.Judge{Key: s.MAC, Holder: holder}
	row, err := tx.GetText(tx.Ctx, user.WorkspaceID, holder, user.ID)
	if store.NotFound(err) {
		return judge, "", nil
	}
	if err != nil {
		return judge, "", fmt.Errorf("load the text: %w", err)
	}
	_, err = tx.TryText(tx.Ctx, user.WorkspaceID, row.ID)
	if err != nil {
		return judge, "", fmt.Errorf("count the answer: %w", err)
	}
	judge.Challenge = &sms.Challenge{
		ID: string(row.ID), Credential: string(row.CredentialID), Holder: row.Holder, MAC: row.CodeMac,
		Expires: time.UnixMilli(row.ExpiresAt), Tried: row.Tries + 1, Spent: row.SpentAt != 0,
	}
	return judge, row.ID, nil
}

// spendText uses a code up. ErrUsed where another answer was first.
func spendText(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.TextID) error {
	n, err := tx.SpendText(tx.Ctx, tx.NowMilli(), workspace, id)
	if err != nil {
		return fmt.Errorf("spend the code: %w", err)
	}
	if n == 0 {
		return method.ErrUsed
	}
	return nil
}

// ConfirmText judges the code that was sent to a number which waits to be confirmed, in
// the transaction of what a right one does. The refusal of a wrong one is a value beside
// the error: the count of answers is committed with it.
//
// Refusals: Invalid on field "code".
func (s *Service) ConfirmText(tx *store.Tx, h Holder, user rows.User, waits rows.Credential, typed string) (error, error) {
	judge, id, err := s.textJudge(tx, user, string(h.Session))
	if err != nil {
		return nil, err
	}
	_, err = judge.Verify(method.Credential{ID: string(waits.ID), Kind: method.SMS}, typed, tx.Now)
	if err == nil {
		err = spendText(tx, user.WorkspaceID, id)
	}
	switch {
	case errors.Is(err, sms.ErrOver):
		return countersign.InvalidField("code", "sms_over"), nil
	case errors.Is(err, method.ErrUsed):
		return countersign.InvalidField("code", "sms_used"), nil
	case errors.Is(err, method.ErrWrong):
		return countersign.InvalidField("code", "sms_wrong"), s.refusedText(tx, h)
	}
	return nil, err
}

func (s *Service) refusedText(tx *store.Tx, h Holder) error {
	return audit.Write(tx, h.Workspace, audit.Event{
		Kind: "proof.refused", Outcome: audit.Refused, Actor: h.Actor(), User: h.User, Session: h.Session, Place: h.Place,
		Detail: map[string]string{"method": string(method.SMS), "why": "wrong"},
	})
}

// TellOldNumber tells a number that another took its place: whoever reads the mailbox
// need not be the person. It stays silent where no more texts may be sent to the block of
// numbers, the country or by the workspace; what the person had does not count.
func (s *Service) TellOldNumber(tx *store.Tx, h Holder, a Account, old rows.Credential) error {
	number, err := s.NumberOf(old)
	if err != nil {
		return err
	}
	listed, problem := sms.Parse(number, a.Settings.TextCountries)
	if problem != sms.Fine || !s.Texting {
		return nil
	}
	err = s.takeCaps(tx, TextAsk{Account: a, Known: h.Known, Notice: true}, listed)
	if countersign.KindOf(err) == countersign.Limited {
		return nil
	}
	if err != nil {
		return err
	}
	const life = time.Hour
	return s.postText(tx, a, message.Text{Kind: message.TextChanged, Number: number, Expires: tx.Now.Add(life)})
}

// SendTestText sends a text that says nothing but that it arrived, to somebody's own number.
// It counts as the codes do. Errors: those of SendText, but "text_again".
func (s *Service) SendTestText(tx *store.Tx, a Account, number rows.Credential) error {
	if !s.Texting || !a.Settings.Texts() {
		return countersign.Refuse(countersign.Conflict, "texts_off")
	}
	to, err := s.NumberOf(number)
	if err != nil {
		return err
	}
	listed, problem := sms.Parse(to, a.Settings.TextCountries)
	if problem != sms.Fine {
		return countersign.Refuse(countersign.Conflict, "text_country")
	}
	err = s.takeCaps(tx, TextAsk{Account: a, Credential: number, Known: true}, listed)
	if err != nil {
		return err
	}
	const life = 15 * time.Minute
	return s.postText(tx, a, message.Text{Kind: message.TextTest, Number: to, Expires: tx.Now.Add(life)})
}
