package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/authenticator"
	"countersign/internal/console"
	"countersign/internal/portal"
	"countersign/internal/seal"
	"countersign/internal/session"
	"countersign/internal/web"
)

// Limits of one connection. A client that sends its headers or its form byte
// by byte must not hold a place for long.
const (
	headerLimit   = 10 * time.Second
	requestLimit  = 30 * time.Second
	answerLimit   = time.Minute
	idleLimit     = 2 * time.Minute
	headerBytes   = 32 << 10
	shutdownLimit = 10 * time.Second
	sweepEvery    = time.Hour
	readyLimit    = time.Second
)

// Server serves one installation.
type Server struct {
	Parts *Parts

	options    Options
	listener   net.Listener
	url        string
	encryption *encryption
	http       *http.Server
	open       *connections
	named      sync.Map        // WorkspaceID → web.Workspace: what pages said of each last
	ending     context.Context //nolint:containedctx // lets go whoever waits for an event
	end        context.CancelFunc
}

// New opens the installation and its listener. Run serves; Close ends what New
// began when Run is never called.
func New(ctx context.Context, o Options) (*Server, error) {
	o = o.complete()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Config.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen (setting listen): %w", err)
	}
	s := &Server{options: o, listener: listener, url: o.Config.BaseURL(listener.Addr())}
	s.ending, s.end = context.WithCancel(context.Background())
	err = s.build(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) build(ctx context.Context) error {
	var err error
	s.Parts, err = open(ctx, s.options, s.listener.Addr())
	if err != nil {
		return err
	}
	err = s.atHome()
	if err != nil {
		return err
	}
	tcp, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("listen: %s is no TCP address", s.listener.Addr())
	}
	s.encryption, err = newEncryption(s.options.Config, encryptionOptions{
		Port: tcp.Port, Authority: s.options.Roots, Log: s.options.Log, Now: s.options.Now,
	})
	if err != nil {
		return err
	}
	s.open = newConnections(roomFor(maxFiles()))
	handler, err := s.handler()
	if err != nil {
		return err
	}
	s.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: headerLimit, ReadTimeout: requestLimit, WriteTimeout: answerLimit,
		IdleTimeout: idleLimit, MaxHeaderBytes: headerBytes, ConnState: s.open.noted, ConnContext: named,
		// net/http's own lines (broken handshakes, mostly) stay at debug level, so
		// that scanners cannot fill the log.
		ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	return nil
}

// URL is the address that people open.
func (s *Server) URL() string { return s.url }

