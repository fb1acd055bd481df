package main

import (
	"context"
	"log/slog"
	"time"

	"countersign/internal/config"
	"countersign/internal/server"
)

// serveCommand is the server.
type serveCommand struct{ allSettings }

func (*serveCommand) examples() []string {
	return []string{
		"countersign serve",
		"countersign serve --config /etc/countersign.toml",
		"countersign serve --listen :443 --url https://signin.example.com --acme-email ops@example.com --smtp-url smtp://mail.example.com",
	}
}

// Run serves until it is asked to end. Standard output gets the one address to
// open, standard error the log.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	loaded, err := config.Load(c.inputs(t.env, true))
	if err != nil {
		return err
	}
	log := logger(loaded, t.errors, slog.LevelDebug)
	for _, warning := range loaded.Warnings() {
		log.WarnContext(ctx, "a setting deserves a second look", "setting", warning)
	}
	s, err := server.New(ctx, server.Options{Config: loaded, Version: thisBuild().Version, Log: log, Out: t.out, Now: time.Now})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
