// Package message owns the mails: which there are, what each says, and the
// outbox that gets them out.
//
// A mail is posted inside the transaction of what it tells, as sealed data; a
// worker renders it in the person's language and hands it over after the
// commit. A body lies in the outbox only until it was handed over, and never in
// the clear.
//
// It does not decide who is told what: package account and those above do, and
// call [Outbox.Post]. It does not speak SMTP: package notify does.
package message
