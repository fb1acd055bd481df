package portal

import (
	"slices"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/method/passkey/passkeytest"
	"countersign/internal/policy"
)

const totpKind = "totp"

// belongings are what a person has and what the company allows, as plain values: nothing of
// it asks the product. What is asked of a sign-in is said here a second time, from
// the sentences of the handbook.
type belongings struct {
	have []factor
	gone []factor // were the person's, or never became it
	// set tells that there are saved recovery codes, codes which are left of them, used
	// those that are good no more.
	set   bool
	codes []string
	used  []string

	byDefault string
	defaultAt int64
	last      string // at home
	lastAt    int64

	methods, second  []string
	preferred        string
	required, resets bool
	mostCodes        int
}

// A factor is a second factor, or half of one.
type factor struct {
	id     countersign.CredentialID
	kind   string
	name   string
	secret []byte // of an app, and of a phone's own codes once it has them
	key    *passkeytest.Key
	phone  *accounttest.Phone
	out    bool // signed out
}

func newBelongings() belongings {
	return belongings{
		methods: []string{totpKind, policy.Push, policy.Passkey, policy.Recovery}, second: []string{policy.Push, totpKind, policy.Passkey},
		preferred: "none", mostCodes: 10,
	}
}

func (m *belongings) allows(kind string) bool { return slices.Contains(m.methods, kind) }

// asks tells whether the company has people asked for a kind.
func (m *belongings) asks(kind string) bool {
	return m.allows(kind) && slices.Contains(m.second, kind)
}

func (m *belongings) of(kind string) []factor {
	return slices.DeleteFunc(slices.Clone(m.have), func(f factor) bool { return f.kind != kind })
}

// works tells whether a kind is good for a sign-in now.
func (m *belongings) works(kind string) bool {
	switch kind {
	case policy.Recovery:
		return m.allows(kind) && len(m.codes) > 0
	case policy.Passkey: // good as the first factor, and so as the second
		return m.allows(kind) && len(m.of(kind)) > 0
	case policy.Push:
		return m.asks(kind) && slices.ContainsFunc(m.of(kind), func(f factor) bool { return !f.out })
	}
	return slices.ContainsFunc(m.have, m.showsCodes)
}

// takes tells whether the company still accepts a kind of second factor: an app always.
func (m *belongings) takes(kind string) bool { return kind == totpKind || m.allows(kind) }

// showsCodes tells of an authenticator app, and of a phone whose own codes count.
func (m *belongings) showsCodes(f factor) bool {
	return f.kind == totpKind || f.kind == policy.Push && f.secret != nil && !f.out && m.allows(policy.Push)
}

// offered are the kinds that work, the most secure first and recovery last.
func (m *belongings) offered() []string {
	var kinds []string
	for _, kind := range []string{policy.Passkey, policy.Push, totpKind, policy.Recovery} {
		if m.works(kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// first is what a sign-in at home asks: what this browser used last, where that was since
// the default was set; the default; the preferred; the strongest; what the company does
// not ask for only where nothing else works, and recovery never.
func (m *belongings) first() string {
	var wishes []string
	if m.lastAt > m.defaultAt {
		wishes = append(wishes, m.last)
	}
	wishes = append(wishes, m.byDefault, m.preferred)
	wishes = append(wishes, m.offered()...)
	for _, kind := range wishes {
		if kind != policy.Recovery && m.asks(kind) && m.works(kind) {
			return kind
		}
	}
	for _, kind := range m.offered() {
		if kind != policy.Recovery {
			return kind
		}
	}
	return ""
}

// level is that of a session after a whole sign-in, and why it is no more.
func (m *belongings) level() (policy.Level, policy.Reason) {
	switch {
	case len(m.have) == 0 && m.required:
		return policy.LevelEnrol, policy.ReasonRequired
	case len(m.have) > 0 && m.allows(policy.Recovery) && len(m.codes) == 0:
		return policy.LevelEnrol, policy.ReasonCodes
	}
	return policy.LevelFull, policy.ReasonNone
}

func (m *belongings) add(f factor, at int64) {
	m.have = append(m.have, f)
	m.byDefault, m.defaultAt = f.kind, at
}

// take takes a factor away. No default is left of a kind that is gone.
func (m *belongings) take(id countersign.CredentialID) {
	at := slices.IndexFunc(m.have, func(f factor) bool { return f.id == id })
	m.gone = append(m.gone, m.have[at])
	m.have = slices.Delete(m.have, at, at+1)
	if len(m.of(m.byDefault)) == 0 {
		m.byDefault, m.defaultAt = "", 0
	}
}

// off takes everything away.
func (m *belongings) off() {
	m.gone, m.have = append(m.gone, m.have...), nil
	m.used, m.codes, m.set = append(m.used, m.codes...), nil, false
	m.byDefault, m.defaultAt = "", 0
}
