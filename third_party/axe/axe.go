// Package axe holds the script of axe-core, unchanged, for the accessibility
// judge of the browser tests (e2e/judge). README.md names version, licence and
// digests. Nothing of the product imports it.
package axe

import _ "embed"

// Script is the JavaScript source that defines the global object axe.
//
//go:embed axe.min.js
var Script string
