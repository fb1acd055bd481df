// Package picture owns what a picture that somebody hands us may be: which kind its
// octets are, and how large it is. It trusts no name and no type that was said, and it
// keeps nothing. The rules for workspaces call it, for their logos.
//
// SVG is not taken: it is a document that can hold scripts, and would be served from the
// address where people type their passwords.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// The most that a picture may be: octets, and pixels of each side.
const (
	MostOctets = 100 << 10
	MostPixels = 1024
)

// Why a picture is not taken.
var (
	ErrKind  = errors.New("not a PNG, JPEG or WebP picture")
	ErrLarge = errors.New("more octets than a picture may have")
	ErrWide  = errors.New("more pixels than a picture may have")
	// ErrBroken is one that begins as a picture and is none.
	ErrBroken = errors.New("the picture cannot be read")
)

// kind is one that is taken: how its octets begin, and how they are read.
type kind struct {
	name   string
	begins func([]byte) bool
	size   func([]byte) (image.Config, error)
	read   func([]byte) (image.Image, error)
}

func kinds() []kind {
	return []kind{
		{
			"png", prefixed("\x89PNG\r\n\x1a\n"),
			func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) },
			func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) },
		},
		{
			"jpg", prefixed("\xff\xd8\xff"),
			func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) },
			func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) },
		},
		{
			"webp", isWebP,
			func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) },
			func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) },
		},
	}
}

func prefixed(with string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(with)) }
}

// isWebP: RIFF, four octets of length, WEBP.
func isWebP(b []byte) bool {
	const head = 12
	return len(b) > head && string(b[:4]) == "RIFF" && string(b[8:head]) == "WEBP"
}

// Check returns the kind of a picture, which is also how its file's name ends: png, jpg or
// webp. The whole of it is read, so that what is served is a picture to its end; how large
// it is, is known before that, or a few octets could ask for gigabytes of memory. Errors:
// [ErrLarge], [ErrKind], [ErrWide], [ErrBroken].
func Check(octets []byte) (string, error) {
	if len(octets) > MostOctets {
		return "", ErrLarge
	}
	for _, k := range kinds() {
		if !k.begins(octets) {
			continue
		}
		size, err := k.size(octets)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrBroken, err)
		}
		if size.Width > MostPixels || size.Height > MostPixels {
			return "", ErrWide
		}
		if size.Width < 1 || size.Height < 1 {
			return "", ErrBroken
		}
		_, err = k.read(octets)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrBroken, err)
		}
		return k.name, nil
	}
	return "", ErrKind
}
