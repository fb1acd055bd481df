package portal

import (
	"time"

	"countersign/internal/web"
)

// NumberView is enrol/number: field "number".
type NumberView struct {
	web.Page
	Countries []string // where texts go, in the person's language
	Old       string   // the masked number that this one replaces
	Leave     bool
	Recovers  bool // a further step follows
	HasApp    bool // an authenticator app is set up already
}

// NumberCodeView is enrol/number_code: field "code".
type NumberCodeView struct {
	web.Page
	Number   string // as people write it
	Old      string
	State    string // sent, failed, over
	Until    time.Time
	First    bool // turns two-factor on
	Leave    bool
	Recovers bool
}

// TextView is signin/text: field "code".
type TextView struct {
	web.Page
	Attempt  string // the sign-in's own address is /signin/{Attempt}
	Number   string // masked: a password alone must not show it
	State    string // send, sent, failed, over
	Until    time.Time
	Others   []Other // what works instead, but for recovery codes
	Recovers bool
}

// ProofText is a fresh proof by a text.
type ProofText struct {
	Number string // masked
	State  string // send, sent, failed, over
	Until  time.Time
}
