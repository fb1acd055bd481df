package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
)

// An ErrorFrame shows the page of an error inside the pages of a face, with the problem's status.
// On an error of its own nothing was written, and the page without a frame comes in its place.
type ErrorFrame func(w http.ResponseWriter, r *http.Request, p Problem) error

// Framed has the page of an error of this request shown in a frame: a handler calls it as
// soon as it knows that the reader is let into the face.
func Framed(ctx context.Context, frame ErrorFrame) {
	st := stateOf(ctx)
	if st != nil {
		st.frame = frame
	}
}

// FrameBelow names who finds the frame for what is refused below a path before a handler of
// the face is reached: an address that no route takes, a body that is too large. It answers
// nil where the reader is not let into the face, who must not learn what is there. It is
// called before the first request.
func (s *Site) FrameBelow(path string, find func(r *http.Request) ErrorFrame) {
	s.frames[path] = find
}

// frameOf is the frame for a request's error, nil for none. Where the database is not to be
// had, nobody is looked for in it.
func (s *Site) frameOf(r *http.Request, p Problem) ErrorFrame {
	st := stateOf(r.Context())
	if st.frame != nil || st.hurry || p.Status >= http.StatusInternalServerError {
		return st.frame
	}
	for path, find := range s.frames {
		if r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/") {
			return find(r)
		}
	}
	return nil
}

// An errorView is what the page of an error shows.
type errorView struct {
	Page
	Problem Problem
	SignIn  bool // offers to sign in
	Ours    bool // a fault of ours: shows the request id large
}

func errorTemplates() fs.FS {
	sub, err := fs.Sub(templates, "templates/error")
	if err != nil {
		return templates // cannot happen: the folder is embedded
	}
	return sub
}

// errorPage shows the problem. If even that page fails, plain text remains.
func (s *Site) errorPage(w http.ResponseWriter, r *http.Request, p Problem, cause error) {
	frame := s.frameOf(r, p)
	if frame != nil {
		err := frame(w, r, p)
		if err == nil || written(w) {
			return
		}
		Note(r.Context(), "frame_err", err.Error())
	}
	v := errorView{
		Problem: p,
		SignIn:  p.Status == http.StatusUnauthorized,
		Ours:    p.Status >= http.StatusInternalServerError,
	}
	err := s.errorPages.Render(w, r, p.Status, "error", v)
	if err == nil || written(w) {
		return
	}
	Note(r.Context(), "page_err", err)
	s.Log.LogAttrs(r.Context(), slog.LevelError, "error page failed",
		slog.String("request_id", p.RequestID), slog.Any("err", err), slog.Any("cause", cause))
	http.Error(w, p.Title+"\n"+p.RequestID, p.Status)
}
