// Package notify hands one finished message to the outside: a mail to an SMTP
// server. It says what became of it in terms that a queue can act on (done, try
// again later, never), and nothing more.
//
// It does not know what mails there are, words, rows or retries; package
// message owns those and is the caller.
package notify
