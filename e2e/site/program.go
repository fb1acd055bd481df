package site

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"countersign/e2e/proc"
	"countersign/internal/config"
	"countersign/internal/password"
	"countersign/internal/server"
	"countersign/internal/words"
)

// Program is the name under which a test binary plays [Serve].
const Program = "server"

// What a test hands the server and no setting of the product can.
const (
	rootsVariable  = "SITE_ROOTS"  // a file with authorities that the server trusts
	pseudoVariable = "SITE_PSEUDO" // the right-to-left pseudo-language exists
	hashVariable   = "SITE_HASH"   // passwords cost what they cost in the product
)

// Settings for [Options.Env] that only tests have.
const (
	// Pseudo adds a pseudo-language that is written from right to left.
	Pseudo = pseudoVariable + "=1"
	// FullHash lets a password cost what it costs in the product. Without it the
	// hash, the dearest part of a sign-in, is as cheap as it can be.
	FullHash = hashVariable + "=1"
)

// Serve is `countersign serve` with what tests replace. Its settings come from
// the environment.
func Serve([]string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := serve(ctx)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serve(ctx context.Context) error {
	o, err := replaced(os.Environ())
	if err != nil {
		return err
	}
	log := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: o.Config.LogLevel})
	o.Out, o.Log, o.Now = os.Stdout, slog.New(log), proc.ClockFromEnv()
	s, err := server.New(ctx, o)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// replaced reads the settings of a server, as the product does, and what only
// tests hand it.
func replaced(env []string) (server.Options, error) {
	c, err := config.Load(config.Inputs{Env: env, File: os.DevNull, Serving: true})
	if err != nil {
		return server.Options{}, err
	}
	o := server.Options{Config: c, Hash: password.Params{Memory: 8, Time: 1, Lanes: 1}}
	if valueOf(env, hashVariable) != "" {
		o.Hash = password.Default
	}
	if valueOf(env, pseudoVariable) != "" {
		o.Words = []words.Option{words.Pseudo()}
	}
	if file := valueOf(env, rootsVariable); file != "" {
		authority, err := os.ReadFile(file) //nolint:gosec // the test names its own file
		if err != nil {
			return server.Options{}, err
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(authority) {
			return server.Options{}, errors.New("the file of roots holds no certificate")
		}
	}
	o.Outside, o.PushHosts, err = reach(env)
	if err != nil {
		return server.Options{}, err
	}
	return o, nil
}

func valueOf(env []string, name string) string {
	for _, pair := range env {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}
