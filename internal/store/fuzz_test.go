package store

import (
	"net/url"
	"strings"
	"testing"
)

// A database's file is opened where it lies, whatever its folder is called, and
// its name never becomes a setting of the driver.
func FuzzDSN(f *testing.F) {
	for _, file := range []string{"./countersign-data/countersign.db", "/a b/c?d#e%20f", "/x?_pragma=synchronous(OFF)&", "C:\\data", "/%", "/\xff", "file:x", "//host/x", ""} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file string) {
		dsn := sqliteDSN(file, "mode=rw")
		path, query, found := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
		if !found || strings.Contains(path, "#") {
			t.Fatalf("%q is opened as %q", file, dsn)
		}
		same, err := url.PathUnescape(path)
		if err != nil || same != file {
			t.Fatalf("%q is opened as %q, %v", file, same, err)
		}
		settings, err := url.ParseQuery(query)
		if err != nil || len(settings["_pragma"]) != 5 || settings.Get("mode") != "rw" {
			t.Fatalf("%q is opened with %v, %v", file, settings, err)
		}
		if strings.HasPrefix(file, "/") && IsPostgres(file) {
			t.Fatalf("%q is taken for a server", file)
		}
	})
}
