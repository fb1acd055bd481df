package httpsig

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/dunglas/httpsfv"
)

// label names the one signature of a request in its fields.
const label = "sig"

// Params are what a signature says of itself (RFC 9421, section 2.3).
type Params struct {
	// KeyID says which key it is.
	KeyID string
	// Created is when it was signed, to the second.
	Created time.Time
	// Nonce is used once.
	Nonce string
	// Tag is what the signature is for: one made for something else serves nothing.
	Tag string
}

// components are what every signature covers; where there is a body, its digest and
// its type as well.
func components() []string { return []string{"@method", "@authority", "@path", "@query"} }

// Sign adds the fields Content-Digest, where there is a body, Signature-Input and
// Signature to a request. The caller sends exactly this body.
//
// Errors: a key that cannot sign, a parameter that cannot be written.
func Sign(r *http.Request, body []byte, p Params, key Signer) error {
	for _, text := range []string{p.KeyID, p.Nonce, p.Tag} {
		if text == "" || len(text) > longestName || p.Created.IsZero() {
			return errors.New("a signature says who signed, when, for what, and with which nonce, in at most 128 octets each")
		}
	}
	names := components()
	if len(body) > 0 {
		value, err := digest(body)
		if err != nil {
			return fmt.Errorf("write the digest: %w", err)
		}
		r.Header.Set("Content-Digest", value)
		names = append(names, "content-digest")
	}
	if len(r.Header.Values("Content-Type")) > 0 {
		names = append(names, "content-type")
	}
	covered := httpsfv.InnerList{Params: httpsfv.NewParams()}
	for _, name := range names {
		covered.Items = append(covered.Items, httpsfv.NewItem(name))
	}
	covered.Params.Add("created", p.Created.Unix())
	covered.Params.Add("nonce", p.Nonce)
	covered.Params.Add("alg", key.Algorithm())
	covered.Params.Add("keyid", p.KeyID)
	covered.Params.Add("tag", p.Tag)
	text, err := base(r, signedFor(r), covered)
	if err != nil {
		return err
	}
	signature, err := key.Sign(text)
	if err != nil {
		return err
	}
	return write(r, covered, signature)
}

// signedFor is the authority of the server that a client's request goes to.
func signedFor(r *http.Request) string {
	address := *r.URL
	if r.Host != "" {
		address.Host = r.Host
	}
	return Authority(&address)
}

func write(r *http.Request, covered httpsfv.InnerList, signature []byte) error {
	inputs, signatures := httpsfv.NewDictionary(), httpsfv.NewDictionary()
	inputs.Add(label, covered)
	signatures.Add(label, httpsfv.NewItem(signature))
	input, err := httpsfv.Marshal(inputs)
	if err != nil {
		return fmt.Errorf("write Signature-Input: %w", err)
	}
	value, err := httpsfv.Marshal(signatures)
	if err != nil {
		return fmt.Errorf("write Signature: %w", err)
	}
	r.Header.Set("Signature-Input", input)
	r.Header.Set("Signature", value)
	return nil
}
