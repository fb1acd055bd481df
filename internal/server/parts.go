package server

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/audit"
	"countersign/internal/census"
	"countersign/internal/config"
	"countersign/internal/device"
	"countersign/internal/digest"
	"countersign/internal/enrol"
	"countersign/internal/hosts"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/method/totp"
	"countersign/internal/notify"
	"countersign/internal/notify/text"
	"countersign/internal/outside"
	"countersign/internal/password"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/webpush"
	"countersign/internal/words"
)

// Options are what the program, or a test in the program's place, hands in.
// Only Config is needed. What tests replace stands here and nowhere else: no
// flag or variable of the product reaches it.
type Options struct {
	Config config.Config
	// Version is that of the program, as the log of an installation keeps it; "" for none.
	Version string
	// Log receives one line for each request and for what workers do.
	Log *slog.Logger
	// Out is where the address to open is printed.
	Out io.Writer
	// Now is the clock.
	Now func() time.Time
	// Hash are the parameters of the password hash.
	Hash password.Params
	// Roots are trusted beside the system's, for mail servers and authorities.
	Roots *x509.CertPool
	// Outside is how pushes leave, and PushHosts are push services that are allowed beside
	// those of the browsers and of the settings.
	Outside   outside.Options
	PushHosts []string
	// TextPatience is how long one provider of text messages may take.
	TextPatience time.Duration
	// Words are further languages.
	Words []words.Option
	// Demo marks every page as a demonstration.
	Demo bool
}

func (o Options) complete() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Hash == (password.Params{}) {
		o.Hash = password.Default
	}
	return o
}

// Parts are the engine on an open database, for the faces and for the
// administrator's commands on the machine.
type Parts struct {
	Store *store.Store
	// Hosts knows the address of each workspace. A server reads it anew when a workspace
	// is made or changed; a command of the shell reads it once.
	Hosts    *hosts.Book
	Ring     *seal.Ring
	Hasher   *password.Hasher
	Words    *words.Catalogue
	Outbox   *message.Outbox
	Accounts *account.Service
	SignIn   *signin.Service
	Enrol    *enrol.Service
	People   *people.Service
	Digest   *digest.Service
	Audit    *audit.Chain
	Census   *census.Service

	// Approvals ask people's phones, Devices pairs them.
	Approvals *approve.Service
	Devices   *device.Service

	// Texts are those who send text messages on; nil where nobody does.
	Texts *text.Providers

	mailer *notify.SMTP // nil without a mail server
}

// Open opens the database and the master key that the settings name, makes
// them when they are new, and joins the engine. It does not serve.
func Open(ctx context.Context, o Options) (*Parts, error) {
	return open(ctx, o.complete(), configured(o.Config.Listen))
}

// configured is a listening address as it was written, for a shell that does
// not listen.
type configured string

func (configured) Network() string  { return "tcp" }
func (c configured) String() string { return string(c) }

