package fcm

import (
	"encoding/binary"
	"errors"
)

// Protocol Buffers, as much as these messages need: numbers, eight octets, and texts.

const (
	varint  = 0
	fixed64 = 1
	octets  = 2
	fixed32 = 5
)

func number(b []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3|varint), v) // #nosec G115 -- a small constant
}

func eight(b []byte, field int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(b, uint64(field)<<3|fixed64), v) // #nosec G115 -- likewise
}

func text(b []byte, field int, v string) []byte {
	b = binary.AppendUvarint(b, uint64(field)<<3|octets) // #nosec G115 -- likewise
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// value is one field of a message.
type value struct {
	field  uint64
	number uint64
	text   string
}

var errWire = errors.New("this is no message of Protocol Buffers")

// read takes a message apart.
func read(b []byte) ([]value, error) {
	var all []value
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errWire
		}
		b = b[n:]
		v := value{field: key >> 3}
		switch key & 7 {
		case varint:
			v.number, n = binary.Uvarint(b)
		case fixed64:
			n = 8
			if len(b) >= n {
				v.number = binary.LittleEndian.Uint64(b)
			}
		case fixed32:
			n = 4
		case octets:
			length, prefix := binary.Uvarint(b)
			if prefix <= 0 || length > uint64(len(b)-prefix) { // #nosec G115 -- not negative
				return nil, errWire
			}
			n = prefix + int(length) // #nosec G115 -- not longer than b
			v.text = string(b[prefix:n])
		default:
			return nil, errWire
		}
		if n <= 0 || n > len(b) {
			return nil, errWire
		}
		b = b[n:]
		all = append(all, v)
	}
	return all, nil
}
