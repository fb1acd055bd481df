package countersign

// Place is where a request came from, as far as it is told: for pages, mails
// and the audit log, and for limits per network.
type Place struct {
	// IP is the client's address after the trusted proxies were peeled off.
	IP string
	// UserAgent is the header as sent, cut to 512 bytes.
	UserAgent string
	// RequestID joins events to the request's log line ("rid_…", or what a proxy gave it).
	RequestID string
}

// Actor says who does a thing: a person in a session, the shell on the
// machine, or the program itself.
type Actor struct {
	Kind ActorKind
	User UserID
}

// ActorKind is one of user, shell and system.
type ActorKind string

// The kinds of actor. Anonymous is a visitor who has not proven who they are.
const (
	ByUser      ActorKind = "user"
	ByShell     ActorKind = "shell"
	BySystem    ActorKind = "system"
	ByAnonymous ActorKind = "anonymous"
)
