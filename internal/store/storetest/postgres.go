package storetest

import "testing"

// Postgres returns the URL of a new, empty database on the private PostgreSQL of
// this test process, which the first call starts. The role in the URL owns the
// database and is not a superuser. The database is dropped when tb ends.
// Without an installed PostgreSQL the test fails; it is never skipped.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return PostgresFrom(tb, "", nil)
}

// PostgresFrom is like [Postgres], but the database is a copy of one that prepare
// has filled, for example with the schema. prepare runs once for each name and
// test process, and must close its connections before it returns. An empty name
// means an empty database.
func PostgresFrom(tb testing.TB, name string, prepare func(url string) error) string {
	tb.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	err := shared.start()
	if err != nil {
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	template := "template0"
	if name != "" {
		template, err = shared.template(name, prepare)
		if err != nil {
			tb.Fatalf("prepare the PostgreSQL template %q: %v", name, err)
		}
	}
	database, err := shared.create(template)
	if err != nil {
		tb.Fatalf("create a PostgreSQL database: %v", err)
	}
	tb.Cleanup(func() {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		if shared.process == nil {
			return // an outage test left it down; the folder goes with the process
		}
		err := shared.admin("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)")
		if err != nil {
			tb.Errorf("drop the PostgreSQL database: %v", err)
		}
	})
	return shared.url("countersign", database)
}

// AsSuperuser runs one statement as who may do everything on the server, for what
// an operator can bring about: limits, settings, connections that are cut.
func AsSuperuser(tb testing.TB, statement string) {
	tb.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	err := shared.admin(statement)
	if err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// StopPostgres takes the server away without a goodbye, as a power cut would: open
// connections break and new ones are refused. [StartPostgres] brings it back with
// the same URLs; the end of tb does so at the latest. Tests that use it must not
// run in parallel with others that need the server.
func StopPostgres(tb testing.TB) {
	tb.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	err := shared.stop()
	if err != nil {
		tb.Fatalf("stop PostgreSQL: %v", err)
	}
	tb.Cleanup(func() { StartPostgres(tb) })
}

// StartPostgres starts the server that [StopPostgres] stopped, on the same port,
// and returns when it answers.
func StartPostgres(tb testing.TB) {
	tb.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	err := shared.start()
	if err != nil {
		tb.Fatalf("start PostgreSQL again: %v", err)
	}
}

// Main runs the tests of a package and then stops the PostgreSQL that they may
// have started, and removes its folder. Call it from TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
//
// A process that ends in any other way, kill -9 included, is cleaned up after by
// a watchdog.
func Main(m *testing.M) int {
	code := m.Run()
	Close()
	return code
}

// Close stops the server of this process, when there is one, and removes its
// folder. It is for a TestMain that has more to close than [Main] knows of.
func Close() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.close()
}
