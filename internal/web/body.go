package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// A Body is what a static file says, compressed (gzip, RFC 1952) where that is smaller
// and the request accepts it. That is done once, when somebody first asks for it: most of
// the time between start and first answer was this. It must hold no secret: what a request
// can change is never compressed together with one (BREACH).
type Body struct {
	plain  []byte
	packed func() []byte
}

// NewBody is the body of these octets, which nobody changes afterwards.
func NewBody(plain []byte) Body {
	return Body{plain: plain, packed: sync.OnceValue(func() []byte { return pack(plain) })}
}

// For returns what to send, and sets Content-Encoding and Vary.
func (b Body) For(w http.ResponseWriter, r *http.Request) []byte {
	w.Header().Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		packed := b.packed()
		if packed != nil {
			w.Header().Set("Content-Encoding", "gzip")
			return packed
		}
	}
	return b.plain
}

// pack returns nil where plain is to be sent as it is.
func pack(plain []byte) []byte {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil
	}
	_, err = z.Write(plain)
	if err != nil || z.Close() != nil || packed.Len() >= len(plain) {
		return nil
	}
	return packed.Bytes()
}
