package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx" of database/sql

	"countersign/e2e/port"
	"countersign/internal/seal"
)

// installPostgres is what a person reads whose machine has no PostgreSQL.
const installPostgres = `no PostgreSQL server found: install it ("apt-get install postgresql" on Debian, ` +
	`"brew install postgresql" on a Mac) or set POSTGRES_BIN to the folder that holds initdb and postgres`

// startLimit is how long the server may take until it answers. A busy machine
// needs more than one would think: it recovers its log after an outage.
const startLimit = 60 * time.Second

// shared is the one server of this test process.
var shared = &server{templates: map[string]string{}}

// server is a private PostgreSQL: its folder, its process and its watchdog.
type server struct {
	mu        sync.Mutex
	bin       string            // folder of the programs
	dir       string            // everything that belongs to the server
	port      int               // on 127.0.0.1; 0 until it was started once
	password  string            // of both roles
	process   *exec.Cmd         // nil while the server is down
	exited    chan struct{}     // closed when process has ended
	watchdog  *exec.Cmd         // outlives us by a moment and cleans up
	lifeline  io.Closer         // the watchdog acts when this closes
	databases int               // counts up, for names
	templates map[string]string // by the caller's name for it
}

// start brings the server up; it does nothing when it is up.
func (s *server) start() error {
	if s.process != nil {
		return nil
	}
	if s.dir == "" {
		err := s.prepare()
		if err != nil {
			s.close()
			return err
		}
	}
	if s.port != 0 {
		return s.launch(s.port)
	}
	// Between finding a free port and taking it, somebody else may take it.
	var err error
	for range 5 {
		var at int
		at, err = port.Free()
		if err != nil {
			return err
		}
		err = s.launch(at)
		if err == nil {
			s.port = at
			return s.admin("CREATE ROLE countersign LOGIN PASSWORD '" + s.password + "'")
		}
	}
	return err
}

// prepare makes the folder, its watchdog and the files of an empty server.
func (s *server) prepare() error {
	bin, err := findPostgres()
	if err != nil {
		return err
	}
	s.bin = bin
	dir, err := os.MkdirTemp("", "countersign-postgres-")
	if err != nil {
		return fmt.Errorf("make a folder for the server: %w", err)
	}
	s.dir = dir
	s.password = seal.NewToken()
	secret := filepath.Join(dir, "password")
	err = os.WriteFile(secret, []byte(s.password), 0o600)
	if err != nil {
		return fmt.Errorf("write the password: %w", err)
	}
	err = handOver(dir, secret)
	if err != nil {
		return err
	}
	err = s.watch()
	if err != nil {
		return err
	}
	locale := "C"
	if runtime.GOOS == "linux" {
		locale = "C.UTF-8"
	}
	initdb, err := s.command(
		"initdb", "--pgdata", s.data(), "--username", "postgres", "--pwfile", secret,
		// Tests connect thousands of times. Thousands of rounds of SCRAM for each, under the race
		// detector, are a tenth of their time, and the server hears this machine alone.
		"--auth", "md5", "--encoding", "UTF8", "--locale", locale, "--no-sync", "--no-instructions",
	)
	if err != nil {
		return err
	}
	out, err := initdb.CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// watch starts a shell that waits for the end of this process, which closes the
// pipe, and then stops the server and removes the folder. Nothing else can do so
// after kill -9.
func (s *server) watch() error {
	const script = `read -r line
"$1/pg_ctl" stop -D "$2/data" -m immediate >/dev/null 2>&1
rm -rf "$2"`
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the watchdog's pipe: %w", err)
	}
	watchdog, err := s.command("sh", "-c", script, "watchdog", s.bin, s.dir)
	if err != nil {
		return err
	}
	watchdog.Stdin = read
	err = watchdog.Start()
	if err != nil {
		return fmt.Errorf("start the watchdog: %w", err)
	}
	s.watchdog, s.lifeline = watchdog, write
	return read.Close()
}

