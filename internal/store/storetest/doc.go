// Package storetest gives tests a database: a private PostgreSQL for each test
// process, on a free port of this machine, that nothing can leave behind. It owns
// that server and its folder; what is in the databases belongs to the caller. It
// is called by tests only, never by the product.
package storetest
