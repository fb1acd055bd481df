package main

import (
	"context"

	"countersign"
	"countersign/internal/server"
)

// inWorkspace is the flag of commands about one workspace's people and settings.
type inWorkspace struct {
	Workspace string `name:"workspace" placeholder:"WORKSPACE" help:"The workspace, by its id or its host name. Default: the default one."`
}

// of finds the workspace.
func (c inWorkspace) of(ctx context.Context, p *server.Parts) (countersign.WorkspaceID, error) {
	if c.Workspace == "" {
		return countersign.DefaultWorkspace, nil
	}
	w, err := p.People.FindWorkspace(ctx, c.Workspace)
	return w.ID, err
}

// workspaceSettings are the flags of commands that need nothing but the database, and are
// about one workspace.
type workspaceSettings struct {
	storeSettings
	inWorkspace
}

// within opens the installation for act, and finds the workspace.
func (s workspaceSettings) within(ctx context.Context, t *terminal, act func(*server.Parts, countersign.WorkspaceID) error) error {
	return s.withEngine(ctx, t, func(p *server.Parts) error {
		workspace, err := s.of(ctx, p)
		if err != nil {
			return err
		}
		return act(p, workspace)
	})
}