func open(ctx context.Context, o Options, listening net.Addr) (*Parts, error) {
	p := &Parts{}
	err := p.open(ctx, o, listening)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Parts) open(ctx context.Context, o Options, listening net.Addr) error {
	c := o.Config
	var err error
	p.Words, err = words.Load(o.Words...)
	if err != nil {
		return fmt.Errorf("load the texts: %w", err)
	}
	p.Store, err = store.Open(ctx, store.Options{Database: Database(c), Now: o.Now, Log: o.Log})
	if err != nil {
		return err
	}
	var key seal.MACKey
	p.Ring, key, err = unlock(ctx, p.Store, c.MasterKeyFile)
	if err != nil {
		return err
	}
	public := c.BaseURL(listening)
	p.Hosts, err = hosts.New(public, p.Store.Homes)
	if err == nil {
		err = p.Hosts.Reload(ctx)
	}
	if err != nil {
		return err
	}
	mailer, err := p.openMailer(o)
	if err != nil {
		return err
	}
	texter, err := p.openTexts(o, public)
	if err != nil {
		return err
	}
	identity, err := identify(ctx, p.Store, p.Ring)
	if err != nil {
		return err
	}
	services := append(slices.Clone(c.PushServices), o.PushHosts...)
	p.Outbox, err = message.New(message.Options{
		Store: p.Store, Ring: p.Ring, Words: p.Words, Mailer: mailer, Texter: texter, From: c.From, Now: o.Now, Log: o.Log, Hosts: p.Hosts, Alarm: p.alarm(o.Log),
		Pusher: notify.NewWebPush(notify.PushOptions{
			Identity: identity, Subject: subject(public, c.From.Address), Hosts: services, Now: o.Now, Random: seal.Bytes, Outside: o.Outside,
		}),
	})
	if err != nil {
		return err
	}
	p.Hasher = password.NewHasher(o.Hash, cores(), o.Now, seal.Bytes)
	p.Accounts = &account.Service{
		Store: p.Store, Ring: p.Ring, MAC: key, Hasher: p.Hasher, Outbox: p.Outbox, Now: o.Now, Hosts: p.Hosts, Language: c.Language,
		Methods: map[method.Kind]method.Method{method.TOTP: totp.Method{}, method.Recovery: recovery.Method{Key: key}},
		Texting: texter != nil || c.Development(),
	}
	p.Enrol = &enrol.Service{Accounts: p.Accounts, Store: p.Store, Ring: p.Ring, MAC: key, Now: o.Now}
	p.Approvals = &approve.Service{Accounts: p.Accounts, Store: p.Store, Now: o.Now}
	p.Devices = &device.Service{
		Accounts: p.Accounts, Approvals: p.Approvals, Enrol: p.Enrol, Store: p.Store, Ring: p.Ring, MAC: key, Now: o.Now,
		Vapid: identity.Public(), Hosts: services,
	}
	p.Approvals.Tested = p.Devices.Tested
	p.SignIn = &signin.Service{Accounts: p.Accounts, Approvals: p.Approvals, Store: p.Store, Now: o.Now}
	p.People = &people.Service{Accounts: p.Accounts, Store: p.Store, Now: o.Now, Approvals: p.Approvals}
	p.Audit = p.Accounts.Chain()
	p.Audit.Version = o.Version
	p.Digest = &digest.Service{Accounts: p.Accounts, Store: p.Store, Now: o.Now}
	p.Census = &census.Service{Accounts: p.Accounts, Store: p.Store, Now: o.Now}
	return nil
}

// alarm tells the administrators of a push service that refuses everybody.
func (p *Parts) alarm(log *slog.Logger) func(context.Context, countersign.WorkspaceID, string) {
	return func(ctx context.Context, workspace countersign.WorkspaceID, service string) {
		log.ErrorContext(ctx, "a push service refuses this installation's pushes", "service", service)
		err := p.Accounts.PushesRefused(ctx, workspace, service)
		if err != nil {
			log.ErrorContext(ctx, "the administrators could not be told of it", "err", err)
		}
	}
}

// Close ends what Open began.
func (p *Parts) Close() error {
	if p.Hasher != nil {
		p.Hasher.Close()
	}
	if p.mailer != nil {
		p.mailer.Close()
	}
	if p.Store != nil {
		return p.Store.Close()
	}
	return nil
}

// Database names the database of the settings as store.Open wants it.
func Database(c config.Config) string {
	if c.DatabaseURL != "" {
		return c.DatabaseURL
	}
	return filepath.Join(c.Data, "countersign.db")
}

func (p *Parts) openMailer(o Options) (notify.Mailer, error) {
	if o.Config.SMTPURL == "" {
		// A nil interface, not a nil *SMTP: messages are kept for development.
		return nil, nil //nolint:nilnil // no mailer is an answer here
	}
	var err error
	p.mailer, err = notify.NewSMTP(notify.Options{Server: o.Config.SMTPURL, Roots: o.Roots, Now: o.Now, Keep: message.Parallel})
	return p.mailer, err
}

// openTexts reads who sends text messages on.
func (p *Parts) openTexts(o Options, public string) (message.Texter, error) {
	if o.Config.TextsFile == "" {
		// A nil interface, as with mails.
		return nil, nil //nolint:nilnil // nobody is an answer here
	}
	var err error
	p.Texts, err = text.ReadFile(o.Config.TextsFile, text.Options{Public: public, Now: o.Now, Outside: o.Outside, Patience: o.TextPatience})
	return p.Texts, err
}

