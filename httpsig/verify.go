package httpsig

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/dunglas/httpsfv"
)

var (
	// ErrNone is a request without a signature.
	ErrNone = errors.New("the request is not signed")
	// ErrWrong is a signature that the key did not make, or not of this request.
	ErrWrong = errors.New("the signature does not hold")
	// ErrTime is a signature of another time: the signer's clock may be wrong.
	ErrTime = errors.New("the signature is not of this time")
	// ErrPurpose is a signature that was made for something else.
	ErrPurpose = errors.New("the signature is not for this")
)

// Signature is one that a request has, as it says of itself; nothing of it is true
// before Check.
type Signature struct {
	Params

	algorithm string // "" when it names none
	expires   time.Time
	text      []byte
	value     []byte
}

const (
	// longestName bounds a key's identifier, a nonce and a tag, in octets.
	longestName = 128
	// longestField bounds Signature-Input and Signature.
	longestField = 2048
)

// Read reads the signature of a request whose body was read. authority is this
// server's own, of its public address (see [Authority]): the request's Host is what its
// sender or a proxy made it, and a request that was signed for another server must not
// serve here.
//
// Errors: [ErrNone]; for all else one that tells its developer what is wrong, and that
// whoever signs as this package does never sees.
func Read(r *http.Request, authority string, body []byte) (Signature, error) {
	covered, value, err := fields(r)
	if err != nil {
		return Signature{}, err
	}
	s, err := describe(covered)
	if err != nil {
		return Signature{}, err
	}
	err = enough(r, covered, body)
	if err != nil {
		return Signature{}, err
	}
	s.value = value
	s.text, err = base(r, authority, covered)
	return s, err
}

// fields reads the two fields of a request that has one signature.
func fields(r *http.Request) (httpsfv.InnerList, []byte, error) {
	input, err := single(r, "Signature-Input")
	if err != nil {
		return httpsfv.InnerList{}, nil, err
	}
	value, err := single(r, "Signature")
	if err != nil {
		return httpsfv.InnerList{}, nil, err
	}
	covered, ok := input.member.(httpsfv.InnerList)
	if !ok {
		return httpsfv.InnerList{}, nil, errors.New("Signature-Input has no list of components")
	}
	item, ok := value.member.(httpsfv.Item)
	if !ok || input.name != value.name {
		return httpsfv.InnerList{}, nil, errors.New("Signature is not that of Signature-Input")
	}
	signature, ok := item.Value.([]byte)
	if !ok {
		return httpsfv.InnerList{}, nil, errors.New("Signature is not a sequence of octets")
	}
	return covered, signature, nil
}

// entry is a dictionary's only one.
type entry struct {
	name   string
	member httpsfv.Member
}

func single(r *http.Request, field string) (entry, error) {
	lines := r.Header.Values(field)
	if len(lines) == 0 {
		return entry{}, ErrNone
	}
	length := 0
	for _, line := range lines {
		length += len(line)
	}
	if length > longestField {
		return entry{}, fmt.Errorf("%s is too long", field)
	}
	fields, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return entry{}, fmt.Errorf("%s is not a dictionary (RFC 9651)", field)
	}
	names := fields.Names()
	if len(names) != 1 {
		return entry{}, fmt.Errorf("%s has %d entries; one is understood here", field, len(names))
	}
	member, _ := fields.Get(names[0])
	return entry{names[0], member}, nil
}

// describe reads the parameters.
func describe(covered httpsfv.InnerList) (Signature, error) {
	var s Signature
	texts := map[string]*string{"keyid": &s.KeyID, "nonce": &s.Nonce, "tag": &s.Tag, "alg": &s.algorithm}
	times := map[string]*time.Time{"created": &s.Created, "expires": &s.expires}
	for _, name := range covered.Params.Names() {
		value, _ := covered.Params.Get(name)
		switch read := value.(type) {
		case string:
			if texts[name] == nil || read == "" || len(read) > longestName {
				return Signature{}, fmt.Errorf("the parameter %q cannot be read", name)
			}
			*texts[name] = read
		case int64:
			if times[name] == nil {
				return Signature{}, fmt.Errorf("the parameter %q cannot be read", name)
			}
			*times[name] = time.Unix(read, 0)
		default:
			return Signature{}, fmt.Errorf("the parameter %q cannot be read", name)
		}
	}
	if s.KeyID == "" || s.Nonce == "" || s.Tag == "" || s.Created.IsZero() {
		return Signature{}, errors.New("the signature needs created, nonce, keyid and tag")
	}
	return s, nil
}

// enough refuses a signature that leaves open what decides about the request.
func enough(r *http.Request, covered httpsfv.InnerList, body []byte) error {
	var names []string
	for _, item := range covered.Items {
		if name, ok := item.Value.(string); ok {
			names = append(names, name)
		}
	}
	need := components()
	if len(body) > 0 {
		need = append(need, "content-digest")
	}
	if len(r.Header.Values("Content-Type")) > 0 {
		need = append(need, "content-type")
	}
	for _, name := range need {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the signature does not cover %q", name)
		}
	}
	if !slices.Contains(names, "content-digest") {
		return nil
	}
	return sameBody(r, body)
}

// sameBody compares the body with its Content-Digest.
func sameBody(r *http.Request, body []byte) error {
	fields, err := httpsfv.UnmarshalDictionary(r.Header.Values("Content-Digest"))
	if err != nil {
		return errors.New("Content-Digest is not a dictionary (RFC 9651)")
	}
	member, _ := fields.Get("sha-256")
	item, _ := member.(httpsfv.Item)
	said, _ := item.Value.([]byte)
	sum := sha256.Sum256(body)
	if !bytes.Equal(said, sum[:]) {
		return errors.New("Content-Digest has no sha-256 of this body")
	}
	return nil
}

// Check tells whether the key made the signature, for this purpose, and within window
// of now. The nonce has to be remembered until Created plus window, and refused when it
// comes again. Errors: [ErrWrong], [ErrPurpose], [ErrTime].
func (s Signature) Check(key Verifier, tag string, now time.Time, window time.Duration) error {
	if s.algorithm != "" && s.algorithm != key.Algorithm() || !key.Verify(s.text, s.value) {
		return ErrWrong
	}
	if s.Tag != tag {
		return ErrPurpose
	}
	// Only of whoever has the key: to others the clock tells nothing.
	age := now.Sub(s.Created)
	if age > window || age < -window || !s.expires.IsZero() && !now.Before(s.expires) {
		return ErrTime
	}
	return nil
}
