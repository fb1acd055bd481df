package storetest

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// childVariable makes this test binary play the process that is killed.
const childVariable = "STORETEST_CHILD"

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec1(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestEachCallGetsADatabaseOfItsOwn(t *testing.T) {
	one, two := open(t, Postgres(t)), open(t, Postgres(t))
	exec1(t, one, "CREATE TABLE only_in_one (id int)")
	exec1(t, two, "CREATE TABLE only_in_one (id int)") // would be refused in the same database

	var fsync, encoding, super string
	err := one.QueryRowContext(t.Context(), `SELECT current_setting('fsync'), current_setting('server_encoding'),
		(SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user)`).Scan(&fsync, &encoding, &super)
	if err != nil {
		t.Fatal(err)
	}
	if fsync != "on" || encoding != "UTF8" || super != "false" {
		t.Errorf("fsync %s, encoding %s, superuser %s; want on, UTF8, false", fsync, encoding, super)
	}
}

func TestTheDatabaseIsDroppedWithItsTest(t *testing.T) {
	var url string
	t.Run("a test that leaves a connection open", func(t *testing.T) {
		url = Postgres(t)
		db, err := sql.Open("pgx", url)
		if err != nil {
			t.Fatal(err)
		}
		exec1(t, db, "SELECT 1")
	})
	err := open(t, url).PingContext(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("ping after the test: %v; want that the database does not exist", err)
	}
}

func TestATemplateIsPreparedOnce(t *testing.T) {
	prepared := 0
	prepare := func(url string) error {
		prepared++
		db, err := sql.Open("pgx", url)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(t.Context(), "CREATE TABLE ready (id int)")
		return errors.Join(err, db.Close())
	}
	for range 2 {
		exec1(t, open(t, PostgresFrom(t, "ready", prepare)), "INSERT INTO ready VALUES (1)")
	}
	if prepared != 1 {
		t.Errorf("prepared %d times; want once", prepared)
	}
}

func TestAnOutageKeepsWhatWasCommitted(t *testing.T) {
	db := open(t, Postgres(t))
	exec1(t, db, "CREATE TABLE kept (id int)")
	exec1(t, db, "INSERT INTO kept VALUES (7)")
	StopPostgres(t)
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("the stopped server answers")
	}
	StartPostgres(t)
	var id int
	err := db.QueryRowContext(t.Context(), "SELECT id FROM kept").Scan(&id)
	if err != nil || id != 7 {
		t.Errorf("after the outage: %d, %v; want 7", id, err)
	}
}

func TestNothingIsLeftAfterKill9(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		Postgres(t)
		_, _ = fmt.Fprintln(os.Stdout, "folder", shared.dir, shared.process.Process.Pid)
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent kills us
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNothingIsLeftAfterKill9$") // #nosec G204 -- this test binary itself
	child.Env = append(os.Environ(), childVariable+"=1")
	hold, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Close() }()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	err = child.Start()
	if err != nil {
		t.Fatal(err)
	}
	var folder string
	var pid int
	for lines := bufio.NewScanner(out); folder == "" && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "folder %s %d", &folder, &pid)
	}
	_, err = os.Stat(folder)
	if err != nil {
		t.Fatalf("the child's folder: %v", err)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, folderErr := os.Stat(folder)
		_, processErr := os.Stat(fmt.Sprintf("/proc/%d/stat", pid))
		if errors.Is(folderErr, fs.ErrNotExist) && errors.Is(processErr, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("20 s after kill -9: folder %v, server %v; want both gone", folderErr, processErr)
		}
	}
}
