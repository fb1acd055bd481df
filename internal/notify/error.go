package notify

import (
	"errors"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// Error is why a message was not handed over. Its text names the step, the
// server's code and, where the server cannot have been repeating our message,
// the server's words; never a password, a part of a mail, or a push endpoint.
type Error struct {
	step    string
	code    int // the server's, or 0 when there was no answer
	words   string
	again   bool
	wait    time.Duration // that the server asked for
	gone    bool
	refused bool
}

// Error says it in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.step)
	if e.code != 0 {
		b.WriteString(": the server answered " + strconv.Itoa(e.code))
	}
	if e.words != "" {
		b.WriteString(": " + e.words)
	}
	return b.String()
}

// Temporary tells that the same mail may go through later. An error that did
// not come from a Mailer counts as temporary: what is not known to be hopeless
// is tried again, until the message expires.
func Temporary(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.again
	}
	return err != nil
}

// Wait is how long the server asked to be left alone, or 0.
func Wait(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.wait
	}
	return 0
}

// Gone tells that the subscription a push was for is no more (RFC 8030, section 7.3).
func Gone(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.gone
}

// Refused tells that a push service does not take a push from this sender: its key,
// its address or its clock is wrong; or this one subscription was made for another
// key, which a browser can bring about by itself. So it says something of the sender
// only where several subscriptions of one service answer so, and none takes one.
func Refused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.refused
}

// SenderRefused begins the text of an error of a mail server that does not take mail from
// the sender, whose address follows; whoever keeps the text alone knows it by that.
const SenderRefused = "the mail server does not take mail from "

// refused is a mail that no server could be given.
func refused(why string) *Error {
	return &Error{step: "the mail cannot be sent", words: why}
}

// longestWords bounds what of a server's answer is passed on.
const longestWords = 200

// answer reads the code and the words of a server out of an error.
func answer(err error) (int, string) {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code, reply.Msg
	}
	return 0, err.Error()
}

// clean makes words fit for a line of a log, without the secrets.
func clean(words string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			words = strings.ReplaceAll(words, secret, "•••")
		}
	}
	words = strings.Join(strings.Fields(strings.ToValidUTF8(words, "?")), " ")
	runes := []rune(words)
	if len(runes) > longestWords {
		words = string(runes[:longestWords]) + "…"
	}
	return words
}
