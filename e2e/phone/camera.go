package phone

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"rsc.io/qr"
)

// Camera is a camera of a Chromium: a film that lies in a file.
type Camera string

// NewCamera is a camera that sees a white wall.
func NewCamera(tb testing.TB) Camera {
	tb.Helper()
	c := Camera(filepath.Join(tb.TempDir(), "camera.y4m"))
	c.show(tb, func(int, int) bool { return false })
	return c
}

// Flags give a Chromium this camera.
func (c Camera) Flags() map[string]string {
	return map[string]string{"use-fake-device-for-media-stream": "", "use-file-for-fake-video-capture": string(c)}
}

const (
	width, height = 640, 480
	dot           = 6 // of a QR code
)

// Show holds a QR code of this text before it. It is seen from the next time on that a
// page opens the camera.
func (c Camera) Show(tb testing.TB, text string) {
	tb.Helper()
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		tb.Fatal(err)
	}
	left, top := (width-code.Size*dot)/2, (height-code.Size*dot)/2
	c.show(tb, func(x, y int) bool { return x >= left && y >= top && code.Black((x-left)/dot, (y-top)/dot) })
}

// show writes a film of one picture, as Chromium takes it for a camera's (YUV4MPEG2,
// 4:2:0).
func (c Camera) show(tb testing.TB, black func(x, y int) bool) {
	tb.Helper()
	luma := bytes.Repeat([]byte{235}, width*height)
	for y := range height {
		for x := range width {
			if black(x, y) {
				luma[y*width+x] = 16
			}
		}
	}
	var film bytes.Buffer
	fmt.Fprintf(&film, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", width, height)
	for range 10 {
		film.WriteString("FRAME\n")
		film.Write(luma)
		film.Write(bytes.Repeat([]byte{128}, width*height/2))
	}
	err := os.WriteFile(string(c), film.Bytes(), 0o600)
	if err != nil {
		tb.Fatal(err)
	}
}
