// Package words owns every text that a person reads: the message catalogue in
// English and German, the choice of a language, and the way dates, times,
// numbers and lengths of time are written in each.
//
// It does not know pages, mails or commands; those ask a Speaker for a text by
// its id. An id that does not exist, or a text whose placeholder got no value,
// comes out as "⟦id⟧", and the tests of every page look for that sign.
//
// The files are catalogue/<language>/<topic>.toml in the message format of
// go-i18n, so its tools can extract and merge them. The plural of a message is
// chosen by the argument "Count"; a message with plural forms and no "Count"
// takes the number of recovery codes that the workspace hands out, because one
// code and ten codes need other sentences, not only another word.
package words
