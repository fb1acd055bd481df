package console

import (
	"slices"
	"strings"

	"countersign/internal/fold"
	"countersign/internal/policy"
	"countersign/internal/words"
)

// kindGroup is what belongs together in the audit log. Its name is a word of the address.
type kindGroup struct {
	Name  string
	Kinds []string
}

// kindGroups is the one table of what is ever written down, in the order of the filter.
func kindGroups() []kindGroup {
	return []kindGroup{
		{"sign_in", []string{
			"signin.completed", "signin.unfinished", "signin.cancelled", "proof.accepted", "proof.refused", "session.ended", "session.signed_out",
			"session.others_ended", "session.all_ended", "browser.trusted", "browser.trust_used", "browser.untrusted", "email_code.sent", "text.sent", "text.undelivered",
		}},
		{"second_step", []string{
			"two_factor.on", "two_factor.off", "two_factor.off_asked", "two_factor.reset", "two_factor.reset_asked", "two_factor.reset_withdrawn",
			"credential.added", "credential.replaced", "credential.renamed", "credential.removed", "passkey.added", "passkey.removed",
			"number.added", "number.replaced", "number.removed", "recovery.created", "recovery.saved", "default.changed", "help_code.given",
		}},
		{"phone", []string{
			"pairing.begun", "device.paired", "device.removed", "device.signed_out", "device.signed_in", "device.code_given", "device.biometrics_lost", "device.biometrics_found",
			"request.made", "request.approved", "request.denied", "request.reported", "request.mismatch", "request.expired", "request.refused",
		}},
		{"account", []string{
			"user.created", "user.invited", "invitation.accepted", "user.disabled", "user.enabled", "user.unlocked", "user.deleted", "user.moved", "user.reminded",
			"user.requirement_changed", "user.rescue_link_made", "role.changed", "password.changed", "password.reset", "password.reset_asked", "password.rescued",
			"password.doubted", "email.changed", "email.change_asked", "email.verified", "profile.changed", "data.exported",
		}},
		{"settings", []string{
			"settings.changed", "pool.created", "pool.renamed", "pool.deleted", "pool.settings_changed", "pool.rules_changed", "campaign.started", "campaign.mailed",
			"campaign.reminded", "workspace.created", "workspace.changed", "workspace.removed",
		}},
		{"operation", []string{
			"setup.link_made", "people.exported", "audit.exported", "audit.verified", "audit.began", "audit.retired", "digest.sent", "message.tested", "message.tried_again", "push.refused", "texts.capped",
			"master_key.rotated", "installation.backed_up", "installation.restored", "installation.copied",
		}},
	}
}

// kindsOf are the kinds that a word of the address means: a group's, or one kind. Of a word
// that means nothing it is none.
func kindsOf(name string) []string {
	for _, g := range kindGroups() {
		if g.Name == name {
			return g.Kinds
		}
		if slices.Contains(g.Kinds, name) {
			return []string{name}
		}
	}
	return nil
}

// proofs are the methods that proofs were given by: each has a sentence of its own.
func proofs() []string {
	return []string{"password", policy.Push, policy.Passkey, "totp", policy.SMS, policy.Recovery, policy.HelpCode, "email_code"}
}

// sentences are the ids of what is said of a kind.
func sentences(kind string) []string {
	if kind != "proof.accepted" && kind != "proof.refused" {
		return []string{textOf(kind, nil)}
	}
	var all []string
	for _, method := range proofs() {
		all = append(all, textOf(kind, map[string]string{"method": method}))
	}
	return all
}

// kindsSaid are the kinds whose sentences have all the words that begin so.
func kindsSaid(say *words.Speaker, terms []string) []string {
	var found []string
	for _, g := range kindGroups() {
		for _, kind := range g.Kinds {
			if slices.ContainsFunc(sentences(kind), func(id string) bool {
				return say.Has(id) && beginAll(fold.Words(say.Say(id, "Name", "", "Count", 2), ""), terms)
			}) {
				found = append(found, kind)
			}
		}
	}
	return found
}

// beginAll tells whether each term is the beginning of one of the words.
func beginAll(all, terms []string) bool {
	for _, term := range terms {
		if !slices.ContainsFunc(all, func(word string) bool { return strings.HasPrefix(word, term) }) {
			return false
		}
	}
	return true
}