// unlock reads the master key and opens the installation's own key with it. A
// new installation gets both; a database that was sealed before never gets a
// new master key, because its secrets would be lost behind it.
func unlock(ctx context.Context, s *store.Store, file string) (*seal.Ring, seal.MACKey, error) {
	sealed, err := s.Read().GetInstallation(ctx, store.MACKey)
	if err != nil && !store.NotFound(err) {
		return nil, nil, fmt.Errorf("read the installation's key: %w", err)
	}
	ring, ringErr := seal.ReadRing(file)
	isNew := store.NotFound(err)
	if isNew && errors.Is(ringErr, fs.ErrNotExist) {
		ring, ringErr = create(file)
	}
	if ringErr != nil {
		if !isNew && errors.Is(ringErr, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("the database is sealed with a master key, and %s is not there: put that file back, or name it with master_key_file", file)
		}
		return nil, nil, ringErr
	}
	if isNew {
		sealed, err = newMACKey(ctx, s, ring)
		if err != nil {
			return nil, nil, err
		}
	}
	key, err := ring.Open(sealed, store.KeyPlace(store.MACKey))
	if err != nil {
		return nil, nil, fmt.Errorf("the master key in %s is not the one that this database was sealed with: %w", file, err)
	}
	return ring, seal.MACKey(key), nil
}

func create(file string) (*seal.Ring, error) {
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err != nil {
		return nil, fmt.Errorf("make the folder of the master key: %w", err)
	}
	ring, err := seal.CreateRing(file)
	if errors.Is(err, fs.ErrExist) {
		// Another process that starts at the same time was first.
		return seal.ReadRing(file)
	}
	return ring, err
}

// newMACKey makes the key once, whoever else starts at the same time.
func newMACKey(ctx context.Context, s *store.Store, ring *seal.Ring) ([]byte, error) {
	return keep(ctx, s, ring, store.MACKey, seal.Bytes(32))
}

// keep stores one of the installation's own keys, sealed, and returns the one that is
// there: another process may have been first.
func keep(ctx context.Context, s *store.Store, ring *seal.Ring, name string, key []byte) ([]byte, error) {
	sealed, err := ring.Seal(key, store.KeyPlace(name))
	if err != nil {
		return nil, fmt.Errorf("seal the installation's key: %w", err)
	}
	var kept []byte
	err = s.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.InsertInstallation(tx.Ctx, name, sealed)
		if err != nil {
			return err
		}
		kept, err = tx.GetInstallation(tx.Ctx, name)
		return err
	})
	return kept, err
}

// identify reads the key pair by which push services know this installation, or makes
// it: subscriptions are made for it, so it stays.
func identify(ctx context.Context, s *store.Store, ring *seal.Ring) (webpush.Identity, error) {
	sealed, err := s.Read().GetInstallation(ctx, store.PushKey)
	if store.NotFound(err) {
		identity, err := webpush.NewIdentity(seal.Bytes)
		if err != nil {
			return webpush.Identity{}, fmt.Errorf("make the key of pushes: %w", err)
		}
		secret, err := identity.Secret()
		if err != nil {
			return webpush.Identity{}, fmt.Errorf("make the key of pushes: %w", err)
		}
		sealed, err = keep(ctx, s, ring, store.PushKey, secret)
		if err != nil {
			return webpush.Identity{}, err
		}
	} else if err != nil {
		return webpush.Identity{}, fmt.Errorf("read the key of pushes: %w", err)
	}
	secret, err := ring.Open(sealed, store.KeyPlace(store.PushKey))
	if err != nil {
		return webpush.Identity{}, fmt.Errorf("open the key of pushes: %w", err)
	}
	return webpush.ParseIdentity(secret)
}

// subject is whom a push service turns to (RFC 8292, section 2.1): the server itself,
// where it has an address that others reach.
func subject(public, sender string) string {
	if strings.HasPrefix(public, "https:") {
		return public
	}
	return "mailto:" + sender
}
