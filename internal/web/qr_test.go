package web

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"
)

// The drawing has exactly the modules of the code, inside its quiet zone.
func TestQR(t *testing.T) {
	for _, content := range []string{
		"otpauth://totp/Acme:ada%40example.com?issuer=Acme&secret=K5QW2ZJTMNUG4YTFOBZXE3LBORUW63TT",
		"Größe, 北京",
	} {
		svg, err := QR(content, `a "label"`)
		if err != nil {
			t.Fatal(err)
		}
		want, err := qr.Encode(content, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		drawn := map[[2]int]bool{}
		path := string(svg)[strings.Index(string(svg), `fill="#000"`):]
		for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(path, -1) {
			x, y, n := number(t, m[1]), number(t, m[2]), number(t, m[3])
			if m[3] != m[4] {
				t.Fatalf("a bar is not closed: %s", m[0])
			}
			for i := range n {
				drawn[[2]int{x + i - quietZone, y - quietZone}] = true
			}
		}
		for y := range want.Size {
			for x := range want.Size {
				if drawn[[2]int{x, y}] != want.Black(x, y) {
					t.Fatalf("module %d,%d differs", x, y)
				}
				delete(drawn, [2]int{x, y})
			}
		}
		if len(drawn) != 0 {
			t.Errorf("%d modules are drawn in the quiet zone", len(drawn))
		}
		if !strings.Contains(string(svg), `role="img" aria-label="a &#34;label&#34;"`) || strings.Contains(string(svg), "style=") {
			t.Errorf("no label, or an inline style: %.200s", svg)
		}
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
