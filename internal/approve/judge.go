package approve

import (
	"bytes"

	"countersign/internal/method/push"
	"countersign/internal/store/rows"
)

// judged is what a question, as it was read, makes of an answer.
type judged struct {
	question rows.GetQuestionRow
	verdict  push.Verdict
	err      error
}

func (s *Service) judge(q rows.GetQuestionRow, answer push.Answer) judged {
	j := judged{question: q}
	keys, err := Keys(q.Device)
	if err != nil {
		j.err = err
		return j
	}
	row := q.Request
	j.verdict, j.err = push.Judge(s.Signed(row, q.Device.ID), push.Number{Mode: push.Mode(row.Mode), Shown: row.Number}, keys, s.Accounts.Site(row.WorkspaceID), answer)
	return j
}

// judgeEarly judges an answer before its transaction, by what was read when its call came in. Two signatures cost more than all
// that the transaction does: on SQLite there is one at a time, so others would wait for
// them, and on PostgreSQL the person's row and a connection would be held for as long. It
// decides nothing: what writes takes a verdict on the very same alone. What cannot be
// judged here is left to the transaction.
func (s *Service) judgeEarly(q rows.GetQuestionRow, answer push.Answer) judged {
	if State(q.Request.State) != Pending {
		return judged{}
	}
	return s.judge(q, answer)
}

// holds tells whether the verdict is one on this: a request does not change while it
// waits, and of a device the keys and their counter are judged.
func (j judged) holds(row rows.Request, d rows.Device) bool {
	was := j.question.Device
	return j.question.Request == row && was.ID == d.ID && was.Counter == d.Counter && was.BackedUp == d.BackedUp &&
		bytes.Equal(was.DeviceKey, d.DeviceKey) && bytes.Equal(was.VerifyID, d.VerifyID) &&
		bytes.Equal(was.VerifyKey, d.VerifyKey) && bytes.Equal(was.VerifyUser, d.VerifyUser)
}
