// Package site is an installation of the product for tests: its server processes
// (one on SQLite, any number on PostgreSQL), their database, clock and mail server,
// the people who have accounts there, and programs that speak HTTP with it. It
// opens the engine on the same database as well, as `countersign admin` does, to
// prepare what a test is given and to look at what was written.
//
// A package that uses it plays the server in its TestMain:
//
//	os.Exit(proc.Main(m, proc.Programs{site.Program: site.Serve}, storetest.Close))
package site
