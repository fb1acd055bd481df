package enrol_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const mobile, newMobile = "+4915123456789", "+4915198765432"

func TestSettingUpANumber(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE", "US")
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		for typed, code := range map[string]string{
			"": "number_empty", "1": "number_malformed", "+33 6 12 34 56 78": "number_country", "+49 900 1234567": "number_line", "+49 30 123456": "number_line",
		} {
			want(t, "typing "+typed, b.AddNumber(t, typed), code)
		}
		want(t, "a number", b.AddNumber(t, "01512 3456789"), "ok")
		want(t, "the same at once", b.AddNumber(t, mobile), "text_again")
		code := e.TextedCode(t, mobile)
		_, err := b.ConfirmNumber(t, "12345")
		want(t, "too few digits", err, "sms_too_few")
		_, err = b.ConfirmNumber(t, wrongCode(code))
		want(t, "another code", err, "sms_wrong")
		thief := e.Browser("192.0.2.2")
		thief.SignIn(t, ada)
		_, err = thief.ConfirmNumber(t, code)
		want(t, "in another session", err, "enrolment_over")
		e.Advance(t, sms.Life)
		_, err = b.ConfirmNumber(t, code)
		want(t, "three minutes later", err, "sms_over")
		want(t, "another code", e.Enrol.SendNumberCode(ctx(), b.Holder(t)), "ok")
		done, err := b.ConfirmNumber(t, e.TextedCode(t, mobile))
		want(t, "the newest", err, "ok")
		if done.First || done.CodesWait {
			t.Errorf("%+v", done)
		}
		list, err := e.Enrol.List(ctx(), b.Holder(t))
		want(t, "the list", err, "ok")
		names := ""
		for _, c := range list {
			if c.Kind == string(method.SMS) {
				names += c.Name
			}
		}
		if names != "•••• 89" || ada.Account(t).User.DefaultMethod != policy.SMS {
			t.Errorf("the number is shown as %q, the default is %q", names, ada.Account(t).User.DefaultMethod)
		}
		if n := len(e.MailsTo(t, message.MethodAdded, ada.Email)); n != 1 {
			t.Errorf("%d mails tell of it", n)
		}
		e.Advance(t, sms.Again)
		want(t, "the same number", b.AddNumber(t, mobile), "number_same")
	})
}

// Codes go to the old number until the new one is confirmed; then the old one is told.
func TestChangingTheNumber(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "another number", b.AddNumber(t, newMobile), "ok")
		other := e.Browser("192.0.2.9")
		at := other.First(t, ada)
		want(t, "a sign-in meanwhile", other.Second(at, method.SMS, e.TextedCode(t, mobile)), "ok")
		e.Advance(t, time.Second)
		done, err := b.ConfirmNumber(t, e.TextedCode(t, newMobile))
		want(t, "the code", err, "ok")
		if done.Token == "" {
			t.Error("no new token")
		}
		told := e.Texts(t, mobile)
		if !strings.Contains(told[0], "no longer sent to this number") || strings.Contains(told[0], "65432") || sms.Parts(told[0]) != 1 {
			t.Errorf("the old number is told %q", told[0])
		}
		if mails := e.MailsTo(t, message.MethodReplaced, ada.Email); len(mails) != 1 || !strings.Contains(mails[0].Text, "•••• 89") || !strings.Contains(mails[0].Text, "•••• 32") {
			t.Errorf("the mails that tell of it: %+v", mails)
		}
		before := len(e.Texts(t, mobile))
		next := e.Browser("192.0.2.3")
		at = next.First(t, ada)
		want(t, "from then on the new one", next.Second(at, method.SMS, e.TextedCode(t, newMobile)), "ok")
		if len(e.Texts(t, mobile)) != before {
			t.Error("the old number still gets codes")
		}
	})
}

// A mistyped number is corrected at once: the wait is for another text to the same one.
// The code of the mistyped one confirms nothing, and the caps count each.
func TestAMistypedNumberIsCorrectedAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "a mistyped number", b.AddNumber(t, newMobile), "ok")
		e.Advance(t, 10*time.Second)
		want(t, "the right one", b.AddNumber(t, mobile), "ok")
		_, err := b.ConfirmNumber(t, e.TextedCode(t, newMobile))
		want(t, "the code of the mistyped one", err, "sms_wrong")
		want(t, "the right one again", b.AddNumber(t, mobile), "text_again")
		want(t, "another code", e.Enrol.SendNumberCode(ctx(), b.Holder(t)), "text_again")
		sent := 2
		for _, other := range []string{newMobile, mobile, newMobile} {
			e.Advance(t, time.Second)
			want(t, "to and fro", b.AddNumber(t, other), "ok")
			sent++
		}
		want(t, "the sixth", b.AddNumber(t, mobile), "too_many_texts")
		if n := len(e.Texts(t, mobile)) + len(e.Texts(t, newMobile)); n != sent {
			t.Errorf("%d texts went out, want %d", n, sent)
		}
		_, err = b.ConfirmNumber(t, e.TextedCode(t, newMobile))
		want(t, "the newest code", err, "ok")
	})
}

