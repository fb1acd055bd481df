package message

import "countersign/internal/colour"

// colours are those of a mail, of its edge and its button, in a light and in a dark
// mailbox. Text on Fill is white.
type colours struct{ Fill, DarkFill, OnDark string }

// lookOf is the look of a workspace with a colour of its own, or ours. A colour is lit for
// a dark mailbox, where a deep one could not be told from the ground; one on which white
// text cannot be read, which no workspace can choose, is not taken.
func lookOf(accent string) colours {
	own := colours{Fill: "#0c3140", DarkFill: "#6cc7e8", OnDark: "#08222d"}
	fill, ok := colour.Parse(accent)
	if !ok || colour.Contrast(fill, colour.White()) < colour.Text {
		return own
	}
	const plain = 7 // more than text needs: mail programs change colours as they like
	ground := colour.RGB{R: 0x08, G: 0x10, B: 0x14}
	return colours{Fill: fill.String(), DarkFill: fill.Lit(ground, plain).String(), OnDark: ground.String()}
}
