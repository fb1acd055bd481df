package account

import (
	"slices"
	"strings"

	"countersign"
	"countersign/internal/policy"
)

// Act names what a fresh proof is for. An approval on the phone is good for the act that
// the phone showed and for no other (security.md 25): else whoever holds a session could
// have "rename a device" approved, and then turn everything off. A code or a password,
// which says nothing of what it is given for, is good for all of them.
type Act string

// The acts that need a fresh proof.
const (
	ActSecondFactor Act = "second_factor" // add one
	ActChangeDevice Act = "change_device" // of one credential
	ActRename       Act = "rename"        // of one credential
	ActDefault      Act = "default"       // of one credential
	ActRemove       Act = "remove"        // of one credential
	ActCodes        Act = "codes"
	ActTurnOff      Act = "turn_off"
	ActPassword     Act = "password"
	ActEmail        Act = "email"
	ActExport       Act = "export"
	ActTrust        Act = "trust" // this browser
	ActConsole      Act = "console"
	ActPeopleExport Act = "people_export"
	ActLogExport    Act = "log_export"
)

// ActOn is the deed to one person ("" for a deed upon the workspace): the proof for one
// person is none for another.
func ActOn(deed policy.Deed, user countersign.UserID) Act {
	if user == "" {
		return Act(deed)
	}
	return Act(deed) + ":" + Act(user)
}

// Deed is the deed that an act is, and whom it is done to; false is for an act upon
// one's own account.
func (a Act) Deed() (policy.Deed, countersign.UserID, bool) {
	name, on, _ := strings.Cut(string(a), ":")
	return policy.Deed(name), countersign.UserID(on), slices.Contains(policy.Deeds(), policy.Deed(name))
}

// Of is the act upon one credential. It is empty upon none.
func (a Act) Of(id countersign.CredentialID) Act {
	if id == "" {
		return ""
	}
	return a + ":" + Act(id)
}

// Parts are the act's name and the credential that it is upon, "" for none.
func (a Act) Parts() (string, countersign.CredentialID) {
	name, id, _ := strings.Cut(string(a), ":")
	return name, countersign.CredentialID(id)
}

// needsOwner tells whether a stolen password could become a second factor of the
// thief's by this act.
func (a Act) needsOwner() bool { return a == ActSecondFactor || a == ActEmail }

// replaces tells whether an act puts something in the place of a second factor that was
// lost: what a code of the help desk is for, and all that it is good for.
func (a Act) replaces() bool {
	name, _ := a.Parts()
	return slices.Contains([]Act{ActSecondFactor, ActChangeDevice, ActRemove}, Act(name))
}

// freshFor tells whether there is a fresh proof that is good for an act.
func (h Holder) freshFor(act Act) bool {
	if h.ByHelp && !act.replaces() {
		return false
	}
	return h.Fresh && (h.FreshFor == "" || h.FreshFor == act)
}

// refuseFor names the act, for the page that asks for the proof.
func refuseFor(code string, act Act) error {
	e := countersign.Refuse(countersign.Forbidden, code)
	e.Args = map[string]any{"Act": string(act)}
	return e
}

// ActOf is the act that a refusal for want of a proof names.
func ActOf(e *countersign.Error) Act {
	name, _ := e.Args["Act"].(string)
	return Act(name)
}

// NeedFresh refuses a sensitive change without a fresh proof that is good for the act.
func (h Holder) NeedFresh(act Act) error {
	if !h.freshFor(act) {
		return refuseFor("fresh_proof_required", act)
	}
	return nil
}

// NeedOwner refuses, beside a stale proof, a password alone where no second
// factor is stored: a thief who has it must neither enrol a phone of his own nor
// make the mailbox his, and then enrol with a code sent there. factors counts
// the person's second factors.
func (h Holder) NeedOwner(factors int, act Act) error {
	err := h.NeedFresh(act)
	if err != nil {
		return err
	}
	if factors == 0 && !h.MayEnrolFirst {
		return refuseFor("email_proof_required", act)
	}
	return nil
}

// The proofs that can be missing for an act.
const (
	ProofSecond   = "second"
	ProofPassword = "password"
	ProofMailed   = "mailed"
)

// Missing names the proof that an act still needs, "" for none: a fresh one of
// the second factor where the person has one, else of the password; and for an
// act that needs the owner (see NeedOwner), beside the password, a code sent to
// the account's address. factors counts the person's second factors.
func (h Holder) Missing(factors int, act Act) string {
	fresh := h.freshFor(act)
	switch {
	case !fresh && factors > 0:
		return ProofSecond
	case !fresh:
		return ProofPassword
	case act.needsOwner() && h.NeedOwner(factors, act) != nil:
		return ProofMailed
	}
	return ""
}
