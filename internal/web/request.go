package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // people's zones must work on a machine without zone files

	"countersign"
	"countersign/internal/hosts"
	"countersign/internal/words"
)

type contextKey struct{}

// state is what one request carries. It belongs to the request's goroutine.
type state struct {
	site     *Site
	base     context.Context //nolint:containedctx // the request's, without the limit of its answer
	id       string
	home     hosts.Home
	lost     bool // nobody has the name that was asked for
	ip       netip.Addr
	notes    []slog.Attr
	level    slog.Level
	prefer   string // the signed-in user's own language
	speaker  *words.Speaker
	work     *Workspace
	later    func()     // what goes on when the handlers have returned
	parts    []Part     // of a form that may carry a file, once they were read
	frame    ErrorFrame // shows the page of an error; nil for that of a Site
	hurry    bool       // the database was not to be had: it is not waited for again
	zone     *time.Location
	language string // cookie
	accept   string // Accept-Language
	scheme   string
	tz       string // cookie
}

func stateOf(ctx context.Context) *state {
	st, _ := ctx.Value(contextKey{}).(*state)
	return st
}

var wellFormedID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// requestID is the id that a trusted proxy sent, or "". Nobody else chooses under which id
// events are kept: whoever could would hide among those of somebody else's request.
func requestID(r *http.Request, trusted []netip.Prefix) string {
	peer, id := address(r.RemoteAddr), r.Header.Get("X-Request-Id")
	if !peer.IsValid() || !isTrusted(peer, trusted) || !wellFormedID.MatchString(id) {
		return ""
	}
	return id
}

func (s *Site) newState(r *http.Request) *state {
	st := &state{site: s, id: requestID(r, s.Proxies), accept: r.Header.Get("Accept-Language")}
	if st.id == "" {
		st.id = s.NewID()
	}
	home, found := s.Hosts.At(hostOf(r, s.Proxies))
	st.home, st.lost = home, !found
	st.ip = clientIP(r.RemoteAddr, r.Header, s.Proxies)
	st.language = cookieValue(r, cookieLanguage)
	st.scheme = schemeOf(cookieValue(r, cookieScheme))
	st.tz = cookieValue(r, cookieZone)
	return st
}

// ClientIP is the address of the person's machine, as far as trusted proxies
// tell it. It is the zero Addr outside of a request that Wrap has seen.
func ClientIP(ctx context.Context) netip.Addr {
	st := stateOf(ctx)
	if st == nil {
		return netip.Addr{}
	}
	return st.ip
}

// RequestID is the id that joins the request's log line, its events and what
// an error page shows.
func RequestID(ctx context.Context) string {
	st := stateOf(ctx)
	if st == nil {
		return ""
	}
	return st.id
}

// longestUserAgent bounds what is kept of a header that anybody can fill.
const longestUserAgent = 512

// Place describes where the request came from, for events, mails and limits.
func Place(r *http.Request) countersign.Place {
	agent := r.UserAgent()
	if len(agent) > longestUserAgent {
		agent = agent[:longestUserAgent]
	}
	// Header bytes are anything, and the cut may split a character; PostgreSQL
	// refuses what is not UTF-8, and with it whatever is written beside it.
	p := countersign.Place{UserAgent: strings.ToValidUTF8(agent, "?"), RequestID: RequestID(r.Context())}
	if ip := ClientIP(r.Context()); ip.IsValid() {
		p.IP = ip.String()
	}
	return p
}

// Note adds a field to the request's log line. Never a secret, never what a
// person typed.
func Note(ctx context.Context, key string, value any) {
	st := stateOf(ctx)
	if st != nil {
		st.notes = append(st.notes, slog.Any(key, value))
	}
}

// Prefer says which language the signed-in user chose in the profile. The
// choice made in this browser still wins.
func Prefer(ctx context.Context, language string) {
	st := stateOf(ctx)
	if st != nil {
		st.prefer, st.speaker = language, nil
	}
}

// Speaker says texts in the language of the request, with the terms of its
// workspace.
func Speaker(ctx context.Context) *words.Speaker { return stateOf(ctx).say(ctx) }

// Zone is the time zone of the person's browser, or UTC.
func Zone(ctx context.Context) *time.Location { return stateOf(ctx).where() }

func (st *state) say(ctx context.Context) *words.Speaker {
	if st.speaker == nil {
		w := st.workspace(ctx)
		tag := st.site.Catalogue.Match(st.language, st.prefer, st.accept, w.Language)
		st.speaker = st.site.Catalogue.Speaker(tag).With(w.Terms)
	}
	return st.speaker
}

// hurried is how long the page of a fault waits for the database.
const hurried = 500 * time.Millisecond

// workspace asks once. A page must come even when the database is gone, so a
// fault here is noted and the page names nobody.
func (st *state) workspace(ctx context.Context) Workspace {
	if st.work == nil && st.lost {
		st.work = &Workspace{Name: "Countersign"}
	}
	if st.work == nil {
		if st.hurry {
			short, cancel := context.WithTimeout(ctx, hurried)
			defer cancel()
			ctx = short
		}
		w, err := st.site.Workspace(ctx)
		if err != nil {
			st.notes = append(st.notes, slog.Any("workspace_err", err))
			w = Workspace{Name: "Countersign"}
		}
		st.work = &w
	}
	return *st.work
}

func (st *state) where() *time.Location {
	if st.zone == nil {
		st.zone = st.site.location(st.tz)
	}
	return st.zone
}

// longestZone: the longest name in the zone database has 32 bytes.
const longestZone = 64

// location loads a zone by a name that a browser sent. LoadLocation refuses
// names that leave the zone folder; only names that loaded are kept, so the
// cache cannot be filled from outside.
func (s *Site) location(name string) *time.Location {
	if name == "" || len(name) > longestZone || name == "Local" {
		return time.UTC
	}
	kept, _ := s.zones.Load(name)
	known, ok := kept.(*time.Location)
	if ok {
		return known
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	s.zones.Store(name, zone)
	return zone
}
