package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

const (
	// confirmedPath is where somebody comes to who has confirmed, or signed in, in another tab.
	confirmedPath = "/console/confirmed"
	// keptField tells that a form came from the page that keeps it, and what that asked for.
	keptField = "kept"
)

// KeptView is a form that was not taken, because who sent it must prove first who they are.
// What was typed waits in the page: nothing of it is stored here, and no address carries it.
// Why is "proof" for a fresh proof, "signin" for somebody who is signed out.
type KeptView struct {
	Shell
	web.Posted

	Why    string
	Action string // the form goes where it went before
	Shown  []KeptLine
	Proof  string // the page that asks; it is opened in a tab of its own
	Back   string
	Asked  string // what is to be proven, as the form tells when it comes again
	Again  bool   // it was sent again, and still that is not proven
}

// KeptLine is one thing that somebody typed, under what its field is called; a file has no
// Value.
type KeptLine struct{ Label, Value string }

// neverKept are the fields of secrets. No form of the console has one, and none that comes to
// have one is shown again.
func neverKept() []string { return []string{"password", "code", "recovery", "passkey"} }

// typedNames are what the fields are called that people write into, in the order in which
// they are shown. The others are choices, and names that pages carry along.
func typedNames() []KeptLine {
	all := []KeptLine{
		{"list", "console.invite_lines"},
		{"kept.file", "console.invite_file"},
		{"email", "account.email"},
		{"name", "console.name"},
		{"reason", "console.reason_field"},
		{"domains", "console.pool_domains"},
		{"from", "console.require_day"},
		{"host", "console.workspace_host"},
		{"language", "console.workspace_language"},
		{"accent", "console.workspace_accent"},
		{"sender", "console.workspace_sender"},
		{"kept.logo", "console.workspace_logo"},
		{"head", "console.verified_noted"},
	}
	for _, key := range policy.Table() {
		if key.Words == nil {
			all = append(all, KeptLine{fieldOf(key.Name), nameOf(key)})
		}
	}
	return all
}

// typed is what a form sent that is worth keeping: nothing for a button alone.
func typed(r *http.Request) (web.Posted, error) {
	sent, err := web.Sent(r)
	sent.Parts = slices.DeleteFunc(sent.Parts, func(f web.Part) bool {
		return f.Name == keptField || slices.Contains(neverKept(), f.Name)
	})
	if !slices.ContainsFunc(sent.Parts, func(f web.Part) bool { return strings.TrimSpace(f.Value) != "" }) {
		sent.Parts = nil
	}
	return sent, err
}

// keep answers a form with a page that sends it once more. For a button alone, and where the
// form cannot be read, it answers false.
func (c *Console) keep(w http.ResponseWriter, r *http.Request, shell Shell, view KeptView, status int) (bool, error) {
	sent, err := typed(r)
	action := web.Inside(r.URL.RequestURI(), "")
	if err != nil || len(sent.Parts) == 0 || action == "" {
		return false, err
	}
	view.Shell, view.Action, view.Posted, view.Back = shell, action, sent, wayBack(r)
	view.Again = again(r, view.Asked)
	for _, named := range typedNames() {
		for _, f := range sent.Parts {
			if f.Name != named.Label || strings.TrimSpace(f.Value) == "" {
				continue
			}
			line := KeptLine{Label: named.Value, Value: strings.TrimSpace(f.Value)}
			if strings.HasPrefix(f.Name, keptField+".") {
				line.Value = ""
			}
			view.Shown = append(view.Shown, line)
		}
	}
	return true, c.pages.Render(w, r, status, "kept", view)
}

// again tells whether a form came from the page that keeps it, and what that asked for is
// still to be proven. Whoever has proven it, and meets another page of the kind (first the
// sign-in, or the console, and then the act), is not told that they have not.
func again(r *http.Request, asked string) bool {
	sent, err := web.Sent(r)
	return err == nil && slices.Contains(sent.Parts, web.Part{Name: keptField, Value: asked})
}

// keepForProof keeps a form until its sender has given a fresh proof of an act.
func (c *Console) keepForProof(w http.ResponseWriter, r *http.Request, by session.Current, act account.Act) (bool, error) {
	proof := "/proof?" + url.Values{"act": {string(act)}, "return": {confirmedPath}}.Encode()
	return c.keep(w, r, c.shell(r, by, sectionOf(r.URL.Path)), KeptView{Why: "proof", Asked: string(act), Proof: proof}, http.StatusForbidden)
}

// keepForSignIn keeps a form until its sender has signed in again. Nobody is known here, and
// the page shows what the request brought, and no more. What is larger than a form is not
// taken from somebody who may be anybody: whoever sends much of it would fill the memory.
func (c *Console) keepForSignIn(w http.ResponseWriter, r *http.Request, status int) (bool, error) {
	if r.ContentLength < 0 || r.ContentLength > web.MaxBody {
		return false, nil
	}
	signin := "/signin?" + url.Values{"return": {confirmedPath}}.Encode()
	return c.keep(w, r, Shell{}, KeptView{Why: "signin", Asked: "signin", Proof: signin}, status)
}

// ConfirmedView tells somebody to go back to the tab that keeps what they typed.
type ConfirmedView struct{ Shell }

func (c *Console) confirmed(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.pages.Render(w, r, http.StatusOK, "confirmed", ConfirmedView{c.shell(r, by, "confirmed")})
}