// launch starts the server on the port and waits until it answers.
func (s *server) launch(port int) error {
	settings := []string{
		"-D", s.data(), "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=on", "-c", "shared_buffers=16MB", "-c", "max_connections=100",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "checkpoint_timeout=1h",
		"-c", "password_encryption=md5", "-c", "timezone=UTC", "-c", "log_timezone=UTC", "-c", "jit=off",
	}
	process, err := s.command("postgres", settings...)
	if err != nil {
		return err
	}
	log := &bytes.Buffer{} // read only after the process has ended
	process.Stdout, process.Stderr = log, log
	err = process.Start()
	if err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = process.Wait() // how it ended stands in the log
		close(exited)
	}()
	old := s.port
	s.port, s.process, s.exited = port, process, exited
	for deadline := time.Now().Add(startLimit); ; {
		err = s.admin("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			s.port, s.process = old, nil
			return fmt.Errorf("the server ended at its start:\n%s", log)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("the server does not answer after %v: %w", startLimit, err), s.stop())
		}
	}
}

// stop ends the server at once, as a crash would.
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	stop, err := s.command("pg_ctl", "stop", "-D", s.data(), "-m", "immediate")
	if err != nil {
		return err
	}
	out, err := stop.CombinedOutput()
	if err != nil {
		return fmt.Errorf("pg_ctl stop: %w\n%s", err, out)
	}
	<-s.exited
	s.process = nil
	return nil
}

// close lets the watchdog do its work and waits for it.
func (s *server) close() {
	if s.lifeline != nil {
		_ = s.lifeline.Close() // the watchdog sees the end of its input
		_ = s.watchdog.Wait()  // its outcome is a folder that is gone
	} else if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
	s.dir, s.port, s.process, s.watchdog, s.lifeline = "", 0, nil, nil, nil
	s.templates = map[string]string{}
}

// template returns the database that others are copied from.
func (s *server) template(name string, prepare func(url string) error) (string, error) {
	database, ok := s.templates[name]
	if ok {
		return database, nil
	}
	database, err := s.create("template0")
	if err != nil {
		return "", err
	}
	err = prepare(s.url("countersign", database))
	if err != nil {
		return "", err
	}
	s.templates[name] = database
	return database, nil
}

// create makes a database and returns its name.
func (s *server) create(template string) (string, error) {
	s.databases++
	name := fmt.Sprintf("test_%d", s.databases)
	return name, s.admin("CREATE DATABASE " + name + " OWNER countersign TEMPLATE " + template)
}

// admin runs one statement as the superuser.
func (s *server) admin(statement string) error {
	db, err := sql.Open("pgx", s.url("postgres", "postgres"))
	if err != nil {
		return fmt.Errorf("open the maintenance database: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}

// url is the address of a database for a role.
func (s *server) url(role, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// data is the folder that PostgreSQL itself knows.
func (s *server) data() string { return filepath.Join(s.dir, "data") }

// command is a program of PostgreSQL, or one of the path when there is no such,
// run by the owner of the server's folder and in that folder.
func (s *server) command(name string, args ...string) (*exec.Cmd, error) {
	program := filepath.Join(s.bin, name)
	_, err := os.Stat(program)
	if err != nil {
		program = name
	}
	cmd := exec.CommandContext(context.Background(), program, args...) // #nosec G204 -- the programs that this file names
	cmd.Dir = s.dir
	// Settings meant for somebody's own server must not reach this one.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") })
	err = asOwner(cmd)
	if err != nil {
		return nil, err
	}
	return cmd, nil
}

// findPostgres returns the folder of the programs: POSTGRES_BIN, or the newest
// one of Debian, or the one of the path.
func findPostgres() (string, error) {
	if bin := os.Getenv("POSTGRES_BIN"); bin != "" {
		_, err := os.Stat(filepath.Join(bin, "initdb"))
		if err != nil {
			return "", fmt.Errorf("POSTGRES_BIN=%s holds no initdb: %w", bin, err)
		}
		return bin, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) })
		return filepath.Dir(newest), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New(installPostgres)
	}
	initdb, err = filepath.EvalSymlinks(initdb)
	if err != nil {
		return "", fmt.Errorf("follow the path of initdb: %w", err)
	}
	return filepath.Dir(initdb), nil
}

// major is the version in Debian's path of a program; 9 stands before 15.
func major(initdb string) int {
	version, _, _ := strings.Cut(filepath.Base(filepath.Dir(filepath.Dir(initdb))), ".")
	n, err := strconv.Atoi(version)
	if err != nil {
		return 0
	}
	return n
}
