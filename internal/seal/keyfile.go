package seal

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// header opens every new key file. It speaks to the person who finds the file.
const header = `# Countersign master keys. Keep this file, and keep it secret.
#
# Secrets in the database (authenticator apps, messages on their way) are sealed
# with these keys. Without this file they cannot be opened by anyone, and every
# person has to set up two-factor again. With this file and the database,
# anyone can read them: store its copy apart from the backups of the database.
#
# One key per line, newest first. Do not edit; "countersign admin master-key
# rotate" adds a key.
`

const (
	keySize = 32
	// maxFile bounds what is read: a ring has a handful of lines of 53 bytes.
	maxFile = 64 << 10
	maxKeys = 64
)

// keyID names a key inside a sealed value. It is computed from the key, so a
// line that was damaged or mistyped is noticed when the file is read and not
// when the first secret does not open.
type keyID [4]byte

type key struct {
	id   keyID
	aead cipher.AEAD
}

func newKey(raw []byte) (key, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, fmt.Errorf("master key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fmt.Errorf("master key: %w", err)
	}

	return key{id: idOf(raw), aead: aead}, nil
}

func idOf(raw []byte) keyID {
	mac := hmac.New(sha256.New, raw)
	_, _ = mac.Write([]byte("countersign master key id")) // a hash never fails

	return keyID(mac.Sum(nil)[:len(keyID{})])
}

// keyLine is the line of one key, with its line break.
func keyLine(raw []byte) string {
	id := idOf(raw)

	return hex.EncodeToString(id[:]) + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// parse reads the text of a key file. Its errors name the line and what to do,
// and never quote the line: it may be a key.
func parse(text []byte) ([]key, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("it is larger than %d KB, so it is not a key file; check the setting that names it", maxFile>>10)
	}

	var keys []key
	seen := make(map[keyID]int)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxFile+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d %w; restore the file from its copy", n, err)
		}
		if before, twice := seen[k.id]; twice {
			return nil, fmt.Errorf("line %d repeats the key of line %d; remove one of them", n, before)
		}
		seen[k.id] = n
		keys = append(keys, k)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read its lines: %w", err)
	}

	switch {
	case len(keys) == 0:
		return nil, fmt.Errorf("it holds no key; restore it from its copy (only if nothing was ever sealed may it be removed and made anew)")
	case len(keys) > maxKeys:
		return nil, fmt.Errorf("it holds more than %d keys; finish a rotation, which drops the old ones", maxKeys)
	}

	return keys, nil
}

func parseLine(line string) (key, error) {
	fields := strings.Fields(line)
	if len(fields) != 2 {
		return key{}, fmt.Errorf("has %d words where it should have two, an identifier and a key", len(fields))
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(fields[1])
	if err != nil || len(raw) != keySize {
		return key{}, fmt.Errorf("does not hold a key of %d bytes in base64", keySize)
	}
	k, err := newKey(raw)
	if err != nil {
		return key{}, err
	}
	if fields[0] != hex.EncodeToString(k.id[:]) {
		return key{}, fmt.Errorf("has an identifier that does not belong to its key, so one of them was changed")
	}

	return k, nil
}

// withFirst returns the text with a new line before the first key, comments
// kept.
func withFirst(text []byte, line string) []byte {
	var out bytes.Buffer
	put := false
	for l := range bytes.Lines(text) {
		if !put && isKey(l) {
			out.WriteString(line)
			put = true
		}
		out.Write(l)
	}

	return out.Bytes()
}

// onlyFirst returns the text without the keys after the first, comments kept.
func onlyFirst(text []byte) []byte {
	var out bytes.Buffer
	seen := false
	for l := range bytes.Lines(text) {
		if isKey(l) {
			if seen {
				continue
			}
			seen = true
		}
		out.Write(l)
	}

	return out.Bytes()
}

func isKey(line []byte) bool {
	line = bytes.TrimSpace(line)

	return len(line) > 0 && line[0] != '#'
}
