package portal

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/web"
)

// devMessages lists the mails of a first try, which go nowhere. It exists only
// while all of security.md 38 holds: no mail server, a loopback listener and no
// public address (Options.Development), and a request that came from this
// machine itself. Listening on loopback behind a proxy is the usual production:
// without the last condition, reset links would be public.
func (p *Portal) devMessages(w http.ResponseWriter, r *http.Request) error {
	if !p.Development || !local(r) {
		return countersign.Refuse(countersign.NotFound, "no_page")
	}
	list, err := p.Outbox.Kept(r.Context(), web.WorkspaceOf(r.Context()), 200)
	if err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		return writeKept(w, list)
	}
	view := DevMessagesView{Page: web.Page{}}
	for _, m := range list {
		view.Messages = append(view.Messages, DevMessage{
			ID: string(m.ID), Kind: string(m.Kind), To: m.To, Subject: m.Subject, At: m.CreatedAt, Parts: followable(m.Text, web.HomeOf(r.Context()).URL),
		})
	}
	return p.pages.Render(w, r, http.StatusOK, "dev/messages", view)
}

// local tells whether the request came from this machine, and through nothing.
func local(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	if !r.ProtoAtLeast(1, 1) || r.Close {
		// A proxy that was told nothing speaks HTTP/1.0 and closes; browsers do
		// neither.
		return false
	}
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return false
		}
	}
	host := r.Host
	name, _, err := net.SplitHostPort(host)
	if err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// followable cuts a mail's text so that addresses of this installation can be
// followed.
func followable(text, address string) []DevPart {
	var parts []DevPart
	for {
		before, rest, found := strings.Cut(text, address+"/")
		parts = append(parts, DevPart{Text: before})
		if !found {
			return parts
		}
		end := strings.IndexAny(rest, " \r\n\t<>\"")
		if end < 0 {
			end = len(rest)
		}
		link := address + "/" + rest[:end]
		parts = append(parts, DevPart{Text: link, Href: link})
		text = rest[end:]
	}
}

// kept is one message as programs read it.
type kept struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	CreatedAt time.Time `json:"created_at"`
}

func writeKept(w http.ResponseWriter, list []message.Shown) error {
	data := make([]kept, 0, len(list))
	for _, m := range list {
		data = append(data, kept{
			ID: string(m.ID), Kind: string(m.Kind), To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML, CreatedAt: m.CreatedAt.UTC(),
		})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(w).Encode(map[string]any{"data": data})
}
