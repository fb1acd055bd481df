package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quietZone is the white border that scanners need, in modules (ISO/IEC 18004).
const quietZone = 4

// QR draws text as an inline SVG image, black on white in every scheme, with
// the label as its accessible name. It is drawn on the server, so that the
// secret inside never becomes an address that a log or a cache could keep.
func QR(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("draw qr code: %w", err)
	}
	size := code.Size + 2*quietZone
	var d strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", start+quietZone, y+quietZone, x-start, x-start)
			}
		}
	}
	n := strconv.Itoa(size)
	//nolint:gosec // built from numbers and an escaped label
	return template.HTML(`<svg class="qr" viewBox="0 0 ` + n + ` ` + n + `" width="224" height="224" role="img" aria-label="` +
		template.HTMLEscapeString(label) + `" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h` + n + `v` + n + `h-` + n +
		`z"/><path fill="#000" d="` + d.String() + `"/></svg>`), nil
}
