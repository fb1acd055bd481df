// Package portal owns what a person sees: signing in, the pages that mailed
// links open, setting up the second step, and the own account. It turns forms
// into calls of the rules (signin, enrol, account, session, people) and their
// answers into the views of this package, which the templates in pages show.
//
// It decides nothing about access: levels, fresh proofs and limits are rules.
// Package server mounts it; no other face imports it.
//
// A view is a struct of plain values. Texts are said by the template, in the
// language of the request, so a view never holds a sentence. A form posts to
// the address of its own page unless the template says otherwise; GET writes
// nothing.
package portal
