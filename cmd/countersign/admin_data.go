package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/config"
	"countersign/internal/server"
	"countersign/internal/store"
)

// adminBackup writes a backup.
type adminBackup struct {
	File string `arg:"" help:"The file to write. It must not exist yet."`
	storeSettings
}

func (*adminBackup) examples() []string {
	return []string{"countersign admin backup /var/backups/countersign-monday.db"}
}

// saved is the result for a program.
type saved struct {
	File          string `json:"file"`
	Bytes         int64  `json:"bytes"`
	MasterKeyFile string `json:"master_key_file"`
}

// Run writes the backup while the installation goes on.
func (c *adminBackup) Run(ctx context.Context, t *terminal) error {
	loaded, err := c.load(t)
	if err != nil {
		return err
	}
	err = installed(loaded)
	if err != nil {
		return err
	}
	s, err := openStore(ctx, t, loaded, server.Database(loaded))
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	err = store.Backup(ctx, s, c.File)
	if err != nil {
		return existing(err, c.File)
	}
	err = note(ctx, s, "installation.backed_up", map[string]string{"file": filepath.Base(c.File)})
	if err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return fmt.Errorf("look at the backup: %w", err)
	}
	t.tell("cli.backed_up", "File", c.File, "Size", strconv.FormatInt((info.Size()+1023)/1024, 10))
	t.tell("cli.backup_key", "File", whole(loaded.MasterKeyFile))
	if t.json {
		return t.printJSON(saved{whole(c.File), info.Size(), whole(loaded.MasterKeyFile)})
	}
	return nil
}

// existing names the file that is there already.
func existing(err error, file string) error {
	if errors.Is(err, fs.ErrExist) {
		return exists(file, err)
	}
	return err
}

// exists says that a file was left as it is.
func exists(file string, err error) error {
	return &countersign.Error{Kind: countersign.Conflict, Code: "exists", Args: map[string]any{"File": file}, Err: err}
}

// whole is a path that still means the same in another folder.
func whole(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return absolute
}

// adminRestore puts a backup into a new place.
type adminRestore struct {
	File string `arg:"" help:"The backup."`
	storeSettings
}

func (*adminRestore) examples() []string {
	return []string{"countersign admin restore /var/backups/countersign-monday.db --data /srv/countersign"}
}

// restored is the result for a program.
type restored struct {
	Database      string `json:"database"`
	MasterKeyFile string `json:"master_key_file"`
	Opens         bool   `json:"master_key_opens_it"`
}

// Run restores into the place that the settings name, and tells whether the
// master key that lies there opens it.
func (c *adminRestore) Run(ctx context.Context, t *terminal) error {
	loaded, err := c.load(t)
	if err != nil {
		return err
	}
	_, err = os.Stat(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return &countersign.Error{Kind: countersign.NotFound, Code: "no_file", Args: map[string]any{"File": c.File}, Err: err}
	}
	to := store.Options{Database: server.Database(loaded), Now: time.Now, Log: logger(loaded, t.errors, slog.LevelWarn)}
	err = store.Restore(ctx, c.File, to)
	if err != nil {
		return existing(err, server.Database(loaded))
	}
	s, err := openStore(ctx, t, loaded, to.Database)
	if err != nil {
		return err
	}
	err = note(ctx, s, "installation.restored", map[string]string{"file": filepath.Base(c.File)})
	err = errors.Join(err, s.Close())
	if err != nil {
		return err
	}
	opens := t.tryKey(ctx, loaded)
	where := shown(loaded)
	if opens {
		t.tell("cli.restored", "Database", where, "File", whole(loaded.MasterKeyFile))
	} else {
		t.tell("cli.restored_locked", "Database", where, "File", whole(loaded.MasterKeyFile))
	}
	t.tell("cli.restored_ended")
	if t.json {
		return t.printJSON(restored{where, whole(loaded.MasterKeyFile), opens})
	}
	return nil
}

// shown names a database without its password.
func shown(c config.Config) string {
	if c.DatabaseURL == "" {
		return whole(server.Database(c))
	}
	return withoutPassword(c.DatabaseURL)
}

