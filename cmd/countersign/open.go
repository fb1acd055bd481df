package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"reflect"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/config"
	"countersign/internal/server"
	"countersign/internal/store"
)

// load reads the settings that say where the data lies.
func (s storeSettings) load(t *terminal) (config.Config, error) {
	return config.Load(config.Inputs{Flags: given(reflect.ValueOf(s)), Env: t.env, File: s.ConfigFile})
}

// logger logs as the settings say, on standard error.
func logger(c config.Config, to io.Writer, least slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: max(c.LogLevel, least)}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// installed refuses a data folder without a database: a command that looks at
// an installation must not make an empty one where somebody mistyped a folder.
func installed(c config.Config) error {
	if c.DatabaseURL != "" {
		return nil
	}
	_, err := os.Stat(server.Database(c))
	if errors.Is(err, fs.ErrNotExist) {
		return &countersign.Error{
			Kind: countersign.NotFound, Code: "no_installation", Args: map[string]any{"File": server.Database(c)}, Err: err,
		}
	}
	return err
}

// openEngine opens the installation with its master key. It may be done while a
// server runs on the same installation.
func openEngine(ctx context.Context, t *terminal, c config.Config) (*server.Parts, error) {
	return server.Open(ctx, server.Options{Config: c, Version: thisBuild().Version, Log: logger(c, t.errors, slog.LevelWarn), Now: time.Now})
}

// openStore opens a database alone, for acts that need no master key.
func openStore(ctx context.Context, t *terminal, c config.Config, database string) (*store.Store, error) {
	return store.Open(ctx, store.Options{Database: database, Now: time.Now, Log: logger(c, t.errors, slog.LevelWarn)})
}

// note writes the event of an act on the installation itself.
func note(ctx context.Context, s *store.Store, kind string, detail map[string]string) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		return audit.Write(tx, countersign.DefaultWorkspace, audit.Event{
			Kind: kind, Actor: countersign.Actor{Kind: countersign.ByShell}, Detail: detail,
		})
	})
}
