package message

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"countersign"
)

// Mail is one mail to post.
type Mail struct {
	Kind Kind
	// User is the account that the mail is about.
	User countersign.UserID
	// To is one bare address.
	To string
	// Language is a BCP 47 tag; "" means the default.
	Language string
	// Zone is an IANA time zone; "" means UTC.
	Zone string
	// Expires is when the mail is of no use any more: when its link or code
	// ends. Zero means a life that fits the kind.
	Expires time.Time
	// Listed tells that it is one of many that are posted in one go: it is [Bulk] then,
	// whatever it says.
	Listed bool
	Data   Data
}

// Data fills the sentences of a mail; each kind uses what it needs. It is kept
// as sealed JSON, so the names stay when the fields are renamed.
type Data struct {
	// Name is the person's, Workspace the company's.
	Name      string `json:"name,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	// Address is the sign-in address as configured, such as https://signin.example.com.
	Address string `json:"address,omitempty"`
	// At is when it happened, in unix milliseconds; 0 means when it was posted.
	At int64 `json:"at,omitempty"`
	// IP and UserAgent say where it was done.
	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	// Link is a whole address under Address.
	Link string `json:"link,omitempty"`
	// Code is a mailed code, Codes a set of recovery codes.
	Code  string   `json:"code,omitempty"`
	Codes []string `json:"codes,omitempty"`
	// Device is the name of a second step, OldDevice its former one, Method its
	// kind as package method names it ("totp").
	Device    string `json:"device,omitempty"`
	OldDevice string `json:"old_device,omitempty"`
	Method    string `json:"method,omitempty"`
	// Actor is the name of whoever did it, when that was not the person.
	Actor string `json:"actor,omitempty"`
	// Reason is why Actor did it, in their words.
	Reason string `json:"reason,omitempty"`
	// Role is the account's new role, OldRole the former one (countersign.Role).
	Role    string `json:"role,omitempty"`
	OldRole string `json:"old_role,omitempty"`
	// Required tells that a second factor is required now, From (unix milliseconds) from
	// when it will be.
	Required bool  `json:"required,omitempty"`
	From     int64 `json:"from,omitempty"`
	// Email is the account's new address, OldEmail the former one.
	Email    string `json:"email,omitempty"`
	OldEmail string `json:"old_email,omitempty"`
	// Left counts recovery codes, or what a list leaves out, Minutes the length of a lock, or
	// of the time for which a browser is trusted.
	Left    int `json:"left,omitempty"`
	Minutes int `json:"minutes,omitempty"`
	// Loosened are the places where a reset needs fewer people.
	Loosened []Loosened `json:"loosened,omitempty"`
	// KeptBefore and KeptAfter are for how many days the audit log was kept and is.
	KeptBefore string `json:"kept_before,omitempty"`
	KeptAfter  string `json:"kept_after,omitempty"`
	// Week are the numbers of a week.
	Week *Week `json:"week,omitempty"`
	// Backup and CodesTotal are the workspace's terms (words.Terms).
	Backup     bool `json:"backup,omitempty"`
	CodesTotal int  `json:"codes_total,omitempty"`
}

// envelope is what lies sealed in messages.body.
type envelope struct {
	Language string `json:"language,omitempty"`
	Zone     string `json:"zone,omitempty"`
	Data     Data   `json:"data"`
}

// urgency is how long the mail may wait for others.
func (m Mail) urgency(r recipe) int64 {
	if m.Listed {
		return int64(Bulk)
	}
	return int64(r.urgency)
}

// check finds what would make the mail useless, before it is promised.
func (m Mail) check() (recipe, error) {
	r, ok := recipeOf(m.Kind)
	if !ok {
		return r, fmt.Errorf("there is no mail %q", m.Kind)
	}
	if m.To == "" {
		return r, fmt.Errorf("the mail %q has no recipient", m.Kind)
	}
	var err error
	switch {
	case r.needs == needsLink && !page(m.Data.Link):
		err = errors.New("has no link to a page")
	case r.needs == needsCode && m.Data.Code == "", r.needs == needsCodes && len(m.Data.Codes) == 0:
		err = errors.New("has no code")
	case r.needs == needsWeek && m.Data.Week == nil:
		err = errors.New("has no numbers")
	}
	if err != nil {
		return r, fmt.Errorf("the mail %q %w", m.Kind, err)
	}
	return r, nil
}

func page(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
