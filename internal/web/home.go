package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"countersign"
	"countersign/internal/hosts"
)

var errNoWorkspace = countersign.Refuse(countersign.NotFound, "no_workspace")

// WorkspaceOf is the workspace that the host of the request means. It is "", which no row
// has, outside of a request that Wrap has seen, and for a name that nobody has.
func WorkspaceOf(ctx context.Context) countersign.WorkspaceID { return HomeOf(ctx).ID }

// HomeOf is where the workspace of the request is at home: its address comes from what is
// stored, never from the request.
func HomeOf(ctx context.Context) hosts.Home {
	st := stateOf(ctx)
	if st == nil {
		return hosts.Home{}
	}
	return st.home
}

// HostOf is the host, and the port where there is one, of the workspace's address.
func HostOf(ctx context.Context) string { return hostIn(HomeOf(ctx)) }

func hostIn(home hosts.Home) string {
	_, host, _ := strings.Cut(home.URL, "://")
	return host
}

// hostOf is the name by which the person's browser asked. A proxy that the operator named
// may tell it where it asks us by another name: the nearest one's word counts, which stands
// last. As with the client's address, where both headers are there and disagree, neither is
// believed.
//
// Whoever sends a host of their choice gets to the workspace of that name, and no further
// than a browser that was led there: what lets somebody in belongs to one workspace.
func hostOf(r *http.Request, trusted []netip.Prefix) string {
	peer := address(r.RemoteAddr)
	if !peer.IsValid() || !isTrusted(peer, trusted) {
		return r.Host
	}
	listed, standard := last(split(r.Header.Values("X-Forwarded-Host"))), last(forwarded(r.Header.Values("Forwarded"), "host"))
	switch {
	case listed == "" && standard == "":
		return r.Host
	case listed == "":
		return standard
	case standard == "" || hosts.Name(listed) == hosts.Name(standard):
		return listed
	}
	return r.Host
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return strings.TrimSpace(values[len(values)-1])
}

// everywhere tells what is answered on every host: what a load balancer asks, by whatever
// name it has for us, and the files of the page that says that nobody is here.
func everywhere(path string) bool {
	return path == "/livez" || path == "/readyz" || strings.HasPrefix(path, "/assets/")
}

// housed answers for a name that nobody has, before anything else is looked at.
func (s *Site) housed(next http.Handler) http.Handler {
	return s.Handle(func(w http.ResponseWriter, r *http.Request) error {
		if stateOf(r.Context()).lost && !everywhere(r.URL.Path) {
			return errNoWorkspace
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

// sameSite refuses what the page of another site has sent. Each workspace's pages are a
// site of their own: one of another workspace is as foreign as any. A proxy may rewrite
// Host; the person's browser still names the workspace's address.
func (s *Site) sameSite(next http.Handler) http.Handler {
	return s.Handle(func(w http.ResponseWriter, r *http.Request) error {
		protection, err := s.protection(HomeOf(r.Context()).URL)
		if err != nil {
			return err
		}
		if protection.Check(r) != nil {
			return errCrossSite
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

// protection is the check of one origin's pages. Origins are workspaces' addresses, so
// there are as many as those.
func (s *Site) protection(origin string) (*http.CrossOriginProtection, error) {
	kept, _ := s.cross.Load(origin)
	known, ok := kept.(*http.CrossOriginProtection)
	if ok {
		return known, nil
	}
	made := http.NewCrossOriginProtection()
	if origin != "" {
		err := made.AddTrustedOrigin(origin)
		if err != nil {
			return nil, err
		}
	}
	s.cross.Store(origin, made)
	return made, nil
}
