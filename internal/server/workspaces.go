package server

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/store"
	"countersign/internal/trouble"
	"countersign/internal/web"
	"countersign/internal/words"
)

// lookEvery is how often a node looks for workspaces that were made or changed without
// its being told: by a command of the shell beside it, or while nobody could tell it.
const lookEvery = 2 * time.Second

// watch keeps the book of workspaces as it is stored. No request waits for it: requests
// ask the book, and the book is read here. On SQLite it is read when anything was committed.
func (s *Server) watch(ctx context.Context) {
	bell, unheard := s.Parts.Store.Listen(people.WorkspacesTopic)
	defer unheard()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	read, known := s.Parts.Store.Version()
	unread := trouble.New(s.options.Log, s.options.Now, "read the workspaces")
	for {
		rung := false
		select {
		case <-ctx.Done():
			return
		case <-bell:
			rung = true
		case <-tick.C:
		}
		now, tells := s.Parts.Store.Version()
		if !rung && known && tells && now == read {
			continue
		}
		err := s.Parts.Hosts.Reload(ctx)
		unread.Note(ctx, err)
		read, known = now, tells && err == nil
		s.certify(ctx)
	}
}

// atHome refuses to serve at an address whose host is a workspace's: the default one would
// be nowhere, and its people would sign in to another company.
func (s *Server) atHome() error {
	for _, home := range s.Parts.Hosts.All() {
		if home.Host != "" && s.Parts.Hosts.Configured(home.Host) {
			return fmt.Errorf("the host of url, %s, belongs to the workspace %s: choose another url, or give it another host with countersign admin workspace set", home.Host, home.ID)
		}
	}
	return nil
}

// names are the host names of the workspaces.
func (s *Server) names() []string {
	var names []string
	for _, home := range s.Parts.Hosts.All() {
		if home.Host != "" {
			names = append(names, home.Host)
		}
	}
	return names
}

// certify has the certificates follow the workspaces.
func (s *Server) certify(ctx context.Context) {
	if s.encryption == nil {
		return
	}
	err := s.encryption.manage(ctx, s.names())
	if err != nil {
		s.options.Log.ErrorContext(ctx, "certificates are not fetched", "err", err)
	}
}

// workspace is what pages say about the workspace of their request. While the database
// answers nothing it is what they said last: a page of a fault that suddenly names somebody
// else looks like a forged one.
func (s *Server) workspace(ctx context.Context) (web.Workspace, error) {
	id := web.WorkspaceOf(ctx)
	w, err := s.readWorkspace(ctx, id)
	if err != nil {
		kept, _ := s.named.Load(id)
		last, ok := kept.(web.Workspace)
		if ok {
			return last, nil
		}
		return web.Workspace{}, err
	}
	s.named.Store(id, w)
	return w, nil
}

func (s *Server) readWorkspace(ctx context.Context, id countersign.WorkspaceID) (web.Workspace, error) {
	w, err := s.Parts.Accounts.Workspace(ctx, id)
	if err != nil {
		return web.Workspace{}, err
	}
	settings, err := s.Parts.Accounts.SettingsAt(ctx, w.ID, countersign.DefaultPool, w.SettingsVersion)
	if err != nil {
		return web.Workspace{}, err
	}
	language := w.Language
	if language == "" {
		language = s.options.Config.Language
	}
	return web.Workspace{
		Name: w.Name, Language: language, Accent: w.Accent, Logo: w.Logo,
		Terms: words.Terms{Backup: settings.Backup(), Codes: settings.RecoveryCodes},
	}, nil
}

// logo reads a picture of the request's workspace.
func (s *Server) logo(ctx context.Context, name string) ([]byte, error) {
	body, err := s.Parts.Store.Read().GetLogo(ctx, web.WorkspaceOf(ctx), name)
	if store.NotFound(err) {
		return nil, countersign.Refuse(countersign.NotFound, "no_page")
	}
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", store.Classify(err))
	}
	return body, nil
}
