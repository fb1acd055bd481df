package approve

import (
	"encoding/json"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/agent"
	"countersign/internal/method/push"
	"countersign/internal/seal"
	"countersign/internal/store/rows"
)

// Kind is what is asked for.
type Kind string

// The kinds.
const (
	SignIn     Kind = "signin"
	FreshProof Kind = "fresh_proof"
	Test       Kind = "test"
)

// State is how far a question has come. All but Pending and Approved are final.
type State string

// The states.
const (
	Pending    State = "pending"
	Approved   State = "approved"
	Denied     State = "denied"
	Reported   State = "reported"
	Mismatch   State = "mismatch"
	Expired    State = "expired"
	Superseded State = "superseded"
	Cancelled  State = "cancelled"
	Consumed   State = "consumed"
)

// StateOf is a row's state now: time passes without anybody writing.
func StateOf(row rows.Request, now time.Time) State {
	if State(row.State) == Pending && row.ExpiresAt <= now.UnixMilli() {
		return Expired
	}
	return State(row.State)
}

// Said is a state as everybody may be told it: that an approval was used is for nobody.
func (s State) Said() State {
	if s == Consumed {
		return Approved
	}
	return s
}

// Answer is how a row ended, for the phones: one that was approved, and that its asker
// then gave up, was approved.
func Answer(row rows.Request, now time.Time) State {
	state := StateOf(row, now).Said()
	if row.DeviceID != "" && (state == Superseded || state == Cancelled) {
		return Approved
	}
	return state
}

// Life is how long a question waits for its answer, and its answer for the asker.
const Life = 120 * time.Second

// Display is what the phone shows, and both keys sign.
type Display struct {
	App     string `json:"app"`
	Account string `json:"account"`
	Act     string `json:"act,omitempty"`
	IP      string `json:"ip,omitempty"`
	Browser string `json:"browser,omitempty"`
	System  string `json:"system,omitempty"`
	Time    string `json:"time"`
	New     string `json:"new,omitempty"`
}

func displayOf(a Ask, now time.Time) (string, error) {
	browser, system := agent.Describe(a.Place.UserAgent)
	d := Display{
		App: a.Account.Workspace.Name, Account: a.Account.User.Email, Act: a.Act, IP: a.Place.IP, Browser: browser, System: system,
		Time: now.UTC().Format(time.RFC3339),
	}
	if !a.Known && a.Kind == SignIn {
		d.New = "yes"
	}
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("write what the phone shows: %w", err)
	}
	return string(text), nil
}

// Shown reads what a request's phone shows; what cannot be read is empty.
func Shown(row rows.Request) Display {
	var d Display
	if json.Unmarshal([]byte(row.Display), &d) != nil {
		return Display{}
	}
	return d
}

// numberOf draws the number that the page shows.
func numberOf(mode push.Mode) (string, error) {
	digits, err := mode.Digits()
	if err != nil {
		return "", err
	}
	return seal.Digits(digits), nil
}

// nonceOf is the nonce of a request for one device: nobody who does not have the
// installation's key can know it before that device is told, and no two are the same.
func nonceOf(key seal.MACKey, request countersign.RequestID, device countersign.DeviceID) []byte {
	return key.Sum("nonce", string(request), string(device))
}

// Signed is a request as one device signs it.
func (s *Service) Signed(row rows.Request, device countersign.DeviceID) push.Request {
	return push.Request{
		Issuer: s.Accounts.Address(row.WorkspaceID), ID: string(row.ID), Device: string(device), Nonce: nonceOf(s.Accounts.MAC, row.ID, device),
		Expires: time.UnixMilli(row.ExpiresAt), Display: []byte(row.Display),
	}
}
