// Package colour owns the arithmetic of a workspace's colour: whether text can be read
// on it, and what it is on a dark page. It does not know where the colour is used.
// The rules for workspaces and the mails call it.
package colour

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// RGB is a colour of sRGB, eight bits each.
type RGB struct{ R, G, B uint8 }

// White is the colour of text on a button in a light mail.
func White() RGB { return RGB{0xff, 0xff, 0xff} }

// Parse reads "#rrggbb"; false for anything else.
func Parse(text string) (RGB, bool) {
	const length = 7
	if len(text) != length || text[0] != '#' {
		return RGB{}, false
	}
	octets, err := hex.DecodeString(strings.ToLower(text[1:]))
	if err != nil {
		return RGB{}, false
	}
	return RGB{octets[0], octets[1], octets[2]}, true
}

// String writes it as Parse reads it, in lower case.
func (c RGB) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Contrast is that of two colours, from 1 to 21 (WCAG 2.2, contrast ratio).
func Contrast(a, b RGB) float64 {
	one, other := a.luminance(), b.luminance()
	return (max(one, other) + 0.05) / (min(one, other) + 0.05)
}

// luminance is the relative luminance (WCAG 2.2).
func (c RGB) luminance() float64 {
	linear := func(octet uint8) float64 {
		v := float64(octet) / math.MaxUint8
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// Text is the least contrast of text that everybody reads (WCAG 2.2, 1.4.3).
const Text = 4.5

// Lit is c, made lighter until it stands out on a dark ground by the ratio.
func (c RGB) Lit(ground RGB, ratio float64) RGB {
	const steps = 40
	for i := range steps + 1 {
		share := float64(i) / steps
		mix := func(octet uint8) uint8 {
			return uint8(math.Round(float64(octet) + (math.MaxUint8-float64(octet))*share)) // #nosec G115 -- between octet and 255
		}
		lit := RGB{mix(c.R), mix(c.G), mix(c.B)}
		if Contrast(lit, ground) >= ratio {
			return lit
		}
	}
	return White()
}