func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…"
	}
	u.RawQuery = ""
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	return u.String()
}

// tryKey tells whether the master key at hand opens the database.
func (t *terminal) tryKey(ctx context.Context, c config.Config) bool {
	p, err := openEngine(ctx, t, c)
	if err != nil {
		return false
	}
	_ = p.Close()
	return true
}

// adminCopy moves everything into another database.
type adminCopy struct {
	To     string `name:"to" xor:"to" required:"" placeholder:"URL" help:"The empty target: postgres://…, or the path of a new SQLite file."`
	ToFile string `name:"to-file" xor:"to" required:"" placeholder:"FILE" help:"A file that holds the target's address, - for standard input: the better way for an address with a password."`
	storeSettings
}

func (*adminCopy) examples() []string {
	return []string{
		"countersign admin copy --to postgres://countersign@db.example.com/countersign",
		"countersign admin copy --to-file /run/secrets/target",
	}
}

// copied is the result for a program.
type copied struct {
	To            string           `json:"to"`
	Rows          map[string]int64 `json:"rows"`
	MasterKeyFile string           `json:"master_key_file"`
}

// Run copies.
func (c *adminCopy) Run(ctx context.Context, t *terminal) error {
	target, err := c.target(t)
	if err != nil {
		return err
	}
	loaded, err := c.load(t)
	if err != nil {
		return err
	}
	err = installed(loaded)
	if err != nil {
		return err
	}
	from, err := openStore(ctx, t, loaded, server.Database(loaded))
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := openStore(ctx, t, loaded, target)
	if err != nil {
		return fmt.Errorf("open the target: %w", err)
	}
	defer func() { _ = to.Close() }()
	counts, err := store.Copy(ctx, from, to)
	if err != nil {
		return err
	}
	for _, side := range []*store.Store{from, to} {
		err = note(ctx, side, "installation.copied", map[string]string{"users": strconv.FormatInt(counts["users"], 10)})
		if err != nil {
			return err
		}
	}
	return t.printCopied(copied{To: nameOf(target), Rows: counts, MasterKeyFile: whole(loaded.MasterKeyFile)})
}

func (t *terminal) printCopied(c copied) error {
	t.tell("cli.copied", "Target", c.To, "File", c.MasterKeyFile)
	t.tell("cli.copied_old")
	if t.json {
		return t.printJSON(c)
	}
	var lines [][]string
	for _, table := range sortedKeys(c.Rows) {
		lines = append(lines, []string{table, strconv.FormatInt(c.Rows[table], 10)})
	}
	return t.table([]string{"TABLE", "ROWS"}, lines)
}

// target is where to copy to: a PostgreSQL address, or a file that is not there.
func (c *adminCopy) target(t *terminal) (string, error) {
	target := c.To
	if c.ToFile != "" {
		var err error
		target, err = t.secret("--to-file", c.ToFile)
		if err != nil {
			return "", err
		}
	}
	if store.IsPostgres(target) {
		u, err := config.PostgresAddress(target)
		if err != nil {
			// Not err: it would repeat the address, password and all.
			return "", countersign.Refuse(countersign.Invalid, "bad_target")
		}
		if c.ToFile == "" && namesPassword(u) {
			t.tell("cli.password_in_argument")
		}
		return target, nil
	}
	if strings.Contains(target, "://") || target == "" {
		return "", countersign.Refuse(countersign.Invalid, "bad_target")
	}
	_, err := os.Lstat(target)
	if err == nil {
		return "", exists(target, fs.ErrExist)
	}
	return target, nil
}

// namesPassword tells whether an address holds a password: everybody on the
// machine reads the arguments of a program while it runs, and the shell keeps
// them.
func namesPassword(u *url.URL) bool {
	_, given := u.User.Password()
	query := u.Query()
	return given || query.Has("password") || query.Has("sslpassword")
}

func nameOf(target string) string {
	if store.IsPostgres(target) {
		return withoutPassword(target)
	}
	return whole(target)
}

func sortedKeys(counts map[string]int64) []string { return slices.Sorted(maps.Keys(counts)) }
