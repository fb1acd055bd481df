// Package countersign holds the nouns that every other package speaks of, and
// the kinds of error that travel between them. It imports only the standard
// library and knows neither databases nor pages.
package countersign
