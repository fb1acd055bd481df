package picture_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"countersign/internal/picture"
)

func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height)))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func jpegOf(t testing.TB, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, width, height)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// webpOf is a lossless picture of one pixel (RFC 9649).
func webpOf(t testing.TB) []byte {
	t.Helper()
	out, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// claiming is a PNG that says it is as large as this, and holds no more than before.
func claiming(octets []byte, width, height uint32) []byte {
	out := bytes.Clone(octets)
	binary.BigEndian.PutUint32(out[16:], width)
	binary.BigEndian.PutUint32(out[20:], height)
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out
}

func TestCheck(t *testing.T) {
	small := pngOf(t, 8, 8)
	for _, row := range []struct {
		what   string
		octets []byte
		want   string
		err    error
	}{
		{"a PNG", small, "png", nil},
		{"the largest", pngOf(t, picture.MostPixels, picture.MostPixels), "png", nil},
		{"a JPEG", jpegOf(t, 8, 8), "jpg", nil},
		{"a WebP", webpOf(t), "webp", nil},
		{"nothing", nil, "", picture.ErrKind},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "", picture.ErrKind},
		{"a page", []byte("<!doctype html><script>alert(1)</script>"), "", picture.ErrKind},
		{"a GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "", picture.ErrKind},
		{"a page that begins as a PNG", []byte("\x89PNG\r\n\x1a\n<script>alert(1)</script>"), "", picture.ErrBroken},
		{"a page that begins as a JPEG", []byte("\xff\xd8\xff<script>alert(1)</script>"), "", picture.ErrBroken},
		{"a page that begins as a WebP", []byte("RIFF\x00\x00\x00\x00WEBP<script>alert(1)</script>"), "", picture.ErrBroken},
		{"half of a PNG", small[:len(small)/2], "", picture.ErrBroken},
		{"half of a WebP", webpOf(t)[:25], "", picture.ErrBroken},
		{"too many octets", append(bytes.Clone(small), make([]byte, picture.MostOctets)...), "", picture.ErrLarge},
		{"one pixel too wide", pngOf(t, picture.MostPixels+1, 1), "", picture.ErrWide},
		{"one pixel too high", jpegOf(t, 1, picture.MostPixels+1), "", picture.ErrWide},
		{"one that asks for gigabytes", claiming(small, 1<<20, 1<<20), "", picture.ErrWide},
	} {
		got, err := picture.Check(row.octets)
		if got != row.want || !errors.Is(err, row.err) {
			t.Errorf("%s: %q, %v; want %q, %v", row.what, got, err, row.want, row.err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(pngOf(f, 3, 3))
	f.Add(jpegOf(f, 3, 3))
	f.Add(webpOf(f))
	f.Fuzz(func(t *testing.T, octets []byte) {
		name, err := picture.Check(octets)
		if (name == "") != (err != nil) {
			t.Errorf("%q, %v", name, err)
		}
	})
}
