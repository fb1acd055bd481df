// Package httpsig signs one HTTP request and checks such a signature: a profile of HTTP
// Message Signatures (RFC 9421) and Digest Fields (RFC 9530) that applications with an
// access key and paired phones use.
//
// A signature covers the method, the host, the path, the query, the type and a digest of
// the body, and says who signed, when, for what ("tag") and with which nonce. None of
// these can be changed, and no signature serves elsewhere; what else a header says, the
// server must not take for the signer's word. That none serves twice is for the caller to see to: it keeps the nonces
// of a while.
//
// The package knows no clock and no store, and which keys there are.
package httpsig
