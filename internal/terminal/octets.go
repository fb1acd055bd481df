package terminal

import (
	"encoding/base64"
	"fmt"
)

// octets are written as base64url without padding (RFC 4648, section 5).
type octets []byte

// MarshalText implements encoding.TextMarshaler.
func (o octets) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, o), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *octets) UnmarshalText(text []byte) error {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("read base64url: %w", err)
	}
	*o = decoded
	return nil
}

func (o octets) String() string { return base64.RawURLEncoding.EncodeToString(o) }
