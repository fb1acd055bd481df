package portal

import (
	"net/http"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// confirmEmail needs the mailed code and nothing else.
const confirmEmail account.Act = "confirm_email"

// acts are those that need a proof, as addresses and texts ("proof.act_<name>") name
// them, each with whether it is upon one credential.
func acts() map[account.Act]bool {
	return map[account.Act]bool{
		account.ActSecondFactor: false,
		account.ActCodes:        false,
		account.ActTurnOff:      false,
		account.ActPassword:     false,
		account.ActEmail:        false,
		account.ActExport:       false,
		account.ActTrust:        false,
		account.ActConsole:      false,
		account.ActPeopleExport: false,
		account.ActLogExport:    false,
		confirmEmail:            false,
		account.ActDefault:      true,
		account.ActRename:       true,
		account.ActChangeDevice: true,
		account.ActRemove:       true,
	}
}

// actNamed returns the act that an address carries; anything else is read as the most
// demanding one.
func actNamed(said string) account.Act {
	deed, person, isDeed := account.Act(said).Deed()
	if isDeed && (person == "" || deed.OnPerson()) {
		return account.Act(said)
	}
	name, on := account.Act(said).Parts()
	ofOne, exists := acts()[account.Act(name)]
	if !exists || ofOne != (on != "") {
		return account.ActSecondFactor
	}
	return account.Act(said)
}

// upon is what an act is upon, nil for nothing. Somebody else's credential, or one that is
// gone, is NotFound.
func (p *Portal) upon(r *http.Request, c session.Current, act account.Act) (*Upon, error) {
	_, on := act.Parts()
	if on == "" {
		return nil, nil //nolint:nilnil // it is upon nothing
	}
	deed, person, isDeed := act.Deed()
	if isDeed {
		return p.uponPerson(r, c, deed, person)
	}
	h := c.Holder(web.Place(r))
	one, err := p.Enrol.Find(r.Context(), h, on)
	if err != nil {
		return nil, err
	}
	kind, err := p.Enrol.Method(r.Context(), h, one)
	return &Upon{Name: one.Name, Kind: kind}, err
}

// uponPerson names whom a deed is done to. To somebody whose role does not reach that
// person, nobody is there: the page of a proof is open to everybody who signed in.
func (p *Portal) uponPerson(r *http.Request, c session.Current, deed policy.Deed, id countersign.UserID) (*Upon, error) {
	a, err := p.Accounts.Load(r.Context(), c.WorkspaceID, id)
	if err != nil {
		return nil, err
	}
	if !policy.May(c.Account.User.Role, deed, a.User.Role) {
		return nil, countersign.Refuse(countersign.NotFound, "no_such_user")
	}
	return &Upon{Name: a.User.Name + " (" + a.User.Email + ")", Kind: "person"}, nil
}

// sayAct says an act in words, as its page does.
func sayAct(r *http.Request, act account.Act, upon *Upon) string {
	name, _ := act.Parts()
	say := web.Speaker(r.Context())
	if upon == nil {
		return say.Say("proof.act_" + name)
	}
	return say.Say("proof.act_"+name, "Name", upon.Name, "Kind", say.Say("proof.kind_"+upon.Kind))
}

// fresh refuses the act upon the credential that the address names without a proof.
func fresh(r *http.Request, c session.Current, act account.Act) error {
	return c.Holder(web.Place(r)).NeedFresh(act.Of(countersign.CredentialID(r.PathValue("id"))))
}
