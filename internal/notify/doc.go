// Package notify hands one finished message to the outside: a mail to an SMTP server,
// a push to the push service of a phone's browser. It says what became of it in terms
// that a queue can act on (done, try again later, never), and nothing more.
//
// It does not know what messages there are, words, rows or retries; package message
// owns those and is the caller.
package notify
