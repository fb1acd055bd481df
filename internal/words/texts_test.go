package words

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextsAreHandedOutAsTheyAreWritten(t *testing.T) {
	c := sample(t)
	want := map[string]map[string]string{
		"x.plain": {"other": "Plain"},
		"x.name":  {"other": "Hello {{.Name}}."},
		"x.word":  {"other": "Save your backup codes. Backup code ready."},
		"x.left":  {"one": "{{.Count}} try left", "other": "{{.Count}} tries left"},
		"x.save":  {"one": "Save your backup code", "other": "Save your backup codes"},
	}
	got := c.Speaker("en").With(Terms{Backup: true}).Texts("x.")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := c.Speaker("de").Texts("x.plain")["x.plain"]["other"]; got != "Plain" {
		t.Errorf("what German lacks is %q", got)
	}
	if got := c.Speaker(PseudoTag).Texts("x.left")["x.left"]["few"]; got != "‹{{.Count}} tries left›" {
		t.Errorf("another language has %q", got)
	}
}
