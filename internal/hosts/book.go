package hosts

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"countersign"
)

// Home is where a workspace is at home, and what is said of it outside of its pages.
type Home struct {
	ID countersign.WorkspaceID
	// Host is the name that the workspace has for itself; "" for the default one.
	Host string
	// URL is its address: scheme and host, and the port where the configured address
	// has one; without a slash at the end.
	URL string
	// Name, Language (BCP 47, "" for none) and Accent ("#rrggbb", "" for the built-in
	// colour) are what its pages say. Sender is whom its mails come from, as package
	// sender reads it: a name, an address, or both. "" is its name, from the configured
	// address.
	Name, Language, Accent, Sender string
	// Logo is the name of its picture's file, "" for none.
	Logo string
}

// Read reads all workspaces; their URL is left to the book.
type Read func(ctx context.Context) ([]Home, error)

// Book knows the home of each workspace. It may be used by many goroutines. What it
// answers is as old as the last [Book.Reload].
type Book struct {
	public *url.URL
	host   string // of public, as Name writes it
	read   Read

	reading sync.Mutex
	pages   atomic.Pointer[pages]
}

// pages are one reading. They do not change.
type pages struct {
	byID   map[countersign.WorkspaceID]Home
	byHost map[string]Home
	all    []Home
}

// New makes a book for the configured address, scheme and host. It knows the default
// workspace until it is read the first time; where read is nil there is no other.
func New(public string, read Read) (*Book, error) {
	u, err := url.Parse(public)
	if err != nil || u.Host == "" || u.Scheme == "" {
		return nil, fmt.Errorf("%q is no address of a server", public)
	}
	b := &Book{public: &url.URL{Scheme: u.Scheme, Host: u.Host}, host: Name(u.Host), read: read}
	b.write([]Home{{ID: countersign.DefaultWorkspace, Name: "Countersign"}})
	return b, nil
}

// Reload reads the workspaces. After an error the book is as it was.
func (b *Book) Reload(ctx context.Context) error {
	if b.read == nil {
		return nil
	}
	b.reading.Lock() // or the older of two readings could be written last
	defer b.reading.Unlock()
	all, err := b.read(ctx)
	if err != nil {
		return fmt.Errorf("read the workspaces: %w", err)
	}
	b.write(all)
	return nil
}

func (b *Book) write(all []Home) {
	next := &pages{byID: map[countersign.WorkspaceID]Home{}, byHost: map[string]Home{}}
	for _, home := range all {
		home.URL = b.Address(home.Host)
		next.all = append(next.all, home)
		next.byID[home.ID] = home
		if home.Host != "" {
			next.byHost[home.Host] = home
		}
	}
	b.pages.Store(next)
}

// Address is that of a host of this installation, "" for the configured one.
func (b *Book) Address(host string) string {
	if host == "" {
		return b.public.String()
	}
	port := b.public.Port()
	if port != "" {
		host += ":" + port
	}
	return b.public.Scheme + "://" + host
}

// Configured tells whether a host, as [Check] returns it, is the configured address's own.
func (b *Book) Configured(host string) bool { return host == b.host }

// At is the workspace that the host of a request means, as the browser or a trusted
// proxy says it; false for a name that nobody has. While there is one workspace, every
// host is its own: nobody has to tell us by which names a machine is reached.
func (b *Book) At(host string) (Home, bool) {
	now := b.pages.Load()
	if len(now.all) == 1 {
		return now.all[0], true
	}
	name := Name(host)
	home, found := now.byHost[name]
	if !found && (name == b.host || plain(name)) {
		home, found = now.byID[countersign.DefaultWorkspace]
	}
	return home, found
}

// patience is how long a workspace that is not in the book is looked for.
const patience = 2 * time.Second

// Of is the home of a workspace. One that the book does not know is looked for once
// more: another process may have made it just now. One that is not there has no address:
// nothing that is signed for "" was ever signed, and no mail takes a link that begins so.
func (b *Book) Of(id countersign.WorkspaceID) Home {
	home, found := b.pages.Load().byID[id]
	if !found {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if b.Reload(ctx) == nil {
			home = b.pages.Load().byID[id]
		}
	}
	return home
}

// All lists the workspaces in the order in which they were read.
func (b *Book) All() []Home { return b.pages.Load().all }
