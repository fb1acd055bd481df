// Package jsqr holds the script of jsQR, unchanged, which reads a QR code out of a
// picture. README.md names version, licence and digests. The authenticator app serves
// it to browsers that have no reader of their own.
package jsqr

import _ "embed"

// Script is the JavaScript source that defines the global function jsQR.
//
//go:embed jsQR.js
var Script []byte
