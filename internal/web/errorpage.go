package web

import (
	"io/fs"
	"log/slog"
	"net/http"
)

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
