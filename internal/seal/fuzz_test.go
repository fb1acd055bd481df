package seal_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"countersign/internal/seal"
)

// A sealed value opens in its place and nowhere else, and what was not sealed
// opens nowhere.
func FuzzOpen(f *testing.F) {
	ring, err := seal.CreateRing(filepath.Join(f.TempDir(), "master.key"))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := ring.Seal([]byte("secret"), place())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "row", uint16(0))
	f.Add(sealed[:20], "", uint16(3))
	f.Add(append([]byte{2}, sealed[1:]...), "row\x00", uint16(9))
	f.Add([]byte{}, "a", uint16(40))
	f.Fuzz(func(t *testing.T, data []byte, row string, bit uint16) {
		at := seal.Place{Table: "credentials", Column: "secret", Row: row}
		if plain, err := ring.Open(data, at); err == nil {
			t.Fatalf("%x, which nobody sealed for %q, opens to %q", data, row, plain)
		} else if !errors.Is(err, seal.ErrOpen) && !errors.Is(err, seal.ErrNoKey) && row != "" {
			t.Fatalf("%x: %v", data, err)
		}
		box, err := ring.Seal(data, at)
		if row == "" {
			if err == nil {
				t.Fatal("something is sealed for no row")
			}
			return
		}
		if err != nil || len(box) != len(data)+seal.Overhead || ring.Stale(box) {
			t.Fatalf("%x is sealed as %x, %v", data, box, err)
		}
		plain, err := ring.Open(box, at)
		if err != nil || !bytes.Equal(plain, data) {
			t.Fatalf("%x comes back as %x, %v", data, plain, err)
		}
		for _, other := range []seal.Place{
			{Table: at.Table, Column: at.Column, Row: row + "x"}, {Table: at.Table, Column: at.Column + row, Row: row}, {Table: at.Table + at.Column, Column: "x", Row: row},
		} {
			if _, err := ring.Open(box, other); err == nil {
				t.Fatalf("what was sealed for %q opens in %+v", row, other)
			}
		}
		box[int(bit)%len(box)] ^= 1 << (bit % 8)
		if _, err := ring.Open(box, at); err == nil {
			t.Fatalf("bit %d was changed and the value opens", bit)
		}
	})
}