// The same number again keeps waiting as long as one that is typed anew.
func TestTheSameNumberTypedAgain(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "a number", b.AddNumber(t, mobile), "ok")
		first, err := e.Enrol.PendingNumber(ctx(), b.Holder(t))
		want(t, "the page of the code", err, "ok")
		e.Advance(t, sms.Again)
		want(t, "the same number", b.AddNumber(t, mobile), "ok")
		again, err := e.Enrol.PendingNumber(ctx(), b.Holder(t))
		want(t, "the page of the code", err, "ok")
		if again.ID != first.ID || again.ExpiresAt.Sub(first.ExpiresAt) != sms.Again || again.Sent == nil || again.Sent.ID == first.Sent.ID {
			t.Errorf("%+v after %+v", again, first)
		}
		_, err = b.ConfirmNumber(t, e.TextedCode(t, mobile))
		want(t, "the code", err, "ok")
	})
}

// Whoever changes the number cannot keep the old one from being told by asking for codes
// until the person's caps are used up. The notice counts with all others of the workspace.
func TestTheOldNumberIsToldWhateverWasSent(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		e.Set(t, policy.Document{"sms.per_day": 12})
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "another number", b.AddNumber(t, newMobile), "ok")
		for range 4 {
			e.Advance(t, sms.Again)
			want(t, "another code", e.Enrol.SendNumberCode(ctx(), b.Holder(t)), "ok")
		}
		e.Advance(t, sms.Again)
		want(t, "the sixth", e.Enrol.SendNumberCode(ctx(), b.Holder(t)), "too_many_texts")
		_, err := b.ConfirmNumber(t, e.TextedCode(t, newMobile))
		want(t, "the code", err, "ok")
		if told := e.Texts(t, mobile); len(told) == 0 || !strings.Contains(told[0], "no longer sent to this number") {
			t.Errorf("the old number is told %q", told)
		}
		var all rows.TextCap
		e.Write(t, func(tx *store.Tx) error {
			all, err = tx.GetTextCap(tx.Ctx, accounttest.Workspace, "all")
			return err
		})
		if sent := int64(len(e.Texts(t, mobile)) + len(e.Texts(t, newMobile))); all.Taken != sent {
			t.Errorf("%d texts are counted of %d", all.Taken, sent)
		}
	})
}

// Where the workspace has had enough, the old number is not told, and the number changes
// all the same.
func TestTheOldNumberIsNotToldBeyondTheWideCaps(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		e.Set(t, policy.Document{"sms.per_day": 5})
		want(t, "another number", b.AddNumber(t, newMobile), "ok")
		for range 3 { // the sign-in had the first
			e.Advance(t, sms.Again)
			want(t, "another code", e.Enrol.SendNumberCode(ctx(), b.Holder(t)), "ok")
		}
		before := len(e.Texts(t, mobile))
		_, err := b.ConfirmNumber(t, e.TextedCode(t, newMobile))
		want(t, "the code", err, "ok")
		if n := len(e.Texts(t, mobile)); n != before {
			t.Errorf("%d texts went beyond what the workspace may send", n-before)
		}
	})
}

// Two windows change the number at once: one number is left.
func TestTwoNumbersAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com")
		b, c := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		c.SignIn(t, ada)
		want(t, "a number", b.AddNumber(t, mobile), "ok")
		want(t, "another elsewhere", c.AddNumber(t, newMobile), "ok")
		mine, theirs := e.TextedCode(t, mobile), e.TextedCode(t, newMobile)
		late := c.Holder(t)
		_, err := b.ConfirmNumber(t, mine)
		want(t, "the first", err, "ok")
		_, err = e.Enrol.ConfirmNumber(ctx(), late, theirs)
		want(t, "the second, which was signed out by it", err, "signed_out")
		list, err := e.Enrol.List(ctx(), b.Holder(t))
		want(t, "the list", err, "ok")
		n := 0
		for _, one := range list {
			if one.Kind == string(method.SMS) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d numbers", n)
		}
	})
}

// Wrong codes of a number that waits end that code and nothing else: it is no proof, so
// they are no guesses at a second factor.
func TestTheCodeOfAWaitingNumberIsNoProof(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		for range 3 {
			want(t, "a number", b.AddNumber(t, newMobile), "ok")
			code := e.TextedCode(t, newMobile)
			want(t, "its code as a proof", b.Prove(t, method.SMS, code), "sms_over")
			for range sms.Tries {
				_, err := b.ConfirmNumber(t, wrongCode(code))
				want(t, "another code", err, "sms_wrong")
			}
			_, err := b.ConfirmNumber(t, code)
			want(t, "the right one, after five", err, "sms_over")
			e.Advance(t, sms.Again)
		}
		next := e.Browser("192.0.2.3")
		at := next.First(t, ada)
		want(t, "a sign-in, after more wrong ones than lock", next.Second(at, method.SMS, e.TextedCode(t, mobile)), "ok")
	})
}

func TestANumberNeedsAFreshProof(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		want(t, "a number", b.AddNumber(t, mobile), "ok")
		e.Advance(t, 11*time.Minute)
		want(t, "eleven minutes later", b.AddNumber(t, newMobile), "fresh_proof_required")
		_, err := e.Enrol.PendingNumber(ctx(), b.Holder(t))
		want(t, "the page of the code", err, "fresh_proof_required")
		want(t, "sending another", e.Enrol.SendNumberCode(ctx(), b.Holder(t)), "fresh_proof_required")
		// The first second factor asks for the mailbox too.
		grace := e.Person(t, "grace@example.com")
		g := e.Browser("192.0.2.2")
		g.SignIn(t, grace)
		want(t, "with a password alone", g.AddNumber(t, newMobile), "email_proof_required")
		e.Accounts.Texting = false
		want(t, "where nobody sends texts", b.AddNumber(t, mobile), "texts_off")
	})
}

func wrongCode(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}