func (s *Server) handler() (http.Handler, error) {
	public, err := url.Parse(s.url)
	if err != nil {
		return nil, fmt.Errorf("the public address: %w", err)
	}
	site, err := web.New(web.Options{
		Catalogue: s.Parts.Words, Log: s.options.Log, Now: s.options.Now, NewID: func() string { return seal.ID("rid") },
		URL: public, Proxies: s.options.Config.TrustedProxies, Hosts: s.Parts.Hosts, Workspace: s.workspace, Logo: s.logo, Demo: s.options.Demo,
		Ending: s.ending, Waits: s.open.wait, Bodies: console.Bodies(),
	})
	if err != nil {
		return nil, err
	}
	sessions := &session.Service{
		Accounts: s.Parts.Accounts, Approvals: s.Parts.Approvals, Store: s.Parts.Store, Now: s.options.Now, Cookies: session.Cookies{Secure: site.Secure()},
	}
	pages, err := portal.New(portal.Options{
		Site: site, Accounts: s.Parts.Accounts, SignIn: s.Parts.SignIn, Enrol: s.Parts.Enrol, People: s.Parts.People,
		Approvals: s.Parts.Approvals, Devices: s.Parts.Devices, Sessions: sessions, Outbox: s.Parts.Outbox, Texts: s.Parts.Texts, Now: s.options.Now,
		Development: s.options.Config.Development() || s.options.Demo,
	})
	if err != nil {
		return nil, err
	}
	company, err := console.New(console.Options{
		Site: site, Accounts: s.Parts.Accounts, People: s.Parts.People, Census: s.Parts.Census, Sessions: sessions, SignIn: s.Parts.SignIn,
		Approvals: s.Parts.Approvals, Chain: s.Parts.Audit, Log: &audit.Log{Store: s.Parts.Store}, Now: s.options.Now,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	site.Mount(mux)
	pages.Mount(mux)
	company.Mount(mux)
	err = authenticator.MountApp(mux, site)
	if err != nil {
		return nil, err
	}
	authenticator.MountProtocol(mux, authenticator.Options{
		Site: site, Devices: s.Parts.Devices, Approvals: s.Parts.Approvals, Now: s.options.Now,
	})
	mux.Handle("GET /livez", site.Handle(livez))
	mux.Handle("GET /readyz", site.Handle(s.readyz))
	return site.Wrap(mux), nil
}

// livez answers while the process is alive.
func livez(w http.ResponseWriter, _ *http.Request) error {
	_, err := w.Write([]byte("alive\n"))
	return err
}

// readyz answers when a sign-in would work: a load balancer asks it.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
	defer cancel()
	err := s.Parts.Store.Ping(ctx)
	if err != nil {
		return &countersign.Error{Kind: countersign.Unavailable, Code: "busy", RetryAfter: 2 * time.Second, Err: err}
	}
	_, err = w.Write([]byte("ready\n"))
	return err
}

// Run serves until ctx ends, then lets requests under way finish.
func (s *Server) Run(ctx context.Context) error {
	tune()
	ctx, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	workers.Go(func() {
		err := s.Parts.Outbox.Run(ctx)
		if err != nil {
			s.options.Log.Error("the outbox stopped", "err", err)
		}
	})
	workers.Go(func() { s.sweep(ctx) })
	workers.Go(func() { s.watch(ctx) })
	workers.Go(func() { s.Parts.Approvals.Run(ctx, s.options.Log) })
	workers.Go(func() { s.Parts.SignIn.Run(ctx, s.options.Log) })
	workers.Go(func() { s.Parts.People.Run(ctx, s.options.Log) })
	workers.Go(func() { s.Parts.Digest.Run(ctx, s.options.Log) })
	workers.Go(func() { s.Parts.Audit.Run(ctx, s.options.Log) })
	workers.Go(func() { s.Parts.People.KeepSorted(ctx, s.options.Log) })
	workers.Go(func() { s.Parts.Census.Run(ctx, s.options.Log) })
	err := s.announce(ctx)
	if err == nil {
		err = s.serve(ctx)
	} else if ctx.Err() != nil {
		err = nil // stopped while it started: that is an orderly end too
	}
	stop()
	workers.Wait()
	return errors.Join(err, s.Close())
}

func (s *Server) serve(ctx context.Context) error {
	listener := s.listener
	if s.encryption != nil {
		listener = tls.NewListener(listener, s.encryption.config)
		err := s.encryption.start(ctx, s.names())
		if err != nil {
			return err
		}
	}
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.end()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	err := s.http.Shutdown(ending)
	if errors.Is(err, context.DeadlineExceeded) {
		// Whoever sends a form byte by byte does not make this end a failure.
		s.options.Log.WarnContext(ctx, "some requests were not over when the server ended, and were cut off", "waited", shutdownLimit)
		err = s.http.Close()
	}
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// announce prints the one address to open. While there is no owner it is the
// set-up address, new at every start; it goes to the terminal and never to the
// log.
func (s *Server) announce(ctx context.Context) error {
	address, err := s.Parts.People.SetupLink(ctx, countersign.DefaultWorkspace)
	switch {
	case countersign.CodeOf(err) == "already_set_up":
		_, err = fmt.Fprintf(s.options.Out, "Countersign is ready. Open %s\n", s.url)
	case err == nil:
		_, err = fmt.Fprintf(s.options.Out, "Countersign is ready. Open this address within 30 minutes to set it up:\n\n  %s\n\n", address)
	}
	if err != nil {
		return fmt.Errorf("announce the address: %w", err)
	}
	s.options.Log.InfoContext(ctx, "serving", "url", s.url, "listen", s.listener.Addr().String(), "sqlite", s.Parts.Store.SQLite())
	return nil
}

func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		err := s.Parts.Accounts.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			s.options.Log.Warn("sweeping failed, will be tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Close releases the listener and the database. It may be called twice.
func (s *Server) Close() error {
	s.end()
	err := s.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	if s.encryption != nil {
		s.encryption.close()
		s.encryption = nil
	}
	if s.Parts != nil {
		err = errors.Join(err, s.Parts.Close())
		s.Parts = nil
	}
	return err
}
